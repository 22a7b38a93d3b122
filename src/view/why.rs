//! Why each phase ran, was skipped, repeated or failed: from what the events say, never by evaluating again.

use super::status::{Carried, NOBODY, QUEUED};
use super::timeline::plain;
use super::words::{one_line, short, span};
use crate::name::Name;
use crate::plan::{Join, Plan};
use crate::run::{AttemptStage, Event, Guard, PhaseStatus, RunError, RunState, Stamped, Time};

/// Characters of a value that an explanation shows.
const VALUE: usize = 400;

/// What is known of one phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The phase.
    pub phase: Name,
    /// Its status now.
    pub status: PhaseStatus,
    /// What happened and why, oldest first.
    pub steps: Vec<Step>,
    /// Why it is not going on right now, for one that is not settled.
    pub now: Vec<String>,
}

/// One thing that happened to a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Time,
    /// What and why, in words.
    pub text: String,
    /// The guard that decided it, its line and its value; further lines.
    pub detail: Vec<String>,
}

/// The stories of all phases, in graph order, or of one. `carried` says whether somebody is known to carry the run now.
pub fn stories(plan: Option<&Plan>, state: &RunState, events: &[Stamped], only: Option<&Name>, carried: Carried) -> Vec<Story> {
    let wanted = |name: &Name| only.is_none_or(|only| only == name);
    let phases = state.phases.iter().filter(|phase| wanted(&phase.name));
    let story = |name: &Name, status| Story {
        phase: name.clone(),
        status,
        steps: events.iter().filter_map(|stamped| step(name, stamped)).collect(),
        now: now(plan, state, name, carried),
    };
    phases.map(|phase| story(&phase.name, phase.status)).collect()
}

fn step(name: &Name, stamped: &Stamped) -> Option<Step> {
    let (text, detail) = match &stamped.event {
        Event::AttemptStarted { work, reason } if work.attempt.phase == *name => {
            let id = &work.attempt;
            let round = if id.round > 1 { format!(" of round {}", id.round) } else { String::new() };
            let default = if id.number == 1 { "everything it needs was done" } else { "tried again" };
            (format!("attempt {}{round} started", id.number), vec![reason.clone().unwrap_or_else(|| default.to_owned())])
        }
        Event::AttemptFailed { attempt, error, .. } if attempt.phase == *name => {
            (format!("attempt {} failed", attempt.number), of_error(error))
        }
        Event::RetryScheduled { phase, due, reason, .. } if phase == name => {
            (format!("tries again in {}", span(due.since_ms(stamped.at))), vec![reason.clone()])
        }
        Event::Asked { attempt, questions, .. } if attempt.phase == *name => {
            ("asked a person".to_owned(), questions.iter().map(|question| question.question.clone()).collect())
        }
        Event::CrashAsked { attempt } if attempt.phase == *name => {
            ("asked a person".to_owned(), vec!["its driver died while it was under way, and `on_crash` says ask".to_owned()])
        }
        Event::PhaseCompleted { phase, error, reason, unchecked, .. } if phase == name => {
            let mut detail: Vec<_> = reason.iter().cloned().collect();
            detail.extend(unchecked.iter().map(|check| format!("not checked: {check}")));
            match error {
                Some(error) => {
                    detail.extend(of_error(error));
                    ("failed, and `on_error` says that the run goes on".to_owned(), detail)
                }
                None => ("complete".to_owned(), detail),
            }
        }
        Event::PhaseSkipped { phase, reason, guard } if phase == name => {
            ("skipped".to_owned(), with_guard(reason, guard.as_ref()))
        }
        Event::PhaseCancelled { phase, reason } if phase == name => ("cancelled".to_owned(), vec![reason.clone()]),
        Event::PhaseInterrupted { phase, reason } if phase == name => ("interrupted".to_owned(), vec![reason.clone()]),
        Event::PhaseFailed { phase, error, guard } if phase == name => {
            let mut detail = of_error(error);
            detail.extend(guard.as_ref().map(of_guard).unwrap_or_default());
            ("failed".to_owned(), detail)
        }
        Event::LoopReturned { owner, body, guard, .. } if body.contains(name) => {
            let text = format!("runs again, because `{owner}` went back to `{}`", body.first().map_or("", Name::as_str));
            (text, guard.as_ref().map(of_guard).unwrap_or_default())
        }
        Event::LoopEnded { owner, reason } if owner == name => ("its loop ended".to_owned(), vec![reason.clone()]),
        Event::Reopened { phases, reason, .. } if phases.contains(name) => ("reopened".to_owned(), vec![reason.clone()]),
        _ => return None,
    };
    Some(Step { at: stamped.at, text, detail })
}

