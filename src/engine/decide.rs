//! The entry: one stimulus, and everything that follows from it.

use super::program::Program;
use super::turn::{Step, Turn};
use crate::name::Name;
use crate::run::{AttemptStage, ErrorClass, Event, Illegal, PhaseStatus, RequestId, RunState, Stamped, Stimulus, Time};

/// Decides what follows from a stimulus. The state is advanced by exactly the events that are returned; they must be
/// durable before anything is done about them. Nothing follows from a request that was applied before.
///
/// # Errors
/// The stimulus does not fit the state. The state must then be thrown away and loaded again.
pub fn decide(program: &Program, state: &mut RunState, at: Time, stimulus: Stimulus) -> Result<Vec<Stamped>, Illegal> {
    let mut turn = Turn::new(program, state, at);
    turn.take(stimulus)?;
    turn.advance()?;
    Ok(turn.events)
}

impl Turn<'_> {
    fn take(&mut self, stimulus: Stimulus) -> Step {
        match stimulus {
            Stimulus::Start(started) => Err(self.illegal(format!("a second start of {}", started.id))),
            Stimulus::Claim { owner, how } => self.claim(owner, how),
            Stimulus::Finished { attempt, turn, outcome } => self.finish(&attempt, turn, *outcome),
            Stimulus::Session { attempt, session } => {
                let known = self.state.attempt(&attempt).is_some();
                if known { self.emit(Event::SessionKnown { attempt, session }) } else { Ok(()) }
            }
            Stimulus::Noted { phase, note, request } => self.note(phase, note, request),
            Stimulus::Answered { phase, answers, by, request } => self.answer(&phase, answers, by, request),
            Stimulus::NoInput => self.nobody_answers(),
            Stimulus::Checked { attempt, results } => self.checked(&attempt, results),
            Stimulus::Tick => self.tick(),
            Stimulus::Cancel { reason, request } => self.cancel(&reason, request),
            Stimulus::Retry { phase, request } => self.retry(phase.as_ref(), request),
            Stimulus::Interrupt { reason } => self.interrupt(&reason),
        }
    }

    pub(super) fn illegal(&self, what: String) -> Illegal {
        Illegal { state: format!("run {} ({})", self.state.id(), self.state.status.as_str()), what }
    }

    /// Whether a request has had its effect already.
    pub(super) fn is_known(&self, request: Option<&RequestId>) -> bool {
        request.is_some_and(|request| self.state.requests.contains(request))
    }

    fn note(&mut self, phase: Name, note: crate::value::Value, request: Option<RequestId>) -> Step {
        if self.is_known(request.as_ref()) {
            return Ok(());
        }
        self.emit(Event::Noted { phase, note, request })
    }

    fn cancel(&mut self, reason: &str, request: Option<RequestId>) -> Step {
        if self.is_known(request.as_ref()) || self.state.status.is_over() {
            return Ok(());
        }
        self.emit(Event::CancelAsked { reason: reason.to_owned(), request })?;
        self.stop_active(&format!("the run was cancelled: {reason}"))
    }

    /// Cancels what is under way and not cleanup, and has everything else looked at.
    pub(super) fn stop_active(&mut self, reason: &str) -> Step {
        for at in 0..self.state.phases.len() {
            let status = self.state.phases[at].status;
            let cleanup = self.phase(at).join == crate::plan::Join::Always;
            if !status.is_settled() && status != PhaseStatus::Pending && !cleanup {
                let phase = self.phase(at).name.clone();
                self.emit(Event::PhaseCancelled { phase, reason: reason.to_owned() })?;
            }
        }
        self.look.extend(0..self.state.phases.len());
        Ok(())
    }

    /// The driver stops: what it performs is interrupted, questions stay.
    fn interrupt(&mut self, reason: &str) -> Step {
        let active: Vec<usize> = self.state.active.iter().copied().collect();
        for at in active {
            let performing = self.state.phases[at].attempt.as_ref().is_some_and(|a| a.stage == AttemptStage::Performing);
            if performing {
                let phase = self.phase(at).name.clone();
                self.emit(Event::PhaseInterrupted { phase, reason: reason.to_owned() })?;
            }
        }
        self.state.draining = true;
        if self.state.owner.is_some() && !self.state.status.is_over() {
            self.emit(Event::Released { reason: reason.to_owned() })?;
        }
        Ok(())
    }

    /// Time has passed: retries that are due start, questions that lapsed fail, limits are looked at.
    fn tick(&mut self) -> Step {
        let active: Vec<usize> = self.state.active.iter().copied().collect();
        for at in active {
            let phase = &self.state.phases[at];
            if phase.attempt.is_none() && phase.due.is_some_and(|due| due <= self.at) {
                self.state.ready.insert(at);
                continue;
            }
            let lapsed = phase
                .attempt
                .as_ref()
                .filter(|attempt| matches!(attempt.stage, AttemptStage::Asking { due: Some(due), .. } if due <= self.at));
            if let Some(id) = lapsed.map(|attempt| attempt.id.clone()) {
                let error = self.error(at, ErrorClass::Timeout, "nobody answered in time");
                self.fail_attempt(at, &id, error, None, crate::run::Usage::default(), None)?;
            }
        }
        self.check_budget()
    }
}
