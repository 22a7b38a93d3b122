//! The rule pages, `book/src/rules/CODE.md`: each says what its rule does, and its rule does that.
//!
//! The block `toml,fails` gives exactly the marked codes, `toml,passes` none, and the fixes of the rule turn the first
//! into `toml,fixed`. Blocks `…,file=PATH` are further files of the scene, `…,fixed=PATH` such a file after the fixes. With
//! `…,times=N` at the end the file has the text of the block N times.
//! Findings less severe than the rule do not count.
//!
//! `UPDATE_BOOK=1 cargo test --test it rules` writes the index of the rules and their lines in `SUMMARY.md` anew.

mod scene;

use crate::tidy::{none, root};
use flow::diag::{Code, code};
use flow::lint::Page;
use scene::Scene;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Headings that a page may have, in this order.
const HEADINGS: [&str; 5] = ["Why", "Fails", "Passes", "Fixed", "Not found"];

const INDEX_HEAD: &str = "# All rules

What [`flow lint`](../running/commands.md) finds. An error keeps a pipeline from running and cannot be ignored. A warning
runs and is probably wrong. An info is only worth knowing, and shown with `--pedantic`. A safe fix keeps the meaning for
sure, an unsafe one is a guess. `flow explain CODE` prints a rule's page.
";

/// The groups of rules, by the letter of their codes.
const GROUPS: [(char, &str); 13] = [
    ('P', "The file"),
    ('G', "The graph"),
    ('D', "Data"),
    ('J', "jq"),
    ('T', "Templates"),
    ('S', "Security"),
    ('K', "Keys and the store"),
    ('I', "Files and agents"),
    ('R', "Running"),
    ('X', "Tests"),
    ('Y', "Style"),
    ('M', "Ignore marks"),
    ('N', "Not yet"),
];

fn page(code: Code) -> PathBuf {
    PathBuf::from(format!("book/src/rules/{code}.md"))
}

/// The codes that have a page, with its text, in the order of the table.
fn pages() -> Vec<(Code, String)> {
    let text = |code: &Code| Some((*code, std::fs::read_to_string(root().join(page(*code))).ok()?));
    code::ALL.iter().filter_map(text).collect()
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let folder = std::fs::read_dir(root().join("book/src/rules")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<String> = names.filter_map(|name| name.strip_suffix(".md").map(str::to_owned)).collect();
    let known = |name: &str| code::ALL.iter().any(|code| code.id == name);
    let missing = code::ALL.iter().map(|code| code.id).filter(|code| !there.contains(*code));
    let mut wrong: Vec<String> = missing.map(|code| format!("{code} has no page: book/src/rules/{code}.md")).collect();
    wrong.extend(there.iter().filter(|name| *name != "index" && !known(name)).map(|name| format!("there is no rule {name}")));
    none("rules and pages", &wrong);
}

#[test]
fn a_page_says_what_the_table_says() {
    let mut wrong = vec![];
    for (code, text) in pages() {
        let mut say = |what: String| wrong.push(format!("{}: {what}", page(code).display()));
        let Some(head) = Page::read(&text) else {
            say(format!("it begins `# {code} `{}``, then `**SEVERITY** · fix: …`, then one sentence", code.slug));
            continue;
        };
        let expected = (code.id, code.slug, code.severity.as_str());
        if (head.code, head.slug, head.severity) != expected {
            say(format!("its head says {:?}, the table {expected:?}", (head.code, head.slug, head.severity)));
        }
        let headings: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let due = |heading: &&str| match *heading {
            "Fixed" => head.fix != "none",
            "Not found" => headings.contains(heading),
            _ => true,
        };
        let expected: Vec<_> = HEADINGS.into_iter().filter(due).collect();
        if headings != expected {
            say(format!("its headings are {headings:?}, and should be {expected:?}"));
        }
        let long = text.lines().enumerate().filter(|(_, line)| line.chars().count() > 120);
        long.for_each(|(number, _)| say(format!("line {} has more than 120 characters", number + 1)));
    }
    none("pages of rules", &wrong);
}

#[test]
fn the_examples_of_a_page_are_what_it_says_they_are() {
    let wrong: Vec<String> = pages()
        .into_iter()
        .filter_map(|(code, text)| Some((code, Page::read(&text)?.fix.to_owned())))
        .flat_map(|(code, fix)| Scene::read(code, &page(code)).map_or_else(|wrong| vec![wrong], |scene| scene.wrong(&fix)))
        .collect();
    none("examples of rules", &wrong);
}

/// The index page, and the lines of `SUMMARY.md`.
fn lists() -> (String, String) {
    let (mut index, mut summary) = (INDEX_HEAD.to_owned(), "# Rules\n\n- [All rules](rules/index.md)\n".to_owned());
    let pages = pages();
    for (letter, title) in GROUPS {
        let mut rows = String::new();
        for (code, text) in pages.iter().filter(|(code, _)| code.id.starts_with(letter)) {
            let Some(head) = Page::read(text) else { continue };
            let (severity, fix, sentence) = (head.severity, head.fix, head.sentence.replace('|', "\\|"));
            writeln!(rows, "| [{code}]({code}.md) | `{}` | {severity} | {fix} | {sentence} |", code.slug).unwrap();
            writeln!(summary, "- [{code} {}](rules/{code}.md)", code.slug).unwrap();
        }
        if !rows.is_empty() {
            write!(index, "\n## {title}\n\n| code | slug | level | fix | |\n|---|---|---|---|---|\n{rows}").unwrap();
        }
    }
    (index, summary)
}

#[test]
fn the_index_of_rules_and_the_table_of_contents_list_all_pages() {
    let (index, lines) = lists();
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap_or_default();
    let summary = read("book/src/SUMMARY.md");
    let start = summary.find("# Rules\n").expect("SUMMARY.md has a part `# Rules`");
    let end = summary[start + 1..].find("\n# ").map_or(summary.len(), |at| start + 1 + at);
    if std::env::var_os("UPDATE_BOOK").is_some() {
        std::fs::write(root().join("book/src/rules/index.md"), &index).unwrap();
        let anew = format!("{}{lines}{}", &summary[..start], &summary[end..]);
        std::fs::write(root().join("book/src/SUMMARY.md"), anew).unwrap();
        return;
    }
    let how = "UPDATE_BOOK=1 cargo test --test it rules";
    assert!(read("book/src/rules/index.md") == index, "book/src/rules/index.md is not what the pages say: {how}");
    assert!(summary[start..end] == lines, "`# Rules` of book/src/SUMMARY.md is not what the pages say: {how}");
}
