//! What should be going on in the world, derived from the state alone: after a crash it is simply asked again.

use super::program::Program;
use crate::run::{Action, Attempt, AttemptStage, Question, RunState, RunStatus, Task, Time};
use crate::value::Value;

/// The actions of a state, in graph order, and the earliest timer last.
pub fn actions(program: &Program, state: &RunState) -> Vec<Action> {
    if state.status.is_over() {
        return vec![];
    }
    let mut actions = Vec::new();
    let mut timer: Option<Time> = None;
    let mut wake = |at: Time| timer = Some(timer.map_or(at, |known| known.min(at)));
    for at in &state.active {
        let phase = &state.phases[*at];
        match &phase.attempt {
            None => {
                // What is due and waits for a place is woken by whoever gives the place up.
                if let Some(due) = phase.due.filter(|_| !state.ready.contains(at)) {
                    wake(due);
                }
            }
            Some(attempt) => {
                if let AttemptStage::Asking { due: Some(due), .. } = attempt.stage {
                    wake(due);
                }
                actions.push(action(attempt));
            }
        }
    }
    let wall = state.raised.wall_ms.or(program.plan.limits.wall_ms);
    // The clock of the limit stands still while a person is waited for.
    if let Some(wall) = wall.filter(|_| state.over_budget.is_none() && state.status == RunStatus::Running) {
        wake(state.updated_at.plus_ms(wall.saturating_sub(state.active_ms)));
    }
    actions.extend(timer.map(Action::Timer));
    actions
}

fn action(attempt: &Attempt) -> Action {
    let id = attempt.id.clone();
    match &attempt.stage {
        AttemptStage::Performing => Action::Perform(attempt.work.clone()),
        AttemptStage::Checking { checks, .. } => Action::Check { attempt: id, checks: checks.clone() },
        AttemptStage::Asking { questions, .. } => {
            if let Task::Ask(ask) = &attempt.work.task {
                return Action::Ask { attempt: id, question: ask.question.clone(), form: ask.form.clone(), questions: vec![] };
            }
            let question = format!("`{}` asks before it goes on", attempt.id.phase);
            Action::Ask { attempt: id, question, form: Value::NULL, questions: questions.clone() }
        }
        AttemptStage::Crashed => {
            let text = format!("`{}` was under way when its driver died. What now?", attempt.id.phase);
            let choices = ["rerun", "skip", "fail"].map(str::to_owned).to_vec();
            let questions = vec![Question { question: text.clone(), choices }];
            Action::Ask { attempt: id, question: text, form: Value::NULL, questions }
        }
    }
}
