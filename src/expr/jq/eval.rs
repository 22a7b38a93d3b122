//! Evaluation within limits: steps, time, stack and memory end it as an error, never as a crash.

use super::compile::Jq;
use super::dialect::{Dialect, Glob, Lent};
use super::error::EvalError;
use crate::expr::stack::{NO_ROOM, floor, on_big_stack, on_new_stack};
use crate::limits::{
    EVAL_BYTES, EVAL_MS, EVAL_NESTING, EVAL_RESULTS, EVAL_TOTAL_BYTES, GUARD_STEPS, RESULT_NESTING, VALUE_STEPS,
};
use crate::value::{Value, meter};
use jaq_core::{Ctx, Exn, Vars};
use jaq_json::Val;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// What an expression is applied to.
#[derive(Clone, Default)]
pub struct Input<'a> {
    /// The document, `.`.
    pub value: Value,
    /// Values of global variables, by name with the dollar (`$previous`); those that are not given are null.
    pub vars: &'a [(&'a str, Value)],
    /// What the function `glob` looks in; without it `glob` is an error.
    pub glob: Option<&'a Glob<'a>>,
}

impl Input<'_> {
    /// Just a document.
    pub fn of(value: &Value) -> Self {
        Self { value: value.clone(), vars: &[], glob: None }
    }
}

/// How much an evaluation may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// A decision: [`GUARD_STEPS`].
    Guard,
    /// Data: [`VALUE_STEPS`].
    Value,
}

impl Budget {
    fn steps(self) -> u64 {
        match self {
            Self::Guard => GUARD_STEPS,
            Self::Value => VALUE_STEPS,
        }
    }
}

impl Jq {
    /// All results, in order.
    ///
    /// # Errors
    /// When the expression fails or exceeds its limits; results before that are dropped.
    pub fn run(&self, input: &Input<'_>, budget: Budget) -> Result<Vec<Value>, EvalError> {
        self.first(input, budget, EVAL_RESULTS + 1)
            .and_then(|results| if results.len() > EVAL_RESULTS { Err(EvalError::Size) } else { Ok(results) })
    }

    /// The one result.
    ///
    /// # Errors
    /// As [`Jq::run`], and when there is none or a second.
    pub fn one(&self, input: &Input<'_>, budget: Budget) -> Result<Value, EvalError> {
        let results = self.first(input, budget, 2)?;
        let count = results.len();
        let first = results.into_iter().next().unwrap_or_default();
        if count == 1 { Ok(first) } else { Err(EvalError::NotOne { count, first }) }
    }

    /// The one boolean.
    ///
    /// # Errors
    /// As [`Jq::one`], and when it is something else; nothing is taken for true or false.
    pub fn boolean(&self, input: &Input<'_>, budget: Budget) -> Result<bool, EvalError> {
        let value = self.one(input, budget)?;
        value.as_bool().ok_or(EvalError::NotBoolean(value))
    }

    /// The first results, on a stack that is large enough.
    fn first(&self, input: &Input<'_>, budget: Budget, count: usize) -> Result<Vec<Value>, EvalError> {
        let vars: Vec<Value> = self.0.globals.iter().map(|global| var(input.vars, global)).collect();
        let value = input.value.clone();
        if floor().is_some() {
            return self.evaluate(value, vars, input.glob, budget, count);
        }
        if let Some(glob) = input.glob {
            return on_new_stack(|| self.evaluate(value, vars, Some(glob), budget, count)).expect(NO_ROOM);
        }
        let this = self.clone();
        on_big_stack(move || this.evaluate(value, vars, None, budget, count))
    }

