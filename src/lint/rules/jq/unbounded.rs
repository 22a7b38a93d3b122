//! J010: an expression that goes on for ever by itself. The engine stops it, and the phase fails.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::constant;
use crate::expr::jq::syntax::{Definition, Kind, Node, Op};
use crate::graph::{Draft, Expression};
use std::ops::Range;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    for expression in &draft.readings.expressions {
        visit(expression, expression.parsed.root(), false, &mut found);
    }
    found
}

/// Functions that stop taking from a stream by themselves.
const STOPPING: [&str; 8] = ["first", "limit", "nth", "any", "all", "isempty", "IN", "until"];

/// Visits all parts; `stopped`: somebody around stops taking.
fn visit(expression: &Expression<'_>, node: &Node, stopped: bool, found: &mut Vec<Diagnostic>) {
    let mut stopped = stopped;
    match &node.kind {
        Kind::Call(name, at, args) => {
            if let Some(why) = endless(name, args, stopped) {
                found.push(one(expression, at, &why));
            }
            stopped |= STOPPING.contains(&name.as_str());
        }
        Kind::Label(..) | Kind::Fold(false, ..) => stopped = true,
        Kind::Define(definitions, _) => {
            for definition in definitions {
                if let Some(at) = always_again(definition, &definition.body) {
                    let why = format!("`{}` always calls itself, and nothing ends that", definition.name);
                    found.push(one(expression, &at, &why));
                }
            }
        }
        _ => {}
    }
    for child in node.children() {
        visit(expression, child, stopped, found);
    }
}

/// Why a call has no end.
fn endless(name: &str, args: &[Node], stopped: bool) -> Option<String> {
    let word = |name: &str, node: &Node| matches!(&node.kind, Kind::Call(call, _, args) if call == name && args.is_empty());
    match (name, args) {
        ("until", [test, _]) if constant(test) == Some(false) => Some("what `until` waits for is never true".to_owned()),
        _ if stopped => None,
        ("repeat", [_]) => Some("`repeat` has no end by itself".to_owned()),
        ("while", [test, _]) if constant(test) == Some(true) => Some("what `while` asks is always true".to_owned()),
        ("range", [.., last]) if args.len() < 3 && word("infinite", last) => Some("this range has no end".to_owned()),
        ("range", [_, last, _]) if word("infinite", last) => Some("this range has no end".to_owned()),
        ("recurse", [step]) if matches!(step.kind, Kind::Identity | Kind::Binary(_, Op::Math(_), ..)) => {
            Some("`recurse` has a next step always".to_owned())
        }
        _ => None,
    }
}

/// Where a definition calls itself on every way through it.
fn always_again(definition: &Definition, node: &Node) -> Option<Range<usize>> {
    let again = |node| always_again(definition, node);
    match &node.kind {
        Kind::Call(name, at, args) if *name == definition.name && args.len() == definition.params.len() => Some(at.clone()),
        Kind::Binary(left, Op::Pipe, _, right) => {
            // What stands left may give nothing, unless it is as simple as this.
            again(left).or_else(|| if surely_one(left) { again(right) } else { None })
        }
        Kind::Binary(left, Op::Math(_) | Op::Equal(_) | Op::Order(_) | Op::Comma, _, right) => {
            again(left).or_else(|| again(right))
        }
        Kind::List(Some(inner)) | Kind::Negate(inner) => again(inner),
        _ => None,
    }
}

fn surely_one(node: &Node) -> bool {
    match &node.kind {
        Kind::Identity | Kind::Number(_) | Kind::Text(_) | Kind::Var(_) => true,
        Kind::Binary(left, Op::Math(_), _, right) => surely_one(left) && surely_one(right),
        _ => false,
    }
}

fn one(expression: &Expression<'_>, at: &Range<usize>, why: &str) -> Diagnostic {
    Diagnostic::new(code::J010, expression.site.text.span(at.clone()), why)
        .label("never ends")
        .help("the engine stops it after a while and the phase fails: take a part of it, `limit(10; …)`, or add a condition")
}
