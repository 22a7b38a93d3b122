//! Findings about what is read: the place of the step that is wrong, and the name that was perhaps meant.

use crate::diag::{Code, Diagnostic, nearest};
use crate::expr::jq::SegmentKind;
use crate::graph::{Draft, Problem, Reading};
use crate::text::Span;

/// All reads that lead nowhere, with the step at which they do.
pub fn problems<'d, 'a>(draft: &'d Draft<'a>) -> impl Iterator<Item = (&'d Reading<'a>, usize, &'d Problem)> {
    draft.readings.reads.iter().filter_map(|read| read.look.problem.as_ref().map(|(step, problem)| (read, *step, problem)))
}

/// The name that stands at a step; empty when it is computed.
pub fn name<'a>(read: &'a Reading<'_>, step: usize) -> &'a str {
    match &read.path[step].kind {
        SegmentKind::Key(name) => name,
        SegmentKind::Index(_) | SegmentKind::Each | SegmentKind::Unknown => "",
    }
}

/// Where a step stands.
pub fn span(read: &Reading<'_>, step: usize) -> Span {
    read.text.span(read.path[step].range.clone())
}

/// A finding about a name, with the nearest of those that there are.
pub fn unknown<'k>(
    code: Code,
    read: &Reading<'_>,
    step: usize,
    message: String,
    known: impl IntoIterator<Item = &'k str> + Clone,
) -> Diagnostic {
    let finding = Diagnostic::new(code, span(read, step), message);
    if let Some(near) = nearest(name(read, step), known.clone()) {
        return meant(finding, read, step, near);
    }
    let mut names: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(12);
    names.truncate(12);
    match (names.is_empty(), more) {
        (true, _) => finding,
        (false, 0) => finding.help(format!("there is {}", names.join(", "))),
        (false, more) => finding.help(format!("there is {}, and {more} more", names.join(", "))),
    }
}

/// Adds what was perhaps meant in place of the name at a step.
pub fn meant(finding: Diagnostic, read: &Reading<'_>, step: usize, near: &str) -> Diagnostic {
    // In `map(.a)` or `."a"` the place is more than the name, or escapes move it: no edit then.
    let plain = read.text.is_plain() && read.text.text().get(read.path[step].range.clone()) == Some(name(read, step));
    let question = format!("did you mean `{near}`?");
    if plain {
        finding.label(question).suggest(format!("write `{near}`"), span(read, step), near)
    } else {
        finding.help(question)
    }
}
