//! G009: a phase that only gives an output, which nobody reads, and that nobody waits for.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::lint::used::Used;
use crate::model::{Access, Verb};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let used = Used::of(draft);
    let last = draft.net.order.last().copied();
    let phases = draft.pipeline.phases.values().enumerate();
    let unused = phases.filter(|(at, phase)| {
        let alone = draft.net.needed[*at].is_empty() && phase.repeat.is_empty() && Some(*at) != last;
        alone && draft.net.known[*at] && !used.is_mentioned(*at) && only_says(draft, phase.verb.as_ref().map(|verb| &verb.value))
    });
    unused
        .map(|(_, phase)| {
            let name = &phase.name.value;
            Diagnostic::new(code::G009, phase.name.span, format!("nothing needs `{name}`, and nothing reads its output"))
                .help("read it, in a prompt or in `result`, or leave the phase out")
        })
        .collect()
}

/// Whether a phase does nothing but give its output: it computes a value, or its agent may only read.
fn only_says(draft: &Draft<'_>, verb: Option<&Verb>) -> bool {
    match verb {
        Some(Verb::Set(_)) => true,
        Some(Verb::Agent(name)) => {
            let access = draft.pipeline.agents.get(&name.value).and_then(|agent| agent.access.as_ref());
            access.is_some_and(|access| access.value == Access::Read)
        }
        _ => false,
    }
}
