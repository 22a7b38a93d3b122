//! Renaming a phase, agent, parameter or variable with everything that names it: needs, loops, tests, jq, templates.

use super::file::{File, draft};
use super::go::same;
use super::mention::{What, at, mentions};
use super::position::{offset, range};
use crate::diag::Severity;
use crate::project::Loaded;
use lsp_types::{Position, Range, TextEdit, Uri, WorkspaceEdit};
use std::collections::HashMap;

/// The range that would be renamed.
pub(super) fn prepare(file: &File, position: Position) -> Option<Range> {
    let loaded = file.checked.as_ref()?;
    let all = mentions(loaded, &draft(loaded));
    let here = at(&all, loaded.pipeline.file, offset(&file.text, position))?;
    (here.what != What::File).then(|| range(&loaded.sources, here.span))
}

/// The edits of a renaming.
///
/// # Errors
/// Why it cannot be done; nothing is changed then. The result is checked before it is given out, so that a use that
/// cannot be seen (a computed path, a dotted key) does not turn a pipeline into another one.
#[expect(clippy::mutable_key_type, reason = "the map of the protocol's own type")]
pub(super) fn rename(file: &File, position: Position, name: &str) -> Result<WorkspaceEdit, String> {
    let loaded = file.checked.as_ref().ok_or("this is no pipeline")?;
    let all = mentions(loaded, &draft(loaded));
    let here = at(&all, loaded.pipeline.file, offset(&file.text, position)).filter(|here| here.what != What::File);
    let here = here.ok_or("there is nothing here that has a name of its own")?;
    let noun = here.what.noun();
    if all.iter().any(|one| one.declares && one.what == here.what && one.name == name) {
        return Err(format!("there is a {noun} `{name}` already"));
    }
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    let mut text = file.text.clone();
    for one in same(&all, here).collect::<Vec<_>>().into_iter().rev() {
        let source = loaded.sources.get(one.span.file);
        if source.text.get(one.span.range()) != Some(here.name.as_str()) {
            let line = source.position(one.span.start as usize).line;
            return Err(format!("`{}` is written with escapes in {}:{line}: rename it by hand", here.name, source.path));
        }
        if one.span.file == loaded.pipeline.file {
            text.replace_range(one.span.range(), name);
        }
        let uri = file.uri(loaded, one.span.file).ok_or("a file has no URI")?;
        let edit = TextEdit { range: range(&loaded.sources, one.span), new_text: name.to_owned() };
        changes.entry(uri).or_default().push(edit);
    }
    if changes.len() == 1 {
        better(loaded, &file.load(&text))?;
    }
    Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

/// Whether a renaming made no error that was not there.
fn better(before: &Loaded, after: &Loaded) -> Result<(), String> {
    let errors = |loaded: &Loaded| loaded.findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
    if errors(after) <= errors(before) {
        return Ok(());
    }
    let first = after.findings.iter().find(|finding| finding.severity() == Severity::Error);
    Err(first.map_or_else(String::new, |finding| {
        format!("it would not be a pipeline any more: {} ({})", finding.message, finding.code)
    }))
}
