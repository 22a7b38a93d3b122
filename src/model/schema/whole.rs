//! The schema as a whole.

use super::kind::{defined, list, name, named, table, text, with};
use super::{phase, tables};
use crate::limits::NAME_BYTES;
use crate::model::parse::LANGUAGE;
use crate::model::words::RetryClass;
use serde_json::{Value, json};

/// The JSON Schema (draft 2020-12) of pipeline files, with a sentence for each key.
pub fn schema() -> Value {
    let called = json!({ "type": "string", "pattern": "^([a-z][a-z0-9-]*)?$", "maxLength": NAME_BYTES });
    let pipeline = table(
        &[],
        &["flow", "name", "phases"],
        vec![
            ("flow", "The version of the language.", json!({ "const": LANGUAGE })),
            ("name", "The name of the pipeline.", called),
            ("description", "One line for people.", text()),
            ("result", "jq over the finished run: what the run as a whole yields.", text()),
            ("pass", "jq, exactly one boolean over the finished run: whether it passes.", text()),
            ("summary", "The text that is printed at the end: a template, or `{ file = \"…\" }`.", defined("text")),
            ("params", "Parameters: each becomes an option of the command.", tables::params()),
            ("vars", "Variables, in jq, computed once at the start, in this order.", named(name(), text())),
            ("series", "Which runs belong together.", tables::series()),
            ("store", "The bucket of the documents.", tables::store()),
            ("documents", "Views of the run, kept for people and other tools.", tables::documents()),
            ("checks", "What must hold before the run starts.", list(tables::check(&["checks"]))),
            ("agents", "Who does the work.", tables::agents()),
            ("defaults", "What holds for phases that do not say.", tables::defaults()),
            ("limits", "Bounds of the whole run.", tables::limits()),
            ("phases", "The graph.", phase::phases()),
            ("tests", "Tests of this pipeline, without any agent.", list(tables::test())),
        ],
    );
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A pipeline",
        "description": "A graph of phases with guards in jq and prompts in Jinja, run by `flow`."
    });
    with(with(head, pipeline), json!({ "$defs": definitions() }))
}

/// What is used in several places, or in itself.
fn definitions() -> Value {
    let file = json!({
        "type": "object",
        "properties": { "file": { "description": "The file, relative to the pipeline.", "type": "string" } },
        "additionalProperties": false,
        "required": ["file"]
    });
    let shape = json!({
        "type": ["string", "array", "object"],
        "items": defined("shape"),
        "additionalProperties": defined("shape")
    });
    let data = |name: &str| {
        json!({
            "type": ["string", "number", "boolean", "array", "object"],
            "items": defined(name),
            "additionalProperties": defined(name)
        })
    };
    let classes: Vec<_> = RetryClass::WORDS.iter().copied().chain(["refused"]).collect();
    let failure = json!({ "!": { "description": "A failure of this class, in place of a reply.", "enum": classes } });
    json!({
        "text": { "anyOf": [text(), file] },
        "shape": shape,
        "data": data("data"),
        "stub": with(data("stub"), json!({ "properties": failure })),
        "retry": tables::retry(&["defaults", "retry"]),
        "env": tables::env()
    })
}
