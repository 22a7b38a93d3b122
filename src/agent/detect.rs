//! Which agents are installed, and which backend each agent of a pipeline gets.

use super::claude;
use crate::limits;
use crate::name::Name;
use crate::run::{AgentSpec, BackendKind};
use indexmap::IndexMap;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

/// An agent's program that this version of `flow` knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which backend.
    pub kind: BackendKind,
    /// The program, which is also the word in `use = "…"`.
    pub program: &'static str,
    /// Whether this version can drive it. One that it cannot is found, shown, and never picked.
    pub usable: bool,
}

/// In the order in which `auto` takes them.
pub const KNOWN: [Known; 5] = [
    Known { kind: BackendKind::Claude, program: claude::PROGRAM, usable: true },
    Known { kind: BackendKind::Codex, program: "codex", usable: false },
    Known { kind: BackendKind::Gemini, program: "gemini", usable: false },
    Known { kind: BackendKind::Opencode, program: "opencode", usable: false },
    Known { kind: BackendKind::Copilot, program: "copilot", usable: false },
];

/// An agent that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub known: Known,
    /// Where.
    pub path: PathBuf,
}

/// The known agents on a `PATH`, in order of preference.
pub fn found(path: Option<&OsStr>) -> Vec<Found> {
    KNOWN.iter().filter_map(|known| Some(Found { known: *known, path: on_path(known.program, path)? })).collect()
}

/// The known agents on this process's `PATH`.
pub fn installed() -> Vec<Found> {
    found(std::env::var_os("PATH").as_deref())
}

/// The first executable file of that name on a `PATH`.
pub fn on_path(program: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let executable = |file: &PathBuf| file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    std::env::split_paths(path?).map(|folder| folder.join(program)).find(executable)
}

/// What `--version` says, in one line; why it says nothing otherwise.
///
/// # Errors
/// In words: it could not be started, took too long, or failed.
pub async fn version(found: &Found) -> Result<String, String> {
    let mut command = tokio::process::Command::new(&found.path);
    command.arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let limit = Duration::from_millis(limits::DETECT_MS);
    let output = tokio::time::timeout(limit, command.output()).await;
    let output = output.map_err(|_| format!("no answer to `--version` in {} s", limit.as_secs()))?.map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) if output.status.success() => Ok(super::capture::one_line(line)),
        _ => Err(format!("`--version` failed: {}", output.status)),
    }
}

/// What the command line, the environment or `flow.toml` says instead of the pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// For which agent; `None` is every agent of the pipeline.
    pub agent: Option<Name>,
    /// Which backend; `None` leaves the pipeline's.
    pub backend: Option<BackendKind>,
    /// Which model; `None` leaves the pipeline's, unless the backend changes: then it is the new backend's choice.
    pub model: Option<String>,
}

/// Why an agent gets no backend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAgent {
    /// `auto`, and nothing usable is installed.
    #[error(
        "no agent found for `{agent}`: looked on PATH for {looked}{unusable}. Install `claude`, or walk through \
         without a model: `--rehearse`"
    )]
    NoneInstalled {
        /// The agent of the pipeline.
        agent: Name,
        /// What was looked for.
        looked: String,
        /// What is there and cannot be used, in words.
        unusable: String,
    },
    /// The backend is part of the language, and this version cannot perform it.
    #[error(
        "agent `{agent}` uses `{backend}`, which this version cannot run: choose another with `--agent {agent}=BACKEND` ({usable})"
    )]
    NotYet {
        /// The agent of the pipeline.
        agent: Name,
        /// The word.
        backend: &'static str,
        /// What can be chosen.
        usable: String,
    },
    /// The backend's program is not installed.
    #[error(
        "agent `{agent}` uses `{program}`, which is not on PATH: install it, or choose another with `--agent {agent}=BACKEND`, or `--rehearse`"
    )]
    Missing {
        /// The agent of the pipeline.
        agent: Name,
        /// The program.
        program: &'static str,
    },
    /// An override names an agent that the pipeline does not have.
    #[error("`--agent {agent}=…` names no agent of this pipeline: it has {known}")]
    Unknown {
        /// The name.
        agent: Name,
        /// The agents there are.
        known: String,
    },
    /// `command` without a program.
    #[error("agent `{agent}` uses `command` and names none: add `command = [\"program\", …]` to `[agents.{agent}]`")]
    NoCommand {
        /// The agent of the pipeline.
        agent: Name,
    },
}

