//! J005: a guard that can never give a boolean.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::{Due, Gives};
use crate::graph::Draft;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let guards = draft.readings.expressions.iter().filter(|expression| expression.site.role.due() == Due::Boolean);
    guards
        .filter_map(|guard| {
            let gives = match guard.parsed.gives() {
                Gives::Null => "null",
                Gives::Number => "a number",
                Gives::Text => "a text",
                Gives::List => "a list",
                Gives::Table => "a table",
                Gives::Boolean | Gives::Unknown => return None,
            };
            let message = format!("a boolean is due here, and this gives {gives}");
            let span = guard.site.text.whole();
            Some(Diagnostic::new(code::J005, span, message).help("say what to compare it with, such as `… > 0` or `… != null`"))
        })
        .collect()
}
