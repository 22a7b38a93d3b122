//! A phase.

use super::kind::{Line, any_of, boolean, defined, duration, list, name, named, one_of, some, table, text, whole, with, word};
use super::tables::check;
use crate::limits::{PARALLEL_MAX, ROUNDS};
use crate::model::names::IN_SIGHT;
use crate::model::verbs::{COMPANIONS, VERBS};
use crate::model::words::{Crash, ItemError, Join, OnError, Parse, Session, Then, Workspace};
use serde_json::{Map, Value, json};

/// `[phases]`.
pub fn phases() -> Value {
    let lines = [when(), does(), gives()].concat();
    named(name(), with(table(&["phases", "x"], &[], lines), verbs()))
}

/// What it does, which is exactly one thing, and what goes with that.
fn verbs() -> Value {
    let all: Vec<_> = VERBS.iter().map(|(verb, _)| *verb).collect();
    let needs: Map<String, Value> =
        VERBS.iter().filter(|(_, keys)| !keys.is_empty()).map(|(verb, keys)| ((*verb).to_owned(), json!(keys))).collect();
    let companions: Map<String, Value> = COMPANIONS.iter().map(|(key, verbs)| ((*key).to_owned(), any_of(verbs))).collect();
    with(one_of(&all), json!({ "dependentRequired": needs, "dependentSchemas": companions }))
}

/// When it runs, and how often.
fn when() -> Vec<Line> {
    let require = table(
        &["phases", "x", "require"],
        &["that"],
        vec![
            ("that", "jq, exactly one boolean: must be true before the phase starts.", text()),
            ("message", "What is said when it is not.", defined("text")),
        ],
    );
    let for_each = table(
        &["phases", "x", "for_each"],
        &["over"],
        vec![
            ("over", "jq that gives the list.", text()),
            ("as", "Another name for `item`.", with(with(text(), name()), json!({ "not": { "enum": IN_SIGHT } }))),
            ("key", "jq that gives an item its name; the index when nothing is said.", text()),
            ("parallel", "How many items run at once.", whole(1, PARALLEL_MAX)),
            ("on_error", "What a failed item does to the others.", word::<ItemError>()),
        ],
    );
    vec![
        ("description", "One line for people.", text()),
        ("needs", "The phases that must be settled first.", list(text())),
        ("when", "jq, exactly one boolean: false skips the phase.", text()),
        ("join", "How its needs must have ended.", word::<Join>()),
        ("require", "What must hold before it starts, or it fails.", list(require)),
        ("for_each", "Once per element of a list.", for_each),
        ("repeat", "Where it goes back to after it completed, while a guard holds; bounded.", repeat()),
    ]
}

fn repeat() -> Value {
    let entry = table(
        &["phases", "x", "repeat"],
        &["from", "max"],
        vec![
            ("from", "The phase that the next round begins with: an ancestor, or this one.", text()),
            ("when", "jq, exactly one boolean: true goes back.", text()),
            ("max", "How many more rounds there may be.", whole(1, ROUNDS)),
            ("then", "What happens when no round is left.", word::<Then>()),
        ],
    );
    json!({ "anyOf": [entry, list(entry.clone())] })
}

/// What it does.
fn does() -> Vec<Line> {
    let script = table(
        &["phases", "x", "run"],
        &["shell"],
        vec![("shell", "A script of the shell, never a template: values come in through `env` and `stdin`.", text())],
    );
    vec![
        ("agent", "An agent's turn: the name of the agent.", text()),
        (
            "run",
            "A process: program and arguments, templates, or `{ shell = \"…\" }`.",
            json!({ "anyOf": [some(text()), script] }),
        ),
        ("ask", "A question to a person.", defined("text")),
        ("set", "jq: the output of the phase.", text()),
        ("pipeline", "Another pipeline, as a child run.", text()),
        ("prompt", "What the agent is told: a template, or `{ file = \"…\" }`.", defined("text")),
        ("form", "The shape of the answers.", defined("shape")),
        ("with", "The child's parameters, in jq.", named(json!({}), text())),
        ("questions", "Whether the agent may ask a person.", boolean()),
        ("session", "Whether a later round goes on in the earlier session.", word::<Session>()),
        ("env", "Environment variables.", defined("env")),
        ("stdin", "What the process reads: a template, or `{ file = \"…\" }`.", defined("text")),
        ("dir", "The folder it works in, a template.", text()),
        ("workspace", "The project's own tree, or a git worktree of the phase's.", word::<Workspace>()),
    ]
}

/// What comes of it.
fn gives() -> Vec<Line> {
    let exit = json!({ "anyOf": [{ "const": "any" }, some(whole(0, 255))] });
    vec![
        ("exit", "The exit codes that are results and no failures.", exit),
        ("parse", "What stdout is read as.", word::<Parse>()),
        ("output", "The shape of what it gives: a type, a table of fields, or the name of a JSON Schema file.", defined("shape")),
        ("result", "jq over `.output` and the run: what is kept as the output.", text()),
        ("accept", "What must hold of the output; what is not accepted is tried again.", list(check(&["phases", "x", "accept"]))),
        ("on_error", "Whether a failure fails the phase, or counts as completed.", word::<OnError>()),
        ("on_crash", "What becomes of an attempt whose driver died.", word::<Crash>()),
        ("retry", "What is tried again, and how often.", defined("retry")),
        ("timeout", "How long an attempt may take.", duration(false)),
        ("idle_timeout", "How long it may be silent.", duration(false)),
    ]
}
