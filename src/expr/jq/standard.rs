//! The standard definitions: parsed once, and of each expression only those that it can reach are compiled.
//!
//! Compiling all of them costs 0.6 ms per expression, the reachable ones a tenth of that. A name is reached when an
//! expression calls it with that many arguments, or a reached definition does; definitions that a later one shadows
//! stay where they were, so the result is the same either way.

use super::dialect::{self, Dialect, IMPURE, INTERNAL};
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::native::Fun;
use jaq_core::path::Part;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::OnceLock;

type Text = &'static str;

/// A name and its number of arguments.
type Signature = (Text, usize);

/// Everything that an expression may call.
pub(super) struct Standard {
    definitions: Vec<Def<Text>>,
    /// What each definition calls.
    calls: Vec<Vec<Signature>>,
    /// Where the definitions of a name are, in order.
    by_name: BTreeMap<Signature, Vec<usize>>,
    /// All names, of definitions and natives.
    names: BTreeMap<Text, Vec<Signature>>,
}

/// The one table.
pub(super) fn standard() -> &'static Standard {
    static STANDARD: OnceLock<Standard> = OnceLock::new();
    STANDARD.get_or_init(Standard::new)
}

impl Standard {
    fn new() -> Self {
        let prelude = jaq_core::load::parse(include_str!("prelude.jq"), |parser| parser.defs());
        let prelude = prelude.expect("the prelude is jq");
        // jaq's `json` library brings natives of its own value type along; its few definitions work on any.
        let theirs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let ours: HashSet<Signature> = dialect::own_natives().map(|(name, args, _)| (name, args.len())).collect();
        let hidden = |def: &Def<Text>| IMPURE.contains(&def.name) || ours.contains(&(def.name, def.args.len()));
        let definitions: Vec<_> = theirs.filter(|def| !hidden(def)).chain(prelude).collect();
        let mut by_name: BTreeMap<Signature, Vec<usize>> = BTreeMap::new();
        let mut calls = vec![];
        for (at, def) in definitions.iter().enumerate() {
            by_name.entry((def.name, def.args.len())).or_default().push(at);
            let mut called = vec![];
            called_by(&def.body, &mut called);
            calls.push(called);
        }
        let mut names: BTreeMap<Text, Vec<Signature>> = BTreeMap::new();
        let natives = dialect::natives().map(|(name, args, _)| (name, args.len()));
        for signature in by_name.keys().copied().chain(natives) {
            names.entry(signature.0).or_default().push(signature);
        }
        Self { definitions, calls, by_name, names }
    }

    /// The definitions and natives that calls of these names reach.
    pub(super) fn reached(&self, names: &[(&str, usize)]) -> (Vec<Def<Text>>, Vec<Fun<Dialect>>) {
        let mut todo: Vec<Signature> = names.iter().filter_map(|(name, arity)| self.signature(name, *arity)).collect();
        // The loader puts `!empty` in by itself.
        let mut seen: HashSet<Signature> = HashSet::new();
        let mut kept: BTreeSet<usize> = BTreeSet::new();
        while let Some(signature) = todo.pop() {
            if !seen.insert(signature) {
                continue;
            }
            for at in self.by_name.get(&signature).into_iter().flatten() {
                kept.insert(*at);
                todo.extend(&self.calls[*at]);
            }
        }
        let natives = dialect::natives().filter(|(name, args, _)| seen.contains(&(*name, args.len())));
        (kept.into_iter().map(|at| self.definitions[at].clone()).collect(), natives.collect())
    }

    /// All definitions and natives.
    #[cfg(test)]
    pub(super) fn everything(&self) -> (Vec<Def<Text>>, Vec<Fun<Dialect>>) {
        (self.definitions.clone(), dialect::natives().collect())
    }

    fn signature(&self, name: &str, arity: usize) -> Option<Signature> {
        self.names.get(name)?.iter().copied().find(|signature| signature.1 == arity)
    }

    /// The numbers of arguments with which pipelines may call a name; empty when the name is unknown.
    pub(super) fn arities(&self, name: &str) -> Vec<usize> {
        if INTERNAL.contains(&name) || name.starts_with('_') {
            return vec![];
        }
        let all = self.names.get(name).into_iter().flatten();
        let mut arities: Vec<usize> = all.map(|(_, arity)| *arity).collect();
        arities.sort_unstable();
        arities.dedup();
        arities
    }

    /// All names that pipelines may call.
    pub(super) fn names(&self) -> impl Iterator<Item = Text> + use<'_> {
        self.names.keys().copied().filter(|name| !INTERNAL.contains(name) && !name.starts_with('_'))
    }
}

fn called_by(term: &Term<Text>, out: &mut Vec<Signature>) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => {}
        Term::Str(format, parts) => {
            out.extend(format.map(|name| (name, 0)));
            for part in parts {
                if let StrPart::Term(term) = part {
                    called_by(term, out);
                }
            }
        }
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) => called_by(inner, out),
        Term::Obj(entries) => entries.iter().for_each(|(key, value)| called_by_all([key].into_iter().chain(value), out)),
        Term::BinOp(left, op, right) => {
            called_by(left, out);
            called_by(right, out);
            if let BinaryOp::Pipe(Some(pattern)) = op {
                called_by_pattern(pattern, out);
            }
        }
        Term::Fold(_, source, pattern, parts) => {
            called_by(source, out);
            called_by_pattern(pattern, out);
            called_by_all(parts, out);
        }
        Term::TryCatch(body, handler) => {
            called_by(body, out);
            called_by_all(handler.as_deref(), out);
        }
        Term::IfThenElse(branches, other) => {
            called_by_all(branches.iter().flat_map(|(test, then)| [test, then]).chain(other.as_deref()), out);
        }
        Term::Def(definitions, body) => {
            called_by_all(definitions.iter().map(|def| &def.body).chain([&**body]), out);
        }
        Term::Call(name, args) => {
            out.push((name, args.len()));
            called_by_all(args, out);
        }
        Term::Path(base, path) => {
            called_by(base, out);
            for (part, _) in &path.0 {
                match part {
                    Part::Index(index) => called_by(index, out),
                    Part::Range(from, to) => called_by_all(from.iter().chain(to), out),
                }
            }
        }
    }
}

fn called_by_all<'t>(terms: impl IntoIterator<Item = &'t Term<Text>>, out: &mut Vec<Signature>) {
    for term in terms {
        called_by(term, out);
    }
}

fn called_by_pattern(pattern: &Pattern<Text>, out: &mut Vec<Signature>) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(parts) => {
            for part in parts {
                called_by_pattern(part, out);
            }
        }
        Pattern::Obj(parts) => {
            for (key, pattern) in parts {
                called_by(key, out);
                called_by_pattern(pattern, out);
            }
        }
    }
}
