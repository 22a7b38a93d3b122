//! S007: an agent that may do everything, unasked.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::lint::command::commands;
use crate::model::Access;

/// What other agents call it.
const FLAGS: [&str; 6] = [
    "--dangerously-skip-permissions",
    "--dangerously-bypass-approvals-and-sandbox",
    "--yolo",
    "--allow-all-tools",
    "bypassPermissions",
    "danger-full-access",
];

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let agents = draft.pipeline.agents.values().filter_map(|agent| agent.access.as_ref());
    let full = agents.filter(|access| access.value == Access::Full).map(|access| {
        Diagnostic::new(code::S007, access.span, "this agent may do everything that you may, and asks nobody")
            .label("nothing that it reads can be refused by it")
            .help("`access = \"write\"` changes files and runs commands within the rules of the project")
    });
    let flagged = commands(draft).into_iter().flat_map(|command| command.words).filter_map(|word| {
        let flag = FLAGS.iter().find(|flag| word.text.rsplit('=').next() == Some(flag))?;
        let finding = Diagnostic::new(code::S007, word.span, format!("with `{flag}` this agent asks nobody before it acts"));
        Some(finding.help("let it do what its task needs, and no more: its own settings have lists of what is allowed"))
    });
    full.chain(flagged).collect()
}
