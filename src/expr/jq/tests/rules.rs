//! What the rules are told: mistakes at their exact places, reads, comparisons, and what is compiled.

use super::super::compile::link;
use super::super::standard::standard;
use super::super::{Answers, Budget, Due, EvalError, Gives, Input, Jq, Operand, Parsed, SegmentKind, parse};
use crate::expr::Mistake;
use crate::value::Value;

fn parsed(source: &str) -> Parsed {
    parse(source).unwrap_or_else(|mistakes| panic!("{source}: {mistakes:?}"))
}

/// Code and marked text of each mistake.
fn mistakes(source: &str) -> Vec<(String, String)> {
    let found = parse(source).map_or_else(|mistakes| mistakes, |parsed| parsed.check(Due::Boolean));
    found.into_iter().map(|mistake| (mistake.code.id.to_owned(), source[mistake.range].to_owned())).collect()
}

fn first(source: &str) -> Mistake {
    parse(source).map_or_else(|mistakes| mistakes, |parsed| parsed.check(Due::Boolean)).remove(0)
}

#[track_caller]
fn marks(source: &str, expected: &[(&str, &str)]) {
    let found = mistakes(source);
    let found: Vec<_> = found.iter().map(|(code, text)| (code.as_str(), text.as_str())).collect();
    assert_eq!(found, expected, "{source}");
}

