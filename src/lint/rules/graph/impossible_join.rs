//! G008: `join = "all"` over branches of which one is always skipped.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::Join;
use std::collections::HashMap;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    for phase in draft.pipeline.phases.values() {
        let Some(join) = phase.join.as_ref().filter(|join| join.value == Join::All) else { continue };
        let mut guards = HashMap::new();
        for need in &phase.needs {
            let Some(guard) = draft.pipeline.phases.get(&need.value).and_then(|need| need.when.as_ref()) else { continue };
            let (asked, holds) = asked(guard.value.text());
            let opposite = guards.get(&(asked.clone(), !holds)).cloned();
            guards.insert((asked, holds), (need.value.clone(), guard.span));
            if let Some((other, span)) = opposite {
                let message =
                    format!("`{}` and `{other}` never both run, and `{}` needs all of them", need.value, phase.name.value);
                let finding = Diagnostic::new(code::G008, join.span, message)
                    .related(span, format!("decides about `{other}`"))
                    .related(guard.span, format!("decides about `{}`, the other way round", need.value))
                    .help("leave `join` out: one completed need is then enough");
                found.push(finding);
                break;
            }
        }
    }
    found
}

/// What a guard asks, and whether it holds when that does: `X` and `X | not` ask the same.
fn asked(guard: &str) -> (String, bool) {
    let plain: String = guard.split_whitespace().collect::<Vec<_>>().join(" ");
    match plain.strip_suffix("| not") {
        Some(rest) => {
            let rest = rest.trim();
            let inner =
                rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|inner| !inner.contains(['(', ')']));
            (inner.unwrap_or(rest).to_owned(), false)
        }
        None => (plain, true),
    }
}
