//! What is read of a pipeline, and that nothing breaks the reader.

use super::{ENGINE_OPTIONS, EnvValue, Pipeline, RawKind, Secret, TextSource, Verb, not_yet, parse};
use crate::diag::{Diagnostic, Severity};
use crate::text::{Embedded, FileId, Span};
use proptest::prelude::{ProptestConfig, TestCaseError, any, prop, prop_assert, prop_assert_eq, proptest};

const SAMPLE: &str = include_str!("../../tests/lint/ok/every-key.toml");

fn read(text: &str) -> (Pipeline, Vec<Diagnostic>) {
    parse(FileId(0), text)
}

fn sound(text: &str) -> Pipeline {
    let (pipeline, found) = read(text);
    assert!(found.is_empty(), "{found:?}");
    pipeline
}

/// What the file has at a place.
fn at(text: &str, span: Span) -> &str {
    &text[span.range()]
}

fn texts<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.as_ref().to_owned()).collect()
}

#[test]
fn the_sample_is_read_in_full_and_in_file_order() {
    let p = sound(SAMPLE);
    assert_eq!(p.name.as_ref().unwrap().value, "every-key");
    assert_eq!(texts(p.params.keys()), ["goal", "depth", "ratio", "strict", "extra", "instruction", "spec"]);
    assert_eq!(texts(p.phases.keys()), ["base", "plan", "gate", "fetch", "script", "review", "ship"]);
    assert_eq!(p.limits.tokens.as_ref().unwrap().value, 2_000_000);
    assert_eq!(p.limits.wall_ms.as_ref().unwrap().value, 7_200_000);
    assert_eq!(p.defaults.retry.as_ref().unwrap().value.on.as_ref().unwrap().value.len(), 6);
    assert_eq!(p.params["extra"].default.as_ref().unwrap().value.to_value().to_string(), r#"{"a":[1,"two",true],"b":{"c":1.5}}"#);
    let plan = &p.phases["plan"];
    assert_eq!(plan.timeout_ms.as_ref().unwrap().value, 5_400_000);
    assert_eq!(plan.retry.as_ref().unwrap().value.delay_ms.as_ref().unwrap().value, 250);
    assert_eq!(plan.require.len(), 2);
    let fetch = &p.phases["fetch"];
    assert!(matches!(&fetch.verb.as_ref().unwrap().value, Verb::Run(argv) if argv.len() == 4));
    assert!(matches!(fetch.env["KEY"].value, EnvValue::Secret(Secret::File(_))));
    assert!(matches!(&p.phases["script"].verb.as_ref().unwrap().value, Verb::Shell(_)));
    let review = &p.phases["review"];
    assert_eq!(review.repeat.iter().map(|r| r.max.as_ref().unwrap().value).collect::<Vec<_>>(), [1, 2]);
    assert!(matches!(&review.output.as_ref().unwrap().value.kind, RawKind::File(_)));
    assert_eq!(p.tests[0].files.len(), 2);
    assert_eq!(p.tests[1].files[0].text, "# Sample");
    assert!(not_yet(&p).is_empty());
}

#[test]
fn places_are_those_of_keys_and_values() {
    let p = sound(SAMPLE);
    let plan = &p.phases["plan"];
    assert_eq!(at(SAMPLE, plan.header), "[phases.plan]");
    assert_eq!(at(SAMPLE, plan.name.span), "plan");
    let when = plan.when.as_ref().unwrap();
    assert_eq!(at(SAMPLE, when.key), "when");
    assert_eq!(at(SAMPLE, when.span), "'.phases.base.output.at > 0'");
    assert_eq!(at(SAMPLE, when.value.whole()), ".phases.base.output.at > 0");
    let TextSource::Inline(prompt) = &plan.prompt.as_ref().unwrap().value else { panic!("a text") };
    assert_eq!(prompt.text(), "Plan {{ params.goal }} in {{ params.depth }} steps.\n\tTabs and \"quotes\" are fine.\n");
    assert_eq!(part(SAMPLE, prompt, "params.depth"), "params.depth");
    assert_eq!(part(SAMPLE, prompt, "\"quotes\""), "\\\"quotes\\\"");
    let steps = p.phases["review"].repeat[1].from.as_ref().unwrap();
    assert_eq!(at(SAMPLE, steps.span), "\"fetch\"");
}

/// What the file has at the place of a part of a text.
fn part<'a>(file: &'a str, text: &Embedded, part: &str) -> &'a str {
    let start = text.text().find(part).unwrap();
    at(file, text.span(start..start + part.len()))
}

