//! D004: values of different types compared. They are never equal, and jq orders them by their type alone.

use super::sides;
use crate::diag::{Diagnostic, code};
use crate::expr::jq::{Comparison, Operand};
use crate::expr::shape::Type;
use crate::graph::{Draft, Expression};
use crate::value::Value;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    sides(draft).filter_map(|(expression, comparison)| one(draft, expression, comparison)).collect()
}

/// Types in the order of jq, null left out: it is D013's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Boolean,
    Number,
    Text,
    List,
    Table,
}

impl Class {
    fn noun(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Table => "a table",
        }
    }

    fn of_type(ty: &Type) -> Option<Self> {
        Some(match ty {
            Type::Bool => Self::Boolean,
            Type::Number { .. } => Self::Number,
            Type::Text { .. } => Self::Text,
            Type::List(_) => Self::List,
            Type::Table { .. } => Self::Table,
            Type::Any | Type::Null | Type::Union(_) => return None,
        })
    }

    fn of_value(value: &Value) -> Option<Self> {
        Some(match value {
            _ if value.as_bool().is_some() => Self::Boolean,
            _ if value.as_f64().is_some() => Self::Number,
            _ if value.as_str().is_some() => Self::Text,
            _ if value.items().is_some() => Self::List,
            _ if value.entries().is_some() => Self::Table,
            _ => return None,
        })
    }
}

fn one(draft: &Draft<'_>, expression: &Expression<'_>, comparison: &Comparison) -> Option<Diagnostic> {
    let reads = &draft.readings.reads[expression.reads.clone()];
    let class = |side: &Operand| match side {
        Operand::Read(at) => Class::of_type(&draft.type_of(&reads[*at])),
        Operand::Literal(value, _) => Class::of_value(value),
        Operand::Other => None,
    };
    let (left, right) = (class(&comparison.left)?, class(&comparison.right)?);
    if left == right || !matches!((&comparison.left, &comparison.right), (Operand::Read(_), _) | (_, Operand::Read(_))) {
        return None;
    }
    let text = expression.site.text;
    let written = |side: &Operand| {
        let range = match side {
            Operand::Read(at) => reads[*at].range.clone(),
            Operand::Literal(_, range) => range.clone(),
            Operand::Other => return String::new(),
        };
        format!("`{}`", text.text().get(range).unwrap_or_default())
    };
    let holds = match comparison.op {
        "==" => false,
        "!=" => true,
        "<" | "<=" => left < right,
        _ => left > right,
    };
    let message = format!(
        "{} is {}, and {} is {}: this is always {holds}",
        written(&comparison.left),
        left.noun(),
        written(&comparison.right),
        right.noun()
    );
    let why = if comparison.is_order() { "jq orders values of different types by their type" } else { "never equal" };
    let help = match (left, right) {
        (Class::Text, Class::Number) | (Class::Number, Class::Text) => {
            "declare the field as a number, or make one of it: `tonumber`"
        }
        (Class::List | Class::Table, Class::Number) | (Class::Number, Class::List | Class::Table) => {
            "to count, write `… | length`"
        }
        _ => "compare it with a value of its own type",
    };
    let finding = Diagnostic::new(code::D004, text.span(comparison.at.clone()), message).label(why).help(help);
    let declared = [&comparison.left, &comparison.right].into_iter().find_map(|side| match side {
        Operand::Read(at) => {
            let phase = &draft.pipeline.phases[reads[*at].look.output_of?];
            Some(phase.output.as_ref().or(phase.form.as_ref())?.key)
        }
        _ => None,
    });
    Some(match declared {
        Some(declared) => finding.related(declared, "its shape is declared here"),
        None => finding,
    })
}
