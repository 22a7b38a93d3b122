//! G006: a need that another need implies, so that leaving it out changes no run.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, without};
use crate::model::{Crash, Join, Phase};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    (0..draft.pipeline.phases.len()).filter(|phase| draft.net.known[*phase]).flat_map(|phase| of(draft, phase)).collect()
}

fn of(draft: &Draft<'_>, phase: usize) -> Vec<Diagnostic> {
    let needs = &draft.net.needs[phase];
    let file = &draft.pipeline.phases[phase];
    let redundant = needs.iter().filter_map(|need| {
        let by = needs.iter().copied().find(|by| by != need && implies(draft, phase, *by, *need))?;
        Some((*need, by))
    });
    redundant
        .filter_map(|(need, by)| {
            let name = |at: usize| &draft.pipeline.phases[at].name.value;
            let at = file.needs.iter().position(|written| written.value == *name(need))?;
            let other = file.needs.iter().find(|written| written.value == *name(by))?;
            let message = format!("`{}` is needed already: `{}` runs after it", name(need), name(by));
            let finding =
                Diagnostic::new(code::G006, file.needs[at].span, message).related(other.span, "this need waits for both");
            Some(match without(&file.needs, at) {
                Some(gone) => finding.mend(format!("leave `{}` out", name(need)), gone, ""),
                None => finding,
            })
        })
        .collect()
}

/// Whether a phase that needs `by` runs, is skipped and is cancelled exactly as if it did not need `need` as well.
fn implies(draft: &Draft<'_>, phase: usize, by: usize, need: usize) -> bool {
    let net = &draft.net;
    let file = |at: usize| &draft.pipeline.phases[at];
    let join = file(phase).join.as_ref().map_or(Join::Any, |join| join.value);
    // A failure must come through: what runs whatever happened stops it.
    let through = || net.between(need, by).iter().all(|at| *at == need || !is_always(file(*at)));
    net.is_above(need, by)
        && match join {
            Join::Always => true,
            Join::Any => !net.may_skip[by] && !skips_on_crash(draft, by) && net.is_sure(need, by) && through(),
            Join::All => net.is_sure(need, by) && through(),
        }
}

fn is_always(phase: &Phase) -> bool {
    phase.join.as_ref().is_some_and(|join| join.value == Join::Always)
}

fn skips_on_crash(draft: &Draft<'_>, phase: usize) -> bool {
    let own = draft.pipeline.phases[phase].on_crash.as_ref();
    own.or(draft.pipeline.defaults.on_crash.as_ref()).is_some_and(|on_crash| on_crash.value == Crash::Skip)
}
