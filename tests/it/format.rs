//! What formatting keeps, of every pipeline there is and of what becomes of them by cutting, splicing and swapping:
//! the meaning, every comment, and itself.

use crate::book;
use crate::fuzz::{corpus::corpus, mutate};
use crate::tidy::{none, root};
use flow::diag::{Severity, code};
use flow::model;
use flow::project::Project;
use flow::text::FileId;
use regex::Regex;
use std::path::Path;
use std::sync::LazyLock;
use toml::de::{DeTable, DeValue};
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

fn formatted(text: &str) -> Result<String, Vec<flow::diag::Diagnostic>> {
    model::format(FileId(0), text)
}

/// All comments, sorted, without the blanks at their ends.
fn comments(text: &str) -> Vec<&str> {
    let comments = Source::new(text).lex().filter(|token| token.kind() == TokenKind::Comment);
    let mut comments: Vec<_> = comments.map(|token| text[token.span().start()..token.span().end()].trim_end()).collect();
    comments.sort_unstable();
    comments
}

/// Whether two values are the same, numbers by how they are written.
fn same(a: &DeValue<'_>, b: &DeValue<'_>) -> bool {
    match (a, b) {
        (DeValue::Table(a), DeValue::Table(b)) => same_table(a, b),
        (DeValue::Array(a), DeValue::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a.get_ref(), b.get_ref()))
        }
        (a, b) => format!("{a:?}") == format!("{b:?}"),
    }
}

fn same_table(a: &DeTable<'_>, b: &DeTable<'_>) -> bool {
    let other = |name: &str| b.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value.get_ref());
    a.len() == b.len() && a.iter().all(|(key, value)| other(key.get_ref()).is_some_and(|other| same(value.get_ref(), other)))
}

/// What the model makes of a text, all places left out; `None` where it has mistakes, which may hang on an order.
fn meaning(text: &str) -> Option<String> {
    static PLACES: LazyLock<Regex> = LazyLock::new(|| {
        let span = r"Span \{ file: FileId\(\d+\), start: \d+, end: \d+ \}";
        let embedded = r"file: FileId\(\d+\), map: \[[^\]]*\], start: \d+";
        Regex::new(&format!("{span}|{embedded}")).unwrap()
    });
    let (pipeline, found) = model::parse(FileId(0), text);
    let sound = found.iter().all(|finding| finding.severity() != Severity::Error);
    sound.then(|| PLACES.replace_all(&format!("{pipeline:?}"), "").into_owned())
}

/// The rules whose findings there are, in order of their names; those about places of comments too.
fn findings(text: &str) -> Vec<&'static str> {
    static PROJECT: LazyLock<Project> = LazyLock::new(|| Project::open(&root().join("pipelines")));
    // Form is what some infos are about.
    let loaded = PROJECT.load_text("any.toml", text);
    let counting = loaded.findings.iter().filter(|finding| finding.severity() > Severity::Info);
    let mut codes: Vec<_> = counting.map(|finding| finding.code.id).collect();
    codes.sort_unstable();
    codes
}

/// Checks what holds of any text; whether it could be formatted.
#[track_caller]
fn check(text: &str) -> bool {
    let broken = model::parse(FileId(0), text).1.iter().any(|finding| finding.code == code::P001);
    let once = match formatted(text) {
        Ok(once) => once,
        Err(found) => {
            assert!(broken && !found.is_empty(), "{text}");
            return false;
        }
    };
    assert!(!broken, "{text}");
    assert_eq!(formatted(&once).as_ref(), Ok(&once), "a second time changes it again:\n{text}");
    assert_eq!(comments(&once), comments(text), "comments of\n{text}");
    let [before, after] = [text, &once].map(|text| DeTable::parse(text).unwrap());
    assert!(same_table(before.get_ref(), after.get_ref()), "the value of\n{text}\nis another now:\n{once}");
    let before = meaning(text);
    assert_eq!(meaning(&once), before, "the meaning of\n{text}\nis another now:\n{once}");
    if before.is_some() {
        assert_eq!(findings(&once), findings(text), "what is found in\n{text}\nis not what is found in\n{once}");
    }
    true
}

#[test]
fn every_pipeline_means_the_same_when_it_is_formatted() {
    let texts = corpus("pipeline").into_iter().filter_map(|bytes| String::from_utf8(bytes).ok());
    let texts: Vec<String> = texts.chain(book::pipelines()).collect();
    let good = texts.iter().filter(|text| check(text)).count();
    assert!(good > 60, "only {good} pipelines were formatted");
    for text in texts.iter().filter(|text| !text.contains('\r')) {
        assert_eq!(check(&text.replace('\n', "\r\n")), check(text), "{text}");
    }
}

#[test]
fn what_becomes_of_pipelines_means_the_same_when_it_is_formatted() {
    let corpus = corpus("pipeline");
    let runs = std::env::var("FLOW_FUZZ_RUNS").map_or(1_500, |runs| runs.parse().expect("a number"));
    let inputs = (0..runs).map(|seed| mutate::input(&corpus, seed));
    let good = inputs.filter_map(|bytes| String::from_utf8(bytes).ok()).filter(|text| check(text)).count();
    assert!(good > runs as usize / 10, "only {good} of {runs} were formatted");
}

/// A text with its sections, or the statements of each, in another order.
fn shuffled(text: &str, seed: &mut mutate::Seed) -> String {
    let mut parts: Vec<String> = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.starts_with('[') || seed.below(4) == 0 {
            parts.push(String::new());
        }
        parts.last_mut().unwrap().push_str(line);
        if seed.below(6) == 0 {
            parts.last_mut().unwrap().push_str("# here\n\n");
        }
    }
    for at in (1..parts.len()).rev() {
        parts.swap(at, seed.below(at + 1));
    }
    parts.concat()
}

#[test]
fn pipelines_in_another_order_mean_the_same_when_they_are_formatted() {
    let texts: Vec<_> = corpus("pipeline").into_iter().filter_map(|bytes| String::from_utf8(bytes).ok()).collect();
    let mut seed = mutate::Seed::new(7);
    let mut good = 0;
    for _ in 0..1_000 {
        let text = &texts[seed.below(texts.len())];
        good += usize::from(check(&shuffled(text, &mut seed)));
    }
    assert!(good > 100, "only {good} were formatted");
}

#[test]
fn the_pipelines_of_the_project_are_in_form() {
    let mut found = vec![];
    for entry in std::fs::read_dir(root().join("pipelines")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            if formatted(&text).unwrap() != text {
                found.push(path.strip_prefix(root()).unwrap_or(Path::new("")).display().to_string());
            }
        }
    }
    none("pipelines that `flow fmt` would change", &found);
}
