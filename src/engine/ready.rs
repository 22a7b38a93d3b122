//! Which phases may start: joins, guards, requirements, free places, turns in the working tree.

use super::turn::{Step, Turn};
use crate::plan::{Join, Verb};
use crate::run::{AttemptStage, ErrorClass, Event, Guard, PhaseStatus};

/// What the needs of a phase say.
enum Joined {
    Wait,
    Run,
    Skip(String),
    Cancel(String),
}

impl Turn<'_> {
    /// Follows every change to its end: settles what can be settled, starts what can start, ends the run.
    pub(super) fn advance(&mut self) -> Step {
        loop {
            while let Some(at) = self.look.pop_first() {
                self.look_at(at)?;
            }
            if self.state.owner.is_none() || self.state.draining || self.state.status.is_over() {
                break;
            }
            if !self.start_one()? {
                break;
            }
        }
        if self.state.is_settled() && !self.state.status.is_over() && self.state.owner.is_some() {
            self.end()?;
        }
        Ok(())
    }

    /// Looks at a phase whose surroundings changed.
    fn look_at(&mut self, at: usize) -> Step {
        let status = self.state.phases[at].status;
        if !matches!(status, PhaseStatus::Pending | PhaseStatus::Interrupted) || self.state.ready.contains(&at) {
            return Ok(());
        }
        let phase = self.phase(at).name.clone();
        match self.join(at) {
            Joined::Wait => Ok(()),
            Joined::Run => {
                // A value or a question takes no place; everything else waits for one.
                let free = matches!(self.phase(at).verb, Verb::Set { .. } | Verb::Ask { .. });
                if free && self.state.owner.is_some() && !self.state.draining {
                    return self.start_phase(at);
                }
                self.state.ready.insert(at);
                Ok(())
            }
            Joined::Skip(reason) => {
                self.emit(Event::PhaseSkipped { phase, reason, guard: None })?;
                self.settled(at);
                Ok(())
            }
            Joined::Cancel(reason) => {
                self.emit(Event::PhaseCancelled { phase, reason })?;
                self.settled(at);
                Ok(())
            }
        }
    }

    fn join(&self, at: usize) -> Joined {
        let phase = self.phase(at);
        let status = |need: &usize| self.state.phases[*need].status;
        let settled = self.program.waits(at).iter().all(|need| status(need).is_settled());
        if phase.join == Join::Always {
            return if settled { Joined::Run } else { Joined::Wait };
        }
        if let Some(reason) = &self.state.cancelling {
            return Joined::Cancel(format!("the run was cancelled: {reason}"));
        }
        if let Some(error) = &self.state.over_budget {
            return Joined::Cancel(error.message.clone());
        }
        if !settled {
            return Joined::Wait;
        }
        let named = |wanted: fn(PhaseStatus) -> bool| {
            phase
                .needs
                .iter()
                .filter(|need| wanted(self.state.status_of(need)))
                .map(|need| format!("`{need}`"))
                .collect::<Vec<_>>()
        };
        let failed = named(PhaseStatus::is_failure);
        if !failed.is_empty() {
            return Joined::Cancel(format!("{} failed", failed.join(", ")));
        }
        let skipped = named(|status| status == PhaseStatus::Skipped);
        let all = phase.join == Join::All && !skipped.is_empty();
        if all || (!skipped.is_empty() && skipped.len() == phase.needs.len()) {
            return Joined::Skip(format!(
                "{} was skipped, and it needs {}",
                skipped.join(", "),
                if all { "all" } else { "one of them" }
            ));
        }
        Joined::Run
    }

    /// Starts the first ready phase that has a place. False when there is none.
    fn start_one(&mut self) -> Step<bool> {
        let under_way = |at: &&usize| {
            let attempt = self.state.phases[**at].attempt.as_ref();
            attempt.is_some_and(|a| matches!(a.stage, AttemptStage::Performing | AttemptStage::Checking { .. }))
        };
        let busy: Vec<usize> = self.state.active.iter().filter(under_way).copied().collect();
        if busy.len() >= self.program.plan.limits.parallel as usize {
            return Ok(false);
        }
        let Some(at) = self.state.ready.iter().copied().find(|at| self.may_write(*at, &busy)) else { return Ok(false) };
        self.state.ready.remove(&at);
        self.start_phase(at)?;
        Ok(true)
    }

    /// Attempts that write take turns in one working tree, unless all of them said that they share it.
    fn may_write(&self, at: usize, busy: &[usize]) -> bool {
        let shares = |at: usize| self.phase(at).shared_tree;
        !self.program.writes(at) || busy.iter().all(|other| !self.program.writes(*other) || (shares(at) && shares(*other)))
    }

    /// Asks the guards of a phase and starts it, or settles it.
    fn start_phase(&mut self, at: usize) -> Step {
        // A phase that waited for its retry, or was interrupted, has passed its guards in this round.
        let known = &self.state.phases[at];
        if known.attempts > 0 && matches!(known.status, PhaseStatus::Running | PhaseStatus::Interrupted) {
            return self.next_attempt(at);
        }
        let mut reason = None;
        if let Some(when) = &self.phase(at).when {
            match self.program.guard("when", when, &self.input_for(at, when)) {
                Err((failure, guard)) => return self.fail_by_guard(at, ErrorClass::Guard, failure.0, guard),
                Ok(verdict) if !verdict.holds => {
                    let phase = self.phase(at).name.clone();
                    let reason = format!("`when` is false: {}", when.text.trim());
                    self.emit(Event::PhaseSkipped { phase, reason, guard: Some(verdict.guard) })?;
                    self.settled(at);
                    return Ok(());
                }
                Ok(_) => reason = Some(format!("`when` is true: {}", when.text.trim())),
            }
        }
        for require in &self.phase(at).require {
            match self.program.guard("require", &require.that, &self.input_for(at, &require.that)) {
                Err((failure, guard)) => return self.fail_by_guard(at, ErrorClass::Guard, failure.0, guard),
                Ok(verdict) if !verdict.holds => {
                    let message = self
                        .message(at, require.message.as_ref(), None, || format!("`{}` does not hold", require.that.text.trim()));
                    return self.fail_by_guard(at, ErrorClass::Require, message, verdict.guard);
                }
                Ok(_) => {}
            }
        }
        match &self.phase(at).verb {
            Verb::Set { value } => self.set(at, value, reason),
            _ => self.first_attempt(at, reason),
        }
    }

    pub(super) fn fail_by_guard(&mut self, at: usize, class: ErrorClass, message: String, guard: Guard) -> Step {
        let error = self.error(at, class, message);
        let phase = self.phase(at).name.clone();
        self.emit(Event::PhaseFailed { phase, error, guard: Some(guard) })?;
        self.settled(at);
        Ok(())
    }
}
