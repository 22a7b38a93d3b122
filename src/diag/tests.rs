//! Findings as they are shown.

use super::{Diagnostic, code, concise, human, json, sorted};
use crate::text::{FileId, Sources, Span};

const PIPELINE: &str = "flow = 1\n\n[phases.plan]\nagent = \"é planner\"\nrnu = ['x']\n";

fn span(text: &str, part: &str, file: FileId) -> Span {
    let start = text.find(part).unwrap();
    Span::new(file, start..start + part.len())
}

fn sample() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let b = sources.add("b.toml", "name = \"b\"\n");
    let a = sources.add("a.toml", PIPELINE);
    let key = Diagnostic::new(code::P002, span(PIPELINE, "rnu", a), "unknown key `rnu`")
        .label("did you mean `run`?")
        .related(span(PIPELINE, "[phases.plan]", a), "in this table")
        .help("keys are checked")
        .suggest("rename it to `run`", span(PIPELINE, "rnu", a), "run");
    let warning = Diagnostic::new(code::P010, span(PIPELINE, "planner", a), "too\nplain").related(Span::new(b, 0..4), "see here");
    let again = Diagnostic::new(code::P010, warning.span, "said twice");
    let info = Diagnostic::new(code::Y005, Span::new(b, 0..0), "no description");
    (sources, vec![info, key, warning, again])
}

#[test]
fn findings_are_sorted_and_said_once() {
    let (sources, findings) = sample();
    let shown: Vec<_> = sorted(&findings, &sources).iter().map(|finding| finding.code.id).collect();
    assert_eq!(shown, ["P010", "P002", "Y005"]);
}

#[test]
fn concise_is_a_line_each() {
    let (sources, findings) = sample();
    let expected = "a.toml:4:12: P010 warning too plain\n\
                    a.toml:5:1: P002 error unknown key `rnu`\n\
                    b.toml:1:1: Y005 info no description\n";
    assert_eq!(concise(&findings, &sources), expected);
}

#[test]
fn json_has_places_for_programs() {
    let (sources, findings) = sample();
    let document: serde_json::Value = serde_json::from_str(&json(&findings[1..2], &sources)).unwrap();
    let place = |line: u32, column: u32, end: u32| serde_json::json!({ "path": "a.toml", "line": line, "column": column, "end_line": line, "end_column": end });
    let with = |mut object: serde_json::Value, place: serde_json::Value| {
        object.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        object
    };
    let edit = with(serde_json::json!({ "text": "run", "start": 45, "end": 48 }), place(5, 1, 4));
    let finding = serde_json::json!({
        "code": "P002", "slug": "unknown-key", "severity": "error", "message": "unknown key `rnu`",
        "help": "keys are checked",
        "related": [with(serde_json::json!({ "message": "in this table" }), place(3, 1, 14))],
        "fix": { "message": "rename it to `run`", "safe": false, "edits": [edit] },
    });
    assert_eq!(document, serde_json::json!({ "version": 1, "findings": [with(finding, place(5, 1, 4))] }));
}

#[test]
fn people_see_lines_marks_and_patches() {
    let (sources, findings) = sample();
    let expected = "\
warning[P010]: too
               plain
 --> a.toml:4:12
  |
4 | agent = \"é planner\"
  |            ^^^^^^^
  |
 ::: b.toml:1:1
  |
1 | name = \"b\"
  | ---- see here

error[P002]: unknown key `rnu`
 --> a.toml:5:1
  |
3 | [phases.plan]
  | ------------- in this table
4 | agent = \"é planner\"
5 | rnu = ['x']
  | ^^^ did you mean `run`?
  |
  = help: keys are checked
help: rename it to `run`
  |
5 - rnu = ['x']
5 + run = ['x']
  |

info[Y005]: no description
 --> b.toml:1:1
  |
1 | name = \"b\"
  | ^
";
    assert_eq!(human(&findings, &sources, false), expected);
    assert!(human(&findings, &sources, true).contains("\u{1b}["));
    assert_eq!(human(&[], &sources, false), "");
}

#[test]
fn what_is_shown_of_a_long_line_is_bounded() {
    let mut sources = Sources::default();
    let text = format!("a = 1\nprompt = '{}' # end\n", "é".repeat(1 << 19));
    let file = sources.add("long.toml", text.as_str());
    let whole = Span::new(file, 6..text.len() - 1);
    let finding = Diagnostic::new(code::P010, whole, "long")
        .related(span(&text, "end", file), "its end")
        .related(span(&text, "prompt", file), "its key")
        .suggest("cut it", whole, "short");
    let shown = human(&[finding], &sources, false);
    assert!(shown.len() < 4_000, "{} bytes", shown.len());
    assert!(shown.contains("long.toml:2:1") && shown.contains("its end") && shown.contains("cut it"), "{shown}");
}

#[test]
fn spans_of_many_lines_show_the_first() {
    let mut sources = Sources::default();
    let text = format!("prompt = '''\n{}'''\n", "line\r\n".repeat(1_000));
    let file = sources.add("many.toml", text.as_str());
    let shown = human(&[Diagnostic::new(code::P010, Span::new(file, 9..text.len() - 1), "many")], &sources, false);
    assert!(shown.lines().count() < 8, "{shown}");
}

#[test]
fn control_characters_do_not_reach_a_terminal() {
    let mut sources = Sources::default();
    let file = sources.add("x.toml", "a = '\u{1b}[31m' # \u{9b}31m\n");
    let finding = Diagnostic::new(code::P002, Span::new(file, 0..9), "m \u{1b}[31m")
        .label("l \u{1b}[31m")
        .related(Span::new(file, 0..1), "r \u{1b}[31m")
        .help("h \u{1b}[31m")
        .suggest("f \u{1b}[31m", Span::new(file, 0..1), "\u{1b}[31m");
    for shown in [human(std::slice::from_ref(&finding), &sources, false), concise(&[finding], &sources)] {
        assert!(!shown.contains(['\u{1b}', '\u{9b}']), "{shown:?}");
    }
}

#[test]
fn places_past_the_end_do_no_harm() {
    let mut sources = Sources::default();
    let file = sources.add("x.toml", "é");
    let findings: Vec<_> =
        [0..1, 1..2, 2..2, 2..9, 7..9].map(|range| Diagnostic::new(code::P001, Span::new(file, range), "x")).into();
    assert!(!human(&findings, &sources, false).is_empty());
    assert!(!json(&findings, &sources).is_empty());
}
