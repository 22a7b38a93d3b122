//! K003: a bucket or key that belongs to the engine.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::lint::key::templates;
use crate::name::Bucket;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let engine = Bucket::engine();
    let mut found = vec![];
    if let Some(bucket) = draft.pipeline.store.as_ref().and_then(|store| store.bucket.as_ref())
        && bucket.value == engine.as_str()
    {
        let message = format!("the bucket `{engine}` belongs to the engine");
        found.push(Diagnostic::new(code::K003, bucket.span, message).help("give the documents a bucket of their own"));
    }
    let prefix = format!("{engine}.");
    for key in templates(draft) {
        if key.text.text().starts_with(&prefix) {
            let message = format!("keys that begin with `{prefix}` belong to the engine");
            let finding = Diagnostic::new(code::K003, key.text.span(0..prefix.len()), message);
            found.push(finding.help(format!("begin the key of {} with another word", key.owner)));
        }
    }
    found
}
