//! Y005: what people are shown in `--help` says nothing: the pipeline, or a parameter.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let pipeline = draft.pipeline;
    // Where something could not be read it may have been the text.
    if !draft.facts.unread.is_empty() {
        return vec![];
    }
    let own = pipeline.name.as_ref().filter(|_| pipeline.description.is_none()).map(|name| {
        let finding = Diagnostic::new(code::Y005, name.span, format!("`{}` does not say what it is for", name.value));
        finding.help("add `description = \"…\"` below the name: `flow run --help` shows it")
    });
    let params = pipeline.params.values().filter(|param| param.help.is_none()).map(|param| {
        let message = format!("the parameter `{}` does not say what it is for", param.name.value);
        Diagnostic::new(code::Y005, param.name.span, message).help("add `help = \"…\"`: `flow run --help` shows it")
    });
    own.into_iter().chain(params).collect()
}
