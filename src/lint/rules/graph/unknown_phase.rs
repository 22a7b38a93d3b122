//! G001: an expression or template that reads a phase which is not there. (Needs and tests are the graph's own.)

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, Problem};
use crate::lint::read;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let phases = || draft.pipeline.phases.keys().map(String::as_str);
    let wrong = read::problems(draft).filter(|(_, _, problem)| **problem == Problem::Phase);
    wrong
        .map(|(read, step, _)| {
            let message = format!("there is no phase `{}`", read::name(read, step));
            read::unknown(code::G001, read, step, message, phases())
        })
        .collect()
}
