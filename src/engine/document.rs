//! Documents: what each view of a pipeline should be now.

use super::program::Program;
use crate::expr::jq::Input;
use crate::name::Name;
use crate::value::Value;

/// Why a view gave nothing usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the view of document `{document}` (line {line}) failed: {cause}")]
pub struct DocumentError {
    /// Which document.
    pub document: Name,
    /// Line of the view, from 1.
    pub line: u32,
    /// What happened.
    pub cause: String,
}

/// What a document should be, from the run document and what is stored of it now (null when nothing is).
///
/// # Errors
/// The expression failed or did not give exactly one value.
pub fn document_view(program: &Program, run: &Value, name: &Name, previous: Value) -> Result<Value, DocumentError> {
    let Some(document) = program.plan.documents.get(name) else { return Ok(previous) };
    let vars = [("$previous", previous)];
    let outcome = program.one(&document.view.text, &Input { value: run.clone(), vars: &vars, glob: None });
    outcome.map_err(|error| DocumentError { document: name.clone(), line: document.view.line, cause: error.to_string() })
}
