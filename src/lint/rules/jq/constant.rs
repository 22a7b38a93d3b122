//! J004: a condition that holds always or never, whatever the run says.

use super::each;
use crate::diag::{Diagnostic, code};
use crate::expr::jq::syntax::{Kind, Node, Op};
use crate::expr::jq::{Due, Gives, constant, gives};
use crate::graph::{Draft, Expression, Role};

/// Finds it. A `when` that never holds is G005.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    draft.readings.expressions.iter().flat_map(of).collect()
}

fn of(expression: &Expression<'_>) -> Vec<Diagnostic> {
    let root = expression.parsed.root();
    let mut found = vec![];
    if expression.site.role.due() == Due::Boolean
        && let Some(holds) = decided(root)
    {
        if holds || expression.site.role != Role::When {
            found.push(finding(expression, root, holds).help("say what it depends on, or leave it out"));
        }
        return found;
    }
    each(root, &mut |node| {
        match &node.kind {
            Kind::Binary(left, op @ (Op::And | Op::Or), _, right) if decided(node).is_none() => {
                found.extend(decided(left).map(|holds| superfluous(expression, left, *op, right, holds)));
                found.extend(decided(right).map(|holds| superfluous(expression, right, *op, left, holds)));
            }
            Kind::Binary(_, Op::And | Op::Or, ..) => found.extend(decided(node).map(|holds| finding(expression, node, holds))),
            Kind::If(branches, _) => {
                let tests = branches.iter().map(|(test, _)| test).filter(|test| !is_choice(test));
                found.extend(tests.filter_map(|test| Some(finding(expression, test, decided(test)?))));
            }
            _ => {}
        }
        // What is part of something that is decided is not told again.
        !(matches!(node.kind, Kind::Binary(_, Op::And | Op::Or, ..)) && decided(node).is_some())
    });
    found
}

/// `and` and `or` tell for themselves.
fn is_choice(node: &Node) -> bool {
    matches!(node.kind, Kind::Binary(_, Op::And | Op::Or, ..))
}

/// What a condition always says. What is no condition (a number, a text) is J005.
fn decided(node: &Node) -> Option<bool> {
    constant(node).filter(|_| gives(node) == Gives::Boolean)
}

fn finding(expression: &Expression<'_>, node: &Node, holds: bool) -> Diagnostic {
    let message = if holds { "this is always true" } else { "this is always false" };
    Diagnostic::new(code::J004, expression.site.text.span(node.range.clone()), message).label("whatever the run says")
}

/// `… and true`, `… or false`: the other side decides alone.
fn superfluous(expression: &Expression<'_>, node: &Node, op: Op, other: &Node, holds: bool) -> Diagnostic {
    let word = if op == Op::And { "and" } else { "or" };
    let finding = finding(expression, node, holds).help(format!("what stands on the other side of `{word}` decides alone"));
    let gone =
        if node.range.start > other.range.start { other.range.end..node.range.end } else { node.range.start..other.range.start };
    let text = expression.site.text;
    match gives(other) {
        _ if !text.is_plain() => finding,
        Gives::Boolean => finding.mend("leave it out", text.span(gone), ""),
        _ => finding.suggest("leave it out", text.span(gone), ""),
    }
}
