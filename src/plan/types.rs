//! The types of a plan. Their serialised form is what a digest is taken of, and what the store keeps.

use crate::limits;
use crate::name::{Bucket, Name};
use crate::run::{AgentSpec, Digest, EnvValue, ErrorClass, Parse};
use crate::value::Value;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A jq expression and the line it begins on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expr {
    /// The expression.
    pub text: String,
    /// Line in the pipeline file, from 1.
    pub line: u32,
}

/// A template and the line it begins on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The template.
    pub text: String,
    /// Line in its file, from 1.
    pub line: u32,
    /// The file it stands in, when that is not the pipeline's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A pipeline, frozen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this form, [`crate::run::FORMAT`].
    pub format: u32,
    /// Name of the pipeline: `[a-z][a-z0-9-]*`.
    pub name: String,
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// The pipeline file as it was named.
    pub path: String,
    /// What the whole run yields.
    pub result: Option<Expr>,
    /// Whether a complete run passes.
    pub pass: Option<Expr>,
    /// The text for people at the end.
    pub summary: Option<Template>,
    /// Parameters, in file order.
    pub params: IndexMap<Name, Param>,
    /// Variables, in file order.
    pub vars: IndexMap<Name, Expr>,
    /// Which runs belong together.
    pub series: Option<Series>,
    /// The bucket of the documents.
    pub store: Option<StoreSpec>,
    /// Views, in file order.
    pub documents: IndexMap<Name, Document>,
    /// What must hold before the run starts.
    pub checks: Vec<Check>,
    /// Agents by name, as declared.
    pub agents: IndexMap<Name, Agent>,
    /// Limits of the run.
    pub limits: Limits,
    /// Phases in graph order: each after all it needs, file order among equals.
    pub phases: Vec<Phase>,
    /// Loops, an owner each, outer before inner.
    pub loops: Vec<Loop>,
    /// Texts that templates include, by the name they are included under.
    pub includes: IndexMap<String, String>,
    /// Answers of a rehearsal: the stubs of the first test.
    pub rehearsal: Stubs,
}

impl Plan {
    /// The canonical bytes: what is stored, and what the digest is of.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a plan is plain data")
    }

    /// The digest of the canonical bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes())
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// What does not fit, with its place in the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ParamType,
    /// Whether a start needs it.
    pub required: bool,
    /// Its value when not given.
    pub default: Value,
    /// The values it may have; empty means any.
    pub choices: Vec<Value>,
    /// A regular expression that its whole text must match.
    pub pattern: Option<String>,
    /// For `--help`.
    pub help: String,
    /// A one-letter option.
    pub short: Option<char>,
    /// It names a file.
    pub file: Option<FileParam>,
    /// It may be given with `--continue` to choose a run.
    pub select: Option<Select>,
}

/// Types of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamType {
    /// Text.
    #[default]
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// An option without a value, or `=true`/`=false`.
    Boolean,
    /// Any JSON.
    Json,
}

/// Where the file of a parameter is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileParam {
    /// Folders in order: relative to the project, `~/…`, or `builtin:…`.
    pub dirs: Vec<String>,
    /// The extension without its dot.
    pub extension: String,
}

/// How a parameter chooses a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Select {
    /// By equality with the run's own parameter.
    Same,
    /// By an expression over the run document and `$given`.
    By(Expr),
}

/// Which runs belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Names the series.
    pub key: Template,
    /// What a start does while another run of the series is under way.
    pub while_running: WhileRunning,
}

/// What a start does while another run of its series is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhileRunning {
    /// It is refused.
    #[default]
    Refuse,
    /// Both run.
    Allow,
    /// The other is cancelled.
    Supersede,
}

/// The bucket of the documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSpec {
    /// Its name.
    pub bucket: Bucket,
    /// Copies in a cluster.
    pub replicas: Option<u32>,
    /// Values kept per key, 1 to 64.
    pub history: u32,
    /// For people.
    pub description: String,
}

/// A view that is kept in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its key.
    pub key: Template,
    /// What it should be now: over the run, with `$previous`.
    pub view: Expr,
}

/// What must hold before a run starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What is looked at.
    pub check: CheckKind,
    /// What to say when it does not hold.
    pub message: Option<Template>,
}

/// A check before the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// A boolean over the run document before its first phase.
    That(Expr),
    /// Paths that must exist: a text or a list of texts.
    Files(Expr),
    /// A program that must exit 0.
    Run(Vec<Template>),
}

/// An agent as declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// What backends are told.
    pub spec: AgentSpec,
    /// Its system prompt.
    pub system: Option<Template>,
}

/// Limits of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall clock while it is carried, in milliseconds.
    pub wall_ms: Option<u64>,
    /// US dollars.
    pub cost_usd: Option<f64>,
    /// Tokens, in and out.
    pub tokens: Option<u64>,
    /// Attempts at once.
    pub parallel: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { wall_ms: None, cost_usd: None, tokens: None, parallel: limits::PARALLEL }
    }
}

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
    /// The innermost loop around it: an index of [`Plan::loops`].
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
    /// The loop strictly around it: an index of [`Plan::loops`].
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

/// Stubbed replies by phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stubs(pub IndexMap<Name, Vec<StubReply>>);

/// One stubbed reply, for one attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StubReply {
    /// The reply; shape, `result` and `accept` run on it.
    Reply(Value),
    /// A failure of this class.
    Fails {
        /// Which.
        class: ErrorClass,
        /// Its message.
        message: Option<String>,
    },
}

/// A test inside a pipeline. Not part of the plan: editing a test changes no run.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// Line of its header, from 1.
    pub line: u32,
    /// Parameters as given.
    pub params: IndexMap<Name, Value>,
    /// Replies.
    pub stubs: Stubs,
    /// The test's world: path to text; a path that ends in `/` is a folder.
    pub files: IndexMap<String, String>,
    /// Phases started, in order; `None` is not compared.
    pub path: Option<Vec<Name>>,
    /// The run's status; `None` is not compared.
    pub status: Option<String>,
    /// A boolean over the run document at the end.
    pub that: Option<Expr>,
    /// What the run yields; `None` is not compared.
    pub result: Option<Value>,
    /// A part of the error's message (of a start that is refused, or of the run).
    pub error: Option<String>,
}