#[test]
fn one_broken_phase_hides_nothing_in_another() {
    let text = "flow = 1\nname = 'x'\n[phases.a\nrun = [\n[phases.a.env]\nX = 'y'\n[phases.b]\nrun = ['x'\nneeds = ['a']\n[phases.c]\nrnu = ['y']\n\
                [phases.d]\nrun = ['z']\n";
    let (pipeline, found) = read(text);
    let codes: Vec<_> = found.iter().map(|f| (f.code.id, at(text, f.span))).collect();
    assert_eq!(codes, [("P001", ""), ("P001", "["), ("P002", "rnu")]);
    assert_eq!(texts(pipeline.phases.keys()), ["a", "b", "c", "d"]);
    assert_eq!(pipeline.phases["b"].needs[0].value, "a");
    assert!(pipeline.phases["d"].verb.is_some());
}

#[test]
fn a_phase_whose_header_is_broken_is_still_known_by_name() {
    let text = "flow = 1\nname = 'x'\n[phases.a\nrun = ['x']\n[phases.b]\nrun = ['x']\nneeds = ['a']\n[agents.c # comment\n";
    let (pipeline, found) = read(text);
    assert_eq!(found.iter().map(|f| f.code.id).collect::<Vec<_>>(), ["P001", "P001"]);
    assert_eq!(texts(pipeline.phases.keys()), ["a", "b"]);
    assert_eq!(at(text, pipeline.phases["a"].name.span), "a");
    assert!(pipeline.phases["a"].verb.is_none());
    assert_eq!(texts(pipeline.agents.keys()), ["c"]);
}

#[test]
fn names_that_are_bad_keep_their_things() {
    let (pipeline, found) = read("flow = 1\nname = 'x'\n[phases.fix-it]\nrun = ['x']\n");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].fix.as_ref().unwrap().edits[0].text, "fix_it");
    assert!(pipeline.phases["fix-it"].verb.is_some());
}

#[test]
fn suggestions_mend_what_they_are_about() {
    for (wrong, right) in [
        ("retry = 3", "retry = { max = 3 }"),
        ("timeout = 30", "timeout = \"30s\""),
        ("timeout = '5 min'", "timeout = \"5m\""),
        ("needs = 'a'", "needs = ['a']"),
        ("when = true", "when = 'true'"),
        ("exit = 1", "exit = [1]"),
        ("join = 'al'", "join = \"all\""),
        ("Join = 'all'", "join = 'all'"),
        ("acept = []", "accept = []"),
        ("depends_on = ['a']", "needs = ['a']"),
        ("accept = { run = ['x'] }", "accept = [{ run = ['x'] }]"),
        ("description = text", "description = \"text\""),
        ("retry = { max = '3' }", "retry = { max = 3 }"),
    ] {
        let text = |line: &str| format!("flow = 1\nname = 'x'\n[phases.b]\nrun = ['x']\n{line}\n");
        let (_, found) = read(&text(wrong));
        assert_eq!(found.len(), 1, "{wrong}: {found:?}");
        let edit = &found[0].fix.as_ref().unwrap_or_else(|| panic!("no fix of {wrong}")).edits[0];
        let mut mended = text(wrong);
        mended.replace_range(edit.span.range(), &edit.text);
        assert_eq!(mended, text(right));
        sound(&mended);
    }
}

