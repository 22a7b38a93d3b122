//! S010: two agents may change one tree at the same time, and both were told that they may.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::{Access, Field, Phase, Verb, Workspace};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let pipeline = draft.pipeline;
    if pipeline.limits.parallel.as_ref().is_some_and(|parallel| parallel.value == 1) {
        return vec![];
    }
    let mut before: Vec<(usize, &Phase, &Field<Workspace>)> = vec![];
    let mut found = vec![];
    for (at, phase) in pipeline.phases.values().enumerate() {
        let Some(workspace) = shared(draft, phase).filter(|_| draft.net.known[at]) else { continue };
        let beside = before.iter().find(|(other, file, _)| may_meet(draft, (at, phase), (*other, file)));
        found.extend(beside.map(|(_, other, theirs)| {
            let (name, other) = (&phase.name.value, &other.name.value);
            Diagnostic::new(
                code::S010,
                workspace.span,
                format!("`{name}` and `{other}` may change the same tree at the same time"),
            )
            .label("without it they take turns")
            .related(theirs.span, format!("`{other}` says so too"))
            .help("take one of them away, let one phase need the other, or give each its own `dir`")
        }));
        before.push((at, phase, workspace));
    }
    found
}

/// Where a phase that writes says that it shares its tree.
fn shared<'a>(draft: &Draft<'a>, phase: &'a Phase) -> Option<&'a Field<Workspace>> {
    let Verb::Agent(agent) = &phase.verb.as_ref()?.value else { return None };
    let access = draft.pipeline.agents.get(&agent.value)?.access.as_ref();
    let reads = access.is_some_and(|access| access.value == Access::Read);
    phase.workspace.as_ref().filter(|workspace| workspace.value == Workspace::Shared && !reads)
}

fn may_meet(draft: &Draft<'_>, (at, phase): (usize, &Phase), (other, beside): (usize, &Phase)) -> bool {
    let in_turn = draft.net.is_above(at, other) || draft.net.is_above(other, at);
    // Guards may exclude each other.
    let guarded = phase.when.is_some() && beside.when.is_some();
    !in_turn && !guarded && !apart(phase, beside)
}

/// Whether they work in folders of which neither holds the other.
fn apart(one: &Phase, other: &Phase) -> bool {
    let (Some(one), Some(other)) = (&one.dir, &other.dir) else { return false };
    let folder = |text: &str| format!("{}/", text.trim_start_matches("./").trim_end_matches('/'));
    let (one, other) = (folder(one.value.text()), folder(other.value.text()));
    !one.starts_with(&other) && !other.starts_with(&one) && !one.starts_with("./") && !other.starts_with("./")
}
