//! What one attempt is to do, completely rendered: whoever performs it needs nothing else but the project's folder.

use super::{AttemptId, Digest};
use crate::name::Name;
use crate::value::Value;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// One turn of one attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Whose attempt.
    pub attempt: AttemptId,
    /// Which turn of the attempt, from 1: answers to an agent's questions come as a further turn.
    pub turn: u32,
    /// What to do.
    pub task: Task,
    /// Working folder, relative to the project; `None` is the project itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// Variables on top of the inherited allow-list.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub env: IndexMap<String, EnvValue>,
    /// The whole attempt may take this long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// It may be silent this long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
}

/// What an attempt does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Task {
    /// An agent's turn.
    Agent(Box<AgentWork>),
    /// A process.
    Process(Box<ProcessWork>),
    /// A question to a person.
    Ask(Box<AskWork>),
}

/// An agent's turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentWork {
    /// The agent of the pipeline, by name.
    pub agent: Name,
    /// The prompt, for stdin.
    pub prompt: String,
    /// The agent's system prompt, rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// JSON Schema of the reply; none means any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// The earlier session to go on in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What that session had cost when it was left: backends that report sums subtract it.
    #[serde(default)]
    pub session_cost_usd: f64,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessWork {
    /// What to run.
    pub program: Program,
    /// What it reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// How its output is read.
    pub parse: Parse,
    /// Exit codes that are results; empty means any.
    pub exit: Vec<i32>,
    /// JSON Schema of the parsed output, if one is declared: what a rehearsal makes its answer from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

/// A program to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Program {
    /// Program and arguments, no shell.
    Argv(Vec<String>),
    /// A literal script for `sh -c`; never rendered from a template.
    Shell(String),
}

/// How a process's output becomes the phase's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parse {
    /// `{stdout, stderr, code}`.
    Raw,
    /// stdout is JSON.
    Json,
    /// stdout as a list of its lines.
    Lines,
    /// stdout as one text, without the final newline.
    Text,
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AskWork {
    /// The question, rendered.
    pub question: String,
    /// JSON Schema of the answers: an object, a field per question.
    pub form: Value,
}

/// The value of an environment variable: a text, or where a secret is to be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EnvValue {
    /// A text.
    Text(String),
    /// A reference that is resolved where the process starts and nowhere else.
    Secret {
        /// Where it is to be had.
        secret: SecretRef,
    },
}

/// Where a secret is to be had. The secret itself is never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SecretRef {
    /// An environment variable of the driver.
    Env(String),
    /// A file, read without its final newline.
    File {
        /// Its path.
        file: String,
    },
    /// The standard output of a program.
    Run {
        /// Program and arguments.
        run: Vec<String>,
    },
}

impl Work {
    /// The same for every repeat of this attempt and turn, different for any other: receivers dedupe by it.
    pub fn idempotency_key(&self, run: &super::RunId) -> String {
        Digest::of(format!("{run} {} {}", self.attempt, self.turn).as_bytes()).hex()[..32].to_owned()
    }
}
