//! D013: `<` or `>` on a value that may be null. Null sorts below every number, so the comparison then has an answer
//! that nobody meant.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::SegmentKind;
use crate::graph::{Draft, NullInOrder};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    draft.readings.orders.iter().map(one).collect()
}

fn one(order: &NullInOrder<'_>) -> Diagnostic {
    let side = order.text.text().get(order.side.clone()).unwrap_or_default();
    let steps = order.path[..order.steps].iter().map(|segment| match &segment.kind {
        SegmentKind::Key(name) => format!(".{name}"),
        SegmentKind::Index(at) => format!("[{at}]"),
        SegmentKind::Each => "[]".to_owned(),
        SegmentKind::Unknown => "[…]".to_owned(),
    });
    let part: String = steps.collect();
    let span = order.text.span(order.side.clone());
    let message = format!("`{part}` may be null, and null is smaller than every number");
    let finding = Diagnostic::new(code::D013, span, message)
        .label("may be null here")
        .related(order.text.span(order.at.clone()), "compared here")
        .help(format!("say what null counts as, `({side} // 0)`, or test it before"));
    if order.text.is_plain() { finding.suggest("let null count as 0", span, format!("({side} // 0)")) } else { finding }
}
