//! `tests/lint/*.toml`: each line that carries `#~ CODE` has exactly those findings, every other line none.
//!
//! `#~^ CODE` is about the line above it (one `^` a line), for lines that cannot carry a comment. Files in
//! `tests/lint/ok` are without findings.

use flow::diag::Diagnostic;
use flow::model;
use flow::text::{FileId, Sources};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// All findings of a pipeline file; the one place that says what "all" is.
fn findings(file: FileId, text: &str) -> Vec<Diagnostic> {
    let (pipeline, mut found) = model::parse(file, text);
    found.extend(model::not_yet(&pipeline));
    found
}

/// Line → codes, sorted.
type Marks = BTreeMap<u32, Vec<String>>;

fn expected(text: &str) -> Marks {
    let mut marks = Marks::new();
    for (line, content) in (1..).zip(text.lines()) {
        let Some((_, codes)) = content.split_once("#~") else { continue };
        let up = u32::try_from(codes.chars().take_while(|c| *c == '^').count()).expect("a short line");
        let codes = codes.trim_start_matches('^').split_whitespace().map(str::to_owned);
        marks.entry(line - up).or_default().extend(codes);
    }
    for codes in marks.values_mut() {
        codes.sort();
    }
    marks
}

fn found(text: &str) -> (Marks, Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let file = sources.add("pipeline.toml", text);
    let findings = findings(file, text);
    let mut marks = Marks::new();
    for finding in &findings {
        marks.entry(sources.start(finding.span).line).or_default().push(finding.code.id.to_owned());
    }
    for codes in marks.values_mut() {
        codes.sort();
    }
    (marks, sources, findings)
}

fn pipelines(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint").join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no pipelines in {}", folder.display());
    files
}

#[test]
fn marked_lines_have_exactly_their_findings() {
    let mut wrong = vec![];
    for path in pipelines("").into_iter().chain(pipelines("ok")) {
        let text = fs::read_to_string(&path).unwrap();
        let (found, sources, findings) = found(&text);
        let expected = expected(&text);
        if found != expected {
            let shown = flow::diag::concise(&findings, &sources);
            wrong.push(format!("{}\n  expected {expected:?}\n  found    {found:?}\n{shown}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
