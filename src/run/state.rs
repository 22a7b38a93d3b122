//! What is known of a run: typed bookkeeping for the engine beside the run document for everybody else.
//!
//! Both are kept by [`RunState::apply`](super::RunState::apply), one event at a time; nothing else writes them.

use super::{
    AgentReport, AttemptId, Digest, LimitsRaised, Owner, Question, RequestId, RunId, Started, Time, Usage, Work, WorldCheck,
};
use crate::name::Name;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Somebody carries it and something is going on.
    Running,
    /// Nothing goes on until a person answers.
    Waiting,
    /// Every phase is complete or skipped.
    Complete,
    /// Some phase failed, or a limit was exceeded.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// Nobody carries it, and it is not over.
    Interrupted,
}

impl RunStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Running, Self::Waiting, Self::Complete, Self::Failed, Self::Cancelled, Self::Interrupted];

    /// The word of the run document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether the run is over (it may still be retried).
    pub fn is_over(self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Cancelled)
    }
}

/// Status of a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseStatus {
    /// Not started in this round.
    #[default]
    Pending,
    /// An attempt is under way, or about to be tried again.
    Running,
    /// A person is asked.
    Waiting,
    /// Done and accepted.
    Complete,
    /// Not needed.
    Skipped,
    /// Failed for good.
    Failed,
    /// Cannot run, because something it needs failed, or the run was cancelled.
    Cancelled,
    /// Was under way when its driver died or stopped.
    Interrupted,
}

impl PhaseStatus {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Running,
        Self::Waiting,
        Self::Complete,
        Self::Skipped,
        Self::Failed,
        Self::Cancelled,
        Self::Interrupted,
    ];

    /// The word of the run document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Complete => "complete",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether nothing more happens to it by itself.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Complete | Self::Skipped | Self::Failed | Self::Cancelled)
    }

    /// Whether it counts towards progress.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Complete | Self::Skipped)
    }

    /// Whether it counts as a failure in joins.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled)
    }
}

/// All that is known of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// All that it was made from.
    pub started: Arc<Started>,
    /// When it began.
    pub started_at: Time,
    /// When the last event happened.
    pub updated_at: Time,
    /// Its status.
    pub status: RunStatus,
    /// Who carries it; `None` when nobody does.
    pub owner: Option<Owner>,
    /// The phases, in graph order.
    pub phases: Vec<PhaseState>,
    /// Index of a phase by name.
    pub index: Arc<HashMap<Name, usize>>,
    /// Counters of loops, by owner.
    pub loops: BTreeMap<Name, LoopState>,
    /// What it cost so far.
    pub usage: Usage,
    /// Wall clock while somebody carried it and nobody was waited for, in milliseconds.
    pub active_ms: u64,
    /// Limits that were raised.
    pub raised: LimitsRaised,
    /// Why it is being cancelled, once somebody asked.
    pub cancelling: Option<String>,
    /// Whether a limit was exceeded.
    pub over_budget: Option<super::RunError>,
    /// Requests whose effect is in the journal: they are never applied twice.
    pub requests: BTreeSet<RequestId>,
    /// Phases that are running or waiting, by index: what [`super::Action`]s are made from.
    pub active: BTreeSet<usize>,
    /// Phases that are not settled.
    pub unsettled: usize,
    /// Phases that are complete or skipped.
    pub done: usize,
    /// Index of the first phase that is neither complete nor skipped.
    pub cursor: usize,
    /// Scratch of the engine: phases that may start and wait for a free place. Found again at each claim.
    pub ready: BTreeSet<usize>,
    /// Scratch of the driver: it is about to stop, so nothing new starts.
    pub draining: bool,
    /// The run document.
    pub(super) document: Value,
}

/// What is known of a phase in its present round.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseState {
    /// Its name.
    pub name: Name,
    /// Its status.
    pub status: PhaseStatus,
    /// Which run of it this is, over all loops, from 1.
    pub round: u32,
    /// Attempts of this round so far.
    pub attempts: u32,
    /// Retries of this round that count.
    pub retries: u32,
    /// The attempt under way.
    pub attempt: Option<Attempt>,
    /// When the next attempt is due, once it waits for one.
    pub due: Option<Time>,
    /// What the next attempt is told, when it goes on in the session.
    pub feedback: Option<String>,
    /// What an agent asked in this round, and the answers: later attempts are told again.
    pub answered: Vec<(Vec<Question>, Value)>,
    /// The agent's session of this phase, over all rounds, with what it has cost.
    pub session: Option<AgentReport>,
    /// The round that session was used in.
    pub session_round: u32,
    /// Notes of this round.
    pub notes: u32,
}

/// An attempt under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which.
    pub id: AttemptId,
    /// What it does.
    pub work: Arc<Work>,
    /// When it began.
    pub started_at: Time,
    /// How far it is.
    pub stage: AttemptStage,
}

/// How far an attempt is.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptStage {
    /// Somebody performs it.
    Performing,
    /// The world is looked at.
    Checking {
        /// The output that waits.
        output: Value,
        /// What is looked at.
        checks: Vec<WorldCheck>,
    },
    /// A person is asked.
    Asking {
        /// An agent's questions; empty for an `ask` phase.
        questions: Vec<Question>,
        /// When the question lapses.
        due: Option<Time>,
    },
    /// Its driver died, and a person is asked whether to run it again, skip it or fail.
    Crashed,
}

/// Counters of one loop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoopState {
    /// Which round, from 0 for the first (so that the default fits).
    pub returns: u32,
    /// Returns by entry of the `repeat` list.
    pub used: Vec<u32>,
}

/// A stimulus or event that does not fit the state it meets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} does not fit {state}")]
pub struct Illegal {
    /// What the state is.
    pub state: String,
    /// What came.
    pub what: String,
}

impl RunState {
    /// The run document: one value, kept up to date, shared.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The run.
    pub fn id(&self) -> &RunId {
        &self.started.id
    }

    /// The plan it is governed by.
    pub fn plan(&self) -> &Digest {
        &self.started.plan
    }

    /// A phase by name.
    pub fn phase(&self, name: &Name) -> Option<&PhaseState> {
        self.index.get(name).map(|at| &self.phases[*at])
    }

    /// A phase's status; `Pending` for a name that is none.
    pub fn status_of(&self, name: &Name) -> PhaseStatus {
        self.phase(name).map_or(PhaseStatus::Pending, |phase| phase.status)
    }

    /// The attempt under way with this id.
    pub fn attempt(&self, id: &AttemptId) -> Option<&Attempt> {
        self.phase(&id.phase)?.attempt.as_ref().filter(|attempt| attempt.id == *id)
    }

    /// Names of failed phases, in graph order.
    pub fn failed(&self) -> impl Iterator<Item = &Name> {
        self.phases.iter().filter(|phase| phase.status == PhaseStatus::Failed).map(|phase| &phase.name)
    }

    /// Whether every phase is settled.
    pub fn is_settled(&self) -> bool {
        self.unsettled == 0
    }

    /// The round of a loop's owner, from 1.
    pub fn loop_round(&self, owner: &Name) -> u32 {
        self.loops.get(owner).map_or(1, |l| l.returns + 1)
    }
}
