//! Questions in a rehearsal: they are answered as everything else is, from stubs, else made up.

use super::backend::Future;
use super::person::{Asked, Person};
use super::rehearse::made_up;
use crate::name::Name;
use crate::run::Question;
use crate::value::Value;
use indexmap::IndexMap;

/// Answers whatever is asked.
#[derive(Debug)]
pub struct Rehearsed {
    stubs: IndexMap<Name, Value>,
}

impl Rehearsed {
    /// With the stubs of a test, by phase.
    pub fn new(stubs: IndexMap<Name, Value>) -> Self {
        Self { stubs }
    }

    /// A stub that fits the form, else made-up values; first choices for an agent's questions.
    fn answers(&self, phase: &Name, asked: &Asked) -> Value {
        if !asked.questions.is_empty() {
            let answer = |question: &Question| question.choices.first().map_or("(rehearsed answer)", String::as_str).into();
            return Value::list(asked.questions.iter().map(answer));
        }
        let stubs = self.stubs.get(phase).cloned().unwrap_or_default();
        let stubs = stubs.items().map_or_else(|| vec![stubs.clone()], Iterator::collect);
        let fits = stubs.into_iter().find_map(|stub| super::ask::check(asked, stub).ok());
        fits.unwrap_or_else(|| made_up(&asked.form))
    }
}

impl Person for Rehearsed {
    fn name(&self) -> String {
        "the rehearsal".to_owned()
    }

    fn ask<'a>(&'a self, phase: &'a Name, asked: &'a Asked) -> Future<'a, Option<Value>> {
        Box::pin(async move { Some(self.answers(phase, asked)) })
    }
}