    fn evaluate(
        &self,
        value: Value,
        vars: Vec<Value>,
        glob: Option<&Glob<'_>>,
        budget: Budget,
        count: usize,
    ) -> Result<Vec<Value>, EvalError> {
        let _account = open(budget);
        let evaluation = AssertUnwindSafe(|| {
            let lent = Lent { lut: &self.0.filter.lut, glob };
            let context = Ctx::<Dialect>::new(lent, Vars::new(vars));
            let mut results = vec![];
            for result in self.0.filter.id.run((context, value)).take(count) {
                let result = result.map_err(thrown)?;
                if !fits(&result) {
                    return Err(if is_deep(&result) { EvalError::Stack } else { EvalError::Size });
                }
                results.push(result);
            }
            Ok(results)
        });
        match catch_unwind(evaluation) {
            Ok(results) => results,
            Err(panic) => Err(match panic.downcast_ref::<meter::Stop>() {
                Some(meter::Stop::Fuel) => EvalError::Fuel { steps: budget.steps() },
                Some(meter::Stop::Time) => EvalError::Time,
                Some(meter::Stop::Stack) => EvalError::Stack,
                Some(meter::Stop::Size) => EvalError::Size,
                None => EvalError::Error { value: Value::text("the jq interpreter failed on this expression") },
            }),
        }
    }
}

fn var(vars: &[(&str, Value)], name: &str) -> Value {
    vars.iter().find(|(given, _)| *given == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

fn open(budget: Budget) -> meter::Account {
    start_clock();
    meter::open(meter::Budget {
        steps: budget.steps(),
        bytes: EVAL_TOTAL_BYTES,
        nesting: EVAL_NESTING,
        floor: floor().unwrap_or(0),
        expired,
    })
}

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

#[allow(clippy::disallowed_methods, reason = "the deadline of an evaluation; its result never depends on the time")]
fn now() -> Instant {
    Instant::now()
}

fn start_clock() {
    DEADLINE.set(Some(now() + Duration::from_millis(EVAL_MS)));
}

fn expired() -> bool {
    DEADLINE.get().is_some_and(|deadline| now() > deadline)
}

/// What left the expression instead of a result.
fn thrown(exn: Exn<'_, Value>) -> EvalError {
    const SHOWN: usize = 2_000;
    let value = match exn.get_err() {
        Ok(error) => error.into_val(),
        Err(_) => Value::text("`break` outside of its label"),
    };
    let long = value.as_str().filter(|text| text.len() > SHOWN);
    match long {
        Some(text) => EvalError::Error { value: Value::text(&format!("{}…", &text[..text.floor_char_boundary(SHOWN)])) },
        None if fits(&value) => EvalError::Error { value },
        None => EvalError::Error { value: Value::text("the expression failed with a very large value") },
    }
}

/// Whether a result is small and flat enough to leave the evaluation: whoever gets it prints, compares and drops it on
/// an ordinary stack.
fn fits(value: &Value) -> bool {
    if matches!(value.0, Val::Null | Val::Bool(_) | Val::Num(_)) {
        return true;
    }
    let mut bytes = EVAL_BYTES;
    let mut todo = vec![(&value.0, 0)];
    while let Some((value, depth)) = todo.pop() {
        let size = match value {
            Val::Null | Val::Bool(_) | Val::Num(_) => 16,
            Val::TStr(text) | Val::BStr(text) => 16 + text.len(),
            Val::Arr(items) => {
                todo.extend(items.iter().map(|item| (item, depth + 1)));
                40
            }
            Val::Obj(map) => {
                todo.extend(map.values().map(|item| (item, depth + 1)));
                40 + map.keys().map(|key| if let Val::TStr(key) = key { 40 + key.len() } else { 40 }).sum::<usize>()
            }
        };
        let Some(rest) = bytes.checked_sub(size) else { return false };
        bytes = rest;
        if depth > RESULT_NESTING {
            return false;
        }
    }
    true
}

/// Whether it is the depth that is too much.
fn is_deep(value: &Value) -> bool {
    let mut looked_at = 0;
    let mut todo = vec![(&value.0, 0)];
    while let Some((value, depth)) = todo.pop() {
        looked_at += 1;
        if depth > RESULT_NESTING || looked_at > 100_000 {
            return depth > RESULT_NESTING;
        }
        match value {
            Val::Arr(items) => todo.extend(items.iter().map(|item| (item, depth + 1))),
            Val::Obj(map) => todo.extend(map.values().map(|item| (item, depth + 1))),
            _ => {}
        }
    }
    false
}
