//! What the run document is made of, as far as it is the same for every pipeline.
//!
//! It says the same as the writer of the document (`run`), once more and for reading: a test holds the two together.

/// A part of the run document.
#[derive(Clone, Copy, Debug)]
pub(super) enum Doc {
    /// Nothing is known of what is inside.
    Any,
    /// A text, number or boolean; it has no fields.
    Leaf,
    /// A list of things of which nothing is known.
    List,
    /// A table with just these fields.
    Table(&'static [(&'static str, Doc)]),
    /// One of the others, or null.
    Maybe(&'static Doc),
    /// `.params`
    Params,
    /// `.vars`
    Vars,
    /// `.files`
    Files,
    /// `.phases`
    Phases,
    /// `.previous`
    Previous,
    /// `.rounds` of a phase: a list of its records.
    Rounds,
    /// `.output` of a phase.
    Output,
}

/// The document as a whole.
pub(super) const RUN: &[(&str, Doc)] = &[
    ("id", Doc::Leaf),
    ("pipeline", Doc::Table(&[("name", Doc::Leaf), ("digest", Doc::Leaf)])),
    ("rehearsal", Doc::Leaf),
    ("series", Doc::Maybe(&Doc::Leaf)),
    ("cycle", Doc::Maybe(&Doc::Leaf)),
    ("status", Doc::Leaf),
    ("current", Doc::Maybe(&Doc::Leaf)),
    ("progress", Doc::Leaf),
    ("started_at", Doc::Leaf),
    ("updated_at", Doc::Leaf),
    ("completed_at", Doc::Maybe(&Doc::Leaf)),
    ("params", Doc::Params),
    ("vars", Doc::Vars),
    ("files", Doc::Files),
    ("phases", Doc::Phases),
    ("usage", Doc::Table(&[("cost_usd", Doc::Leaf), ("input_tokens", Doc::Leaf), ("output_tokens", Doc::Leaf)])),
    ("failed", Doc::List),
    ("result", Doc::Maybe(&Doc::Any)),
    ("passed", Doc::Maybe(&Doc::Leaf)),
    ("summary", Doc::Maybe(&Doc::Leaf)),
    ("error", Doc::Maybe(&ERROR)),
    (
        "project",
        Doc::Maybe(&Doc::Table(&[("commit", Doc::Maybe(&Doc::Leaf)), ("branch", Doc::Maybe(&Doc::Leaf)), ("dirty", Doc::List)])),
    ),
];

/// The record of a phase.
pub(super) const RECORD: &[(&str, Doc)] = &[
    ("status", Doc::Leaf),
    ("round", Doc::Leaf),
    ("attempts", Doc::Leaf),
    ("started_at", Doc::Maybe(&Doc::Leaf)),
    ("completed_at", Doc::Maybe(&Doc::Leaf)),
    ("output", Doc::Output),
    ("code", Doc::Maybe(&Doc::Leaf)),
    ("error", Doc::Maybe(&ERROR)),
    ("reason", Doc::Maybe(&Doc::Leaf)),
    ("notes", Doc::List),
    ("unchecked", Doc::List),
    ("asked", Doc::Maybe(&Doc::Any)),
    ("items", Doc::Maybe(&Doc::Any)),
    ("rounds", Doc::Rounds),
    ("agent", Doc::Maybe(&AGENT)),
];

const ERROR: Doc = Doc::Table(&[
    ("class", Doc::Leaf),
    ("message", Doc::Leaf),
    ("phase", Doc::Maybe(&Doc::Leaf)),
    ("occurred_at", Doc::Leaf),
    ("code", Doc::Maybe(&Doc::Leaf)),
    ("stdout_tail", Doc::Maybe(&Doc::Leaf)),
    ("stderr_tail", Doc::Maybe(&Doc::Leaf)),
    ("resets_at", Doc::Maybe(&Doc::Leaf)),
]);

const AGENT: Doc = Doc::Table(&[
    ("backend", Doc::Leaf),
    ("model", Doc::Maybe(&Doc::Leaf)),
    ("session", Doc::Maybe(&Doc::Leaf)),
    ("cost_usd", Doc::Leaf),
    ("tokens", Doc::Table(&[("input", Doc::Leaf), ("output", Doc::Leaf)])),
    ("denied", Doc::Maybe(&Doc::List)),
]);

/// A file that a parameter names.
pub(super) const FILE: &[(&str, Doc)] =
    &[("name", Doc::Leaf), ("path", Doc::Leaf), ("text", Doc::Leaf), ("digest", Doc::Leaf), ("meta", Doc::Any)];

/// The part under a field of a table.
pub(super) fn field(table: &'static [(&'static str, Doc)], name: &str) -> Option<Doc> {
    table.iter().find(|(field, _)| *field == name).map(|(_, doc)| *doc)
}
