//! What an expression gives, as far as its text tells. Whatever is not sure is unknown: a rule then stays silent.

use super::syntax::{Kind, Node, Op, Step};
use super::walk::literal;
use crate::value::Value;

/// The type of every answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// True or false.
    Boolean,
    /// Null.
    Null,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A list.
    List,
    /// A table.
    Table,
    /// Not known from the text.
    Unknown,
}

/// How many answers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Exactly one (or an error).
    One,
    /// Any number.
    Any,
    /// One or none.
    AtMostOne,
    /// Not known from the text.
    Unknown,
}

/// Functions that give a boolean.
const BOOLEAN: &[&str] = &[
    "true",
    "false",
    "not",
    "any",
    "all",
    "has",
    "in",
    "inside",
    "contains",
    "startswith",
    "endswith",
    "test",
    "IN",
    "isempty",
    "isvalid",
    "isnan",
    "isinfinite",
    "isnormal",
];
const NUMBER: &[&str] = &["length", "utf8bytelength", "floor", "ceil", "round", "sqrt", "tonumber", "nan", "infinite"];
const TEXT: &[&str] = &["type", "tostring", "tojson", "ascii_downcase", "ascii_upcase", "join", "ltrimstr", "rtrimstr", "todate"];
const LIST: &[&str] = &[
    "keys",
    "keys_unsorted",
    "map",
    "sort",
    "sort_by",
    "group_by",
    "unique",
    "unique_by",
    "to_entries",
    "split",
    "flatten",
    "explode",
    "glob",
    "reverse",
];
const TABLE: &[&str] = &["from_entries", "with_entries", "capture"];
/// Functions with one answer whatever they are given.
const SINGLE: &[&str] =
    &["null", "add", "min", "max", "min_by", "max_by", "first", "last", "getpath", "setpath", "del", "map_values"];
/// Functions with any number of answers.
const STREAM: &[&str] =
    &["range", "recurse", "scan", "match", "splits", "paths", "leaf_paths", "repeat", "while", "combinations", "limit"];

/// The type that all answers have.
pub fn gives(node: &Node) -> Gives {
    match &node.kind {
        Kind::Number(_) | Kind::Negate(_) => Gives::Number,
        Kind::Text(_) | Kind::Interpolated(..) => Gives::Text,
        Kind::List(_) => Gives::List,
        Kind::Table(_) => Gives::Table,
        Kind::Binary(_, Op::And | Op::Or | Op::Equal(_) | Op::Order(_), ..) => Gives::Boolean,
        Kind::Binary(_, Op::Pipe, _, right) | Kind::Bind(_, _, right) | Kind::Define(_, right) | Kind::Label(_, right) => {
            gives(right)
        }
        Kind::Binary(left, Op::Comma | Op::Alternative, _, right) => both(gives(left), gives(right)),
        Kind::If(branches, Some(other)) => branches.iter().fold(gives(other), |sofar, (_, then)| both(sofar, gives(then))),
        Kind::Call(name, _, _) => {
            let named = |names: &[&str]| names.contains(&name.as_str());
            match name.as_str() {
                "null" => Gives::Null,
                _ if named(BOOLEAN) => Gives::Boolean,
                _ if named(NUMBER) => Gives::Number,
                _ if named(TEXT) => Gives::Text,
                _ if named(LIST) => Gives::List,
                _ if named(TABLE) => Gives::Table,
                _ => Gives::Unknown,
            }
        }
        _ => Gives::Unknown,
    }
}

/// Whether something is always true or always false, whatever is read.
pub fn constant(node: &Node) -> Option<bool> {
    match &node.kind {
        Kind::Binary(left, Op::And, _, right) => match (constant(left), constant(right)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Kind::Binary(left, Op::Or, _, right) => match (constant(left), constant(right)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Kind::Binary(left, Op::Alternative, _, right) => match constant(left) {
            Some(false) => constant(right),
            known => known,
        },
        Kind::Binary(left, Op::Pipe, _, right) if is_not(right) => constant(left).map(|holds| !holds),
        Kind::Binary(left, Op::Equal(op) | Op::Order(op), _, right) => match (literal(left), literal(right)) {
            (Some(left), Some(right)) => Some(compared(&left, op, &right)),
            _ if same(left, right) => Some(matches!(*op, "==" | "<=" | ">=")),
            _ => None,
        },
        Kind::If(branches, Some(other)) => {
            let holds = constant(other)?;
            branches.iter().all(|(_, then)| constant(then) == Some(holds)).then_some(holds)
        }
        // All but null and false is true.
        _ => literal(node).map(|value| !value.is_null() && value.as_bool() != Some(false)),
    }
}

fn is_not(node: &Node) -> bool {
    matches!(&node.kind, Kind::Call(name, _, args) if name == "not" && args.is_empty())
}

fn compared(left: &Value, op: &str, right: &Value) -> bool {
    match op {
        "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        _ => left >= right,
    }
}

/// Whether two paths are the same, of which each has one value.
fn same(left: &Node, right: &Node) -> bool {
    let (Kind::Path(a, left), Kind::Path(b, right)) = (&left.kind, &right.kind) else { return false };
    let key = |part: &super::syntax::Part| if let Step::Key(name, _) = &part.step { Some(name.clone()) } else { None };
    matches!((&a.kind, &b.kind), (Kind::Identity, Kind::Identity))
        && left.len() == right.len()
        && left.iter().zip(right).all(|(a, b)| key(a).is_some() && key(a) == key(b))
}

fn both(a: Gives, b: Gives) -> Gives {
    if a == b { a } else { Gives::Unknown }
}

/// How many answers there are.
pub(super) fn answers(node: &Node) -> Answers {
    match &node.kind {
        Kind::Identity | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Var(_) | Kind::Fold(true, ..) => Answers::One,
        Kind::Recurse | Kind::Binary(_, Op::Comma, ..) | Kind::Fold(false, ..) => Answers::Any,
        Kind::Negate(inner) => answers(inner),
        Kind::Table(_) | Kind::Interpolated(..) | Kind::Binary(..) | Kind::Bind(..) | Kind::If(..) => {
            all(node.children().into_iter().map(answers))
        }
        Kind::Define(_, _) | Kind::Label(..) | Kind::Break(_) | Kind::Try(..) => Answers::Unknown,
        Kind::Path(base, parts) => {
            let step = |part: &super::syntax::Part| match &part.step {
                Step::Each => Answers::Any,
                _ if part.optional => Answers::AtMostOne,
                _ => all(part.nodes().into_iter().map(answers)),
            };
            all(std::iter::once(answers(base)).chain(parts.iter().map(step)))
        }
        Kind::Call(name, _, args) => {
            let named = |names: &[&str]| names.contains(&name.as_str());
            match (name.as_str(), args.len()) {
                ("empty" | "select", _) => Answers::AtMostOne,
                _ if named(STREAM) => Answers::Any,
                ("first" | "last", 1) => Answers::AtMostOne,
                _ if [BOOLEAN, NUMBER, TEXT, LIST, TABLE, SINGLE].into_iter().any(named) => Answers::One,
                _ => Answers::Unknown,
            }
        }
    }
}

fn all(parts: impl Iterator<Item = Answers>) -> Answers {
    parts.fold(Answers::One, |sofar, part| match (sofar, part) {
        (Answers::Unknown, _) | (_, Answers::Unknown) => Answers::Unknown,
        (Answers::Any, _) | (_, Answers::Any) => Answers::Any,
        (Answers::AtMostOne, _) | (_, Answers::AtMostOne) => Answers::AtMostOne,
        _ => Answers::One,
    })
}
