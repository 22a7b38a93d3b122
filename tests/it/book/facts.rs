//! What the book says of the program is what the program is.

use super::text;
use crate::tidy::{none, sources};
use std::collections::BTreeSet;
use std::path::Path;

/// The pages of the language, as one text.
fn reference() -> String {
    let pages = super::pages();
    pages.iter().filter(|page| page.starts_with("book/src/language")).map(|page| text(page)).collect()
}

/// What a pattern finds in some files of the program.
fn in_source(is_wanted: impl Fn(&str) -> bool, pattern: &str) -> BTreeSet<String> {
    let pattern = regex::Regex::new(pattern).unwrap();
    let all = sources("src").into_iter().filter(|source| is_wanted(&source.path) && !source.is_test());
    all.flat_map(|source| pattern.captures_iter(&source.text).map(|found| found[1].to_owned()).collect::<Vec<_>>()).collect()
}

#[test]
fn every_key_and_every_word_of_the_language_is_explained() {
    let reference = reference();
    let keys = in_source(|path| path.starts_with("src/model/"), r#"take\("([a-z_]+)"\)"#);
    let words = in_source(|path| path == "src/model/words.rs", r#"[A-Z]\w+ "([a-z]+)""#);
    assert!(keys.len() > 60 && words.len() > 30, "{} keys, {} words", keys.len(), words.len());
    let is_told = |name: &str| {
        let spellings = [
            format!("`{name}`"),
            format!("`{name} "),
            format!("`[{name}"),
            format!("`[[{name}"),
            format!(" {name} ="),
            format!("\"{name}\""),
        ];
        spellings.iter().any(|spelling| reference.contains(spelling.as_str()))
    };
    let found: Vec<_> = keys.iter().chain(&words).filter(|name| !is_told(name)).cloned().collect();
    none("keys and words of the language that its reference does not have", &found);
}

#[test]
fn every_filter_of_templates_is_in_the_list() {
    let reference = reference();
    let is_wanted = |path: &str| path == "src/expr/template/filter.rs";
    let lists = in_source(is_wanted, r"FILTERS: [^=]+= &?\[([^\]]+)\]");
    let filters: Vec<_> = lists.iter().flat_map(|list| list.split('"').skip(1).step_by(2)).collect();
    assert!(filters.len() > 40, "{filters:?}");
    let found: Vec<_> =
        filters.iter().filter(|name| !reference.contains(&format!("`{name}"))).map(|name| (*name).to_owned()).collect();
    none("filters that the book does not list", &found);
}

#[test]
fn each_invariant_names_the_tests_that_hold_it() {
    let page = text(Path::new("book/src/inside/architecture.md"));
    let named = regex::Regex::new(r"`([a-z0-9]+(?:_[a-z0-9]+){3,})`").unwrap();
    let code: String = sources("src").into_iter().chain(sources("tests")).map(|source| source.text).collect();
    let mut found = vec![];
    let mut invariants = 0;
    for item in page.split("\n\n").filter(|item| item.starts_with(|c: char| c.is_ascii_digit())) {
        invariants += 1;
        let tests: Vec<_> = named.captures_iter(item).map(|name| name[1].to_owned()).collect();
        if tests.is_empty() {
            found.push(format!("no test: {}", item.lines().next().unwrap_or_default()));
        }
        let is_there = |name: &String| code.contains(&format!("fn {name}("));
        found.extend(tests.into_iter().filter(|name| !is_there(name)));
    }
    none("invariants without a test, and tests that are not there", &found);
    assert_eq!(invariants, 10);
}