#[test]
fn mistakes_stand_where_they_are() {
    marks(".plan.score >== 8", &[("J001", ">==")]);
    marks("[1,2", &[("J001", "")]);
    marks("é + foo", &[("J001", "é")]);
    marks(".a == 'x'", &[("J001", "'")]);
    marks("foo(1) + bar | lenght", &[("J002", "foo"), ("J002", "bar"), ("J002", "lenght")]);
    marks("$nope + $previous", &[("J002", "$nope")]);
    marks("def f(g; $x): g + x + $x + f(g; 1); f(1; 2) | f", &[("J002", "f")]);
    marks("env.A == now", &[("J003", "env"), ("J003", "now")]);
    marks(".a = 1", &[("J007", "=")]);
    marks("select(.a = 1) | .b", &[("J007", "=")]);
    marks(r#"test("(a") and test("a"; "q")"#, &[("J011", r#""(a""#), ("J011", r#""a""#)]);
    marks(".a // false and .b", &[("J012", "//")]);
    marks("(.a // false) and .b", &[]);
    marks(".a // (.b and .c)", &[]);
    marks(".n // 0 > 3", &[("J012", "//")]);
    marks(".n // -1", &[]);
    marks("[.[] as [$a, {b: $c}] | $a + $c] | length > 0", &[]);
    marks("label $out | .a[] | if . then break $out else . end", &[]);
    marks("reduce .a[] as $x (0; . + $x) > 3", &[]);
}

#[test]
fn mistakes_say_what_to_write() {
    assert_eq!(first("lenght").suggestion.as_deref(), Some("length"));
    assert_eq!(first(".a = 1").suggestion.as_deref(), Some("=="));
    assert_eq!(first(".n // 0 > 3").help.unwrap(), "write `(.n // 0) > 3`, or put what is meant in parentheses");
    assert_eq!(first(".a || .b").help.unwrap(), "jq writes `or`");
    assert_eq!(first("{{ .a }}").help.unwrap(), "this key is jq: write the expression without `{{ }}`");
    assert_eq!(first("phases").help.unwrap(), "a field is written with a dot, `.phases`, and a text in double quotes");
    assert_eq!(first("map").help.unwrap(), "it takes 1");
    assert_eq!(first("").message, "the expression is empty");
    assert_eq!(first(". as $scores | $score").suggestion.as_deref(), Some("$scores"));
}

/// Path, marked text and guard of each read.
fn reads(source: &str) -> Vec<(String, String, bool)> {
    let parsed = parsed(source);
    let path = |read: &super::super::Read| {
        let step = |segment: &super::super::Segment| match &segment.kind {
            SegmentKind::Key(name) => format!(".{name}"),
            SegmentKind::Index(n) => format!("[{n}]"),
            SegmentKind::Each => "[]".into(),
            SegmentKind::Unknown => "[?]".into(),
        };
        read.path.iter().map(step).collect::<String>()
    };
    parsed.reads().iter().map(|read| (path(read), source[read.range.clone()].to_owned(), read.guarded)).collect()
}

#[track_caller]
fn reads_are(source: &str, expected: &[(&str, &str, bool)]) {
    let found = reads(source);
    let found: Vec<_> = found.iter().map(|(path, text, guarded)| (path.as_str(), text.as_str(), *guarded)).collect();
    assert_eq!(found, expected, "{source}");
}

#[test]
fn reads_are_followed() {
    reads_are(".phases.plan.output.score >= 8", &[(".phases.plan.output.score", ".phases.plan.output.score", false)]);
    reads_are("[.phases.plan.output.steps[] | .title]", &[(".phases.plan.output.steps[].title", ".title", false)]);
    reads_are(".phases.plan as $p | $p.output.x", &[(".phases.plan.output.x", "$p.output.x", false)]);
    reads_are(r#".["a b"]."c"[0]"#, &[(".a b.c[0]", r#".["a b"]."c"[0]"#, false)]);
    reads_are(".a | map(.b) | length", &[(".a[].b", ".b", false)]);
    reads_are(".a[] | select(.ok) | .b", &[(".a[].ok", ".ok", true), (".a[].b", ".b", false)]);
    reads_are("{t: .a.b, c}", &[(".a.b", ".a.b", false), (".c", "c", false)]);
    reads_are("def t: .a.b; t", &[(".a.b", ".a.b", false)]);
    reads_are(".a.b = 1 | .c", &[]);
    reads_are("with_entries(.value)", &[("", "with_entries(.value)", false)]);
    reads_are("\"x \\(.a.b)\"", &[(".a.b", ".a.b", false)]);
    reads_are(".a[.i].c", &[(".i", ".i", false), (".a[?].c", ".a[.i].c", false)]);
}

#[test]
fn guards_are_seen() {
    reads_are(".a.b?", &[(".a.b", ".a.b?", true)]);
    reads_are(".a.b // 1", &[(".a.b", ".a.b", true)]);
    reads_are("try .a.b", &[(".a.b", ".a.b", true)]);
    reads_are(".a.b == null", &[(".a.b", ".a.b", true)]);
    reads_are(".a.b != null and .a.b > 3", &[(".a.b", ".a.b", true), (".a.b", ".a.b", true)]);
    reads_are("if .a then .a else 1 end", &[(".a", ".a", true), (".a", ".a", true)]);
    reads_are("(.a.b // 0) > 3", &[(".a.b", ".a.b", true)]);
    let parsed = parsed(".a != null and .a.b > 3");
    assert_eq!((parsed.reads()[1].guarded, parsed.reads()[1].tested), (false, 1));
}

#[test]
fn comparisons_know_their_sides() {
    let parsed = parsed(r#".a.n < 3 and .b == "done" and (.c | length) > .d"#);
    let found = parsed.comparisons();
    assert_eq!((found[0].op, &found[0].left, &found[0].right), ("<", &Operand::Read(0), &Operand::Literal(Value::int(3), 7..8)));
    assert_eq!(found[1].right, Operand::Literal(Value::text("done"), 19..25));
    assert_eq!(found[2].left, Operand::Other);
    assert!(found[2].is_order() && !found[1].is_order());
}

#[test]
fn what_is_given_is_inferred_or_unknown() {
    let infer = |source: &str| (parsed(source).gives(), parsed(source).answers());
    assert_eq!(infer(".a and .b"), (Gives::Boolean, Answers::One));
    assert_eq!(infer(".a[].ok"), (Gives::Unknown, Answers::Any));
    assert_eq!(infer("[.a[]]"), (Gives::List, Answers::One));
    assert_eq!(infer("if .a then 1 else \"x\" end"), (Gives::Unknown, Answers::One));
    assert_eq!(infer(".a | select(.b)"), (Gives::Unknown, Answers::AtMostOne));
    for (source, holds) in [
        ("true", Some(true)),
        ("1 == 2", Some(false)),
        ("1 < 2 and \"a\" != \"b\"", Some(true)),
        (".a or true", Some(true)),
        ("(.a and false)", Some(false)),
        (".a and true", None),
        (".a.b == .a.b", Some(true)),
        (".a.b != .a.b", Some(false)),
        (".a[] == .a[]", None),
        ("true | not", Some(false)),
        ("if .a then true else 1 == 1 end", Some(true)),
        ("[1, 2] == [1, 2]", Some(true)),
        ("null // true", Some(true)),
        ("true // .a", Some(true)),
        (".a == 2", None),
        ("not", None),
        ("test(\"a\")", None),
    ] {
        assert_eq!(super::super::constant(parsed(source).root()), holds, "{source}");
    }
}

#[test]
fn only_what_is_reached_is_compiled_and_it_makes_no_difference() {
    let sources = [
        ".a",
        "map(. + 1)",
        "to_entries | from_entries",
        "[paths]",
        "flatten",
        "walk(.)",
        "[limit(2; .[])]",
        "@csv",
        "@html",
        "del(.[0])",
        "join(\",\")",
        "[splits(\",\")]",
        "tostream",
        "INDEX(.a)",
        "with_entries(.)",
        "any",
        "isnan",
        "unique_by(.)",
        "def map(f): 7; map(1)",
        "[first(range(3)), nth(1; range(3))]",
        "pick(.[0])",
        "[scan(\"a\")]",
        "type",
        "combinations",
    ];
    for source in sources {
        let (definitions, natives) = standard().everything();
        let whole = link(source, definitions, natives, &[]).unwrap();
        let reached = Jq::compile(source).unwrap();
        let whole = Jq(std::sync::Arc::new(super::super::compile::Compiled::of(whole, source)));
        for input in ["[1,2]", "{\"a\":1}", "\"a,b\"", "null"] {
            let input = Value::parse(input.as_bytes()).unwrap();
            let run = |jq: &Jq| -> Result<Vec<Value>, EvalError> { jq.run(&Input::of(&input), Budget::Value) };
            assert_eq!(run(&whole), run(&reached), "{source} on {input}");
        }
    }
}

#[test]
fn every_standard_function_resolves() {
    for name in standard().names().filter(|name| !name.starts_with('@')) {
        for arity in standard().arities(name) {
            let args = vec!["."; arity].join("; ");
            let source = if arity == 0 { name.to_owned() } else { format!("{name}({args})") };
            let compiled = Jq::compile(&source);
            assert!(compiled.is_ok(), "{source}: {compiled:?}");
        }
    }
}

#[test]
fn what_is_said_to_fail_on_null_does() {
    for (name, arity) in super::super::known::FAILS_ON_NULL {
        let args = ["\"a\"", "\"g\""][..*arity].join("; ");
        let source = if *arity == 0 { (*name).to_owned() } else { format!("{name}({args})") };
        let answer = Jq::compile(&source).unwrap().run(&Input::of(&Value::NULL), Budget::Value);
        assert!(answer.is_err(), "{source} of null gives {answer:?}");
    }
}

#[test]
fn what_becomes_of_a_read_is_known_where_null_would_matter() {
    use super::super::Usage;
    let usages = |source: &str| parsed(source).reads().iter().map(|read| read.usage).collect::<Vec<_>>();
    assert_eq!(usages(".a"), [Usage::Answer]);
    assert_eq!(usages("{a: .a, b: [.b], c: (.c + {})}"), [Usage::Other; 3]);
    assert_eq!(usages(".a | join(\",\")"), [Usage::Call]);
    assert_eq!(usages(".a | length"), [Usage::Other]);
    assert_eq!(usages("\"\\(.a)\""), [Usage::Text]);
    assert_eq!(usages(".a - .b"), [Usage::Operand, Usage::Operand]);
    assert_eq!(usages(".a != 1, .b == 1"), [Usage::Unequal, Usage::Other]);
    assert_eq!(usages(".a as $a | $a.b"), [Usage::Answer]);
}

#[test]
fn what_is_asked_on_the_way_to_a_read_is_known() {
    let under = |source: &str, read: usize| {
        let parsed = parsed(source);
        let asked = parsed.tests().of(parsed.reads()[read].under).collect::<Vec<_>>();
        asked.into_iter().map(|at| source[parsed.reads()[at].range.clone()].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(under("if .a == 1 then .b else .c end", 1), [".a"]);
    assert_eq!(under("(if .a then .b else .c end), .d", 3), Vec::<String>::new());
    assert_eq!(under(".a and .b and .c", 2), [".b", ".a"]);
    assert_eq!(under(".a | select(.b) | .c", 1), [".b"]);
}
