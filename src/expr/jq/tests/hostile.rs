//! Expressions that try to hang, to eat all memory, to overflow the stack or to end the process: each ends as an error,
//! soon and small.

#![allow(clippy::disallowed_methods, reason = "a test may look at the clock and at its own memory")]

use super::super::{Budget, EvalError, Input, Jq};
use crate::value::Value;

fn run(source: &str) -> Result<Vec<Value>, EvalError> {
    Jq::compile(source).unwrap_or_else(|mistakes| panic!("{source}: {mistakes:?}")).run(&Input::default(), Budget::Value)
}

/// The most memory that the process has had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

#[track_caller]
fn ends(source: &str) {
    let start = std::time::Instant::now();
    let result = run(source);
    assert!(result.is_err(), "{source} ended well");
    // The deadline is under a second; a busy machine may need far longer to clean up, and is no mistake of ours.
    assert!(start.elapsed().as_secs() < 60, "{source} took {:?}", start.elapsed());
    assert!(peak() < 768 << 20, "{source} took {} MiB", peak() >> 20);
}

#[test]
fn endless_recursion_ends() {
    ends("def f: f; f");
    ends("def f: 1 + f; f");
    ends("def f: [f]; f");
    ends("def f: f | f; f");
    ends("[recurse([., .])]");
    ends("until(false; .)");
    ends("[limit(1e9; repeat(1))]");
    ends("repeat(1)");
}

#[test]
fn endless_ranges_end() {
    ends("[range(1e12)]");
    ends("last(range(1e12))");
    ends("reduce range(1e12) as $i (0; . + 1)");
}

#[test]
fn huge_texts_end() {
    ends(r#""a" * 1e10"#);
    ends(r#"reduce range(40) as $i ("ab"; . + .)"#);
    ends(r#"[range(1000) | "a" * 1e7]"#);
    ends(r#"("a" * 1e7) | [match("a"; "g")]"#);
    ends(r#"("a" * 1.6e7) | explode | map([.])"#);
    ends(r#"("'" * 1.6e7) as $x | [range(100) | $x | @html]"#);
    ends(r#"reduce range(30) as $i ("a"; [., .] | join("aa"))"#);
}

#[test]
fn huge_lists_end() {
    ends("[][1e9] = 1");
    ends("[range(1e6)] | reduce range(100) as $i (.; . + .)");
    ends("[combinations(9)]".replace("[comb", "[[range(100)] | comb").as_str());
    ends("reduce range(40) as $i (1; [., .]) | tojson");
    ends("reduce range(40) as $i (1; [., .])");
    ends("(reduce range(40) as $i (1; [., .])) == (reduce range(40) as $i (1; [., .]))");
    ends("[range(2e5)] | [range(1e5) as $i | sort | length] | add");
    ends("limit(1e9; repeat(.a)) |= 1");
    ends("[range(3e6)] | skip(1; .[]) |= .");
}

#[test]
fn deep_values_end() {
    ends("reduce range(1e6) as $i (null; [.])");
    ends("reduce range(1e6) as $i (null; {a: .})");
    ends("last(foreach range(9e4) as $i (null; [.]))");
    ends("reduce range(5e4) as $i (null; [.]) | tojson | fromjson");
    ends(r#"("[" * 200000) + ("]" * 200000) | fromjson"#);
    ends("[range(1e5)] as $p | setpath($p; 1)");
    ends("reduce range(9e4) as $i (null; [.]) | error");
    ends("first(getpath([range(1e5) | 0])) = 1");
    // What is deep only on the way is no harm.
    assert_eq!(run("[reduce range(9e4) as $i (null; [.])] | sort | unique | .[0] == .[0]").unwrap(), [Value::from(true)]);
}

#[test]
fn results_are_counted() {
    assert_eq!(run("range(1e5 + 1)").unwrap_err(), EvalError::Size);
    assert_eq!(run("range(1e5)").unwrap().len(), 100_000);
}

#[test]
fn the_outside_world_does_not_exist() {
    for source in [
        "halt",
        "halt_error",
        "1 | halt_error(1)",
        "env",
        "env.HOME",
        "$ENV",
        "$ENV.PATH",
        "input",
        "inputs",
        "now",
        "debug",
        "debug(1)",
        "stderr",
        "localtime",
        "strflocaltime(\"%Y\")",
        "input_line_number",
        "get_search_list",
        "input_filename",
        "$__prog_args",
    ] {
        let mistakes = Jq::compile(source).expect_err(source);
        assert_eq!(mistakes[0].code.id, "J003", "{source}: {mistakes:?}");
    }
    for source in ["import \"a\" as a; .", "include \"a\"; .", "import \"a\" as $a; $a"] {
        assert_eq!(Jq::compile(source).expect_err(source)[0].code.id, "J001", "{source}");
    }
}

#[test]
fn deep_sources_are_refused() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{a:", "}"), ("-", ""), ("try ", ""), ("if ", ""), ("\"\\(", ")\"")] {
        let source = format!("{}1{}", open.repeat(60_000 / open.len() / 2), close.repeat(60_000 / open.len() / 2));
        assert!(Jq::compile(&source).is_err(), "{open}");
    }
    assert!(Jq::compile(&vec!["1"; 20_000].join("+")).is_err());
    assert!(Jq::compile(&vec!["1"; 500].join("+")).is_ok());
    assert!(Jq::compile(&"1".repeat(100_000)).is_err());
    // Written out for jaq, each of these repeats all that follows it.
    assert!(Jq::compile(&format!("{}.", ". as [$a] ?// $a | ".repeat(4))).is_ok());
    assert!(Jq::compile(&format!("{}.", ". as [$a] ?// $a | ".repeat(40))).is_err());
    assert!(Jq::compile(&format!(". as $a {} | {}", "?// $a ".repeat(4_000), "1 + ".repeat(2_000) + "1")).is_err());
}

#[test]
fn a_stop_cannot_be_caught() {
    assert!(matches!(run("try (def f: f; f) catch 1"), Err(EvalError::Fuel { .. } | EvalError::Time)));
    assert_eq!(run(r#"("a" * 1e10)? // 1"#).unwrap_err(), EvalError::Size);
}

#[test]
fn a_guard_has_less_than_a_view() {
    let jq = Jq::compile("[range(3e5)] | length == 3e5").unwrap();
    assert!(matches!(jq.boolean(&Input::default(), Budget::Guard), Err(EvalError::Fuel { steps: 200_000 })));
    assert_eq!(jq.boolean(&Input::default(), Budget::Value), Ok(true));
}
