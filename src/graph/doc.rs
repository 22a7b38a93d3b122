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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;
    use crate::run::{Digest, RunId, RunState, Started, StartedFile, Time};
    use crate::value::Value;

    fn begun() -> Value {
        let file = StartedFile {
            name: "a".to_owned(),
            path: "a.md".to_owned(),
            text: String::new(),
            digest: Digest::of(b""),
            meta: Value::NULL,
        };
        let started = Started {
            format: 1,
            program: String::new(),
            id: RunId::from_ulid(ulid::Ulid::from(1_u128)),
            pipeline: "p".to_owned(),
            path: String::new(),
            plan: Digest::of(b""),
            rehearsal: false,
            series: None,
            cycle: None,
            params: Value::NULL,
            vars: Value::NULL,
            files: [("guide".to_owned(), file)].into_iter().collect(),
            documents: indexmap::IndexMap::new(),
            bucket: None,
            phases: vec![Name::new("a").unwrap()],
            project: Value::NULL,
            agents: indexmap::IndexMap::new(),
        };
        RunState::begin(started, Time(0)).document().clone()
    }

    /// What a document has and the table lacks, and the other way round.
    fn differences(value: &Value, table: &[(&str, Doc)], later: &[&str]) -> Vec<String> {
        let there: Vec<String> = value.entries().unwrap().map(|(name, _)| name.to_owned()).collect();
        let missing = there.iter().filter(|name| !table.iter().any(|(known, _)| known == name)).cloned();
        let invented = table.iter().map(|(name, _)| (*name).to_owned()).filter(|name| !there.contains(name));
        missing.chain(invented.filter(|name| !later.contains(&name.as_str()))).collect()
    }

    #[test]
    fn the_tables_are_those_of_a_run_that_begins() {
        let run = begun();
        assert_eq!(differences(&run, RUN, &[]), Vec::<String>::new());
        assert_eq!(differences(&run.at(&["phases", "a"]), RECORD, &["asked"]), Vec::<String>::new());
        assert_eq!(differences(&run.at(&["files", "guide"]), FILE, &[]), Vec::<String>::new());
    }

    #[test]
    fn what_is_null_at_the_beginning_may_be_null() {
        let run = begun();
        let record = run.at(&["phases", "a"]);
        for (value, table) in [(&run, RUN), (&record, RECORD)] {
            for (name, doc) in table {
                let null = value.get(name).is_null() && value.has(name);
                let known = matches!(doc, Doc::Maybe(_) | Doc::Output | Doc::Params | Doc::Vars);
                assert!(!null || known, "`{name}` is null when a run begins");
            }
        }
    }
}