/// The word of a backend in `use = "…"`.
pub fn word(kind: BackendKind) -> &'static str {
    match kind {
        BackendKind::Auto => "auto",
        BackendKind::Claude => "claude",
        BackendKind::Codex => "codex",
        BackendKind::Gemini => "gemini",
        BackendKind::Opencode => "opencode",
        BackendKind::Copilot => "copilot",
        BackendKind::Acp => "acp",
        BackendKind::Api => "api",
        BackendKind::Command => "command",
        BackendKind::Rehearse => "rehearse",
    }
}

/// Each agent with its backend settled: overrides applied (those for one agent last), `auto` replaced by the first
/// that is installed and usable.
///
/// # Errors
/// The first agent that gets none, and what to type.
pub fn settle(
    agents: &IndexMap<Name, AgentSpec>,
    overrides: &[Override],
    found: &[Found],
) -> Result<IndexMap<Name, AgentSpec>, NoAgent> {
    if let Some(agent) = overrides.iter().filter_map(|o| o.agent.as_ref()).find(|agent| !agents.contains_key(*agent)) {
        let known = quoted(agents.keys().map(Name::as_str));
        return Err(NoAgent::Unknown { agent: agent.clone(), known });
    }
    let mut settled = agents.clone();
    for (agent, spec) in &mut settled {
        let general = overrides.iter().filter(|o| o.agent.is_none());
        let own = overrides.iter().filter(|o| o.agent.as_ref() == Some(agent));
        for change in general.chain(own) {
            if let Some(backend) = change.backend.filter(|backend| *backend != spec.backend) {
                if spec.backend != BackendKind::Auto {
                    // Model and tool names mean nothing to another backend.
                    spec.model = None;
                    spec.tools = None;
                }
                spec.backend = backend;
            }
            spec.model = change.model.clone().or(spec.model.take());
        }
        settle_one(agent, spec, found)?;
    }
    Ok(settled)
}

/// Settles one agent whose overrides are applied.
fn settle_one(agent: &Name, spec: &mut AgentSpec, found: &[Found]) -> Result<(), NoAgent> {
    let agent = agent.clone();
    match spec.backend {
        BackendKind::Rehearse => Ok(()),
        BackendKind::Command if spec.command.as_ref().is_some_and(|argv| !argv.is_empty()) => Ok(()),
        BackendKind::Command => Err(NoAgent::NoCommand { agent }),
        BackendKind::Auto => {
            if let Some(first) = found.iter().find(|found| found.known.usable) {
                spec.backend = first.known.kind;
                return Ok(());
            }
            let there = quoted(found.iter().map(|found| found.known.program));
            let unusable = if found.is_empty() { String::new() } else { format!(" ({there} cannot be run by this version)") };
            Err(NoAgent::NoneInstalled { agent, looked: quoted(KNOWN.iter().map(|known| known.program)), unusable })
        }
        kind => match KNOWN.iter().find(|known| known.kind == kind) {
            Some(known) if known.usable && found.iter().any(|found| found.known.kind == kind) => Ok(()),
            Some(known) if known.usable => Err(NoAgent::Missing { agent, program: known.program }),
            _ => {
                let usable = KNOWN.iter().filter(|known| known.usable).map(|known| known.program);
                Err(NoAgent::NotYet { agent, backend: word(kind), usable: quoted(usable.chain(["command", "rehearse"])) })
            }
        },
    }
}

/// How agents are performed, as a run records it: `backend` or `backend:model`.
pub fn chosen(agents: &IndexMap<Name, AgentSpec>) -> IndexMap<String, String> {
    let text = |spec: &AgentSpec| match &spec.model {
        Some(model) => format!("{}:{model}", word(spec.backend)),
        None => word(spec.backend).to_owned(),
    };
    agents.iter().map(|(name, spec)| (name.to_string(), text(spec))).collect()
}