fn with_guard(reason: &str, guard: Option<&Guard>) -> Vec<String> {
    guard.map_or_else(|| vec![reason.to_owned()], of_guard)
}

/// A guard: where it stands, what it says, what it gave.
fn of_guard(guard: &Guard) -> Vec<String> {
    let mut lines = vec![format!("`{}` on line {} gave {}:", guard.key, guard.line, one_line(&plain(&guard.value), VALUE))];
    lines.extend(guard.text.trim().lines().map(|line| format!("    {line}")));
    lines
}

fn of_error(error: &RunError) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", error.class, error.message)];
    for tail in [&error.stderr_tail, &error.stdout_tail].into_iter().flatten() {
        let tail: Vec<_> = tail.lines().filter(|line| !line.trim().is_empty()).collect();
        lines.extend(tail.iter().rev().take(5).rev().map(|line| format!("    {line}")));
    }
    lines
}

/// Why an unsettled phase stands still, or what it is doing.
fn now(plan: Option<&Plan>, state: &RunState, name: &Name, carried: Carried) -> Vec<String> {
    let Some(known) = state.phase(name) else { return vec![] };
    match known.status {
        PhaseStatus::Pending => waits_for(plan, state, name),
        PhaseStatus::Waiting => vec!["waits for an answer".to_owned()],
        PhaseStatus::Running | PhaseStatus::Interrupted if carried == Carried::Queued => vec![QUEUED.to_owned()],
        PhaseStatus::Interrupted => vec!["begins again when the run goes on".to_owned()],
        PhaseStatus::Running if carried == Carried::No => {
            vec![format!("{NOBODY}; `flow resume {}` goes on", short(state.id()))]
        }
        PhaseStatus::Running => match known.attempt.as_ref().map(|attempt| &attempt.stage) {
            Some(AttemptStage::Performing) => vec!["is being performed".to_owned()],
            Some(AttemptStage::Checking { .. }) => vec!["its result is being checked".to_owned()],
            Some(AttemptStage::Asking { .. }) => vec!["waits for an answer".to_owned()],
            Some(AttemptStage::Crashed) => vec!["its driver died: waits for somebody to say rerun, skip or fail".to_owned()],
            None => vec![known.due.map_or_else(|| "is about to start".to_owned(), |due| format!("tries again at {due}"))],
        },
        _ => vec![],
    }
}

fn waits_for(plan: Option<&Plan>, state: &RunState, name: &Name) -> Vec<String> {
    let Some(phase) = plan.and_then(|plan| plan.phases.iter().find(|phase| phase.name == *name)) else { return vec![] };
    let open = phase.needs.iter().filter(|need| !state.status_of(need).is_settled());
    let open: Vec<_> = open.map(|need| format!("`{need}` ({})", state.status_of(need).as_str())).collect();
    let joined = match phase.join {
        Join::Any => "",
        Join::All => ", all of which must complete",
        Join::Always => ", whatever becomes of them",
    };
    if open.is_empty() { vec!["waits for its turn".to_owned()] } else { vec![format!("waits for {}{joined}", open.join(", "))] }
}
