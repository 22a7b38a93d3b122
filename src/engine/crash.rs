//! Taking a run over: what was under way when its driver died is interrupted, and goes on as the phase says.

use super::turn::{Step, Turn};
use crate::plan::Crash;
use crate::run::{AttemptStage, Claim, ErrorClass, Event, Owner, PhaseStatus};
use crate::value::Value;

const DIED: &str = "its driver died while it was under way";

impl Turn<'_> {
    /// A driver takes the run. Everything is looked at again; nothing is computed twice that was journaled.
    pub(super) fn claim(&mut self, owner: Owner, how: Claim) -> Step {
        self.emit(Event::Claimed { owner })?;
        self.state.draining = how.idle;
        self.state.ready.clear();
        // Before anything is looked at: what is raised or reopened decides what may start.
        if let Some(raised) = how.raise {
            self.emit(Event::LimitsRaised(raised))?;
        }
        if how.retry {
            self.retry(None, None)?;
        }
        let active: Vec<usize> = self.state.active.iter().copied().collect();
        for at in active {
            let attempt = self.state.phases[at].attempt.as_ref();
            if attempt.is_some_and(|attempt| attempt.stage == AttemptStage::Performing) {
                self.crashed(at, DIED)?;
            }
        }
        self.look.extend(0..self.state.phases.len());
        self.check_budget()
    }

    /// Whoever performed the attempt of a phase died, and its driver lives.
    pub(super) fn died(&mut self, at: usize, reason: &str) -> Step {
        self.look.insert(at);
        self.crashed(at, reason)
    }

    fn crashed(&mut self, at: usize, reason: &str) -> Step {
        let phase = self.phase(at).name.clone();
        match self.phase(at).on_crash {
            Crash::Rerun => self.emit(Event::PhaseInterrupted { phase, reason: reason.to_owned() }),
            Crash::Ask => {
                let Some(attempt) = self.state.phases[at].attempt.as_ref().map(|attempt| attempt.id.clone()) else {
                    return Ok(());
                };
                self.emit(Event::CrashAsked { attempt })
            }
            Crash::Fail => {
                let error = self.error(at, ErrorClass::Crash, reason);
                self.fail_phase(at, error)
            }
            Crash::Skip => {
                self.emit(Event::PhaseSkipped { phase, reason: format!("{reason}, and `on_crash` says skip"), guard: None })?;
                self.settled(at);
                Ok(())
            }
        }
    }

    /// A person decided about an attempt whose driver died: `rerun`, `skip` or `fail`.
    pub(super) fn after_crash(&mut self, at: usize, answers: &Value) -> Step {
        let first = answers.items().and_then(|mut items| items.next());
        let word = first.unwrap_or_else(|| if answers.as_str().is_some() { answers.clone() } else { answers.get("answer") });
        let phase = self.phase(at).name.clone();
        match word.as_str() {
            Some("skip") => {
                self.emit(Event::PhaseSkipped { phase, reason: format!("{DIED}, and somebody chose to skip it"), guard: None })?;
                self.settled(at);
            }
            Some("fail") => {
                let error = self.error(at, ErrorClass::Crash, DIED);
                self.fail_phase(at, error)?;
            }
            Some("rerun") => {
                self.emit(Event::PhaseInterrupted { phase, reason: DIED.to_owned() })?;
                debug_assert_eq!(self.state.phases[at].status, PhaseStatus::Interrupted, "interrupted by the event above");
                self.look.insert(at);
            }
            _ => {
                let attempt = self.state.phases[at].attempt.as_ref().map(|attempt| attempt.id.clone());
                if let Some(attempt) = attempt {
                    self.emit(Event::CrashAsked { attempt })?;
                }
            }
        }
        Ok(())
    }
}
