//! What a plan says of a phase. Defaults are applied: nothing has to be looked up elsewhere.

use super::types::{Expr, Template};
use crate::name::Name;
use crate::run::{EnvValue, ErrorClass, Parse};
use crate::value::Value;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A phase. Defaults are applied: nothing has to be looked up elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name.
    pub name: Name,
    /// One line for people.
    pub description: String,
    /// Line of its header, from 1.
    pub line: u32,
    /// What it does.
    pub verb: Verb,
    /// What must be settled first.
    pub needs: Vec<Name>,
    /// False skips it.
    pub when: Option<Expr>,
    /// What must hold for it to start.
    pub require: Vec<Require>,
    /// How its needs are joined.
    pub join: Join,
    /// The ways back.
    pub repeat: Vec<Repeat>,
    /// JSON Schema of the reply.
    pub output: Option<Value>,
    /// What is kept of the reply.
    pub result: Option<Expr>,
    /// What is checked of the result.
    pub accept: Vec<Accept>,
    /// Whether an agent may ask questions.
    pub questions: bool,
    /// How an agent works in a later round.
    pub session: Session,
    /// How failures are retried.
    pub retry: Retry,
    /// Whole attempt, in milliseconds; of an `ask` phase, how long the question stands.
    pub timeout_ms: Option<u64>,
    /// Silence, in milliseconds.
    pub idle_timeout_ms: Option<u64>,
    /// What becomes of an attempt whose driver died.
    pub on_crash: Crash,
    /// What becomes of a failure.
    pub on_error: OnError,
    /// Variables of the process: templates, or references to secrets.
    pub env: IndexMap<String, EnvTemplate>,
    /// What a process reads.
    pub stdin: Option<Template>,
    /// Working folder.
    pub dir: Option<Template>,
    /// Whether it said `workspace = "shared"` itself: it may then write beside others that say so too.
    pub shared_tree: bool,
    /// The innermost loop around it: an index of [`Plan::loops`](super::Plan::loops).
    pub innermost: Option<usize>,
}

/// The value of a variable before rendering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvTemplate {
    /// Rendered.
    Template(Template),
    /// Passed on as it is.
    Fixed(EnvValue),
}

/// What a phase does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// An agent's turn.
    Agent {
        /// Which agent.
        agent: Name,
        /// What it is told.
        prompt: Template,
    },
    /// A process without a shell.
    Run {
        /// Program and arguments.
        argv: Vec<Template>,
        /// How its output is read.
        parse: Parse,
        /// Which codes are results.
        exit: Exit,
    },
    /// A literal script.
    Shell {
        /// For `sh -c`.
        script: String,
        /// How its output is read.
        parse: Parse,
        /// Which codes are results.
        exit: Exit,
    },
    /// A question to a person.
    Ask {
        /// The question.
        question: Template,
        /// JSON Schema of the answers.
        form: Value,
    },
    /// A value.
    Set {
        /// The expression.
        value: Expr,
    },
}

/// Which exit codes are results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// All.
    Any,
    /// These.
    Codes(Vec<i32>),
}

/// What must hold for a phase to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Require {
    /// A boolean.
    pub that: Expr,
    /// What to say when it is false.
    pub message: Option<Template>,
}

/// How needs are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// None failed and at least one completed.
    #[default]
    Any,
    /// Every one completed.
    All,
    /// Runs when they are settled, whatever happened.
    Always,
}

/// A way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// Where it goes.
    pub from: Name,
    /// What runs again, in graph order: `from`, the owner, and all between.
    pub body: Vec<Name>,
    /// Whether; absent means always.
    pub when: Option<Expr>,
    /// Extra rounds.
    pub max: u32,
    /// What happens when they are used up.
    pub then: Then,
}

/// What happens when the rounds of a loop are used up and its guard still holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The next entry of the list is tried, then the run goes on.
    #[default]
    Continue,
    /// The phase fails.
    Fail,
}

/// The loop of one owner: all entries of its `repeat` list together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loop {
    /// The phase with the `repeat`.
    pub owner: Name,
    /// The union of the bodies, in graph order.
    pub body: Vec<Name>,
    /// The loop strictly around it: an index of [`Plan::loops`](super::Plan::loops).
    pub parent: Option<usize>,
}

/// A check of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accept {
    /// What is looked at.
    pub check: AcceptCheck,
    /// What the agent is told when it does not hold.
    pub message: Option<Template>,
}

/// A check of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcceptCheck {
    /// A boolean.
    That(Expr),
    /// Paths that must exist: a text or a list of texts.
    Files(Expr),
    /// A program that must exit 0.
    Run(Vec<Template>),
}

/// How an agent works in a later round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Session {
    /// Afresh.
    #[default]
    New,
    /// In its earlier session.
    Continue,
}

/// How failures are retried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// Retries, not attempts.
    pub max: u32,
    /// Before the first retry, in milliseconds.
    pub delay_ms: u64,
    /// Each wait is this many times the one before.
    pub factor: f64,
    /// No wait is longer, in milliseconds.
    pub cap_ms: u64,
    /// Which failures.
    pub on: Vec<ErrorClass>,
}

impl Default for Retry {
    fn default() -> Self {
        let on = vec![ErrorClass::Transient, ErrorClass::Invalid, ErrorClass::Rejected];
        Self { max: 2, delay_ms: 5_000, factor: 2.0, cap_ms: 120_000, on }
    }
}

/// What becomes of an attempt whose driver died.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crash {
    /// It runs again, in the agent's session where that can be resumed.
    #[default]
    Rerun,
    /// A person is asked.
    Ask,
    /// The phase fails.
    Fail,
    /// The phase is skipped.
    Skip,
}

/// What becomes of a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The phase fails.
    #[default]
    Fail,
    /// It counts as completed, its output is null and its error is kept.
    Continue,
}
