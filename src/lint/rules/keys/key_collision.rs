//! K002: two documents under one key.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use std::collections::HashMap;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut first = HashMap::new();
    let mut found = vec![];
    for document in draft.pipeline.documents.values() {
        let Some(key) = &document.key else { continue };
        // Blanks inside a template make no difference; in the literal parts they are another mistake.
        let same: String = key.value.text().chars().filter(|c| !c.is_whitespace()).collect();
        let name = &document.name.value;
        if let Some((other, span)) = first.insert(same, (name, key.span)) {
            let finding = Diagnostic::new(code::K002, key.span, format!("`{name}` and `{other}` are kept under one key"))
                .related(span, format!("the key of `{other}`"))
                .help("each document needs a key of its own: they would overwrite each other");
            found.push(finding);
        }
    }
    found
}
