//! Quick fixes: the edits that findings carry, and the mark that says a finding is meant.

use super::diagnostics::show;
use super::file::File;
use super::position::{offset, range};
use crate::diag::{Diagnostic, Fix};
use crate::lint::mark;
use crate::project::Loaded;
use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, Range, TextEdit, Uri, WorkspaceEdit};
use std::collections::HashMap;

/// The fixes of the findings that touch a range.
pub(super) fn actions(file: &File, wanted: Range) -> Vec<CodeActionOrCommand> {
    let Some(loaded) = &file.checked else { return vec![] };
    let (from, to) = (offset(&file.text, wanted.start), offset(&file.text, wanted.end));
    let mine = loaded.findings.iter().filter(|finding| finding.span.file == loaded.pipeline.file);
    let touching = mine.filter(|finding| finding.span.start as usize <= to && finding.span.end as usize >= from);
    let actions = touching.flat_map(|finding| {
        let fix = finding.fix.as_ref().and_then(|fix| action(file, loaded, finding, fix));
        let meant = mark(finding, &loaded.sources).and_then(|edit| {
            let message = "ignore it here, and say why".to_owned();
            action(file, loaded, finding, &Fix { message, safe: false, edits: vec![edit] })
        });
        [fix, meant]
    });
    actions.flatten().collect()
}

fn action(file: &File, loaded: &Loaded, finding: &Diagnostic, fix: &Fix) -> Option<CodeActionOrCommand> {
    Some(CodeActionOrCommand::CodeAction(CodeAction {
        title: format!("{} ({})", fix.message, finding.code),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![show(file, loaded, finding)]),
        edit: Some(edit(file, loaded, fix)?),
        is_preferred: Some(fix.safe),
        ..CodeAction::default()
    }))
}

#[expect(clippy::mutable_key_type, reason = "the map of the protocol's own type")]
fn edit(file: &File, loaded: &Loaded, fix: &Fix) -> Option<WorkspaceEdit> {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for edit in &fix.edits {
        let text = TextEdit { range: range(&loaded.sources, edit.span), new_text: edit.text.clone() };
        changes.entry(file.uri(loaded, edit.span.file)?).or_default().push(text);
    }
    Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}
