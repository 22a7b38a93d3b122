//! What the language has and this version does not execute.

use super::{Backend, Pipeline, Verb, Workspace};
use crate::diag::{Diagnostic, code};
use crate::text::Span;

/// Findings for what is read but not executed yet, each at its key.
pub fn not_yet(pipeline: &Pipeline) -> Vec<Diagnostic> {
    let mut found = vec![];
    let mut refuse = |what: &str, span: Span, help: &str| {
        let message = format!("{what} is not executed by this version");
        found.push(Diagnostic::new(code::N001, span, message).help(help));
    };
    for agent in pipeline.agents.values() {
        let Some(backend) = &agent.backend else { continue };
        match backend.value {
            Backend::Auto | Backend::Claude | Backend::Command | Backend::Rehearse => {}
            Backend::Codex | Backend::Gemini | Backend::Opencode | Backend::Copilot | Backend::Acp | Backend::Api => {
                let what = format!("`use = \"{}\"`", backend.value.as_str());
                refuse(&what, backend.span, "use `claude`, or `command` with the program that talks to the agent");
            }
        }
    }
    for phase in pipeline.phases.values() {
        if let Some(for_each) = &phase.for_each {
            refuse("`for_each`", for_each.key, "let one phase work on the whole list");
        }
        if let Some(verb) = phase.verb.as_ref().filter(|verb| matches!(verb.value, Verb::Pipeline(_))) {
            refuse("`pipeline`", verb.key, "write the phases of the other pipeline here, or start it with a `run` phase");
        }
        if let Some(workspace) = phase.workspace.as_ref().filter(|w| w.value == Workspace::Worktree) {
            refuse("`workspace = \"worktree\"`", workspace.key, "make the worktree in a `run` phase and point `dir` at it");
        }
    }
    found
}
