//! R005: what an agent changes is taken as it is: nothing checks it, and nobody comes after it who could.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::{Access, Phase, Verb};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    let mut looked_at = vec![false; draft.pipeline.phases.len()];
    for at in draft.net.order.iter().rev().copied() {
        let phase = &draft.pipeline.phases[at];
        looked_at[at] = draft.net.needed[at].iter().any(|next| looked_at[*next] || looks(&draft.pipeline.phases[*next]));
        if !looked_at[at] && draft.net.known[at] && phase.accept.is_empty() && phase.repeat.is_empty() {
            found.extend(writes(draft, phase).map(|verb| finding(phase, verb)));
        }
    }
    found
}

/// Whether a phase can tell, or let somebody tell, what the ones before it did.
fn looks(phase: &Phase) -> bool {
    let verb = phase.verb.as_ref().map(|verb| &verb.value);
    !matches!(verb, Some(Verb::Set(_))) || !phase.require.is_empty()
}

/// Where an agent that may change files is named.
fn writes(draft: &Draft<'_>, phase: &Phase) -> Option<crate::text::Span> {
    let Verb::Agent(name) = &phase.verb.as_ref()?.value else { return None };
    let agent = draft.pipeline.agents.get(&name.value)?;
    let access = agent.access.as_ref().map_or(Access::Write, |access| access.value);
    (access != Access::Read).then_some(name.span)
}

fn finding(phase: &Phase, place: crate::text::Span) -> Diagnostic {
    let message = format!("nothing checks what `{}` changes", phase.name.value);
    let help = "add an `accept`, for example `accept = [{ run = [\"make\", \"test\"] }]`, or `access = \"read\"` to the agent \
                if it only looks";
    Diagnostic::new(code::R005, place, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::graph::{Draft, Facts};
    use crate::model;
    use crate::text::FileId;

    /// How many phases are found: `write` may change files, `look` may not.
    fn found(phases: &str) -> usize {
        let text = format!("flow = 1\nname = 'n'\n[agents.write]\n[agents.look]\naccess = 'read'\n{phases}");
        let (pipeline, wrong) = model::parse(FileId(0), &text);
        assert_eq!(wrong, [], "{text}");
        check(&Draft::of(&pipeline, &Facts::default()).0).len()
    }

    const WRITES: &str = "[phases.a]\nagent = 'write'\nprompt = 'x'\n";

    #[test]
    fn whoever_writes_last_is_told() {
        assert_eq!(found(WRITES), 1);
        assert_eq!(found(&format!("{WRITES}[phases.b]\nneeds = ['a']\nset = '1'\n")), 1, "a value looks at no file");
        assert_eq!(found(&format!("{WRITES}[phases.b]\nneeds = ['a']\nagent = 'write'\nprompt = 'x'\n")), 1);
    }

    #[test]
    fn what_is_looked_at_by_anybody_is_not() {
        assert_eq!(found(&WRITES.replace("'write'", "'look'")), 0);
        assert_eq!(found(&format!("{WRITES}accept = [{{ that = 'true' }}]\n")), 0);
        assert_eq!(found(&format!("{WRITES}repeat = {{ from = 'a', when = '.output == \"no\"', max = 1 }}\n")), 0);
        for check in ["run = ['true']", "agent = 'look'\nprompt = 'x'", "set = '1'\nrequire = [{ that = 'true' }]"] {
            let below = format!("[phases.b]\nneeds = ['a']\nset = '1'\n[phases.c]\nneeds = ['b']\n{check}\n");
            assert_eq!(found(&format!("{WRITES}{below}")), 0, "{check}");
        }
    }
}
