//! What inputs are made from: everything of its kind that the project has.

use super::targets::root;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The inputs of a target that are known, in a fixed order.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    let pipelines = || files(&["pipelines", "tests/lint", "tests/format/v1/plan.toml"], "toml");
    let mut found = match target {
        "pipeline" => pipelines(),
        // Which text of a pipeline is jq and which is a template nobody has to know: each is tried as both.
        "jq" => [texts(&pipelines()), files(&["src/expr/jq"], "jq")].concat(),
        "template" => [texts(&pipelines()), files(&["pipelines", "tests/lint"], "md")].concat(),
        "shape" => [texts(&pipelines()), files(&["pipelines", "tests/lint"], "json")].concat(),
        "journal" => {
            ["json", "jsonl"].iter().flat_map(|kind| files(&["tests/format/v1"], kind)).flat_map(|text| lines(&text)).collect()
        }
        "names" => texts(&pipelines()),
        "reply" => files(&["README.md", "book/src", "tests/format/v1", "tests/lint"], ""),
        other => panic!("there is no target `{other}`"),
    };
    found.extend(known(target));
    found
}

/// Small inputs that once did harm, or are worth beginning from.
pub fn known(target: &str) -> Vec<Vec<u8>> {
    files(&[&format!("tests/fuzz/known/{target}")], "")
}

/// The files below some paths whose names end so.
fn files(paths: &[&str], kind: &str) -> Vec<Vec<u8>> {
    let mut todo: Vec<_> = paths.iter().map(|path| root().join(path)).collect();
    let mut found = BTreeSet::new();
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            todo.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if kind.is_empty() || path.extension().is_some_and(|extension| extension == kind) {
            found.insert(path);
        }
    }
    let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    found.iter().map(|path| read(path)).collect()
}

/// A file, each line of it, and what follows the first blank of each line.
fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    let parts = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let parts = parts.flat_map(|line| [line, line.splitn(2, |byte| *byte == b' ').last().unwrap_or(line)]);
    let parts: BTreeSet<&[u8]> = parts.chain([text]).collect();
    parts.into_iter().map(<[u8]>::to_vec).collect()
}

/// All texts in TOML files, and inline tables of shapes as they are written.
fn texts(files: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut found = BTreeSet::new();
    for file in files {
        let text = String::from_utf8_lossy(file);
        found.extend(text.lines().filter_map(|line| Some(line.split_once("output = ")?.1.as_bytes().to_vec())));
        if let Ok(table) = text.parse::<toml::Table>() {
            gather(&toml::Value::Table(table), &mut found);
        }
    }
    found.into_iter().collect()
}

fn gather(value: &toml::Value, found: &mut BTreeSet<Vec<u8>>) {
    match value {
        toml::Value::String(text) => _ = found.insert(text.clone().into_bytes()),
        toml::Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        toml::Value::Table(fields) => fields.values().for_each(|field| gather(field, found)),
        _ => {}
    }
}
