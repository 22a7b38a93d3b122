//! J006: a guard that may give several answers, or none.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::{Answers, Due};
use crate::graph::Draft;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let guards = draft.readings.expressions.iter().filter(|expression| expression.site.role.due() == Due::Boolean);
    guards
        .filter(|guard| guard.parsed.answers() == Answers::Any)
        .map(|guard| {
            let span = guard.site.text.whole();
            Diagnostic::new(code::J006, span, "exactly one answer is due here, and this may give any number")
                .help("say whether all or one of them must hold: `all(…)`, `any(…)`")
        })
        .collect()
}
