//! Our tree and jaq's say the same of every expression: both written out in one notation, and compared.

use super::super::parse;
use super::super::syntax::{Kind, Node, Op, Part, Pattern, Step};
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern as TheirPattern, Term};
use jaq_core::path::{Opt, Part as TheirPart};

fn list(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(" ")
}

fn ours(node: &Node) -> String {
    let all = |nodes: &[Node]| list(nodes.iter().map(ours));
    match &node.kind {
        Kind::Identity => ".".into(),
        Kind::Recurse => "..".into(),
        Kind::Number(n) => n.to_string(),
        Kind::Text(text) => format!("{text:?}"),
        Kind::Interpolated(format, parts) => format!("(str {} {})", format.as_deref().unwrap_or(""), all(parts)),
        Kind::List(inner) => format!("[{}]", inner.as_ref().map(|inner| ours(inner)).unwrap_or_default()),
        Kind::Table(entries) => {
            let entry =
                |(key, value): &(Node, Option<Node>)| format!("{}:{}", ours(key), value.as_ref().map(ours).unwrap_or_default());
            format!("{{{}}}", list(entries.iter().map(entry)))
        }
        Kind::Negate(inner) => format!("(neg {})", ours(inner)),
        Kind::Binary(left, op, _, right) => {
            let op = match op {
                Op::Pipe => "|",
                Op::Comma => ",",
                Op::Alternative => "//",
                Op::Or => "or",
                Op::And => "and",
                Op::Math(op) | Op::Equal(op) | Op::Order(op) | Op::Assign(op) => op,
            };
            format!("({} {op} {})", ours(left), ours(right))
        }
        Kind::Bind(source, pattern, body) => format!("({} as {} {})", ours(source), our_pattern(pattern), ours(body)),
        Kind::Label(name, body) => format!("(label {name} {})", ours(body)),
        Kind::Break(name) => format!("(break {name})"),
        Kind::Fold(reduce, source, pattern, parts) => {
            let word = if *reduce { "reduce" } else { "foreach" };
            format!("({word} {} {} {})", ours(source), our_pattern(pattern), all(parts))
        }
        Kind::Try(body, handler) => {
            format!("(try {} {})", ours(body), handler.as_ref().map(|node| ours(node)).unwrap_or_default())
        }
        Kind::If(branches, other) => {
            let branches = list(branches.iter().map(|(test, then)| format!("{}?{}", ours(test), ours(then))));
            format!("(if {branches} {})", other.as_ref().map(|node| ours(node)).unwrap_or_default())
        }
        Kind::Define(definitions, body) => {
            let definitions = definitions.iter().map(|d| format!("{}({}) {}", d.name, d.params.join(" "), ours(&d.body)));
            format!("(def {} {})", list(definitions), ours(body))
        }
        Kind::Call(name, _, args) => format!("({name} {})", all(args)),
        Kind::Var(name) => name.clone(),
        Kind::Path(base, parts) => format!("(path {} {})", ours(base), list(parts.iter().map(our_part))),
    }
}

fn our_pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Var(name) => name.clone(),
        Pattern::List(parts) => format!("[{}]", list(parts.iter().map(our_pattern))),
        Pattern::Either(parts) => list(parts.iter().map(our_pattern)),
        Pattern::Table(parts) => {
            format!("{{{}}}", list(parts.iter().map(|(key, part)| format!("{}:{}", ours(key), our_pattern(part)))))
        }
    }
}

fn our_part(part: &Part) -> String {
    let step = match &part.step {
        Step::Key(name, _) => format!("{name:?}"),
        Step::Index(index) => ours(index),
        Step::Each => "[]".into(),
        Step::Slice(from, to) => {
            let bound = |bound: &Option<Box<Node>>| bound.as_ref().map(|node| ours(node)).unwrap_or_default();
            format!("{}:{}", bound(from), bound(to))
        }
    };
    if part.optional { format!("{step}?") } else { step }
}

