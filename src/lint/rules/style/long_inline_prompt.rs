//! Y003: a text for an agent that is so long that the graph can no longer be seen between its lines.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::{Field, TextSource, Verb};

/// As many lines as a screen shows at once.
const LINES: usize = 24;
/// A line of more characters counts as several.
const COLUMNS: usize = 120;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let pipeline = draft.pipeline;
    let systems = pipeline.agents.values().filter_map(|agent| finding("system", &agent.name.value, agent.system.as_ref()?));
    let prompts = pipeline.phases.values().filter_map(|phase| finding("prompt", &phase.name.value, phase.prompt.as_ref()?));
    let questions = pipeline.phases.values().filter_map(|phase| {
        let verb = phase.verb.as_ref()?;
        let Verb::Ask(text) = &verb.value else { return None };
        finding("ask", &phase.name.value, &Field { key: verb.key, span: verb.span, value: text.clone() })
    });
    systems.chain(prompts).chain(questions).collect()
}

fn finding(key: &str, name: &str, field: &Field<TextSource>) -> Option<Diagnostic> {
    let TextSource::Inline(text) = &field.value else { return None };
    let lines: usize = text.text().lines().map(|line| line.chars().count().div_ceil(COLUMNS).max(1)).sum();
    let finding = Diagnostic::new(code::Y003, field.key, format!("`{key}` of `{name}` is {lines} lines long"));
    (lines > LINES).then(|| finding.help(format!("put it beside the pipeline: `{key} = {{ file = \"{name}.md\" }}`")))
}
