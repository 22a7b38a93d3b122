//! J009: `.a and .b | not`. A pipe binds loosest of all, so `not` turns the whole round.

use super::each;
use crate::diag::{Diagnostic, code};
use crate::expr::jq::syntax::{Kind, Node, Op};
use crate::graph::{Draft, Expression};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    for expression in &draft.readings.expressions {
        each(expression.parsed.root(), &mut |node| {
            if let Kind::Binary(left, Op::Pipe, at, right) = &node.kind {
                // `a | b | not` is `a | (b | not)`: what is negated stands left of the last pipe.
                let negation = if let Kind::Binary(first, Op::Pipe, ..) = &right.kind { first } else { right };
                if is_not(negation) {
                    found.extend(one(expression, left, at.start, negation));
                }
            }
            true
        });
    }
    found
}

fn is_not(node: &Node) -> bool {
    matches!(&node.kind, Kind::Call(name, _, args) if name == "not" && args.is_empty()) && !node.parens
}

fn one(expression: &Expression<'_>, left: &Node, pipe: usize, not: &Node) -> Option<Diagnostic> {
    let Kind::Binary(_, op @ (Op::And | Op::Or), _, last) = &left.kind else { return None };
    if left.parens {
        return None;
    }
    let text = expression.site.text;
    let written = |range: std::ops::Range<usize>| text.text().get(range).unwrap_or_default().trim();
    let word = if *op == Op::And { "and" } else { "or" };
    let (all, part) = (written(left.range.clone()), written(last.range.clone()));
    let span = text.span(pipe..not.range.end);
    let finding = Diagnostic::new(code::J009, span, format!("`not` turns all of `{all}` round"))
        .label(format!("a pipe binds looser than `{word}`"))
        .help(format!("if only the last part is meant, write `({part} | not)`; else put the whole in parentheses"));
    let mended = format!("({part} | not)");
    let place = text.span(last.range.start..not.range.end);
    Some(if text.is_plain() { finding.suggest(format!("write `{mended}`"), place, mended) } else { finding })
}
