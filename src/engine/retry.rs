//! Retries: which failures are tried again, when, and what the next attempt is told; and retries that people ask for.

use super::turn::{Step, Turn};
use crate::limits::RETRIES;
use crate::name::Name;
use crate::plan::{Join, Verb};
use crate::run::{ErrorClass, Event, RequestId, RunError, RunStatus};
use std::collections::BTreeSet;

impl Turn<'_> {
    /// The retry that follows a failure, if one does.
    pub(super) fn retry_of(&self, at: usize, error: &RunError) -> Option<Event> {
        let phase = self.phase(at);
        let retry = &phase.retry;
        let used = self.state.phases[at].retries;
        let name = phase.name.clone();
        if error.class == ErrorClass::Limit {
            let due = error.resets_at.unwrap_or_else(|| self.at.plus_ms(retry.cap_ms.max(60_000)));
            let reason = format!("waits for the usage limit until {due}: {}", error.message);
            return Some(Event::RetryScheduled { phase: name, due, counts: false, feedback: None, reason });
        }
        let asks_again = used < RETRIES
            && matches!(phase.verb, Verb::Ask { .. })
            && matches!(error.class, ErrorClass::Invalid | ErrorClass::Rejected);
        if !asks_again && (used >= retry.max || !retry.on.contains(&error.class)) {
            return None;
        }
        let corrects = matches!(error.class, ErrorClass::Invalid | ErrorClass::Rejected);
        let wait = if corrects { 0 } else { backoff_ms(retry.delay_ms, retry.factor, retry.cap_ms, used) };
        let count = if asks_again { "asked again".to_owned() } else { format!("retry {} of {}", used + 1, retry.max) };
        let reason = format!("{count} after {}: {}", error.class, error.message);
        let feedback = corrects.then(|| feedback(error));
        Some(Event::RetryScheduled { phase: name, due: self.at.plus_ms(wait), counts: true, feedback, reason })
    }

    /// Somebody retries: failed and cancelled phases, and what comes after them, are to run again.
    pub(super) fn retry(&mut self, phase: Option<&Name>, request: Option<RequestId>) -> Step {
        if self.is_known(request.as_ref()) {
            return Ok(());
        }
        let targets: BTreeSet<usize> = match phase {
            Some(name) => {
                let at =
                    self.program.at(name).ok_or_else(|| self.illegal(format!("a retry of `{name}`, which is no phase of it")))?;
                BTreeSet::from([at])
            }
            None => (0..self.state.phases.len()).filter(|at| self.state.phases[*at].status.is_failure()).collect(),
        };
        let after = self.program.descendants(targets.iter().copied());
        let settled = |at: &usize| self.state.phases[*at].status.is_settled();
        let mut again: BTreeSet<usize> = targets.union(&after).copied().filter(settled).collect();
        if phase.is_none() {
            // Cleanup that ran because of the failure runs again after the retry.
            again.extend(
                (0..self.state.phases.len())
                    .filter(|at| self.phase(*at).join == Join::Always && settled(at) && !targets.is_empty()),
            );
        }
        if again.is_empty() && self.state.over_budget.is_none() {
            return Ok(());
        }
        let phases = again.iter().map(|at| self.phase(*at).name.clone()).collect();
        let reason = phase.map_or_else(|| "retried".to_owned(), |name| format!("retried from `{name}`"));
        self.emit(Event::Reopened { phases, reason, request })?;
        self.look.extend(0..self.state.phases.len());
        Ok(())
    }

    /// Fails the run once a limit is exceeded; work under way stops, cleanup still runs.
    pub(super) fn check_budget(&mut self) -> Step {
        if self.state.over_budget.is_some() || self.state.status.is_over() {
            return Ok(());
        }
        let Some(message) = self.exceeded() else { return Ok(()) };
        let error = RunError::new(ErrorClass::Budget, message, self.at);
        let reason = error.message.clone();
        self.emit(Event::BudgetExceeded { error })?;
        self.stop_active(&reason)
    }

    fn exceeded(&self) -> Option<String> {
        let (limits, raised, usage) = (&self.program.plan.limits, &self.state.raised, &self.state.usage);
        if let Some(limit) = raised.cost_usd.or(limits.cost_usd).filter(|limit| usage.cost_usd > *limit) {
            return Some(format!("the run cost ${:.2}, and its limit is ${limit:.2}; go on with `--max-cost`", usage.cost_usd));
        }
        let tokens = usage.input_tokens.saturating_add(usage.output_tokens);
        if let Some(limit) = raised.tokens.or(limits.tokens).filter(|limit| tokens > *limit) {
            return Some(format!("the run used {tokens} tokens, and its limit is {limit}; go on with `--max-tokens`"));
        }
        let wall = raised.wall_ms.or(limits.wall_ms)?;
        // Time since the last event counts too: nothing may have happened for long.
        let running = self.state.status == RunStatus::Running;
        let spent = self.state.active_ms + if running { self.at.since_ms(self.state.updated_at) } else { 0 };
        (spent >= wall)
            .then(|| format!("the run took {} s, and its limit is {} s; go on with `--max-wall`", spent / 1000, wall / 1000))
    }
}

/// What an agent is told about a reply that was not taken.
fn feedback(error: &RunError) -> String {
    let what = if error.class == ErrorClass::Invalid { "could not be read" } else { "was not accepted" };
    format!("Your reply {what}: {}\nMend this and give the whole reply again.", error.message)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "capped before and after"
)]
fn backoff_ms(delay_ms: u64, factor: f64, cap_ms: u64, used: u32) -> u64 {
    let exponent = i32::try_from(used).unwrap_or(i32::MAX);
    (delay_ms as f64 * factor.max(1.0).powi(exponent)).min(cap_ms as f64) as u64
}
