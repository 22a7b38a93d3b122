//! Evaluation of a plan's expressions: the one door from the engine to `expr`.

use super::program::Program;
use crate::expr::jq::{Budget, EvalError, Input, Jq};
use crate::plan::{Expr, Template};
use crate::run::Guard;
use crate::value::Value;
use std::sync::PoisonError;

/// Why an expression of the plan gave nothing usable, ready for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure(pub String);

/// Why an expression has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It does not compile: a plan is only made of expressions that do, so this is a plan of another version.
    #[error("{0}")]
    Compile(String),
    /// It failed.
    #[error(transparent)]
    Eval(#[from] EvalError),
}

/// A guard that was evaluated.
pub(super) struct Verdict {
    pub holds: bool,
    pub guard: Guard,
}

impl Program {
    /// An expression of the plan, compiled once and kept.
    ///
    /// # Errors
    /// It does not compile.
    pub fn jq(&self, text: &str) -> Result<Jq, Problem> {
        self.cache.jq(text).map_err(|mistakes| Problem::Compile(said(&mistakes)))
    }

    /// Evaluates any expression to one value.
    ///
    /// # Errors
    /// It failed, or did not give exactly one.
    pub fn one(&self, text: &str, input: &Input<'_>) -> Result<Value, Problem> {
        Ok(self.jq(text)?.one(input, Budget::Value)?)
    }

    /// Evaluates any expression to one boolean.
    ///
    /// # Errors
    /// It failed, or gave something else.
    pub fn boolean(&self, text: &str, input: &Input<'_>) -> Result<bool, Problem> {
        Ok(self.jq(text)?.boolean(input, Budget::Guard)?)
    }

    /// Evaluates a guard: exactly one boolean, anything else is a failure.
    pub(super) fn guard(&self, key: &str, expr: &Expr, input: &Value) -> Result<Verdict, (Failure, Guard)> {
        let guard = |value: Value| Guard { key: key.to_owned(), text: expr.text.clone(), line: expr.line, value };
        match self.boolean(&expr.text, &Input::of(input)) {
            Ok(holds) => {
                self.count(key, expr, holds);
                Ok(Verdict { holds, guard: guard(holds.into()) })
            }
            Err(problem) => {
                let text = format!("guard `{key}` in line {} (`{}`): {problem}", expr.line, expr.text.trim());
                let found = if let Problem::Eval(error) = &problem { error.found().cloned() } else { None };
                Err((Failure(text), guard(found.unwrap_or_default())))
            }
        }
    }

    fn count(&self, key: &str, expr: &Expr, holds: bool) {
        let Some(coverage) = &self.coverage else { return };
        let mut coverage = coverage.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = coverage.entry((key.to_owned(), expr.line, expr.text.clone())).or_default();
        seen.held |= holds;
        seen.failed |= !holds;
    }

    /// Evaluates an expression of a phase to one value.
    pub(super) fn value(&self, key: &str, expr: &Expr, input: &Value) -> Result<Value, Failure> {
        let outcome = self.one(&expr.text, &Input::of(input));
        outcome.map_err(|problem| Failure(format!("`{key}` in line {} (`{}`): {problem}", expr.line, expr.text.trim())))
    }

    /// Renders a template.
    pub(super) fn render(&self, key: &str, template: &Template, input: &Value) -> Result<String, Failure> {
        let place = match &template.file {
            Some(file) => format!("{file}, line {}", template.line),
            None => format!("line {}", template.line),
        };
        let compiled = self.cache.template(&template.text).map_err(|mistakes| said(&mistakes));
        let rendered = compiled.and_then(|compiled| compiled.render(input).map_err(|error| error.to_string()));
        rendered.map_err(|problem| Failure(format!("template `{key}` ({place}) cannot be rendered: {problem}")))
    }
}

fn said(mistakes: &[crate::expr::Mistake]) -> String {
    mistakes.iter().map(|mistake| mistake.message.as_str()).collect::<Vec<_>>().join("; ")
}