fn theirs(term: &Term<&str>) -> String {
    let all = |terms: &[Term<&str>]| list(terms.iter().map(theirs));
    let some = |term: &Option<Box<Term<&str>>>| term.as_ref().map(|term| theirs(term)).unwrap_or_default();
    match term {
        Term::Id => ".".into(),
        Term::Recurse => "..".into(),
        Term::Num(n) => n.parse::<f64>().unwrap().to_string(),
        Term::Str(format, parts) => their_text(*format, parts),
        Term::Arr(inner) => format!("[{}]", some(inner)),
        Term::Obj(entries) => {
            let entry = |(key, value): &(Term<&str>, Option<Term<&str>>)| {
                format!("{}:{}", theirs(key), value.as_ref().map(theirs).unwrap_or_default())
            };
            format!("{{{}}}", list(entries.iter().map(entry)))
        }
        Term::Neg(inner) => format!("(neg {})", theirs(inner)),
        Term::BinOp(left, op, right) => their_operator(left, op, right),
        Term::Label(name, body) => format!("(label {name} {})", theirs(body)),
        Term::Break(name) => format!("(break {name})"),
        Term::Fold(word, source, pattern, parts) => {
            format!("({word} {} {} {})", theirs(source), their_pattern(pattern), all(parts))
        }
        Term::TryCatch(body, handler) => format!("(try {} {})", theirs(body), some(handler)),
        Term::IfThenElse(branches, other) => {
            let branches = list(branches.iter().map(|(test, then)| format!("{}?{}", theirs(test), theirs(then))));
            format!("(if {branches} {})", some(other))
        }
        Term::Def(definitions, body) => {
            let definitions = definitions.iter().map(|d| format!("{}({}) {}", d.name, d.args.join(" "), theirs(&d.body)));
            format!("(def {} {})", list(definitions), theirs(body))
        }
        Term::Call(name, args) => format!("({name} {})", all(args)),
        Term::Var(name) => (*name).to_owned(),
        Term::Path(base, path) => {
            let part = |(part, opt): &(TheirPart<Term<&str>>, Opt)| {
                let step = match part {
                    TheirPart::Index(index) => theirs(index),
                    TheirPart::Range(None, None) => "[]".into(),
                    TheirPart::Range(from, to) => {
                        let bound = |bound: &Option<Term<&str>>| bound.as_ref().map(theirs).unwrap_or_default();
                        format!("{}:{}", bound(from), bound(to))
                    }
                };
                if matches!(opt, Opt::Optional) { format!("{step}?") } else { step }
            };
            format!("(path {} {})", theirs(base), list(path.0.iter().map(part)))
        }
    }
}

fn their_text(format: Option<&str>, parts: &[StrPart<&str, Term<&str>>]) -> String {
    let (mut plain, mut inner) = (String::new(), vec![]);
    for part in parts {
        match part {
            StrPart::Str(text) => plain.push_str(text),
            StrPart::Char(c) => plain.push(*c),
            StrPart::Term(term) => inner.push(theirs(term)),
        }
    }
    if inner.is_empty() && format.is_none() {
        return format!("{plain:?}");
    }
    format!("(str {} {})", format.unwrap_or(""), list(inner))
}

fn their_operator(left: &Term<&str>, op: &BinaryOp<&str>, right: &Term<&str>) -> String {
    let op = match op {
        BinaryOp::Pipe(Some(pattern)) => return format!("({} as {} {})", theirs(left), their_pattern(pattern), theirs(right)),
        BinaryOp::Pipe(None) => "|".to_owned(),
        BinaryOp::Comma => ",".into(),
        BinaryOp::Alt => "//".into(),
        BinaryOp::Or => "or".into(),
        BinaryOp::And => "and".into(),
        BinaryOp::Math(op) => op.as_str().into(),
        BinaryOp::Cmp(op) => op.as_str().into(),
        BinaryOp::Assign => "=".into(),
        BinaryOp::Update => "|=".into(),
        BinaryOp::UpdateMath(op) => format!("{}=", op.as_str()),
        BinaryOp::UpdateAlt => "//=".into(),
    };
    format!("({} {op} {})", theirs(left), theirs(right))
}

