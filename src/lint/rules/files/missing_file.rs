//! I001: a file that is named and not there.

use crate::diag::{Diagnostic, code, nearest};
use crate::graph::{Draft, FileFact, references};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let missing = references(draft.pipeline).into_iter().filter_map(|reference| {
        let FileFact::Missing { nearest } = draft.facts.files.get(&reference.name.value)? else { return None };
        let (kind, name) = (reference.kind.noun(), &reference.name.value);
        let finding = Diagnostic::new(code::I001, reference.name.span, format!("the {kind} file `{name}` is not there"));
        Some(match nearest {
            Some(near) => finding.label(format!("did you mean `{near}`?")).suggest(
                format!("write `{near}`"),
                reference.name.span,
                format!("\"{near}\""),
            ),
            None => finding.help("paths are relative to the pipeline file"),
        })
    });
    missing.chain(builtin_folders(draft)).collect()
}

/// `builtin:` folders that file parameters name.
fn builtin_folders(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    for dir in draft.pipeline.params.values().filter_map(|param| param.file.as_ref()).flat_map(|file| &file.value.dirs) {
        let Some(folder) = dir.value.strip_prefix("builtin:") else { continue };
        if draft.facts.builtin.contains(folder.trim_end_matches('/')) {
            continue;
        }
        let finding = Diagnostic::new(code::I001, dir.span, format!("there is no folder `{folder}` inside the program"));
        let near = nearest(folder, draft.facts.builtin.iter().map(String::as_str));
        let near = near.or(draft.facts.builtin.first().map(String::as_str));
        found.push(match near {
            Some(near) => finding.help(format!("did you mean `builtin:{near}`?")),
            None => finding,
        });
    }
    found
}
