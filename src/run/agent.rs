//! Agents as a pipeline declares them and a run uses them.

use serde::{Deserialize, Serialize};

/// An agent as declared in `[agents.…]`, with the project's and the command line's overrides applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentSpec {
    /// Which backend.
    #[serde(rename = "use")]
    pub backend: BackendKind,
    /// Which model; the backend's own choice if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it may do to the project.
    #[serde(default)]
    pub access: Access,
    /// Exact tool names, for backends that have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// Turns of the agent's own loop, where the backend can bound them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_turns: Option<u32>,
    /// US dollars of one attempt, where the backend can bound them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<f64>,
    /// Program and arguments of the `command` backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
}

/// The backends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackendKind {
    /// The first that is installed.
    #[default]
    Auto,
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// opencode.
    Opencode,
    /// GitHub Copilot CLI.
    Copilot,
    /// Any agent that speaks the Agent Client Protocol.
    Acp,
    /// A model's HTTP API.
    Api,
    /// Any program: prompt on stdin, reply on stdout.
    Command,
    /// No agent: answers come from stubs and shapes.
    Rehearse,
}

/// What an agent may do to the project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Look.
    Read,
    /// Change files.
    #[default]
    Write,
    /// Everything, unasked.
    Full,
}
