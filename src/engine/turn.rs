//! One decision under way: the state as far as decided, and the events that brought it there.

use super::context::{context, mentions_previous};
use super::program::Program;
use crate::plan::{Expr, Phase, Template};
use crate::run::{ErrorClass, Event, Illegal, RunError, RunState, Stamped, Time};
use crate::value::Value;
use std::collections::BTreeSet;

/// A decision under way. Every event goes through [`Turn::emit`], which applies it at once, so that a chain of
/// decisions sees its own effects.
pub(super) struct Turn<'a> {
    pub program: &'a Program,
    pub state: &'a mut RunState,
    pub at: Time,
    pub events: Vec<Stamped>,
    /// Phases to look at again, because something before them changed.
    pub look: BTreeSet<usize>,
}

pub(super) type Step<T = ()> = Result<T, Illegal>;

impl<'a> Turn<'a> {
    pub(super) fn new(program: &'a Program, state: &'a mut RunState, at: Time) -> Self {
        Self { program, state, at, events: Vec::new(), look: BTreeSet::new() }
    }

    pub(super) fn emit(&mut self, event: Event) -> Step {
        let stamped = Stamped { at: self.at, event };
        self.state.apply(&stamped)?;
        self.events.push(stamped);
        Ok(())
    }

    pub(super) fn phase(&self, at: usize) -> &'a Phase {
        self.program.phase(at)
    }

    /// What an expression of this phase sees.
    pub(super) fn input(&self, at: usize, text: &str) -> Value {
        context(self.program, self.state, at, mentions_previous(text))
    }

    pub(super) fn input_for(&self, at: usize, expr: &Expr) -> Value {
        self.input(at, &expr.text)
    }

    /// What a template of this phase sees; includes may read anything.
    pub(super) fn input_for_template(&self, at: usize, template: &Template) -> Value {
        let previous = mentions_previous(&template.text) || !self.program.plan.includes.is_empty();
        context(self.program, self.state, at, previous)
    }

    pub(super) fn error(&self, at: usize, class: ErrorClass, message: impl Into<String>) -> RunError {
        RunError::new(class, message, self.at).in_phase(&self.phase(at).name)
    }

    /// Has the dependents of a settled phase looked at.
    pub(super) fn settled(&mut self, at: usize) {
        self.look.extend(self.program.dependents(at).iter().copied());
    }
}
