//! Which phases were not read in full: what follows from that is no mistake of its own.

use super::facts::Facts;
use crate::model::Pipeline;
use crate::text::Span;

/// Whether something in a phase could not be read, by its place in the file. A misspelt `needs` must not also be told
/// as a read of something that is not needed.
pub(super) fn damaged(pipeline: &Pipeline, facts: &Facts) -> Vec<bool> {
    let mut damaged = vec![false; pipeline.phases.len()];
    if facts.unread.is_empty() {
        return damaged;
    }
    let headers = headers(pipeline);
    for span in &facts.unread {
        let next = headers.partition_point(|(start, _)| *start <= span.start);
        if let Some((_, Some(phase))) = next.checked_sub(1).map(|at| headers[at]) {
            damaged[phase] = true;
        }
    }
    damaged
}

/// Where tables begin, in file order, with the phase that they are.
fn headers(pipeline: &Pipeline) -> Vec<(u32, Option<usize>)> {
    let phases = pipeline.phases.values().enumerate().map(|(at, phase)| (phase.header.start, Some(at)));
    let others: Vec<Span> = (pipeline.params.values().map(|param| param.header))
        .chain(pipeline.agents.values().map(|agent| agent.header))
        .chain(pipeline.documents.values().map(|document| document.header))
        .chain(pipeline.checks.iter().map(|check| check.header))
        .chain(pipeline.tests.iter().map(|test| test.header))
        .chain(pipeline.series.as_ref().map(|series| series.header))
        .chain(pipeline.store.as_ref().map(|store| store.header))
        .chain(pipeline.defaults.header)
        .chain(pipeline.limits.header)
        .collect();
    let mut headers: Vec<_> = phases.chain(others.into_iter().map(|span| (span.start, None))).collect();
    headers.sort_unstable();
    headers
}
