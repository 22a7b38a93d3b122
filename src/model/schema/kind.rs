//! Kinds of values.

use crate::limits::NAME_BYTES;
use crate::model::keys::keys;
use crate::model::words::Word;
use serde_json::{Map, Value, json};

/// A key: its name, a sentence about it, and what its value is.
pub type Line = (&'static str, &'static str, Value);

/// The table at a path (with `x` for names of the author's) and all its keys, in the order of the language.
pub fn table(path: &[&str], required: &[&str], lines: Vec<Line>) -> Value {
    let order = keys(path);
    assert!(
        lines.len() == order.len() && lines.iter().all(|(key, ..)| order.contains(key)),
        "the schema has the keys that the reader has at {path:?}: {order:?}"
    );
    let mut sorted = lines;
    sorted.sort_by_key(|(key, ..)| order.iter().position(|known| known == key));
    let properties: Map<String, Value> =
        sorted.into_iter().map(|(key, sentence, kind)| (key.to_owned(), described(sentence, kind))).collect();
    let mut table = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

/// The same kind, with a sentence about it.
pub fn described(sentence: &str, kind: Value) -> Value {
    with(json!({ "description": sentence }), kind)
}

/// Both, the second after the first.
pub fn with(mut kind: Value, more: Value) -> Value {
    if let (Value::Object(kind), Value::Object(more)) = (&mut kind, more) {
        kind.extend(more);
    }
    kind
}

fn put(mut kind: Value, key: &str, value: Value) -> Value {
    kind[key] = value;
    kind
}

/// Any text: literal, jq or a template.
pub fn text() -> Value {
    json!({ "type": "string" })
}

/// A text that follows a pattern.
pub fn like(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// One of a few words.
pub fn word<W: Word>() -> Value {
    json!({ "enum": W::WORDS })
}

/// `true` or `false`.
pub fn boolean() -> Value {
    json!({ "type": "boolean" })
}

/// A whole number, both bounds included.
pub fn whole(least: u32, most: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// A number from a bound on.
pub fn number(least: u32) -> Value {
    json!({ "type": "number", "minimum": least, "maximum": i32::MAX })
}

/// A list.
pub fn list(of: Value) -> Value {
    put(json!({ "type": "array" }), "items", of)
}

/// A list with something in it.
pub fn some(of: Value) -> Value {
    put(json!({ "type": "array", "minItems": 1 }), "items", of)
}

/// A table whose keys are names of the author's.
pub fn named(names: Value, of: Value) -> Value {
    put(put(json!({ "type": "object" }), "propertyNames", names), "additionalProperties", of)
}

/// Exactly one of some keys.
pub fn one_of(keys: &[&str]) -> Value {
    json!({ "oneOf": each(keys) })
}

/// At least one of some keys.
pub fn any_of(keys: &[&str]) -> Value {
    json!({ "anyOf": each(keys) })
}

fn each(keys: &[&str]) -> Vec<Value> {
    keys.iter().map(|key| json!({ "required": [key] })).collect()
}

/// What is defined once, under `$defs`.
pub fn defined(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// The name of a phase, parameter, variable, agent or document.
pub fn name() -> Value {
    json!({ "pattern": "^[a-z][a-z0-9_]*$", "maxLength": NAME_BYTES })
}

/// The name of an environment variable.
pub fn variable() -> Value {
    like("^[A-Za-z_][A-Za-z0-9_]*$")
}

/// A duration; `zero`: nothing is one too.
pub fn duration(zero: bool) -> Value {
    let kind = json!({
        "type": "string",
        "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
        "minLength": 2,
        "examples": ["90s", "30m", "1h30m"]
    });
    if zero { kind } else { with(kind, json!({ "not": { "pattern": "^(0+[a-z]+)*$" } })) }
}
