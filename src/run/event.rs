//! What can happen in a run. Events are facts: everything that was evaluated stands in them as a result.

use super::{AttemptId, Digest, Owner, RequestId, RunError, RunId, Time, Work};
use crate::name::Name;
use crate::value::Value;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// An event and when it happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// When.
    pub at: Time,
    /// What.
    pub event: Event,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The run begins.
    Started(Box<Started>),
    /// A driver took the run. The number of this entry in the journal is its fencing token.
    Claimed {
        /// Who.
        owner: Owner,
    },
    /// The driver lets go: stopped, or nothing to do until somebody answers.
    Released {
        /// Why, in words.
        reason: String,
    },
    /// A phase begins an attempt.
    AttemptStarted {
        /// What it is to do.
        work: Box<Work>,
        /// Why it runs: the guard and its value, or which retry this is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// An agent goes on in the same attempt, with answers.
    AttemptContinued {
        /// What it is to do.
        work: Box<Work>,
    },
    /// The agent's session is known: an attempt that dies can go on in it.
    SessionKnown {
        /// Which attempt.
        attempt: AttemptId,
        /// The session.
        session: String,
    },
    /// Progress was reported.
    Noted {
        /// The phase.
        phase: Name,
        /// The note.
        note: Value,
        /// The request that carried it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
    },
    /// An attempt gave a reply; whether it is accepted comes after.
    Replied {
        /// Which attempt.
        attempt: AttemptId,
        /// Exit code of a process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<i32>,
        /// What the agent reported.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentReport>,
        /// What it cost.
        #[serde(default)]
        usage: Usage,
        /// Blob of the raw stream.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transcript: Option<Digest>,
    },
    /// The world must be looked at before the reply is accepted.
    CheckAsked {
        /// Which attempt.
        attempt: AttemptId,
        /// The output that waits.
        output: Value,
        /// What to look at, in order.
        checks: Vec<WorldCheck>,
    },
    /// A person is asked.
    Asked {
        /// Which attempt.
        attempt: AttemptId,
        /// An agent's questions; empty for an `ask` phase, whose form is in its work.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        questions: Vec<Question>,
        /// When the question lapses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Time>,
    },
    /// A person answered.
    Answered {
        /// Which attempt.
        attempt: AttemptId,
        /// The answers.
        answers: Value,
        /// Who, in words.
        by: String,
        /// The request that carried it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
    },
    /// An attempt failed. What follows (a retry, or the phase's failure) is the next event.
    AttemptFailed {
        /// Which attempt.
        attempt: AttemptId,
        /// Why.
        error: RunError,
        /// What the agent reported.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentReport>,
        /// What it cost.
        #[serde(default)]
        usage: Usage,
        /// Blob of the raw stream.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transcript: Option<Digest>,
    },
    /// An attempt that was no longer wanted came to its end: only what it cost counts.
    Stopped {
        /// Which attempt.
        attempt: AttemptId,
        /// What the agent reported.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentReport>,
        /// What it cost.
        #[serde(default)]
        usage: Usage,
        /// Blob of the raw stream.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transcript: Option<Digest>,
    },
    /// An attempt was under way when its driver died, and a person is asked what to do (`on_crash = "ask"`).
    CrashAsked {
        /// Which attempt.
        attempt: AttemptId,
    },
    /// The phase will try again.
    RetryScheduled {
        /// The phase.
        phase: Name,
        /// When.
        due: Time,
        /// Whether the attempt before counts as a used retry (a usage limit does not).
        counts: bool,
        /// What the next attempt is told (the violation, the rejection), when it goes on in the session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        feedback: Option<String>,
        /// Why, in words.
        reason: String,
    },
    /// A phase was under way when its driver died or stopped.
    PhaseInterrupted {
        /// The phase.
        phase: Name,
        /// Why, in words.
        reason: String,
    },
    /// A phase is done.
    PhaseCompleted {
        /// The phase.
        phase: Name,
        /// Its output, accepted.
        output: Value,
        /// Set with `on_error = "continue"`: what went wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<RunError>,
        /// Why it ran, for phases that need no attempt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Checks that a rehearsal did not make.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unchecked: Vec<String>,
    },
    /// A phase does not run.
    PhaseSkipped {
        /// The phase.
        phase: Name,
        /// Why, in words.
        reason: String,
        /// The guard that was false.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guard: Option<Guard>,
    },
    /// A phase failed.
    PhaseFailed {
        /// The phase.
        phase: Name,
        /// Why.
        error: RunError,
        /// The guard that decided it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guard: Option<Guard>,
    },
    /// A phase will not run, because something it needs failed or the run was cancelled.
    PhaseCancelled {
        /// The phase.
        phase: Name,
        /// Why, in words.
        reason: String,
    },
    /// A loop goes round: the body's records are archived and reset.
    LoopReturned {
        /// The phase whose `repeat` it is.
        owner: Name,
        /// Which entry of its list, from 0.
        entry: u32,
        /// The phases to run again, in graph order.
        body: Vec<Name>,
        /// Owners of loops strictly inside, whose counters begin anew.
        inner: Vec<Name>,
        /// The guard that held.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guard: Option<Guard>,
    },
    /// The loop of a phase is over, and this is why.
    LoopEnded {
        /// The phase whose `repeat` it is.
        owner: Name,
        /// Why, in words.
        reason: String,
    },
    /// Settled phases are to run again.
    Reopened {
        /// Which, in graph order.
        phases: Vec<Name>,
        /// Why, in words.
        reason: String,
        /// The request that carried it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
    },
    /// Limits were raised.
    LimitsRaised(LimitsRaised),
    /// Somebody asked to cancel; attempts under way are stopped, cleanup may still run.
    CancelAsked {
        /// Why, in words.
        reason: String,
        /// The request that carried it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
    },
    /// A limit was exceeded; attempts under way are stopped, cleanup may still run.
    BudgetExceeded {
        /// Which, in words.
        error: RunError,
    },
    /// The run is over.
    Ended {
        /// How.
        status: FinalStatus,
        /// What it yields.
        #[serde(default)]
        result: Value,
        /// What `pass` says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        passed: Option<bool>,
        /// The text for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<String>,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<RunError>,
    },
    /// A cycle number was taken and its start never came: the number stays used.
    Abandoned {
        /// The run that never began.
        id: RunId,
    },
}

