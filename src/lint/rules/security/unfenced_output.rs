//! S009: the words of one agent stand among the instructions of the next.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::{SegmentKind, Usage};
use crate::expr::shape::Type;
use crate::graph::{Draft, Reading, Role};
use crate::model::Verb;

/// Filters that leave a text what it is.
const KEEP: [&str; 7] = ["default", "d", "trim", "string", "indent", "replace", "list"];

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let printed = draft.readings.reads.iter().filter(|read| read.site.role == Role::Prompt && printed_as_it_is(read));
    printed.filter(|read| is_free_text(draft, read) && stands_alone(read)).map(finding).collect()
}

fn printed_as_it_is(read: &Reading<'_>) -> bool {
    // What goes through `default` is no longer told as a text.
    let shown = read.usage == Usage::Text || read.filters.iter().any(|filter| matches!(filter.as_str(), "default" | "d"));
    shown && read.look.problem.is_none() && read.filters.iter().all(|filter| KEEP.contains(&filter.as_str()))
}

/// Whether it is the whole reply of an agent, in words of its own.
fn is_free_text(draft: &Draft<'_>, read: &Reading<'_>) -> bool {
    let Some(phase) = read.look.output_of else { return false };
    let whole = read.path.last().is_some_and(|step| step.kind == SegmentKind::Key("output".to_owned()));
    let file = &draft.pipeline.phases[phase];
    let by_agent = matches!(file.verb.as_ref().map(|verb| &verb.value), Some(Verb::Agent(_)));
    let text = file.output.is_none() || matches!(draft.shapes[phase].reply, Some(Type::Text { choices: None }));
    whole && by_agent && text && file.result.is_none() && file.for_each.is_none()
}

/// Whether the `{{ … }}` has its line for itself: inside of a sentence no fence has a place.
fn stands_alone(read: &Reading<'_>) -> bool {
    let text = read.text.text();
    let before = text[..read.range.start].rsplit('\n').next().unwrap_or_default();
    let after = text[read.range.end..].split('\n').next().unwrap_or_default();
    matches!(before.trim(), "{{" | "{{-") && after.trim_end().ends_with("}}") && after.matches("}}").count() == 1
}

fn finding(read: &Reading<'_>) -> Diagnostic {
    let name = &read.text.text()[read.range.clone()];
    let message = format!("what `{name}` says stands among the instructions");
    let finding = Diagnostic::new(code::S009, read.text.span(read.range.clone()), message)
        .label("the next agent cannot tell it from yours")
        .help("`| fence` puts it into a block that nothing in it can end");
    if !read.filters.is_empty() {
        return finding;
    }
    finding.suggest(format!("write `{name} | fence`"), read.text.span(read.range.end..read.range.end), " | fence")
}
