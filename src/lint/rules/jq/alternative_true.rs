//! J008: `.ok // true`. `//` replaces null and false alike, so this is true when ok is false.

use super::each;
use crate::diag::{Diagnostic, code};
use crate::expr::jq::syntax::{Kind, Node, Op, Step};
use crate::expr::jq::{Gives, gives};
use crate::expr::shape::Type;
use crate::graph::{Draft, Expression};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    for expression in &draft.readings.expressions {
        each(expression.parsed.root(), &mut |node| {
            if let Kind::Binary(left, Op::Alternative, _, right) = &node.kind
                && is_true(right)
                && may_be_false(draft, expression, left)
            {
                found.push(one(expression, left, right));
            }
            true
        });
    }
    found
}

fn is_true(node: &Node) -> bool {
    matches!(&node.kind, Kind::Call(name, _, args) if name == "true" && args.is_empty())
}

/// Whether it is one value that may be false, as far as is known.
fn may_be_false(draft: &Draft<'_>, expression: &Expression<'_>, node: &Node) -> bool {
    match &node.kind {
        Kind::Path(_, parts) => {
            let one = parts.iter().all(|part| !matches!(part.step, Step::Each));
            one && matches!(draft.type_at(expression, &node.range), Type::Any | Type::Bool)
        }
        Kind::Var(_) => true,
        _ => gives(node) == Gives::Boolean,
    }
}

fn one(expression: &Expression<'_>, left: &Node, right: &Node) -> Diagnostic {
    let text = expression.site.text;
    let written = text.text().get(left.range.clone()).unwrap_or_default();
    let simple = left.parens || matches!(left.kind, Kind::Path(..) | Kind::Var(_) | Kind::Call(..));
    let mended = if simple { format!("{written} != false") } else { format!("({written}) != false") };
    let span = text.span(left.range.start..right.range.end);
    let message = format!("`{written} // true` is true when `{written}` is false");
    let finding = Diagnostic::new(code::J008, span, message)
        .label("`//` replaces false as well as null")
        .help(format!("write `{mended}`: true unless it is false"));
    if text.is_plain() { finding.suggest(format!("write `{mended}`"), span, mended) } else { finding }
}
