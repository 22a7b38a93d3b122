//! R004: a question that stands for ever. The timeouts of `[defaults]` are not for questions, and the clock of `[limits]`
//! does not count while a person is waited for.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::Verb;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    for (at, phase) in draft.pipeline.phases.values().enumerate() {
        let asks = phase.verb.as_ref().filter(|verb| matches!(verb.value, Verb::Ask(_)));
        let Some(verb) = asks.filter(|_| phase.timeout_ms.is_none() && draft.net.known[at]) else { continue };
        let message = format!("the run waits for an answer to `{}` without an end", phase.name.value);
        let help = "`timeout = \"2d\"` ends the question then: the phase fails, or goes on with `on_error = \"continue\"`";
        found.push(Diagnostic::new(code::R004, verb.key, message).help(help));
    }
    found
}
