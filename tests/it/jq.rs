//! jq's own tests, run through the program's jq: what is left out is a choice with a reason (`jq/left_out.rs`), and
//! everything else passes.
//!
//! The tests belong to jq and are not part of the project: `bash tests/bring jq-tests` brings them. Numbers are compared
//! as floats and the fields of a table in any order, as jq compares them; of an expression that must not compile only
//! that it does not is looked at, not what is said about it.

mod left_out;

use crate::tidy::root;
use flow::expr::jq::{Budget, EvalError, Input, Jq};
use flow::value::Value;
use left_out::{LEFT_OUT, LeftOut};
use std::collections::BTreeSet;

/// The files, how many cases each has, and how many of a hundred pass at least.
const FILES: [(&str, usize, f64); 7] = [
    ("jq", 550, 75.0),
    ("man", 231, 95.0),
    ("onig", 47, 90.0),
    ("manonig", 19, 100.0),
    ("uri", 20, 100.0),
    ("base64", 10, 80.0),
    ("optional", 2, 100.0),
];

/// One case of a file.
struct Case {
    /// The line of its program, from 1.
    line: usize,
    program: String,
    /// What the program is given and gives; `None` when it must not compile.
    run: Option<(String, Vec<String>)>,
}

/// Reads a file: program, input and outputs a line each, an empty line behind them.
fn cases(text: &str) -> Vec<Case> {
    let blank = |line: &str| line.trim_start().is_empty() || line.trim_start().starts_with('#');
    let mut lines = (1..).zip(text.lines());
    let mut found = vec![];
    while let Some((line, text)) = lines.next() {
        if blank(text) {
            continue;
        }
        if text.starts_with("%%FAIL") {
            let (line, program) = lines.next().unwrap();
            found.push(Case { line, program: program.to_owned(), run: None });
            let _message = lines.by_ref().take_while(|(_, text)| !blank(text)).count();
            continue;
        }
        let input = lines.next().unwrap().1.to_owned();
        let outputs = lines.by_ref().map(|(_, text)| text.to_owned()).take_while(|text| !blank(text)).collect();
        found.push(Case { line, program: text.to_owned(), run: Some((input, outputs)) });
    }
    found
}

/// Reads a value as jq does, which knows `NaN` and `Infinity`.
fn value(text: &str) -> Result<Value, String> {
    let text = text.trim_start_matches('\u{feff}');
    Value::parse(text.as_bytes()).or_else(|error| {
        let unreadable = format!("`{text}` cannot be read: {error}");
        let jq = Jq::compile(&text.replace("NaN", "nan").replace("Infinity", "infinite"));
        jq.ok().and_then(|jq| jq.one(&Input::default(), Budget::Value).ok()).ok_or(unreadable)
    })
}

fn same(a: &Value, b: &Value) -> bool {
    if let (Some(a), Some(b)) = (a.as_f64(), b.as_f64()) {
        return a == b;
    }
    if let (Some(a), Some(b)) = (a.items(), b.items()) {
        return a.len() == b.len() && a.zip(b).all(|(a, b)| same(&a, &b));
    }
    if let (Some(fields), Some(others)) = (a.entries(), b.entries()) {
        let fields: Vec<_> = fields.collect();
        return fields.len() == others.count() && fields.iter().all(|(key, a)| b.has(key) && same(a, &b.get(key)));
    }
    a == b
}

/// Evaluates; again where the machine was too busy to end before the deadline, which is one of the clock.
fn run(jq: &Jq, input: &Value) -> Result<Vec<Value>, EvalError> {
    let tries = (0..10).map(|_| jq.run(&Input::of(input), Budget::Value));
    tries.into_iter().find(|result| *result != Err(EvalError::Time)).unwrap_or(Err(EvalError::Time))
}

/// What a program gives. jq's tests take what comes before a failure.
fn results(program: &str, input: &Value) -> Result<Vec<Value>, String> {
    let jq = Jq::compile(program).map_err(|mistakes| mistakes[0].message.clone())?;
    match run(&jq, input) {
        Err(EvalError::Error { value }) => {
            let before = Jq::compile(&format!("try ({program}\n) catch empty")).ok();
            before.and_then(|jq| run(&jq, input).ok()).ok_or_else(|| format!("fails with {value}"))
        }
        other => other.map_err(|error| error.to_string()),
    }
}

fn check(case: &Case) -> Result<(), String> {
    let Some((input, outputs)) = &case.run else {
        return Jq::compile(&case.program).map_or(Ok(()), |_| Err("compiles".to_owned()));
    };
    let expected = outputs.iter().map(|output| value(output)).collect::<Result<Vec<_>, _>>()?;
    let found = results(&case.program, &value(input)?)?;
    if found.len() == expected.len() && found.iter().zip(&expected).all(|(a, b)| same(a, b)) {
        return Ok(());
    }
    Err(format!("gives {}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")))
}

/// The same, tried again where the wall clock ran out: a machine that is busy with other things may need it.
fn check_in_time(case: &Case) -> Result<(), String> {
    let late = |result: &Result<(), String>| result.as_ref().is_err_and(|why| why.starts_with("takes longer than"));
    (0..20).map(|_| check(case)).find(|result| !late(result)).unwrap_or_else(|| check(case))
}

/// The text of a file; fails where it was not brought.
fn text(file: &str) -> String {
    let path = root().join(format!("target/tools/jq-tests/{file}.test"));
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `bash tests/bring jq-tests` brings jq's own tests", path.display()))
}

/// The page of the book.
fn page() -> String {
    std::fs::read_to_string(root().join("book/src/language/jq.md")).unwrap()
}

#[test]
fn jqs_own_tests_pass_but_for_what_is_left_out_on_purpose() {
    let (page, mut wrong) = (page(), String::new());
    for (file, count, least) in FILES {
        let cases = cases(&text(file));
        assert_eq!(cases.len(), count, "{file}.test is another one than was measured");
        let expected: BTreeSet<usize> = LEFT_OUT.iter().flat_map(|left| left.lines(file)).copied().collect();
        let mut failed = BTreeSet::new();
        for case in &cases {
            let due = !expected.contains(&case.line);
            match if due { check_in_time(case) } else { check(case) } {
                Err(why) if due => wrong += &format!("{file}:{}: {}\n  {why}\n", case.line, case.program),
                Err(_) => _ = failed.insert(case.line),
                Ok(()) => {}
            }
        }
        for line in expected.difference(&failed) {
            wrong += &format!("{file}:{line} passes: take it out of the list\n");
        }
        let rate = 100.0 * (count - failed.len()) as f64 / count as f64;
        println!("{file}.test: {} of {count} pass, {rate:.1} %", count - failed.len());
        if !page.contains(&format!("| `{file}.test` | {count} | {rate:.1} % |")) {
            wrong += &format!("book/src/language/jq.md does not say `| `{file}.test` | {count} | {rate:.1} % |`\n");
        }
        assert!(rate >= least, "{file}.test: {rate:.1} % pass, and {least} % are due");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_examples_of_the_book_give_what_it_says() {
    let page = page();
    let block = page.split("```jq\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the page has examples");
    for line in block.lines() {
        let (program, rest) = line.rsplit_once(" # ").unwrap();
        let (input, output) = rest.rsplit_once(" gives ").unwrap();
        let found = results(program, &value(input).unwrap()).unwrap();
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), output, "{line}");
    }
}

#[test]
fn the_book_says_what_is_left_out() {
    let page = page();
    for LeftOut { what, .. } in LEFT_OUT {
        assert!(page.contains(&format!("| {what} |")), "book/src/language/jq.md does not say `{what}`");
    }
}
