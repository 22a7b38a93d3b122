//! D005: compared with a text that the value can never be.

use super::sides;
use crate::diag::{Diagnostic, code, nearest};
use crate::expr::jq::{Comparison, Operand};
use crate::expr::shape::Type;
use crate::graph::{Draft, Expression};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    sides(draft).filter_map(|(expression, comparison)| one(draft, expression, comparison)).collect()
}

fn one(draft: &Draft<'_>, expression: &Expression<'_>, comparison: &Comparison) -> Option<Diagnostic> {
    let ((Operand::Read(read), Operand::Literal(value, place)) | (Operand::Literal(value, place), Operand::Read(read))) =
        (&comparison.left, &comparison.right)
    else {
        return None;
    };
    let read = &draft.readings.reads[expression.reads.clone()][*read];
    let word = value.as_str().filter(|_| !comparison.is_order())?;
    let Type::Text { choices: Some(choices) } = draft.type_of(read) else { return None };
    if choices.is_empty() || choices.iter().any(|choice| choice == word) {
        return None;
    }
    let text = expression.site.text;
    let written = text.text().get(read.range.clone()).unwrap_or_default();
    let holds = comparison.op == "!=";
    let span = text.span(place.clone());
    let finding =
        Diagnostic::new(code::D005, span, format!("`{written}` is never `{word}`")).label(format!("so this is always {holds}"));
    let phase = read.look.output_of.map(|at| &draft.pipeline.phases[at]);
    let finding = match phase.and_then(|phase| phase.output.as_ref().or(phase.form.as_ref())) {
        Some(shape) => finding.related(shape.key, "its choices are declared here"),
        None => finding,
    };
    let known: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    let plain = text.is_plain() && text.text().get(place.clone()) == Some(&format!("\"{word}\""));
    Some(match nearest(word, choices.iter().map(String::as_str)) {
        Some(near) if plain => finding.label(format!("always {holds}; did you mean `{near}`?")).suggest(
            format!("write `{near}`"),
            span,
            format!("\"{near}\""),
        ),
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help(format!("it is one of {}", known.join(", "))),
    })
}
