//! Every name of an expression to its meaning: standard function, own definition, variable, label, or a mistake.

use super::check::{is_global, is_impure, known_functions};
use super::lower::LOCATION;
use super::reads::Call;
use super::standard::standard;
use super::syntax::{Definition, Kind, Node};
use crate::diag::code;
use crate::expr::Mistake;
use std::ops::Range;

/// The names of an expression.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Calls of standard functions.
    pub(super) calls: Vec<Call>,
    /// Uses of global variables.
    pub(super) globals: Vec<(String, Range<usize>)>,
    /// Names that mean nothing here.
    pub(super) unknown: Vec<Unknown>,
}

/// A name that means nothing here.
#[derive(Clone, Debug)]
pub(super) struct Unknown {
    name: String,
    arity: usize,
    range: Range<usize>,
    /// Names in sight that it might have meant.
    near: Vec<String>,
}

impl Unknown {
    /// The mistake, with what might have been meant.
    pub(super) fn mistake(&self) -> Mistake {
        let Self { name, arity, range, near } = self;
        let new = |code, message| Mistake::new(code, range.clone(), message);
        if is_impure(name) {
            let message = format!("`{name}` reaches outside of the document");
            return new(code::J003, message)
                .help("expressions are pure: pass what they need in as a parameter, a variable of [vars] or an output");
        }
        if name.starts_with('$') {
            let mistake = new(code::J002, format!("the variable `{name}` is not bound here"));
            return mistake.nearest(name, near.iter().map(String::as_str));
        }
        let arities = standard().arities(name);
        if !arities.is_empty() {
            let known: Vec<String> = arities.iter().map(ToString::to_string).collect();
            let message = format!("`{name}` does not take {} argument{}", arity, if *arity == 1 { "" } else { "s" });
            return new(code::J002, message).help(format!("it takes {}", known.join(" or ")));
        }
        let mistake = new(code::J002, format!("there is no function `{name}`"));
        let mut candidates: Vec<&str> = near.iter().map(String::as_str).collect();
        candidates.extend(known_functions().map(|known| -> &str { known }));
        let mistake = mistake.nearest(name, candidates);
        if mistake.help.is_none() && *arity == 0 {
            return mistake.help(format!("a field is written with a dot, `.{name}`, and a text in double quotes"));
        }
        mistake
    }
}

/// Resolves all names of a tree.
pub(super) fn resolve(root: &Node) -> Names {
    let mut resolver = Resolver { names: Names::default(), scope: vec![] };
    resolver.visit(root);
    resolver.names
}

/// Something that the author bound.
enum Bound {
    Var(String),
    Label(String),
    Function(String, usize),
}

struct Resolver {
    names: Names,
    scope: Vec<Bound>,
}

impl Resolver {
    fn visit(&mut self, node: &Node) {
        let depth = self.scope.len();
        match &node.kind {
            Kind::Var(name) => self.var(name, node.range.clone()),
            Kind::Break(name) => {
                if !self.scope.iter().any(|bound| matches!(bound, Bound::Label(label) if label == name)) {
                    self.unknown(name, 0, node.range.clone());
                }
            }
            Kind::Label(name, body) => {
                self.scope.push(Bound::Label(name.clone()));
                self.visit(body);
            }
            Kind::Bind(source, pattern, body) => {
                self.visit(source);
                self.scope.extend(pattern.vars().into_iter().map(|var| Bound::Var(var.into())));
                for key in pattern.nodes() {
                    self.visit(key);
                }
                self.visit(body);
            }
            Kind::Fold(_, source, pattern, parts) => {
                self.visit(source);
                for key in pattern.nodes() {
                    self.visit(key);
                }
                // The first part, the start, does not see what is bound.
                if let Some((start, rest)) = parts.split_first() {
                    self.visit(start);
                    self.scope.extend(pattern.vars().into_iter().map(|var| Bound::Var(var.into())));
                    for part in rest {
                        self.visit(part);
                    }
                }
            }
            Kind::Define(definitions, body) => {
                for definition in definitions {
                    self.define(definition);
                }
                self.visit(body);
            }
            Kind::Call(name, range, args) => {
                self.call(name, args.len(), range);
                for arg in args {
                    self.visit(arg);
                }
            }
            Kind::Interpolated(format, parts) => {
                if let Some(format) = format {
                    self.call(format, 0, &node.range);
                }
                for part in parts {
                    self.visit(part);
                }
            }
            _ => {
                for child in node.children() {
                    self.visit(child);
                }
            }
        }
        self.scope.truncate(depth);
    }

    /// A definition is in its own scope, and stays in that of its neighbours.
    fn define(&mut self, definition: &Definition) {
        self.scope.push(Bound::Function(definition.name.clone(), definition.params.len()));
        let depth = self.scope.len();
        for param in &definition.params {
            if param.starts_with('$') {
                self.scope.push(Bound::Var(param.clone()));
            }
            self.scope.push(Bound::Function(param.trim_start_matches('$').into(), 0));
        }
        self.visit(&definition.body);
        self.scope.truncate(depth);
    }

    fn var(&mut self, name: &str, range: Range<usize>) {
        if name == LOCATION || self.scope.iter().any(|bound| matches!(bound, Bound::Var(var) if var == name)) {
            return;
        }
        if is_global(name) {
            self.names.globals.push((name.into(), range));
        } else {
            self.unknown(name, 0, range);
        }
    }

    fn call(&mut self, name: &str, arity: usize, range: &Range<usize>) {
        let own = |bound: &Bound| matches!(bound, Bound::Function(own, count) if own == name && *count == arity);
        if self.scope.iter().any(own) {
            return;
        }
        if standard().arities(name).contains(&arity) {
            self.names.calls.push(Call { name: name.into(), arity, range: range.clone() });
        } else {
            self.unknown(name, arity, range.clone());
        }
    }

    fn unknown(&mut self, name: &str, arity: usize, range: Range<usize>) {
        let near = self.scope.iter().filter_map(|bound| match bound {
            Bound::Var(var) => name.starts_with('$').then(|| var.clone()),
            Bound::Function(function, _) => Some(function.clone()),
            Bound::Label(_) => None,
        });
        let globals = super::compile::GLOBALS.iter().map(ToString::to_string);
        let near = near.chain(globals.filter(|_| name.starts_with('$'))).collect();
        self.names.unknown.push(Unknown { name: name.into(), arity, range, near });
    }
}
