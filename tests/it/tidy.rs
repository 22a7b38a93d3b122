//! The rules of the house, as tests: who may import whom, how long things may be, which words may not stand in the
//! code. A rule that is no test is a wish.
//!
//! `layers.rs` has the table of modules, `syntax.rs` the rules that need a syntax tree; the rules here read lines.

mod layers;
mod syntax;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A file longer than this is printed: it is about to need a split.
const LINES_WANTED: usize = 500;
/// A file longer than this fails.
const LINES_MAX: usize = 800;

/// A Rust file of the project.
pub(crate) struct Source {
    /// Relative to the project.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

impl Source {
    /// Whether the whole file is test code.
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.starts_with("tests/") || name == "tests.rs" || self.path.contains("/tests/")
    }
}

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under a folder of the project, sorted.
pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let mut paths = vec![];
    walk(&root().join(folder), &mut paths);
    paths.sort();
    let rust = paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        Source { path, text }
    })
    .collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, paths) } else { paths.push(path) }
    }
}

/// Fails with all findings at once.
pub(crate) fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn no_file_is_too_long() {
    let mut found = vec![];
    let mut long = String::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            found.push(format!("{}: {lines} lines", source.path));
        } else if lines > LINES_WANTED {
            writeln!(long, "{}: {lines} lines, over the {LINES_WANTED} that are wanted", source.path).unwrap();
        }
    }
    print!("{long}");
    none(&format!("files over {LINES_MAX} lines"), &found);
}

#[test]
fn words_of_unfinished_work_stand_nowhere() {
    let words = [["to", "do!"], ["unimple", "mented!"], ["db", "g!"], ["FIX", "ME"], ["XX", "X"], ["TO", "DO"]]
        .map(|parts| parts.concat());
    let mut found = vec![];
    for source in sources("src").into_iter().chain(sources("tests")) {
        for (number, line) in source.text.lines().enumerate() {
            let hits = words.iter().filter(|word| line.contains(word.as_str()));
            found.extend(hits.map(|word| format!("{}:{}: {word}", source.path, number + 1)));
        }
    }
    none("words of unfinished work", &found);
}

#[test]
fn nothing_in_the_program_knows_one_pipeline() {
    let word = ["pe", "er"].concat();
    let mut found = vec![];
    for source in sources("src") {
        for (number, line) in source.text.lines().enumerate() {
            if line.to_lowercase().contains(&word) {
                found.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    none("`src` names a pipeline", &found);
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    let headless = |source: &Source| !source.text.starts_with("//! ");
    let found: Vec<_> = sources("src").into_iter().filter(headless).map(|source| source.path).collect();
    none("files without a `//!` head", &found);
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (mut inside, mut before, mut found) = (false, "", vec![]);
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies]");
        } else if inside && line.contains('=') && !line.starts_with(['#', ' ']) && !before.starts_with("# ") {
            found.push(line.to_owned());
        }
        before = line;
    }
    none("dependencies without a comment above them", &found);
}

#[test]
fn the_change_log_begins_with_this_version() {
    let log = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let sections = log.lines().filter_map(|line| line.strip_prefix("## "));
    let top = sections.into_iter().find(|section| *section != "[Unreleased]").unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    assert!(top.split_whitespace().next() == Some(version), "CHANGELOG.md begins with `{top}`, and this is {version}");
}

#[test]
fn the_top_level_stays_small() {
    let known = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "pipelines",
        "instructions",
        "tests",
        "book",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "target",
    ];
    let entries = std::fs::read_dir(root()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: Vec<_> = names.filter(|name| !name.starts_with('.') && !known.contains(&name.as_str())).collect();
    none("new names at the top level", &found);
}
