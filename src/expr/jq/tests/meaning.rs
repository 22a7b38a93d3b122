//! What expressions give: where jaq differs from jq, and what every pipeline leans on.

use super::super::{Budget, EvalError, Input, Jq};
use crate::value::Value;

fn value(json: &str) -> Value {
    Value::parse(json.as_bytes()).unwrap()
}

fn run(source: &str, input: &str) -> Result<String, EvalError> {
    let jq = Jq::compile(source).unwrap_or_else(|mistakes| panic!("{source}: {mistakes:#?}"));
    let results = jq.run(&Input::of(&value(input)), Budget::Value)?;
    Ok(results.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

#[track_caller]
fn gives(source: &str, input: &str, expected: &str) {
    assert_eq!(run(source, input).as_deref(), Ok(expected), "{source} on {input}");
}

#[test]
fn a_path_through_null_is_null() {
    gives(".a.b.c", "{}", "null");
    gives(".[0].x", "null", "null");
}

#[test]
fn assignment_goes_through_null_and_past_the_end() {
    gives(".a.b = 1", "{}", r#"{"a":{"b":1}}"#);
    gives(".a[1] = 1", "null", r#"{"a":[null,1]}"#);
    gives(".[5] = 0", "[1,2]", "[1,2,null,null,null,0]");
    gives(r#"setpath(["a","b"]; 1)"#, "{}", r#"{"a":{"b":1}}"#);
    gives(".a.b |= 3", "{}", r#"{"a":{"b":3}}"#);
    gives(".a += 1", "null", r#"{"a":1}"#);
}

#[test]
fn deleting_keeps_the_order_and_deletes_what_was_meant() {
    gives("del(.a)", r#"{"a":1,"b":2,"c":3}"#, r#"{"b":2,"c":3}"#);
    gives("del(.[0,2])", "[1,2,3]", "[2]");
    gives("del(.[] | select(. >= 2))", "[1,5,3,0,7]", "[1,0]");
    gives("del(.a.b)", "{}", "{}");
    gives("del(.[1:])", "[1,2,3]", "[1]");
    gives("del(.[1], .[-6], .[2], .[-3:9])", "[0,1,2,3,4,5,6,7,8,9]", "[0,3,5,6,9]");
    gives("del(.[2], .[-3]), del(.[9], .[-9])", "[1,2,3]", "[2] [1,2,3]");
    gives("del(.a[].x)", r#"{"a":[{"x":1,"y":2},{"x":3}]}"#, r#"{"a":[{"y":2},{}]}"#);
}

#[test]
fn numbers_print_plainly() {
    gives("3.0, 4/2, 0.1, 1e3, 7/2, -0.5", "null", "3 2 0.1 1000 3.5 -0.5");
    gives("[.[1.7]]", "[1,2]", "[2]");
    gives("5 % 3, -5 % 3, 5.9 % 2", "null", "2 -2 1");
    gives("nan < 1, (nan | tojson), infinite > 5", "null", "true \"null\" true");
    gives(". + 1", "3.0", "4");
}

#[test]
fn what_jaq_lacks_is_there() {
    gives("IN(1, 2)", "2", "true");
    gives("IN(.[]; 2, 3)", "[1,2]", "true");
    gives("INDEX(.id)", r#"[{"id":1},{"id":2}]"#, r#"{"1":{"id":1},"2":{"id":2}}"#);
    gives("@csv", r#"[1,"a\"b",null,true]"#, r#""1,\"a\"\"b\",,true""#);
    gives("@tsv", r#"[1,"a\tb"]"#, r#""1\ta\\tb""#);
    gives(r#"join(",")"#, r#"["a",null,1]"#, r#""a,,1""#);
    gives("from_entries", r#"[{"name":"a","value":1},{"k":"b","v":2}]"#, r#"{"a":1,"b":2}"#);
    gives("with_entries(.value += 1)", r#"{"a":1}"#, r#"{"a":2}"#);
    gives("[limit(3; repeat(. * 2))]", "1", "[2,2,2]");
    gives("transpose, ([[1], [2, 3]] | transpose)", "[]", "[] [[1,2],[null,3]]");
    gives("[nth(0, 2; range(5))]", "null", "[0,2]");
    gives(r#"test(["B", "i"]), ("nan" | fromjson | isnan)"#, r#""abc""#, "true true");
    gives("[range(3)] | .[1:nan]", "null", "[1,2]");
    gives("[tostream]", r#"{"a":[1]}"#, r#"[[["a",0],1],[["a",0]],[["a"]]]"#);
    gives("fromstream(tostream)", r#"{"a":[1,{"b":2}]}"#, r#"{"a":[1,{"b":2}]}"#);
    gives("flatten, flatten(1)", "[1,[2,[3]]]", "[1,2,3] [1,2,[3]]");
    gives("toarray, abs", "-1", "[-1] 1");
    gives("pick(.a.b)", r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1}}"#);
    gives("walk(if type == \"number\" then . + 1 else . end)", "[1,[2]]", "[2,[3]]");
    gives("@html, @sh", r#""a'b<""#, r#""a&apos;b&lt;" "'a'\\''b<'""#);
    gives("getpath([\"a\",\"b\"])", "null", "null");
    gives("todate, (todate | fromdate)", "0", r#""1970-01-01T00:00:00Z" 0"#);
}

#[test]
fn what_jq_has_since_1_8_is_there() {
    gives(r#"[.[] | try ltrimstr("a") catch "no"]"#, r#"["ab","b",1]"#, r#"["b","b","no"]"#);
    gives("try limit(-1; 1) catch .", "null", r#""limit doesn't support negative count""#);
    gives(r#""ab" * (-1, 0, 0.5, 1.5)"#, "null", r#"null "" "" "ab""#);
    gives("[.[] | tonumber?]", r#"["1"," 1","1 ","0x1","1e2"]"#, "[1,100]");
    gives("@base64d", r#""YQ""#, r#""a""#);
    gives("[.[] | try @urid catch 0]", r#"["%C3%A9","%","%zz","%FF"]"#, r#"["é",0,0,0]"#);
    gives("gmtime | todate", "1.5", r#""1970-01-01T00:00:01Z""#);
    gives("[.[] | reverse]", r#"[null,"","ab",[1,2],{}]"#, r#"[[],"","ba",[2,1],[]]"#);
    gives(r#"builtins | any(. == "map/1"), any(startswith("_")), any(. == "now/0")"#, "null", "true false false");
}

#[test]
fn numbers_are_written_as_jq_writes_them() {
    let numbers = "[1e17,1e15,1.5e17,1e-5,1e-4,0.00012345,1.25e20,1e100,5e-324,-1e-9,12345678909876543212345,3.0,-0.5]";
    let written =
        "[1e+17,1000000000000000,1.5e+17,1e-05,0.0001,0.00012345,1.25e+20,1e+100,5e-324,-1e-09,12345678909876543000000,3,-0.5]";
    gives("tojson", numbers, &format!("\"{written}\""));
    let largest = Jq::compile("[infinite, -infinite, nan]").unwrap().one(&Input::default(), Budget::Value).unwrap();
    assert_eq!(largest.to_json(), serde_json::json!([f64::MAX, f64::MIN, null]));
}

#[test]
fn patterns_have_alternatives() {
    gives(".[] as [$a] ?// {a: $a} ?// $a | $a", r#"[[1],{"a":2},3]"#, "1 2 3");
    gives(".[] as [$a] ?// {$b} | [$a, $b]", r#"[[1],{"b":2}]"#, "[1,null] [null,2]");
    gives(". as [$a] ?// $a | if ($a | type) == \"number\" then error(\"x\") else $a end", "[3]", "[3]");
    assert!(run(". as [$a] ?// {a: $a} | $a", "1").is_err(), "the last failure is the failure of the whole");
    gives(". as {a: $x, $b: [$c]} | [$x, $b, $c]", r#"{"a":1,"b":[2]}"#, "[1,[2],2]");
    gives("[.[] | . as [$a] ?// $a | (. as [$b] ?// $b | [$a, $b])]", "[[1],2]", "[[1,1],[2,2]]");
    gives("reduce .[] as {$a: [$b]} (0; . + ($a | length) + $b)", r#"[{"a":[1]},{"a":[2]}]"#, "5");
    gives("label $out | . as [$a] ?// $a | 1, break $out, 2", "[0]", "1");
    gives("1\n| $__loc__, {$__loc__}.__loc__.line, \"\\($__loc__.line)\"", "null", r#"{"file":"<top-level>","line":2} 2 "2""#);
}

#[test]
fn what_is_chosen_can_be_assigned_to() {
    gives("first(.[] | select(. > 1)) |= . * 10", "[1,2,3]", "[1,20,3]");
    gives("limit(2; .[]) = 0, (skip(2; .[]) |= 9), (last(.[]) |= 7)", "[1,2,3]", "[0,0,3] [1,2,9] [1,2,7]");
    gives("limit(2; .[]) |= empty, (first(empty) |= 1)", "[1,2,3]", "[3] [1,2,3]");
    gives(
        "first(.a[] | select(.id == 2)).done = true",
        r#"{"a":[{"id":1},{"id":2}]}"#,
        r#"{"a":[{"id":1},{"id":2,"done":true}]}"#,
    );
}

#[test]
fn regular_expressions_are_jqs() {
    gives(r#"test("B"; "i"), [match("b"; "g").offset]"#, r#""abcb""#, "true [1,3]");
    gives(r#"capture("(?<y>\\d+)-(?<m>\\d+)?")"#, r#""2025-""#, r#"{"y":"2025","m":null}"#);
    gives(r#"[scan("\\d+")]"#, r#""a1b22""#, r#"["1","22"]"#);
    gives(r#"gsub("(?<x>[ab])"; "<\(.x)>")"#, r#""cab""#, r#""c<a><b>""#);
    gives(r#"[splits(", *")], split(","; null)"#, r#""a, b""#, r#"["a","b"] ["a"," b"]"#);
    gives(r#"test("ö"), [match("c").offset]"#, r#""öäc""#, "true [2]");
}

#[test]
fn only_texts_are_keys() {
    assert!(run("{(.): 2}", "1").is_err());
    assert_eq!(Jq::compile("{(1): 2}").unwrap_err()[0].range, 1..4);
    assert_eq!(Jq::compile(". as {(true): $x} | $x").unwrap_err()[0].range, 6..12);
    assert!(run(".[0]", "{}").is_err());
    assert!(run("1 / 0", "null").unwrap_err().to_string().contains("divisor is zero"));
}

#[test]
fn updating_takes_the_first_answer() {
    gives(".[] |= (., .)", "[1,2]", "[1,2]");
    gives("(.[] | select(. >= 2)) |= empty", "[1,5,3,0,7]", "[1,0]");
    gives(".[1:] = [9]", "[1,2,3]", "[1,9]");
    gives("map_values(empty)", r#"{"a":1}"#, "{}");
}

#[test]
fn a_guard_is_exactly_one_boolean() {
    let guard = |source: &str| Jq::compile(source).unwrap().boolean(&Input::of(&value(r#"{"a":[1,2]}"#)), Budget::Guard);
    assert_eq!(guard(".a | length == 2"), Ok(true));
    assert_eq!(guard(".b == 1"), Ok(false));
    assert_eq!(guard(".b"), Err(EvalError::NotBoolean(Value::NULL)));
    assert_eq!(guard("empty").unwrap_err(), EvalError::NotOne { count: 0, first: Value::NULL });
    assert!(matches!(guard(".a[] > 0"), Err(EvalError::NotOne { count: 2, .. })));
    assert_eq!(guard("error(\"no\")").unwrap_err().to_string(), "no");
}

#[test]
fn globals_and_glob_come_from_the_caller() {
    let jq = Jq::compile("[$previous, glob(\"*.md\")[]]").unwrap();
    assert!(jq.uses("$previous") && jq.uses("glob") && !jq.uses("$given"));
    let glob = |pattern: &str| Ok(vec![format!("found {pattern}")]);
    let vars = [("$previous", Value::int(1))];
    let input = Input { value: Value::NULL, vars: &vars, glob: Some(&glob) };
    assert_eq!(jq.one(&input, Budget::Value).unwrap().to_string(), r#"[1,"found *.md"]"#);
    let bare = jq.one(&Input::of(&Value::NULL), Budget::Value).unwrap_err();
    assert_eq!(bare.to_string(), "glob is known in [vars] only");
}
