//! What can go wrong when a compiled expression is evaluated.

use crate::limits::{EVAL_MS, EVAL_RESULTS, RESULT_NESTING};
use crate::value::{Value, kind};
use std::fmt;

/// Why an evaluation has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvalError {
    /// The expression failed, by `error(…)` or by an operation that does not fit its operands.
    Error {
        /// What was thrown: a text, or any value given to `error`.
        value: Value,
    },
    /// Not exactly one result where one is due.
    NotOne {
        /// How many there were; more than one are not counted further than two.
        count: usize,
        /// The first of them.
        first: Value,
    },
    /// One result that is neither true nor false where a boolean is due.
    NotBoolean(Value),
    /// Out of steps.
    Fuel {
        /// How many there were.
        steps: u64,
    },
    /// Past the deadline.
    Time,
    /// Recursion or nesting too deep.
    Stack,
    /// Values too large, or too many.
    Size,
}

impl EvalError {
    /// The value that was found instead of a right answer, if one was.
    pub fn found(&self) -> Option<&Value> {
        match self {
            Self::NotBoolean(value) | Self::Error { value } | Self::NotOne { first: value, .. } => Some(value),
            Self::Fuel { .. } | Self::Time | Self::Stack | Self::Size => None,
        }
    }
}

/// The beginning of a value, in backticks.
fn shown(value: &Value) -> String {
    format!("`{}`", crate::value::brief(&value.0))
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error { value } => match value.as_str() {
                Some(text) => f.write_str(text),
                None => write!(f, "the expression failed with {}", shown(value)),
            },
            Self::NotOne { count: 0, .. } => f.write_str("gives no result where exactly one is due"),
            Self::NotOne { first, .. } => {
                write!(f, "gives more than one result where exactly one is due; the first is {}", shown(first))
            }
            Self::NotBoolean(value) => {
                write!(f, "gives {} {} where true or false is due", article(kind(&value.0)), shown(value))
            }
            Self::Fuel { steps } => {
                write!(f, "takes more than {steps} steps; is there recursion or a range without a bound?")
            }
            Self::Time => write!(f, "takes longer than {EVAL_MS} ms; is there recursion or a range without a bound?"),
            Self::Stack => write!(f, "recurses or nests too deeply; results may nest {RESULT_NESTING} levels"),
            Self::Size => write!(f, "makes values that are too large, or more than {EVAL_RESULTS} results"),
        }
    }
}

impl std::error::Error for EvalError {}

fn article(kind: &str) -> &str {
    match kind {
        "null" => "the value",
        "number" => "the number",
        "string" => "the text",
        "array" => "the list",
        "object" => "the table",
        other => other,
    }
}
