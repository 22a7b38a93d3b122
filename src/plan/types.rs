//! The types of a plan. Their serialised form is what a digest is taken of, and what the store keeps.

use super::phase::{Loop, Phase, Verb};
use crate::limits;
use crate::name::{Bucket, Name};
use crate::run::{Access, AgentSpec, Digest, ErrorClass};
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

    /// The digest of what it does: without what the command line may change (store and limits), and the name that its file
    /// was given.
    pub fn essence(&self) -> Digest {
        Self { store: None, limits: Limits::default(), path: String::new(), ..self.clone() }.digest()
    }

    /// Whether an agent of it may change the project's tree.
    pub fn may_write(&self, agent: &Name) -> bool {
        self.agents.get(agent).is_none_or(|agent| agent.spec.access != Access::Read)
    }

    /// Whether any of its phases may change the project's tree.
    pub fn writes(&self) -> bool {
        self.phases.iter().any(|phase| matches!(&phase.verb, Verb::Agent { agent, .. } if self.may_write(agent)))
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
