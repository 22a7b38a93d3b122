//! What stands around the phases.

use super::kind::{
    boolean, defined, described, duration, like, list, name, named, number, one_of, some, table, text, variable, whole, with,
    word,
};
use crate::limits::{HISTORY_MAX, NAME_BYTES, PARALLEL_MAX, RETRIES};
use crate::model::names::{ENGINE_OPTIONS, ENGINE_SHORTS};
use crate::model::read_test::STATUS;
use crate::model::sections::{REPLICAS_MAX, TURNS_MAX};
use crate::model::words::{Access, Backend, Crash, ParamType, RetryClass, Storage, WhileRunning};
use serde_json::{Value, json};

/// `[params]`.
pub fn params() -> Value {
    let taken: Vec<_> = ENGINE_OPTIONS.iter().map(|option| option.replace('-', "_")).collect();
    named(with(name(), json!({ "not": { "enum": taken } })), param())
}

fn param() -> Value {
    let short = with(like("^[A-Za-z]$"), json!({ "not": { "enum": ENGINE_SHORTS } }));
    let file = table(
        &["params", "x", "file"],
        &["dirs", "extension"],
        vec![
            ("dirs", "The folders that are looked through, in this order.", some(text())),
            ("extension", "What the files' names end with, without its dot.", like("^([^.]|$)")),
        ],
    );
    let param = table(
        &["params", "x"],
        &[],
        vec![
            ("help", "What people read about the option.", text()),
            ("type", "What is given; text when nothing is said.", word::<ParamType>()),
            ("required", "Whether a run cannot start without it.", boolean()),
            ("choices", "The values that may be given.", list(defined("data"))),
            ("pattern", "A regular expression that the text must match.", text()),
            ("default", "What it is when it is not given.", defined("data")),
            ("short", "One letter: the short option.", short),
            ("file", "The value names a file, whose text is frozen into the run.", file),
            ("select", "Whether it chooses a run with `--continue`: `true`, or jq over a candidate's run document.", select()),
        ],
    );
    with(param, json!({ "allOf": agreements() }))
}

fn select() -> Value {
    json!({ "type": ["boolean", "string"] })
}

/// What a parameter says must agree with itself.
fn agreements() -> Vec<Value> {
    let of = |kind: &str, value: Value, text_only: Value| {
        let is = if kind == "string" { json!({ "const": kind }) } else { json!({ "type": "string", "const": kind }) };
        let required = if kind == "string" { json!([]) } else { json!(["type"]) };
        let then = with(json!({ "default": value, "choices": { "items": value } }), text_only);
        json!({ "if": { "properties": { "type": is }, "required": required }, "then": { "properties": then } })
    };
    let no_text = || json!({ "pattern": false, "file": false });
    vec![
        of("string", json!({ "type": "string" }), json!({})),
        of("integer", json!({ "type": "integer" }), no_text()),
        of("number", json!({ "type": "number" }), no_text()),
        of("boolean", json!({ "type": "boolean" }), no_text()),
        of("json", json!({}), no_text()),
        json!({ "not": { "properties": { "required": { "const": true } }, "required": ["required", "default"] } }),
    ]
}

/// `[series]`.
pub fn series() -> Value {
    table(
        &["series"],
        &["key"],
        vec![
            ("key", "A template: runs with the same text belong together, and are numbered.", text()),
            ("while_running", "What a second start does while another run of the series goes on.", word::<WhileRunning>()),
        ],
    )
}

/// `[store]`.
pub fn store() -> Value {
    let bucket = with(like("^[A-Za-z0-9_-]*$"), json!({ "maxLength": NAME_BYTES }));
    table(
        &["store"],
        &["bucket"],
        vec![
            ("bucket", "Where this pipeline's documents live.", bucket),
            ("replicas", "How many servers keep them.", whole(1, REPLICAS_MAX)),
            ("history", "How many versions of a document are kept.", whole(1, HISTORY_MAX)),
            ("description", "One line for people.", text()),
            ("storage", "What the servers keep them in.", word::<Storage>()),
        ],
    )
}

/// `[documents]`.
pub fn documents() -> Value {
    let document = table(
        &["documents", "x"],
        &["key", "view"],
        vec![
            ("key", "A template: the key that the document is kept under.", text()),
            ("view", "jq over the run: what the document is now; `$previous` is the stored one.", text()),
        ],
    );
    named(name(), document)
}

/// One of `[[checks]]`, and the same of a phase's `accept`.
pub fn check(path: &[&str]) -> Value {
    let check = table(
        path,
        &[],
        vec![
            ("that", "jq, exactly one boolean: must be true.", text()),
            ("files", "jq that gives paths: these files must exist.", text()),
            ("run", "A program and its arguments, templates: must end with 0.", some(text())),
            ("message", "What is said when it does not hold.", defined("text")),
        ],
    );
    with(check, one_of(&["that", "files", "run"]))
}

