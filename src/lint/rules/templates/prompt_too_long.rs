//! T008: an instruction longer than an agent keeps in mind.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, includes_of};
use crate::limits::PROMPT_BYTES;
use crate::model::TextSource;
use crate::text::{Embedded, Span};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let systems = draft.pipeline.agents.values().filter_map(|agent| agent.system.as_ref());
    let prompts = draft.pipeline.phases.values().filter_map(|phase| phase.prompt.as_ref());
    systems.chain(prompts).filter_map(|field| one(draft, &field.value)).collect()
}

fn one(draft: &Draft<'_>, source: &TextSource) -> Option<Diagnostic> {
    let text = draft.facts.source(source)?;
    let included = includes_of(text);
    let included = included.iter().filter_map(|name| draft.facts.text(name)).map(|text| text.text().len());
    let bytes = text.text().len() + included.sum::<usize>();
    let span = match source {
        TextSource::File(name) => name.span,
        TextSource::Inline(text) => first_line(text),
    };
    let message = format!("this prompt has {} KiB, and an agent should get {} KiB at most", bytes >> 10, PROMPT_BYTES >> 10);
    let finding = Diagnostic::new(code::T008, span, message).label("all of it is sent with every turn");
    let help = "put what is looked up, not followed, into a file of the project, and name that file in the prompt";
    (bytes > PROMPT_BYTES).then(|| finding.help(help))
}

fn first_line(text: &Embedded) -> Span {
    let rest = text.text().trim_start();
    let start = text.text().len() - rest.len();
    text.span(start..start + rest.lines().next().map_or(0, str::len))
}
