//! The outline of a pipeline: its parameters, documents, agents, phases and tests.

use super::file::File;
use super::position::range;
use crate::model::Verb;
use crate::project::Loaded;
use crate::text::Span;
use lsp_types::{DocumentSymbol, SymbolKind};

/// The symbols of a file, in its order.
pub(super) fn symbols(file: &File) -> Vec<DocumentSymbol> {
    let Some(loaded) = &file.checked else { return vec![] };
    let pipeline = &loaded.pipeline;
    let mut found = vec![];
    let mut add = |name: &str, detail: Option<String>, kind: SymbolKind, header: Span| {
        found.push(symbol(loaded, name, detail, kind, header));
    };
    for param in pipeline.params.values() {
        let help = param.help.as_ref().map(|help| help.value.clone());
        add(&param.name.value, help, SymbolKind::VARIABLE, param.header);
    }
    for document in pipeline.documents.values() {
        add(&document.name.value, Some("document".to_owned()), SymbolKind::OBJECT, document.header);
    }
    for agent in pipeline.agents.values() {
        add(&agent.name.value, Some("agent".to_owned()), SymbolKind::CLASS, agent.header);
    }
    for phase in pipeline.phases.values() {
        let described = phase.description.as_ref().map(|description| description.value.clone());
        let detail = described.or_else(|| Some(verb(&phase.verb.as_ref()?.value).to_owned()));
        add(&phase.name.value, detail, SymbolKind::FUNCTION, phase.header);
    }
    for test in &pipeline.tests {
        let name = test.name.as_ref().map_or("a test", |name| name.value.as_str());
        add(name, Some("test".to_owned()), SymbolKind::EVENT, test.header);
    }
    found.sort_by_key(|symbol| (symbol.range.start.line, symbol.range.start.character));
    found
}

fn verb(verb: &Verb) -> &'static str {
    match verb {
        Verb::Agent(_) => "agent",
        Verb::Run(_) | Verb::Shell(_) => "run",
        Verb::Ask(_) => "ask",
        Verb::Set(_) => "set",
        Verb::Pipeline(_) => "pipeline",
    }
}

#[expect(deprecated, reason = "the type has a field that nobody may leave out")]
fn symbol(loaded: &Loaded, name: &str, detail: Option<String>, kind: SymbolKind, header: Span) -> DocumentSymbol {
    let range = range(&loaded.sources, header);
    let name = if name.is_empty() { "?".to_owned() } else { name.to_owned() };
    DocumentSymbol { name, detail, kind, tags: None, deprecated: None, range, selection_range: range, children: None }
}
