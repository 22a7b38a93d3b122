//! Questions to a person: what is asked, and who asks it (the command line implements [`Person`]).

use super::Future;
use crate::name::Name;
use crate::value::Value;

/// What a person is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The question.
    pub question: String,
    /// JSON Schema of the answers: an object, a field each. Null for an agent's questions.
    pub form: Value,
    /// An agent's questions, each with its choices; the answers are a list of texts in their order.
    pub questions: Vec<crate::run::Question>,
}

/// Somebody who can be asked.
pub trait Person: Send + Sync {
    /// Who, in words: kept with the answers.
    fn name(&self) -> String;

    /// Asks, and waits for the answers. `None` when nobody can be asked any more.
    fn ask<'a>(&'a self, phase: &'a Name, asked: &'a Asked) -> Future<'a, Option<Value>>;
}
