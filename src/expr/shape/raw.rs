//! A shape as it stands in a pipeline file, not yet understood: its keys are an author's field names, so whoever reads
//! the file hands it on as a tree.

use crate::text::{Embedded, Span, Spanned};

/// A shape as written in `output` or `form`.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: RawKind,
}

/// What a shape is written as.
#[derive(Clone, Debug, PartialEq)]
pub enum RawKind {
    /// A type: `string`, `'a'|'b'`, `string[]?`.
    Text(Embedded),
    /// A table of fields, in file order; keys as written, `?` included.
    Table(Vec<(Spanned<String>, Raw)>),
    /// A list of what its one element says.
    List(Vec<Raw>),
    /// A JSON Schema file, relative to the pipeline file (only as a whole `output` or `form`).
    File(Spanned<String>),
}
