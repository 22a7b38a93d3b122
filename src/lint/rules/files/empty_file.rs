//! I002: a text file with nothing in it.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, ReferenceKind, references};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let texts = references(draft.pipeline).into_iter().filter(|reference| reference.kind == ReferenceKind::Text);
    let empty =
        texts.filter(|reference| draft.facts.text(&reference.name.value).is_some_and(|text| text.text().trim().is_empty()));
    let found = empty.map(|reference| {
        let message = format!("the text file `{}` is empty", reference.name.value);
        Diagnostic::new(code::I002, reference.name.span, message).help("write the text, or take the key away")
    });
    found.collect()
}
