//! The book keeps its word: its pipelines are clean and pass their tests, what a reader copies works, what is shown is
//! what the program prints, its links lead somewhere, its table of contents is whole.
//!
//! `scene.rs` plays pages, `commands.rs` parses the commands that no test can run, `facts.rs` compares what the book says
//! of the program with the program.

mod commands;
mod facts;
mod links;
mod scene;
mod screen;

use crate::tidy::{none, root};
use flow::engine::Program;
use flow::project::{Loaded, Project, params_of_test};
use flow::trial::Prepared;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A fenced block of a page.
pub(crate) struct Block {
    /// `book/src/page.md:12`.
    pub(crate) place: String,
    /// What stands after the opening fence.
    pub(crate) info: String,
    /// Its lines.
    pub(crate) text: String,
}

impl Block {
    /// The words of the info. mdBook wants commas between them, GitHub, which shows the README, spaces.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.info.split([',', ' '])
    }

    /// The first word: the language.
    fn kind(&self) -> &str {
        self.words().next().unwrap_or_default()
    }

    fn has(&self, word: &str) -> bool {
        self.words().any(|part| part == word)
    }

    /// The value of `name=value`.
    fn value(&self, name: &str) -> Option<&str> {
        self.words().find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    }
}

/// The pages of the book and the README, relative to the project, sorted.
fn pages() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("README.md")];
    let mut folders = vec![PathBuf::from("book/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if root().join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn text(page: &Path) -> String {
    std::fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// The blocks that begin and end with three backticks at the margin.
pub(crate) fn blocks(page: &Path) -> Vec<Block> {
    let mut found: Vec<Block> = vec![];
    let mut open = false;
    for (number, line) in text(page).lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                open = true;
                let place = format!("{}:{}", page.display(), number + 1);
                found.push(Block { place, info: info.to_owned(), text: String::new() });
            }
            None if open => {
                let block = found.last_mut().expect("a block was opened");
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    assert!(!open, "{}: a block is not closed", page.display());
    found
}

/// The pipelines of the book, and its other TOML.
pub(crate) fn pipelines() -> impl Iterator<Item = String> {
    let blocks = pages().into_iter().flat_map(|page| blocks(&page));
    blocks.filter(|block| block.kind() == "toml").map(|block| block.text)
}

/// The findings of a pipeline, those that are only worth knowing too, and what its own tests find.
fn problems(loaded: &Loaded) -> Vec<String> {
    let findings = loaded.findings.iter().map(|finding| format!("{} {}", finding.code, finding.message));
    let Some(plan) = &loaded.plan else { return findings.collect() };
    let program = Program::new(Arc::new(plan.clone()));
    let failures = loaded.tests.iter().flat_map(|test| {
        let prepared = params_of_test(plan, test).map(|found| Prepared { params: found.values, files: found.files });
        let prepared = prepared.map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        let outcome = flow::trial::run(&program, test, prepared);
        outcome.problems.into_iter().map(|problem| format!("{}: {problem}", test.name))
    });
    findings.chain(failures).collect()
}

/// What is wrong with a block as it stands. Blocks that a reader saves or types are looked at where that is done.
fn wrong(project: &Project, block: &Block) -> Vec<String> {
    let not = |what: &str, error: String| vec![format!("is no {what}: {error}")];
    match block.kind() {
        "toml" if ["append", "insert"].iter().any(|how| block.value(how).is_some()) || block.has("fragment") => {
            block.text.parse::<toml::Table>().map_or_else(|error| not("TOML", error.to_string()), |_| vec![])
        }
        "toml" if block.value("file").is_none() => problems(&project.load_text(&block.place, &block.text)),
        "json" => {
            serde_json::from_str::<serde_json::Value>(&block.text).map_or_else(|error| not("JSON", error.to_string()), |_| vec![])
        }
        "yaml" => serde_saphyr::from_str::<serde_json::Value>(&block.text)
            .map_or_else(|error| not("YAML", error.to_string()), |_| vec![]),
        "toml" | "sh" | "console" | "text" | "markdown" | "lua" | "js" | "jq" => vec![],
        other => vec![format!("what is `{other}`? say toml, sh, console, json, yaml, markdown or text")],
    }
}

#[test]
fn every_block_is_what_it_says() {
    let project = Project::open(root());
    let mut found = vec![];
    let mut pipelines = 0;
    // The page of a rule has its own test.
    for block in pages().iter().filter(|page| !page.starts_with("book/src/rules")).flat_map(|page| blocks(page)) {
        pipelines += usize::from(block.text.starts_with("flow = 1"));
        found.extend(wrong(&project, &block).iter().map(|problem| format!("{}: {problem}", block.place)));
    }
    none("examples with findings", &found);
    assert!(pipelines > 15, "only {pipelines} pipelines were found in the book");
}

#[test]
fn every_page_can_be_followed() {
    let (found, left) = (Mutex::new(vec![]), Mutex::new(pages()));
    let next = || left.lock().unwrap().pop();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(page) = next() {
                    found.lock().unwrap().extend(scene::play(&page));
                }
            });
        }
    });
    none("what does not come as the book says", &found.into_inner().unwrap());
}
