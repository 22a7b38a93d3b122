//! Runs that wait for a person. Nobody carries them, until there is an answer or the time of their question has come.

use crate::drive::{Known, now};
use crate::engine::{Program, actions};
use crate::limits::POOL_REFUSED_MS;
use crate::name::Key;
use crate::plan::Plan;
use crate::run::{Action, Time};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// When the questions of runs lapse, so that a journal is read once for each question.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// By what is posted of a run: the number of its last entry, and when there is something to do.
    known: HashMap<Key, (u64, Option<Time>)>,
}

impl Waiting {
    /// How long a run that waits may be left alone, as far as it is known; nothing is due in it.
    pub(super) fn left_alone(&self, key: &Key, seq: u64) -> Option<Duration> {
        let (_, due) = self.known.get(key).filter(|(known, _)| *known == seq)?;
        let ms = due.map_or(POOL_REFUSED_MS, |due| due.since_ms(now()).min(POOL_REFUSED_MS));
        (ms > 0).then(|| Duration::from_millis(ms))
    }

    /// Notes when there is something to do in a run, whose row says that this entry is its last.
    pub(super) fn learn(&mut self, key: Key, seq: u64, run: &Known, plan: &Arc<Plan>) {
        let program = Program::new(plan.clone());
        let due = actions(&program, &run.state).into_iter().find_map(|action| match action {
            Action::Timer(due) => Some(due),
            _ => None,
        });
        self.known.insert(key, (seq, due));
    }

    /// Forgets what is posted no longer.
    pub(super) fn keep(&mut self, is_posted: impl Fn(&Key) -> bool) {
        self.known.retain(|key, _| is_posted(key));
    }
}
