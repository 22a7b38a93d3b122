//! The declared shapes of a pipeline as JSON Schema, and what phases give that declare none.

use super::facts::Facts;
use crate::diag::Diagnostic;
use crate::expr::shape::{Type, schema_of};
use crate::model::{Parse, Phase, Pipeline, RawKind, RawShape, Verb};
use crate::text::Embedded;
use crate::value::Value;

/// The shapes of a phase, as JSON Schema.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    /// Declared for the reply.
    pub output: Option<Value>,
    /// Declared for the answers to a question.
    pub form: Option<Value>,
    /// What is known of the reply, declared or not.
    pub reply: Option<Type>,
}

/// The shapes of all phases, and what is wrong with them.
pub(super) fn of(pipeline: &Pipeline, facts: &Facts, damaged: &[bool], found: &mut Vec<Diagnostic>) -> Vec<Shapes> {
    pipeline.phases.values().zip(damaged).map(|(phase, damaged)| of_phase(phase, facts, *damaged, found)).collect()
}

fn of_phase(phase: &Phase, facts: &Facts, damaged: bool, found: &mut Vec<Diagnostic>) -> Shapes {
    let output = phase.output.as_ref().and_then(|shape| schema(&shape.value, facts, found));
    let form = phase.form.as_ref().and_then(|shape| schema(&shape.value, facts, found));
    // A shape that could not be understood leaves everything unknown.
    let declared = damaged || phase.output.is_some() || phase.form.is_some();
    let known = if declared { output.clone().or_else(|| form.clone()) } else { natural(phase) };
    Shapes { output, form, reply: known.map(|schema| Type::of_schema(&schema)) }
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