#[test]
fn nesting_and_size_are_bounded() {
    let deep =
        |open: &str, close: &str| format!("flow = 1\nname = 'x'\nx = {}1{}\n", open.repeat(100_000), close.repeat(100_000));
    let dotted = format!("{{{} = ", ["a"; 75].join("."));
    for text in [
        deep("[", "]"),
        deep("[", ""),
        deep("{a = ", "}"),
        format!("flow = 1\nname = 'x'\nx = {}1{}\n", dotted.repeat(70), "}".repeat(70)),
        format!("flow = 1\n{}a = 1\n", "a.".repeat(100_000)),
        format!("flow = 1\n[{}a]\nb = 1\n", "a.".repeat(100_000)),
    ] {
        let (_, found) = read(&text);
        assert!(found.iter().any(|f| f.code.id == "P001"), "{:?}", &found[..found.len().min(3)]);
        assert!(found.len() <= crate::limits::SYNTAX_ERRORS + 3);
    }
    let (_, found) = read(&" ".repeat(usize::try_from(crate::limits::FILE_BYTES).unwrap() + 1));
    assert_eq!(found.len(), 1);
}

#[test]
fn a_file_of_nonsense_ends_soon_and_in_few_findings() {
    let unknown = (0..50_000).map(|n| format!("a{n} = 1")).collect::<Vec<_>>().join("\n");
    for text in ["x y\n".repeat(20_000), "x = {\n".repeat(20_000), "\"\"\"\n".repeat(20_001), unknown] {
        let (_, found) = read(&text);
        assert!(!found.is_empty() && found.len() <= crate::limits::FINDINGS + crate::limits::SYNTAX_ERRORS);
    }
}

#[test]
fn long_names_are_cut_in_messages() {
    let (_, found) = read(&format!("flow = 1\nname = 'x'\n{} = 1\n[phases.a]\nrun = ['x']\n", "k".repeat(100_000)));
    assert_eq!(found.len(), 1);
    assert!(found[0].message.len() < 200, "{}", found[0].message);
}

#[test]
fn the_engines_own_options_are_sorted_words() {
    assert!(ENGINE_OPTIONS.is_sorted());
    assert!(ENGINE_OPTIONS.iter().all(|option| option.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
}

/// Every place of every finding stands in the file, on character boundaries.
fn check_places(text: &str, found: &[Diagnostic]) -> Result<(), TestCaseError> {
    let edits = |f: &Diagnostic| f.fix.iter().flat_map(|fix| fix.edits.iter().map(|edit| edit.span)).collect::<Vec<_>>();
    for finding in found {
        let related = finding.related.iter().map(|(span, _)| *span);
        for span in std::iter::once(finding.span).chain(related).chain(edits(finding)) {
            prop_assert!(text.get(span.range()).is_some(), "{finding:?}");
        }
    }
    Ok(())
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let (pipeline, found) = read(text);
    check_places(text, &found)?;
    let embedded = pipeline.phases.values().filter_map(|phase| phase.when.as_ref().map(|when| &when.value));
    for text_of in embedded.chain(pipeline.vars.values().map(|var| &var.value)) {
        prop_assert!(text.get(text_of.whole().range()).is_some());
    }
    let mut sources = crate::text::Sources::default();
    sources.add("x.toml", text);
    let shown = crate::diag::human(&found, &sources, false);
    prop_assert_eq!(found.is_empty(), shown.is_empty());
    prop_assert!(found.iter().all(|f| f.severity() != Severity::Info));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_cut_anywhere_is_read(cut in 0..SAMPLE.len(), tail in "[ \\[\\]{}=\"'\\\\\na-zé]{0,8}") {
        let cut = (0..=cut).rev().find(|at| SAMPLE.is_char_boundary(*at)).unwrap();
        check(&format!("{}{tail}", &SAMPLE[..cut]))?;
    }

    #[test]
    fn a_file_with_tokens_swapped_is_read(swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6)) {
        let mut tokens: Vec<&str> = SAMPLE.split_inclusive([' ', '\n', '"', '\'', '[', '=']).collect();
        for (a, b) in swaps {
            let (a, b) = (a.index(tokens.len()), b.index(tokens.len()));
            tokens.swap(a, b);
        }
        check(&tokens.concat())?;
    }

    #[test]
    fn a_file_with_bytes_replaced_is_read(changes in prop::collection::vec((any::<prop::sample::Index>(), "[\\[\\]{}=\"'\\\\\r\n#é\u{0}\u{feff}]"), 1..6)) {
        let mut text = SAMPLE.to_owned();
        for (at, with) in changes {
            let at = at.index(text.len());
            let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
            text.replace_range(at..end, &with);
        }
        check(&text)?;
    }
}
