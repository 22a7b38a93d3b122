//! From the text of an expression to something that can be evaluated, any number of times, on any thread.

use super::check::{Parsed, parse};
use super::dialect::Dialect;
use super::standard::standard;
use crate::diag::code;
use crate::expr::{Mistake, on_big_stack};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Filter, compile::Undefined};
use std::sync::Arc;

/// Variables that an expression may use without binding them.
pub(super) const GLOBALS: [&str; 2] = ["$previous", "$given"];

/// A compiled expression. Cloning shares it.
#[derive(Clone)]
pub struct Jq(pub(super) Arc<Compiled>);

pub(super) struct Compiled {
    pub(super) filter: Filter<Dialect>,
    pub(super) source: Arc<str>,
    /// The globals that it uses, in the order in which values are handed to it.
    pub(super) globals: Vec<&'static str>,
    uses_glob: bool,
}

#[cfg(test)]
impl Compiled {
    /// An expression without globals.
    pub(super) fn of(filter: Filter<Dialect>, source: &str) -> Self {
        Self { filter, source: source.into(), globals: vec![], uses_glob: false }
    }
}

impl Jq {
    /// Compiles an expression.
    ///
    /// # Errors
    /// Everything that makes it no expression: syntax, unknown and impure names, bad patterns, `//` without parentheses.
    pub fn compile(source: &str) -> Result<Self, Vec<Mistake>> {
        let source: Arc<str> = source.into();
        on_big_stack(move || {
            let parsed = parse(&source)?;
            let mistakes = parsed.mistakes();
            if mistakes.is_empty() { Self::link(&parsed, source) } else { Err(mistakes) }
        })
    }

    /// Compiles what has been checked.
    fn link(parsed: &Parsed, source: Arc<str>) -> Result<Self, Vec<Mistake>> {
        let names: Vec<(&str, usize)> = parsed.calls().iter().map(|call| (call.name.as_str(), call.arity)).collect();
        let globals: Vec<_> = GLOBALS.into_iter().filter(|global| parsed.uses(global)).collect();
        let (definitions, natives) = standard().reached(&names);
        let filter = link(parsed.for_jaq(), definitions, natives, &globals)?;
        let uses_glob = names.contains(&("glob", 1));
        Ok(Self(Arc::new(Compiled { filter, source, globals, uses_glob })))
    }

    /// The text that it was compiled from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether it uses a global variable (`$previous`, `$given`) or the function `glob`.
    pub fn uses(&self, name: &str) -> bool {
        self.0.globals.contains(&name) || (name == "glob" && self.0.uses_glob)
    }
}

impl std::fmt::Debug for Jq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Jq").field(&self.0.source).finish()
    }
}

/// Hands text, definitions and natives to jaq.
pub(super) fn link(
    source: &str,
    definitions: Vec<jaq_core::load::parse::Def<&'static str>>,
    natives: Vec<jaq_core::native::Fun<Dialect>>,
    globals: &[&'static str],
) -> Result<Filter<Dialect>, Vec<Mistake>> {
    let arena = Arena::default();
    let modules = Loader::new(definitions).load(&arena, File { code: source, path: () });
    // The check before this has found every mistake with a better text; this one is for what it may have missed.
    let modules = modules.map_err(|_| vec![Mistake::new(code::J001, 0..source.len(), "this is not a jq expression")])?;
    let compiler = Compiler::default().with_funs(natives).with_global_vars(globals.iter().copied());
    compiler.compile(modules).map_err(|errors| {
        let undefined = errors.into_iter().flat_map(|(_, errors)| errors);
        undefined.map(|(name, what)| undefined_mistake(source, name, &what)).collect()
    })
}

fn undefined_mistake(source: &str, name: &str, what: &Undefined) -> Mistake {
    let inside = source.as_bytes().as_ptr_range().contains(&name.as_ptr());
    let range = if inside { jaq_core::load::span(source, name) } else { 0..source.len() };
    Mistake::new(code::J002, range, format!("there is no {} `{name}`", what.as_str()))
}