/// `[agents]`.
pub fn agents() -> Value {
    let agent = table(
        &["agents", "x"],
        &[],
        vec![
            ("description", "One line for people.", text()),
            ("use", "Who performs it.", word::<Backend>()),
            ("command", "Program and arguments, for `use = \"command\"`: prompt on stdin, reply on stdout.", some(text())),
            ("model", "The model, as the backend names it.", text()),
            ("access", "What it may do with files and programs.", word::<Access>()),
            ("tools", "The tools it may use, by the backend's names.", list(text())),
            ("max_turns", "How many turns an attempt may take.", whole(1, TURNS_MAX)),
            ("budget_usd", "What an attempt may cost, in US dollars.", number(0)),
            ("system", "What it is told of its role: a template, or `{ file = \"…\" }`.", defined("text")),
        ],
    );
    let command = json!({ "properties": { "use": { "const": "command" } }, "required": ["use"] });
    let choice = json!({ "if": command, "then": { "required": ["command"] }, "else": { "properties": { "command": false } } });
    named(name(), with(agent, choice))
}

/// `[defaults]`.
pub fn defaults() -> Value {
    table(
        &["defaults"],
        &[],
        vec![
            ("timeout", "How long an attempt may take.", duration(false)),
            ("idle_timeout", "How long it may be silent.", duration(false)),
            ("retry", "What is tried again, and how often.", defined("retry")),
            ("on_crash", "What becomes of an attempt whose driver died.", word::<Crash>()),
            ("env", "Environment variables of agents and programs.", defined("env")),
            ("dir", "The folder they work in, a template.", text()),
        ],
    )
}

/// `[limits]`.
pub fn limits() -> Value {
    let tokens = json!({ "anyOf": [
        { "type": "integer", "minimum": 1 },
        { "type": "string", "pattern": "^[0-9]+[kM]?$", "not": { "pattern": "^0+[kM]?$" } }
    ] });
    table(
        &["limits"],
        &[],
        vec![
            ("wall", "How long the whole run may work.", duration(false)),
            ("cost_usd", "What it may cost, in US dollars.", number(0)),
            ("tokens", "How many tokens it may use, such as `500000` or `\"2M\"`.", tokens),
            ("parallel", "How many phases and items run at once.", whole(1, PARALLEL_MAX)),
        ],
    )
}

/// `retry`.
pub fn retry(path: &[&str]) -> Value {
    table(
        path,
        &[],
        vec![
            ("max", "How often it is tried again.", whole(0, RETRIES)),
            ("delay", "How long it waits before the first retry.", duration(true)),
            ("factor", "How much longer it waits each time.", number(1)),
            ("cap", "The longest it waits.", duration(true)),
            ("on", "The failures that are tried again.", list(word::<RetryClass>())),
        ],
    )
}

/// `env`.
pub fn env() -> Value {
    let command = some(text());
    let place = json!({
        "type": "object",
        "properties": {
            "file": described("The file that it stands in.", text()),
            "run": described("The program that prints it.", command)
        },
        "additionalProperties": false
    });
    let from = json!({ "anyOf": [variable(), with(place, one_of(&["file", "run"]))] });
    let secret = table(
        &["phases", "x", "env", "X"],
        &["secret"],
        vec![("secret", "Where the secret is: a variable, `{ file = … }` or `{ run = […] }`; it is never stored.", from)],
    );
    named(variable(), json!({ "anyOf": [text(), secret] }))
}

/// One of `[[tests]]`.
pub fn test() -> Value {
    let files = json!({ "anyOf": [list(text()), { "type": "object", "additionalProperties": text() }] });
    table(
        &["tests"],
        &["name"],
        vec![
            ("name", "What the test shows.", text()),
            ("params", "The parameters of its run.", named(json!({}), defined("data"))),
            ("files", "The files of its world: paths, or a table of path and text.", files),
            (
                "stubs",
                "What phases reply, by their names; a list is the successive attempts and rounds.",
                named(json!({}), defined("stub")),
            ),
            ("expect", "What must come of it.", expect()),
        ],
    )
}

fn expect() -> Value {
    table(
        &["tests", "expect"],
        &[],
        vec![
            ("path", "The phases that start, in order.", list(text())),
            ("status", "How the run ends.", json!({ "enum": STATUS })),
            ("that", "jq over the run document: must be true.", text()),
            ("result", "What the run yields.", defined("data")),
            ("error", "What stands in the message of the run that fails, or does not start.", text()),
        ],
    )
}
