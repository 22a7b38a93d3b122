//! The end of an attempt: a reply that is checked and kept, or a failure that is retried or not.

use super::turn::{Step, Turn};
use crate::plan::{OnError, Verb};
use crate::run::{AgentReport, AttemptId, AttemptStage, Digest, ErrorClass, Event, Outcome, PhaseStatus, Reply, RunError, Usage};
use crate::value::Value;

impl Turn<'_> {
    /// One turn of an attempt ended.
    pub(super) fn finish(&mut self, id: &AttemptId, turn: u32, outcome: Outcome) -> Step {
        let Some(at) = self.program.at(&id.phase) else {
            return Err(self.illegal(format!("an outcome of `{}`, which is no phase of it", id.phase)));
        };
        let wanted = self.state.attempt(id).is_some_and(|a| a.stage == AttemptStage::Performing && a.work.turn == turn);
        if !wanted {
            return self.too_late(id, outcome);
        }
        match outcome {
            Outcome::Reply(reply) => self.reply(at, id, reply),
            Outcome::Failed { error, agent, usage, transcript } => {
                let error = error.in_phase(&id.phase);
                self.fail_attempt(at, id, error, agent, usage, transcript)
            }
            Outcome::Lost { reason } => self.died(at, &reason),
        }?;
        self.check_budget()
    }

    /// The attempt was stopped before it ended; what it cost counts.
    fn too_late(&mut self, id: &AttemptId, outcome: Outcome) -> Step {
        let (agent, usage, transcript) = match outcome {
            Outcome::Reply(reply) => (reply.agent, reply.usage, reply.transcript),
            Outcome::Failed { agent, usage, transcript, .. } => (agent, usage, transcript),
            Outcome::Lost { .. } => return Ok(()),
        };
        if usage == Usage::default() && transcript.is_none() {
            return Ok(());
        }
        self.emit(Event::Stopped { attempt: id.clone(), agent, usage, transcript })
    }

    fn reply(&mut self, at: usize, id: &AttemptId, reply: Reply) -> Step {
        let Reply { value, code, agent, usage, transcript } = reply;
        self.emit(Event::Replied { attempt: id.clone(), code, agent, usage, transcript })?;
        if self.phase(at).questions
            && let Some(questions) = super::question::questions_in(&value)
        {
            return self.ask_person(at, id, questions);
        }
        self.take_output(at, id, value)
    }

    /// shape → `result` → `accept` → complete.
    pub(super) fn take_output(&mut self, at: usize, id: &AttemptId, value: Value) -> Step {
        let shaped = match self.shaped(at, value) {
            Ok(value) => value,
            Err(message) => return self.refuse_reply(at, id, ErrorClass::Invalid, message),
        };
        let output = match self.resulting(at, shaped) {
            Ok(output) => output,
            Err(failure) => return self.refuse_reply(at, id, ErrorClass::Guard, failure.0),
        };
        match self.acceptable(at, &output) {
            Ok(checks) if checks.is_empty() => self.complete(at, output, None, vec![]),
            Ok(checks) => self.emit(Event::CheckAsked { attempt: id.clone(), output, checks }),
            Err(error) => self.refuse_reply(at, id, error.class, error.message),
        }
    }

    pub(super) fn refuse_reply(&mut self, at: usize, id: &AttemptId, class: ErrorClass, message: String) -> Step {
        let error = self.error(at, class, message);
        self.fail_attempt(at, id, error, None, Usage::default(), None)
    }

    /// The reply in its declared shape: optional fields that were left out are null.
    pub(super) fn shaped(&self, at: usize, mut value: Value) -> Result<Value, String> {
        let phase = self.phase(at);
        let schema = match &phase.verb {
            Verb::Ask { form, .. } => Some(form),
            _ => phase.output.as_ref(),
        };
        let Some(schema) = schema else { return Ok(value) };
        if phase.questions {
            value = super::question::without_questions(value);
        }
        let compiled = self.program.cache.schema(schema)?;
        compiled.check(value).map_err(|problems| format!("the reply is not of the declared shape:\n- {}", problems.join("\n- ")))
    }

    /// What `result` makes of the reply.
    pub(super) fn resulting(&self, at: usize, value: Value) -> Result<Value, super::eval::Failure> {
        let Some(result) = &self.phase(at).result else { return Ok(value) };
        let input = super::context::with_output(self.input_for(at, result), value);
        self.program.value("result", result, &input)
    }

    /// A phase is done: it is kept, and the way back is asked.
    pub(super) fn complete(&mut self, at: usize, output: Value, reason: Option<String>, unchecked: Vec<String>) -> Step {
        let phase = self.phase(at).name.clone();
        self.emit(Event::PhaseCompleted { phase, output, error: None, reason, unchecked })?;
        self.after_completion(at)
    }

    fn after_completion(&mut self, at: usize) -> Step {
        if !self.go_back(at)? {
            self.settled(at);
        }
        Ok(())
    }

    /// An attempt failed: it is tried again, or the phase fails.
    pub(super) fn fail_attempt(
        &mut self,
        at: usize,
        id: &AttemptId,
        error: RunError,
        agent: Option<AgentReport>,
        usage: Usage,
        transcript: Option<Digest>,
    ) -> Step {
        self.emit(Event::AttemptFailed { attempt: id.clone(), error: error.clone(), agent, usage, transcript })?;
        if error.class == ErrorClass::Cancelled {
            // The driver stopped it: it goes on when somebody carries the run again.
            let phase = self.phase(at).name.clone();
            return self.emit(Event::PhaseInterrupted { phase, reason: error.message });
        }
        if self.state.cancelling.is_some() || self.state.over_budget.is_some() {
            return self.fail_phase(at, error);
        }
        match self.retry_of(at, &error) {
            Some(retry) => self.emit(retry),
            None => self.fail_phase(at, error),
        }
    }

    /// A phase failed for good, or completes with its error when it says so.
    pub(super) fn fail_phase(&mut self, at: usize, error: RunError) -> Step {
        let phase = self.phase(at).name.clone();
        if self.phase(at).on_error == OnError::Continue && self.state.phases[at].status != PhaseStatus::Complete {
            let event = Event::PhaseCompleted { phase, output: Value::NULL, error: Some(error), reason: None, unchecked: vec![] };
            self.emit(event)?;
            return self.after_completion(at);
        }
        self.emit(Event::PhaseFailed { phase, error, guard: None })?;
        self.settled(at);
        Ok(())
    }
}
