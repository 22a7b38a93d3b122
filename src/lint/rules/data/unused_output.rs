//! D008: a declared field of an output that nothing reads, beside others that are read.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::lint::used::Used;
use crate::model::RawKind;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let used = Used::of(draft);
    let mut found = vec![];
    for (at, phase) in draft.pipeline.phases.values().enumerate() {
        let RawKind::Table(fields) = (match phase.output.as_ref() {
            Some(shape) => &shape.value.kind,
            None => continue,
        }) else {
            continue;
        };
        // A form is for people, who may look at all of it. The engine reads the questions, and what `result` makes has fields of its own.
        let asks = phase.questions.as_ref().is_some_and(|questions| questions.value);
        if phase.result.is_some() || phase.for_each.is_some() || !used.by_field(at) {
            continue;
        }
        for (key, _) in fields {
            let field = key.value.trim_end_matches('?');
            if field != "*" && !(asks && field == "questions") && !used.reads(at, field) {
                let message = format!("nothing reads `{field}` of the output of `{}`", phase.name.value);
                found.push(Diagnostic::new(code::D008, key.span, message).help("read it, or do not ask for it"));
            }
        }
    }
    found
}