/// Words in backquotes, as a list for people.
fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agents(backend: BackendKind) -> IndexMap<Name, AgentSpec> {
        let json = serde_json::json!({ "use": backend, "model": "m", "tools": ["Read"] });
        let spec: AgentSpec = serde_json::from_value(json).expect("is a spec");
        let names = ["planner", "writer"].map(|name| Name::new(name).expect("is a name"));
        names.into_iter().map(|name| (name, spec.clone())).collect()
    }

    fn there(programs: &[&str]) -> Vec<Found> {
        let known = KNOWN.iter().filter(|known| programs.contains(&known.program));
        known.map(|known| Found { known: *known, path: PathBuf::from(known.program) }).collect()
    }

    #[test]
    fn auto_takes_the_first_that_can_be_used() {
        let settled = settle(&agents(BackendKind::Auto), &[], &there(&["codex", "claude"])).expect("there is one");
        assert!(settled.values().all(|spec| spec.backend == BackendKind::Claude && spec.model.as_deref() == Some("m")));
        assert_eq!(chosen(&settled)["planner"], "claude:m");
    }

    #[test]
    fn without_any_agent_the_error_says_what_was_looked_for_and_what_to_type() {
        let error = settle(&agents(BackendKind::Auto), &[], &there(&["codex"])).expect_err("none is usable");
        assert_eq!(
            error.to_string(),
            "no agent found for `planner`: looked on PATH for `claude`, `codex`, `gemini`, `opencode`, `copilot` (`codex` cannot \
             be run by this version). Install `claude`, or walk through without a model: `--rehearse`"
        );
    }

    #[test]
    fn an_override_for_one_agent_beats_the_general_one() {
        let writer = Name::new("writer").expect("is a name");
        let general = Override { agent: None, backend: Some(BackendKind::Claude), model: Some("big".to_owned()) };
        let own = Override { agent: Some(writer.clone()), backend: Some(BackendKind::Rehearse), model: None };
        let settled = settle(&agents(BackendKind::Codex), &[own, general], &there(&["claude"])).expect("both are settled");
        assert_eq!(
            chosen(&settled).into_iter().collect::<Vec<_>>(),
            [("planner".to_owned(), "claude:big".to_owned()), ("writer".to_owned(), "rehearse".to_owned())]
        );
        assert_eq!(settled[&writer].tools, None, "tool names belong to the other backend");
    }

    #[test]
    fn naming_the_backend_of_auto_keeps_the_model() {
        let claude = Override { agent: None, backend: Some(BackendKind::Claude), model: None };
        let settled = settle(&agents(BackendKind::Auto), &[claude], &there(&["claude"])).expect("there is one");
        assert_eq!(chosen(&settled)["planner"], "claude:m");
    }

    #[test]
    fn what_cannot_be_run_is_never_taken() {
        let not_yet = settle(&agents(BackendKind::Codex), &[], &there(&["codex"])).expect_err("not yet");
        assert!(not_yet.to_string().contains("`codex`, which this version cannot run"), "{not_yet}");
        let missing = settle(&agents(BackendKind::Claude), &[], &[]).expect_err("missing");
        assert!(missing.to_string().contains("`claude`, which is not on PATH"), "{missing}");
        let nobody = Override { agent: Name::new("nobody").ok(), backend: None, model: None };
        let unknown = settle(&agents(BackendKind::Rehearse), &[nobody], &[]).expect_err("unknown");
        assert!(unknown.to_string().ends_with("it has `planner`, `writer`"), "{unknown}");
    }

    #[test]
    fn only_executable_files_count() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("claude");
        std::fs::write(&file, "#!/bin/sh\n").expect("writes");
        assert_eq!(found(Some(folder.path().as_os_str())), []);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("changes");
        assert_eq!(found(Some(folder.path().as_os_str())).len(), 1);
    }
}
