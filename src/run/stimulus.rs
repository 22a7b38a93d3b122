//! What the world tells the engine, and what the engine asks of the world.

use super::{AgentReport, AttemptId, Owner, RequestId, RunError, Started, Time, Usage, Work, WorldCheck, WorldResult};
use crate::name::Name;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Something that happened. Times and ids come inside, so that deciding needs no clock.
#[derive(Clone, Debug, PartialEq)]
pub enum Stimulus {
    /// A run begins.
    Start(Box<Started>),
    /// A driver takes the run over (at its start, after a crash, or to continue it).
    Claim {
        /// Who.
        owner: Owner,
        /// What is done before anything starts.
        how: Claim,
    },
    /// One turn of an attempt ended.
    Finished {
        /// Which attempt.
        attempt: AttemptId,
        /// Which turn of it.
        turn: u32,
        /// How.
        outcome: Box<Outcome>,
    },
    /// The agent's session is known.
    Session {
        /// Which attempt.
        attempt: AttemptId,
        /// The session.
        session: String,
    },
    /// Progress reported from inside a phase.
    Noted {
        /// The phase.
        phase: Name,
        /// The note.
        note: Value,
        /// The request that carried it.
        request: Option<RequestId>,
    },
    /// A person answered.
    Answered {
        /// The phase that asked.
        phase: Name,
        /// The answers: an object for a form, a list of texts for an agent's questions.
        answers: Value,
        /// Who, in words.
        by: String,
        /// The request that carried it.
        request: Option<RequestId>,
    },
    /// Nobody can be asked: waiting questions fail.
    NoInput,
    /// Checks of the world are done.
    Checked {
        /// Which attempt.
        attempt: AttemptId,
        /// One result a check, in their order.
        results: Vec<WorldResult>,
    },
    /// Time has passed: whatever is due happens.
    Tick,
    /// Somebody cancels the run.
    Cancel {
        /// Why, in words.
        reason: String,
        /// The request that carried it.
        request: Option<RequestId>,
    },
    /// Somebody retries a failed phase, or all that failed, were cancelled or interrupted.
    Retry {
        /// Which; `None` is all.
        phase: Option<Name>,
        /// The request that carried it.
        request: Option<RequestId>,
    },
    /// The driver stops (Ctrl-C, SIGTERM): attempts under way were asked to stop.
    Interrupt {
        /// Why, in words.
        reason: String,
    },
}

/// What a driver does with a run that it takes, before anything starts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Claim {
    /// It only applies requests: nothing starts at all.
    pub idle: bool,
    /// What failed, was cancelled or interrupted is to run again.
    pub retry: bool,
    /// Limits are raised for the rest of the run.
    pub raise: Option<super::LimitsRaised>,
}

/// How a turn ended. Stored while it is on its way from the machine that performed it to the driver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// With a reply.
    Reply(Reply),
    /// Without one.
    Failed {
        /// Why.
        error: RunError,
        /// What the agent reported.
        agent: Option<AgentReport>,
        /// What it cost.
        usage: Usage,
        /// Blob of the raw stream.
        transcript: Option<super::Digest>,
    },
    /// Whoever performed it died meanwhile: `on_crash` of its phase says what follows.
    Lost {
        /// How it is known, in words.
        reason: String,
    },
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Reply {
    /// The reply: text, JSON, or `{stdout, stderr, code}`.
    pub value: Value,
    /// Exit code of a process.
    #[serde(default)]
    pub code: Option<i32>,
    /// What the agent reported.
    #[serde(default)]
    pub agent: Option<AgentReport>,
    /// What it cost.
    #[serde(default)]
    pub usage: Usage,
    /// Blob of the raw stream.
    #[serde(default)]
    pub transcript: Option<super::Digest>,
}

/// Something that should be going on now. Asking twice is allowed: each is known by its attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Perform this turn, unless it is being performed.
    Perform(Arc<Work>),
    /// Look at the world for an attempt.
    Check {
        /// Which attempt.
        attempt: AttemptId,
        /// What to look at, where the attempt worked.
        checks: Vec<WorldCheck>,
    },
    /// Show this question to a person.
    Ask {
        /// Which attempt.
        attempt: AttemptId,
        /// The question.
        question: String,
        /// JSON Schema of the answers: an object. Null for an agent's questions.
        form: Value,
        /// An agent's questions, each with its choices; the answers are a list of texts.
        questions: Vec<super::Question>,
    },
    /// Wake up at this moment with a [`Stimulus::Tick`].
    Timer(Time),
}
