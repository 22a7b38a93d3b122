//! The declared shapes of a pipeline as JSON Schema, and what phases give that declare none.

use super::draft::Shapes;
use super::facts::Facts;
use crate::diag::Diagnostic;
use crate::expr::shape::schema_of;
use crate::model::{Parse, Phase, Pipeline, RawKind, RawShape, Verb};
use crate::text::Embedded;
use crate::value::Value;

/// The shapes of all phases, and what is wrong with them.
pub(super) fn of(pipeline: &Pipeline, facts: &Facts, found: &mut Vec<Diagnostic>) -> Vec<Shapes> {
    let phases = pipeline.phases.values();
    phases
        .map(|phase| {
            // A shape that could not be understood leaves everything unknown.
            let broken = |shape: &Option<Value>, written: bool| written && shape.is_none();
            let output = phase.output.as_ref().and_then(|shape| schema(&shape.value, facts, found));
            let form = phase.form.as_ref().and_then(|shape| schema(&shape.value, facts, found));
            let unknown = broken(&output, phase.output.is_some()) || broken(&form, phase.form.is_some());
            let natural = if unknown { None } else { natural(phase) };
            Shapes { output, form, natural }
        })
        .collect()
}

fn schema(shape: &RawShape, facts: &Facts, found: &mut Vec<Diagnostic>) -> Option<Value> {
    let text = match &shape.kind {
        RawKind::File(name) => facts.text(&name.value).map(Embedded::text),
        _ => None,
    };
    schema_of(shape, text).unwrap_or_else(|mut wrong| {
        found.append(&mut wrong);
        None
    })
}

/// What a phase gives that declares no shape.
fn natural(phase: &Phase) -> Option<Value> {
    let text = || Value::table([("type", Value::text("string"))]);
    match (&phase.verb.as_ref()?.value, phase.parse.as_ref().map(|parse| parse.value)) {
        (Verb::Run(_) | Verb::Shell(_), None) => Some(closed(&[("stdout", "string"), ("stderr", "string"), ("code", "integer")])),
        (Verb::Run(_) | Verb::Shell(_), Some(Parse::Lines)) => {
            Some(Value::table([("type", Value::text("array")), ("items", text())]))
        }
        (Verb::Run(_) | Verb::Shell(_), Some(Parse::Text)) => Some(text()),
        (Verb::Ask(_), _) if phase.form.is_none() => Some(closed(&[("answer", "string")])),
        _ => None,
    }
}

/// The schema of a table with just these fields.
pub fn closed(fields: &[(&str, &str)]) -> Value {
    let properties = fields.iter().map(|(name, kind)| (*name, Value::table([("type", Value::text(kind))])));
    Value::table([
        ("type", Value::text("object")),
        ("properties", Value::table(properties)),
        ("required", Value::list(fields.iter().map(|(name, _)| Value::text(name)))),
        ("additionalProperties", false.into()),
    ])
}
