//! R002: a timeout that never comes, because another one comes first or because there is none.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::{Field, Retry, RetryClass, Verb};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    let (defaults, wall) = (&draft.pipeline.defaults, draft.pipeline.limits.wall_ms.as_ref());
    found.extend(beyond(defaults.timeout_ms.as_ref(), wall, "each phase"));
    found.extend(never_silent(defaults.idle_timeout_ms.as_ref(), defaults.timeout_ms.as_ref()));
    for (at, phase) in draft.pipeline.phases.values().enumerate().filter(|(at, _)| draft.net.known[*at]) {
        // While a person is waited for, the clock of the run stands.
        if phase.works() {
            found.extend(beyond(phase.timeout_ms.as_ref(), wall, &format!("`{}`", phase.name.value)));
            let timeout = phase.timeout_ms.as_ref().or(defaults.timeout_ms.as_ref());
            found.extend(never_silent(phase.idle_timeout_ms.as_ref(), timeout));
        }
        found.extend(phase.retry.as_ref().and_then(|retry| retried(draft, at, retry)));
    }
    found
}

/// A phase that may take longer than the whole run.
fn beyond(timeout: Option<&Field<u64>>, wall: Option<&Field<u64>>, who: &str) -> Option<Diagnostic> {
    let (timeout, wall) = (timeout?, wall?);
    let message = format!("{who} may take longer than the whole run: this timeout never comes");
    let finding = || Diagnostic::new(code::R002, timeout.span, message).related(wall.span, "the run is ended before");
    (timeout.value > wall.value).then(|| finding().help("make it shorter than `wall` under `[limits]`, or that longer"))
}

/// A silence as long as all of the attempt.
fn never_silent(idle: Option<&Field<u64>>, timeout: Option<&Field<u64>>) -> Option<Diagnostic> {
    let (idle, timeout) = (idle?, timeout?);
    let message = "the attempt is ended before it can be silent for so long: this timeout never comes";
    let finding = || Diagnostic::new(code::R002, idle.span, message).related(timeout.span, "it is ended here");
    (idle.value >= timeout.value).then(|| finding().help("make `idle_timeout` shorter than `timeout`, or leave it out"))
}

/// A retry after a timeout, where nothing times out.
fn retried(draft: &Draft<'_>, at: usize, retry: &Field<Retry>) -> Option<Diagnostic> {
    let (phase, defaults) = (&draft.pipeline.phases[at], &draft.pipeline.defaults);
    let class = retry.value.on.as_ref()?.value.iter().find(|class| class.value == RetryClass::Timeout)?;
    let from_defaults = phase.works() && (defaults.timeout_ms.is_some() || defaults.idle_timeout_ms.is_some());
    let timed = phase.timeout_ms.is_some() || phase.idle_timeout_ms.is_some() || from_defaults;
    // An agent that has used up its turns has timed out, too.
    let counted = match &phase.verb.as_ref()?.value {
        Verb::Agent(agent) => draft.pipeline.agents.get(&agent.value).is_none_or(|agent| agent.max_turns.is_some()),
        Verb::Pipeline(_) => true,
        Verb::Run(_) | Verb::Shell(_) | Verb::Ask(_) | Verb::Set(_) => false,
    };
    let name = &phase.name.value;
    let message = format!("`{name}` is to be tried again after a timeout, and has none");
    let finding = || Diagnostic::new(code::R002, class.span, message).help("add a `timeout`, or take the word out");
    (!timed && !counted).then(finding)
}
