//! I003: a file that is named and is no text.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, FileFact, references};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let found = references(draft.pipeline).into_iter().filter_map(|reference| {
        let FileFact::Unreadable(why) = draft.facts.files.get(&reference.name.value)? else { return None };
        let (kind, name) = (reference.kind.noun(), &reference.name.value);
        let message = format!("the {kind} file `{name}` cannot be read: {why}");
        Some(Diagnostic::new(code::I003, reference.name.span, message).help("files of a pipeline are UTF-8 texts"))
    });
    found.collect()
}
