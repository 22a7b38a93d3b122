//! What a pipeline's file names outside itself, gathered by whoever reads files: the graph reads none.

use crate::model::{Pipeline, RawKind, RawShape, TextSource, Verb};
use crate::text::{Embedded, Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The texts of the files that a pipeline names, and what there is besides.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The text of the pipeline file itself; empty where nobody has it.
    pub own: Arc<str>,
    /// Prompts, schemas and includes, by the name they are written under.
    pub files: BTreeMap<String, FileFact>,
    /// Those of them that templates include.
    pub includes: BTreeSet<String>,
    /// Where the pipeline file itself could not be read.
    pub unread: Vec<Span>,
    /// `builtin:` folders that file parameters may name.
    pub builtin: BTreeSet<String>,
}

/// What became of a file that was named.
#[derive(Clone, Debug)]
pub enum FileFact {
    /// Its text.
    Text(Embedded),
    /// There is none; perhaps one of nearly that name.
    Missing {
        /// The name, as it would be written, of the file that was perhaps meant.
        nearest: Option<String>,
    },
    /// It lies outside the folder that it must stay in.
    Outside {
        /// That folder.
        root: String,
    },
    /// It cannot be read as text, and this is why.
    Unreadable(String),
}

impl Facts {
    /// The text of a file, when there is one.
    pub fn text(&self, name: &str) -> Option<&Embedded> {
        match self.files.get(name)? {
            FileFact::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a key: its own, or its file's.
    pub fn source<'a>(&'a self, source: &'a TextSource) -> Option<&'a Embedded> {
        match source {
            TextSource::Inline(text) => Some(text),
            TextSource::File(name) => self.text(&name.value),
        }
    }
}

/// A file that a pipeline names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The name, as written.
    pub name: &'a Spanned<String>,
    /// What the file should be.
    pub kind: ReferenceKind,
}

/// What a named file should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// A template: a prompt, a message.
    Text,
    /// A JSON Schema.
    Schema,
    /// Another pipeline.
    Pipeline,
}

impl ReferenceKind {
    /// For messages.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Schema => "schema",
            Self::Pipeline => "pipeline",
        }
    }
}

/// All files that a pipeline names, in the order of its keys; includes of templates are not among them.
pub fn references(pipeline: &Pipeline) -> Vec<Reference<'_>> {
    let mut found = vec![];
    let mut texts: Vec<&TextSource> = vec![];
    texts.extend(pipeline.summary.as_ref().map(|field| &field.value));
    texts.extend(pipeline.checks.iter().filter_map(|check| Some(&check.message.as_ref()?.value)));
    texts.extend(pipeline.agents.values().filter_map(|agent| Some(&agent.system.as_ref()?.value)));
    for phase in pipeline.phases.values() {
        texts.extend(phase.prompt.as_ref().map(|field| &field.value));
        texts.extend(phase.stdin.as_ref().map(|field| &field.value));
        texts.extend(phase.require.iter().filter_map(|require| Some(&require.message.as_ref()?.value)));
        texts.extend(phase.accept.iter().filter_map(|accept| Some(&accept.message.as_ref()?.value)));
        match phase.verb.as_ref().map(|verb| &verb.value) {
            Some(Verb::Ask(question)) => texts.push(question),
            Some(Verb::Pipeline(name)) => found.push(Reference { name, kind: ReferenceKind::Pipeline }),
            _ => {}
        }
        let shapes = [phase.output.as_ref(), phase.form.as_ref()];
        found.extend(shapes.into_iter().flatten().filter_map(|shape| schema_file(&shape.value)));
    }
    found.extend(texts.into_iter().filter_map(text_file));
    found
}

fn text_file(source: &TextSource) -> Option<Reference<'_>> {
    match source {
        TextSource::File(name) => Some(Reference { name, kind: ReferenceKind::Text }),
        TextSource::Inline(_) => None,
    }
}

fn schema_file(shape: &RawShape) -> Option<Reference<'_>> {
    match &shape.kind {
        RawKind::File(name) => Some(Reference { name, kind: ReferenceKind::Schema }),
        _ => None,
    }
}