/// How a run can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinalStatus {
    /// Every phase is complete or skipped.
    Complete,
    /// Some phase failed, or a limit was exceeded.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

/// All that a run is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// Format of events, [`super::FORMAT`].
    pub format: u32,
    /// The version of the program.
    pub program: String,
    /// The run.
    pub id: RunId,
    /// Name of the pipeline.
    pub pipeline: String,
    /// The file it came from, as the user named it.
    pub path: String,
    /// Its frozen plan.
    pub plan: Digest,
    /// Whether no real agent works in it.
    pub rehearsal: bool,
    /// The series, and the number in it.
    pub series: Option<String>,
    /// The number in the series, from 1.
    pub cycle: Option<u64>,
    /// Parameters as given and defaulted; absent ones are null.
    pub params: Value,
    /// `[vars]`, evaluated.
    pub vars: Value,
    /// File parameters.
    pub files: IndexMap<String, StartedFile>,
    /// Keys of the documents, rendered.
    #[serde(default)]
    pub documents: IndexMap<String, String>,
    /// The bucket of the documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// The phases, in graph order.
    pub phases: Vec<Name>,
    /// Commit, branch and dirty files of the project at the start; null outside git.
    #[serde(default)]
    pub project: Value,
    /// How agents are performed: agent name to `backend` or `backend:model`, as chosen at the start.
    #[serde(default)]
    pub agents: IndexMap<String, String>,
}

/// A file that a parameter named, frozen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartedFile {
    /// The value of the parameter.
    pub name: String,
    /// Where it was found.
    pub path: String,
    /// Its text without the front matter.
    pub text: String,
    /// Of the whole file.
    pub digest: Digest,
    /// Its front matter.
    pub meta: Value,
}

/// A guard as it was evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// The key it stands under: `when`, `require`, `repeat`, `accept`.
    pub key: String,
    /// The expression.
    pub text: String,
    /// Line in the pipeline file, from 1.
    pub line: u32,
    /// What it gave.
    pub value: Value,
}

/// What an agent reported of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentReport {
    /// Which backend performed it.
    pub backend: String,
    /// The model, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The session to resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What the session has cost in all so far.
    #[serde(default)]
    pub session_cost_usd: f64,
    /// Version of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Tools that were denied, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<String>,
}

/// What something cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// US dollars.
    #[serde(default)]
    pub cost_usd: f64,
    /// Tokens read, cached ones included.
    #[serde(default)]
    pub input_tokens: u64,
    /// Tokens written.
    #[serde(default)]
    pub output_tokens: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.cost_usd += other.cost_usd;
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
    }
}

/// A question of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The question.
    pub question: String,
    /// Answers to choose from; empty means free text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// A check of the world before a reply is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorldCheck {
    /// These paths must exist.
    Files {
        /// Relative to the phase's folder.
        paths: Vec<String>,
        /// What to say when they do not; `None` names the missing ones.
        message: Option<String>,
    },
    /// This program must exit 0.
    Run {
        /// Program and arguments.
        argv: Vec<String>,
        /// What to say when it does not; `None` shows the end of its output.
        message: Option<String>,
    },
}

impl WorldCheck {
    /// The check in one short line, for people: programs may hold whole scripts.
    pub fn line(&self) -> String {
        let (verb, words) = match self {
            Self::Files { paths, .. } => ("files", paths.join(", ")),
            Self::Run { argv, .. } => ("run", argv.join(" ")),
        };
        let flat = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = flat.chars().take(LINE_CHARS).collect();
        let more = if short.len() < flat.len() { "…" } else { "" };
        format!("{verb} {short}{more}")
    }
}

/// Characters of a [`WorldCheck::line`] after its verb.
const LINE_CHARS: usize = 100;

/// What a check of the world found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorldResult {
    /// It holds.
    Holds,
    /// It does not, and this is what the agent is told.
    Fails(String),
    /// It was not made, and why (a rehearsal).
    NotChecked(String),
}

/// Limits that were raised on `--continue`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LimitsRaised {
    /// Wall clock in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
    /// US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Tokens, in and out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
}
