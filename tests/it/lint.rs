//! `tests/lint/*.toml`: each line that carries `#~ CODE` has exactly those findings, every other line none.
//!
//! `#~ CODE:7` also says at which column. `#~^ CODE` is about the line above it (one `^` a line), for lines that cannot
//! carry a comment. Files that a pipeline names carry marks of their own (`{#~ CODE #}`). Files in `tests/lint/ok` are
//! without findings; files in `tests/lint/model` are only read, and what they name need not be there. What is only
//! worth knowing does not count. The time that a check takes is tried in `lint/scale.rs`.

pub(crate) mod scale;

use flow::diag::{Diagnostic, Severity};
use flow::model;
use flow::project::Project;
use flow::text::Sources;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// All findings of a pipeline file, as `flow lint` has them.
fn checked(path: &Path) -> (Sources, Vec<Diagnostic>) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut loaded = Project::open(path.parent().unwrap()).load(name).unwrap();
    let errors = loaded.findings.iter().any(|finding| finding.severity() == Severity::Error);
    assert_eq!(loaded.plan.is_none(), errors, "{name}: a plan is there exactly when no finding is an error");
    loaded.findings.retain(|finding| finding.severity() > Severity::Info);
    (loaded.sources, loaded.findings)
}

/// The findings of reading a file alone.
fn read(path: &Path) -> (Sources, Vec<Diagnostic>) {
    let text = fs::read_to_string(path).unwrap();
    let mut sources = Sources::default();
    let file = sources.add(path.file_name().unwrap().to_str().unwrap(), text.as_str());
    let (pipeline, mut found) = model::parse(file, &text);
    found.extend(model::not_yet(&pipeline));
    (sources, found)
}

/// File and line → codes, perhaps with columns, sorted.
pub(crate) type Marks = BTreeMap<(String, u32), Vec<String>>;

/// The marks of one file.
pub(crate) fn expected(path: &str, text: &str) -> Marks {
    let mut marks = Marks::new();
    for (line, content) in (1..).zip(text.lines()) {
        let Some((_, codes)) = content.split_once("#~") else { continue };
        let up = u32::try_from(codes.chars().take_while(|c| *c == '^').count()).expect("a short line");
        let codes = codes.trim_start_matches('^').split_whitespace().filter(|word| !word.starts_with('#')).map(str::to_owned);
        marks.entry((path.to_owned(), line - up)).or_default().extend(codes);
    }
    for codes in marks.values_mut() {
        codes.sort();
    }
    marks
}

/// What was found, with columns where columns are expected.
pub(crate) fn marks(sources: &Sources, findings: &[Diagnostic], expected: &Marks) -> Marks {
    let mut marks = Marks::new();
    for finding in findings {
        let at = sources.start(finding.span);
        let place = (sources.get(finding.span.file).path.clone(), at.line);
        let with_column = format!("{}:{}", finding.code.id, at.column);
        let wanted = expected.get(&place).is_some_and(|codes| codes.contains(&with_column));
        marks.entry(place).or_default().push(if wanted { with_column } else { finding.code.id.to_owned() });
    }
    for codes in marks.values_mut() {
        codes.sort();
    }
    marks
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

/// Compares the marks of all files of a folder with what is found in them.
fn compare(folder: &str, find: fn(&Path) -> (Sources, Vec<Diagnostic>)) {
    let mut wrong = vec![];
    for path in pipelines(folder) {
        let (sources, findings) = find(&path);
        let expected: Marks = sources.iter().flat_map(|(_, source)| expected(&source.path, &source.text)).collect();
        let found = marks(&sources, &findings, &expected);
        if found != expected {
            let shown = flow::diag::concise(&findings, &sources);
            wrong.push(format!("{}\n  expected {expected:?}\n  found    {found:?}\n{shown}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn marked_lines_have_exactly_their_findings() {
    compare("", checked);
}

#[test]
fn pipelines_without_marks_are_clean() {
    compare("ok", checked);
}

#[test]
fn what_cannot_be_read_is_found_where_it_stands() {
    compare("model", read);
}

#[test]
fn a_secret_in_a_pipeline_is_pointed_at_and_never_printed() {
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let text = format!("flow = 1\nname = \"x\"\n[agents.a]\n[phases.b]\nagent = \"a\"\nprompt = \"Use {secret} for it\"\n");
    let loaded = flow::project::Project::open(std::path::Path::new("/nowhere")).load_text("x.toml", &text);
    let told = [
        flow::diag::human(&loaded.findings, &loaded.sources, false),
        flow::diag::concise(&loaded.findings, &loaded.sources),
        flow::diag::json(&loaded.findings, &loaded.sources),
    ];
    assert!(told[0].contains("S003") && told[0].contains("Use ****"), "{}", told[0]);
    assert!(told.iter().all(|text| !text.contains(secret)), "{told:#?}");
}
