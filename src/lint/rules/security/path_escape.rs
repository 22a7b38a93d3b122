//! S008: a path that leads out of the project.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, FileFact, references};
use crate::lint::key::literals;
use crate::text::{Embedded, Span};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    for reference in references(draft.pipeline) {
        if let Some(FileFact::Outside { root }) = draft.facts.files.get(&reference.name.value) {
            let (kind, name) = (reference.kind.noun(), &reference.name.value);
            let message = format!("the {kind} file `{name}` lies outside of `{root}`");
            found.push(Diagnostic::new(code::S008, reference.name.span, message).help("bring a copy of it into the project"));
        }
    }
    for file in draft.pipeline.params.values().filter_map(|param| param.file.as_ref()) {
        for dir in file.value.dirs.iter().filter(|dir| !dir.value.starts_with("builtin:")) {
            found.extend(leads_out("the folder", dir.value.strip_prefix("~/").unwrap_or(&dir.value), &dir.value, dir.span));
        }
    }
    let folders = draft.pipeline.phases.values().map(|phase| phase.dir.as_ref());
    for dir in folders.chain([draft.pipeline.defaults.dir.as_ref()]).flatten() {
        found.extend(folder(&dir.value, dir.span));
    }
    for file in draft.pipeline.tests.iter().flat_map(|test| &test.files) {
        found.extend(leads_out("the test's file", &file.path.value, &file.path.value, file.path.span));
    }
    found
}

/// A `dir` as far as it is literal: its beginning, and all of it when nothing is rendered into it.
fn folder(dir: &Embedded, span: Span) -> Option<Diagnostic> {
    let text = dir.text();
    let literal = literals(text).into_iter().next().filter(|part| part.start == 0)?;
    let whole = literal.end == text.len();
    let known = if whole { text } else { text[literal].rsplit_once('/').map_or("", |(known, _)| known) };
    // The part before the first slash of an absolute path is empty, and says that it is absolute.
    let known = if known.is_empty() && text.starts_with('/') { "/" } else { known };
    leads_out("the folder", known, text, span)
}

fn leads_out(what: &str, path: &str, shown: &str, span: Span) -> Option<Diagnostic> {
    let mut depth = 0_i32;
    let mut out = path.starts_with('/') || path.starts_with('~');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        out |= depth < 0;
    }
    let finding = || Diagnostic::new(code::S008, span, format!("{what} `{shown}` lies outside of the project"));
    out.then(|| finding().help("paths are relative to the project, and stay in it"))
}