fn their_pattern(pattern: &TheirPattern<&str>) -> String {
    match pattern {
        TheirPattern::Var(name) => (*name).to_owned(),
        TheirPattern::Arr(parts) => format!("[{}]", list(parts.iter().map(their_pattern))),
        TheirPattern::Obj(parts) => {
            format!("{{{}}}", list(parts.iter().map(|(key, part)| format!("{}:{}", theirs(key), their_pattern(part)))))
        }
    }
}

#[track_caller]
fn same(source: &str) {
    let term = jaq_core::load::parse(source, |parser| parser.term()).unwrap_or_else(|| panic!("{source} is not jq"));
    let parsed = parse(source).unwrap_or_else(|mistakes| panic!("{source}: {mistakes:?}"));
    assert_eq!(ours(parsed.root()), theirs(&term), "{source}");
}

#[test]
fn the_prelude_reads_the_same() {
    same(&format!("{} .", include_str!("../prelude.jq")));
}

/// Every form of the grammar, and where forms meet.
const CORNERS: &[&str] = &[
    ".",
    "..",
    ".a.b?.c",
    ".a?",
    ".a??",
    "(.a)?",
    "f?",
    ".[]?",
    ".a[]?[0]",
    ".[1:2]",
    ".[:2]",
    ".[1:]",
    ".[-1]",
    "-1",
    "- .a",
    ".\"a b\".\"c\"",
    ".[\"a\"][\"b\"]?",
    ".[(\"a\")]",
    "\"a\\(1 + 2)b\\n\"",
    "@sh \"x \\(.a)\"",
    "@json",
    ".a.\"b\\(1)\"",
    "1 + 2 * 3 - 4",
    "1 - 2 - 3",
    "10 / 2 / 5",
    "1 < 2 == true",
    ".a and .b or .c",
    ".a // .b // .c",
    ".a // .b and .c",
    ".a = 1 | .b |= 2",
    ".a = .b = 1",
    ".a += 1, .b //= 2",
    ".a | .b, .c | .d",
    "1 as $x | 2 as $y | [$x, $y]",
    "1 + 2 as $x | $x * 2 | . + 1",
    "[.[] as [$a, {b: $c, $d, \"e\": [$f], (\"g\" + \"h\"): $i}] | $a]",
    "{a: 1, b, $c, \"d\": 2}",
    "{(.a): .b, @base64 \"x\": 1, \"e\\(1)\": 2, $__x}",
    "{a: 1 | 2}",
    "{a: .b // 1, c: 2,}",
    "[]",
    "{}",
    "[[], {}]",
    "if . then 1 end",
    "if . then 1 elif .a then 2 else 3 end",
    "if . then 1 else 2 end | .a",
    "try error catch .",
    "try .a",
    "try (1, 2) catch (3, 4) | 5",
    "label $out | 1, break $out",
    "reduce .[] as $x (0; . + $x)",
    "foreach .[] as [$a, $b] (0; . + $a; [., $b])",
    "reduce range(0; 3) as $i ([]; .[$i] = $i) | length",
    "def f: 1; f",
    "def f(g; $x): g + $x; def h: f(1; 2); h | f(.; 3)",
    "[.[] | def f: .; f]",
    "map(.a) | add / length",
    ". as {a: $x} | $x",
    ".a.b[.i].c[.j:.k]",
    "f(1).a[0]",
    "\"x\".a",
    "[1][0]",
    "{a: 1}.a",
    "$x.a[0]?",
    "$__loc__",
    "a::b",
    ".. | .a?",
    "..[0]",
    ".. == 1",
    "-(1 + 2)",
    "-.a + 1",
    ". == -1",
    "1 as $x | -$x",
    "# comment\n.a # more\n| .b",
    ".and",
    ".if.then.else",
    "{if: 1, then: 2}",
    "not",
    "limit(3; .[] | select(.a == \"b\" and (.c | not)))",
];

#[test]
fn corners_read_the_same() {
    // Unbound names are no matter here: only the grammar is compared.
    for source in CORNERS {
        same(source);
    }
}
