//! The book keeps its word: its pipelines are valid, its links lead somewhere, its table of contents is whole.

use crate::tidy::{none, root};
use flow::diag::Severity;
use flow::engine::Program;
use flow::project::{Loaded, Project, params_of_test};
use flow::trial::Prepared;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A fenced block of a page.
pub(crate) struct Block {
    /// `book/src/page.md:12`.
    pub(crate) place: String,
    /// What stands after the opening fence.
    pub(crate) info: String,
    /// Its lines.
    pub(crate) text: String,
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

/// What did not come as the pipeline's own tests expect.
fn failures(loaded: &Loaded) -> Vec<String> {
    let Some(plan) = &loaded.plan else { return vec![] };
    let program = Program::new(Arc::new(plan.clone()));
    let problems = loaded.tests.iter().flat_map(|test| {
        let prepared = params_of_test(plan, test).map(|found| Prepared { params: found.values, files: found.files });
        let prepared = prepared.map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        let outcome = flow::trial::run(&program, test, prepared);
        outcome.problems.into_iter().map(|problem| format!("{}: {problem}", test.name))
    });
    problems.collect()
}

#[test]
fn every_pipeline_in_the_book_lints_clean_passes_its_tests_and_every_fragment_is_toml() {
    let project = Project::open(root());
    let mut found = vec![];
    let mut pipelines = 0;
    for block in pages().iter().flat_map(|page| blocks(page)) {
        match block.info.as_str() {
            "toml" => {
                pipelines += 1;
                let loaded = project.load_text(&block.place, &block.text);
                for finding in loaded.findings.iter().filter(|finding| finding.severity() > Severity::Info) {
                    found.push(format!("{}: {} {}", block.place, finding.code, finding.message));
                }
                found.extend(failures(&loaded).iter().map(|failure| format!("{}: {failure}", block.place)));
            }
            "toml,fragment" => {
                if let Err(error) = block.text.parse::<toml::Table>() {
                    found.push(format!("{}: {error}", block.place));
                }
            }
            "" => found.push(format!("{}: say what the block is: toml, sh, text", block.place)),
            _ => {}
        }
    }
    none("examples with findings", &found);
    assert!(pipelines > 10, "only {pipelines} pipelines were found in the book");
}

#[test]
fn every_link_of_the_book_leads_to_a_page() {
    let mut found = vec![];
    for page in pages() {
        let text = text(&page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(link, _)| link)) {
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() || link.contains("://") {
                continue;
            }
            let target = root().join(page.parent().unwrap_or(Path::new(""))).join(path);
            if !target.exists() {
                found.push(format!("{}: {link}", page.display()));
            }
        }
    }
    none("links that lead nowhere", &found);
}

#[test]
fn every_page_of_the_book_is_in_its_table_of_contents() {
    let summary = text(Path::new("book/src/SUMMARY.md"));
    let listed = |page: &PathBuf| {
        let name = page.strip_prefix("book/src").ok()?.to_str()?;
        Some(name == "SUMMARY.md" || summary.contains(&format!("({name})")))
    };
    let found: Vec<_> =
        pages().iter().filter(|page| listed(page) == Some(false)).map(|page| page.display().to_string()).collect();
    none("pages that SUMMARY.md does not list", &found);
}
