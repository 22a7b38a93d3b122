//! G011: a run that may end without the phase that joins its branches, and so without its end.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::lint::absent::{Absence, related};
use crate::model::Join;

/// Finds it. One branch alone is a plain choice, and branches that ask the same thing are cases of it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let net = &draft.net;
    let known = net.known.iter().all(|known| *known);
    // Somebody at the end runs in any case: the others are extras.
    let ends = (0..net.needed.len()).filter(|at| net.needed[*at].is_empty()).all(|at| net.may_skip[at]);
    if !known || !ends {
        return vec![];
    }
    let absence = Absence::of(draft);
    (0..draft.pipeline.phases.len()).filter_map(|phase| one(draft, &absence, phase)).collect()
}

fn one(draft: &Draft<'_>, absence: &Absence<'_, '_>, phase: usize) -> Option<Diagnostic> {
    let file = &draft.pipeline.phases[phase];
    let needs = &draft.net.needs[phase];
    let any = file.join.as_ref().is_none_or(|join| join.value == Join::Any);
    if needs.len() < 2 || !any || file.when.is_some() || !needs.iter().all(|need| draft.net.may_skip[*need]) {
        return None;
    }
    let mut guards: Vec<usize> = needs.iter().filter_map(|need| absence.decides(*need)).collect();
    guards.sort_unstable();
    guards.dedup();
    let asked: Vec<Vec<_>> = guards.iter().map(|at| absence.asks(*at).collect()).collect();
    let cases = (1..asked.len()).any(|at| {
        let (before, this) = (&asked[..at], &asked[at]);
        this.is_empty() || before.iter().any(|other| other.iter().any(|a| this.iter().any(|b| related(a, b))))
    });
    if guards.len() < 2 || cases {
        return None;
    }
    let name = &file.name.value;
    let message = format!("`{name}` does not run when none of its needs did, and then nothing at the end of the run does");
    let mut finding = Diagnostic::new(code::G011, file.name.span, message);
    for at in guards {
        if let Some(guard) = &draft.pipeline.phases[at].when {
            finding = finding.related(guard.span, "may be false together with the others");
        }
    }
    Some(finding.help(format!("let `{name}` need a phase that always runs as well, or say when it is wanted: `when = '…'`")))
}
