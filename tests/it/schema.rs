//! The JSON Schema of pipelines accepts what the reader accepts: of every pipeline there is, and of one with every key
//! after a change of each kind at each place. Where they differ, [`DIFFERENT`] says why.

use crate::book;
use crate::fuzz::corpus::corpus;
use crate::fuzz::mutate;
use crate::tidy::{none, root};
use flow::diag::{Diagnostic, Severity, code};
use flow::model;
use flow::text::FileId;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What the reader refuses and the schema does not, since it is no matter of structure: code, part of the message, reason,
/// and a pipeline's part that shows it.
const DIFFERENT: &[(&str, &str, &str, &str)] = &[
    ("P005", "is none of the `choices`", "compares values", "params.a = { choices = [\"x\"], default = \"y\" }"),
    ("P005", "short option of another", "compares parameters", "params.a.short = \"s\"\nparams.b.short = \"s\""),
    ("P005", "is longer than a year", "adds up the parts of a duration", "limits.wall = \"367d\""),
    ("P003", "found a number", "1.0 is a whole number in JSON Schema", "limits.parallel = 1.0"),
    ("P003", "of the parameter's type, which is integer", "the same", "params.a = { type = \"integer\", default = 1.0 }"),
    ("P003", "found a date", "dates reach a schema as texts", "description = 1979-05-27"),
];

/// A pipeline with every key of the language.
const EVERYTHING: &str = include_str!("../lint/model/every-key.toml");

static SCHEMA: LazyLock<Value> = LazyLock::new(model::schema);
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::draft202012::new(&SCHEMA).expect("the schema is one"));

/// TOML as tools hand it to a schema; what is no number becomes null.
fn data(value: &toml::Value) -> Value {
    match value {
        toml::Value::Table(table) => Value::Object(table.iter().map(|(key, value)| (key.clone(), data(value))).collect()),
        toml::Value::Array(items) => items.iter().map(data).collect(),
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(n) => json!(n),
        toml::Value::Float(n) => json!(n),
        toml::Value::Boolean(b) => json!(b),
    }
}

/// The same value as TOML.
fn toml_text(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{} = {}", json!(key), toml_text(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml_text).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn file(value: &Value) -> String {
    let fields = value.as_object().expect("a table").iter();
    fields.map(|(key, value)| format!("{} = {}\n", json!(key), toml_text(value))).collect()
}

fn is_different(finding: &Diagnostic) -> bool {
    DIFFERENT.iter().any(|(code, part, ..)| finding.code.id == *code && finding.message.contains(part))
}

/// What reader and schema say, where they do not agree.
fn disagreement(text: &str, value: &Value) -> Option<String> {
    let (_, mut found) = model::parse(FileId(0), text);
    found.retain(|finding| finding.severity() == Severity::Error);
    let agree = if VALIDATOR.is_valid(value) { found.iter().all(is_different) } else { !found.is_empty() };
    let told = || {
        let found: Vec<_> = found.iter().map(|finding| format!("{} {}", finding.code, finding.message)).collect();
        let errors: Vec<_> = VALIDATOR.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        format!("the reader says {found:?}, the schema says {errors:?}, of\n{text}")
    };
    (!agree).then(told)
}

#[test]
fn each_difference_is_one() {
    for (code, part, _, example) in DIFFERENT {
        let text = format!("flow = 1\nname = \"a\"\nphases.a.set = '1'\n{example}\n");
        let (_, found) = model::parse(FileId(0), &text);
        let [finding] = found.as_slice() else { panic!("{text}: {found:?}") };
        assert!(finding.code.id == *code && finding.message.contains(part), "{text}: {found:?}");
        assert!(VALIDATOR.is_valid(&data(&toml::Value::Table(text.parse().unwrap()))), "{text}");
    }
}

#[test]
fn reader_and_schema_agree_about_every_pipeline() {
    let texts = corpus("pipeline").into_iter().filter_map(|bytes| String::from_utf8(bytes).ok()).chain(book::pipelines());
    let (mut found, mut good, mut bad) = (vec![], 0, 0);
    for text in texts {
        let Ok(table) = text.parse::<toml::Table>() else { continue };
        let value = data(&toml::Value::Table(table));
        if VALIDATOR.is_valid(&value) {
            good += 1
        } else {
            bad += 1
        }
        found.extend(disagreement(&text, &value));
    }
    assert!(good > 60 && bad > 10, "{good} good and {bad} bad pipelines");
    none("pipelines about which reader and schema differ", &found);
}

#[test]
fn reader_and_schema_agree_about_what_becomes_of_pipelines() {
    let corpus = corpus("pipeline");
    let runs = std::env::var("FLOW_FUZZ_RUNS").map_or(1_500, |runs| runs.parse().expect("a number"));
    let mut found = vec![];
    for text in (0..runs).filter_map(|seed| String::from_utf8(mutate::input(&corpus, seed)).ok()) {
        // What cannot be read as a tree has no structure to compare.
        let Ok(table) = text.parse::<toml::Table>() else { continue };
        if model::parse(FileId(0), &text).1.iter().all(|finding| finding.code != code::P001) {
            found.extend(disagreement(&text, &data(&toml::Value::Table(table))));
        }
    }
    none("changed pipelines about which reader and schema differ", &found);
}

/// A value in place of another.
fn others() -> Vec<Value> {
    vec![
        json!(1),
        json!(0),
        json!(-1),
        json!(2000),
        json!(1.5),
        json!(true),
        json!(""),
        json!("x"),
        json!("X y"),
        json!("5m"),
        json!("0s"),
        json!("5"),
        json!([]),
        json!({}),
        json!(["x"]),
        json!([1]),
        json!([{}]),
        json!({ "x": "y" }),
        json!({ "file": "x" }),
    ]
}

/// Everything that one change at one place of a value can make of it.
fn changed(value: &Value) -> Vec<Value> {
    let mut all = vec![];
    match value {
        Value::Object(fields) => {
            let without = |key: &str| -> Map<String, Value> {
                fields.iter().filter(|(name, _)| *name != key).map(|(name, value)| (name.clone(), value.clone())).collect()
            };
            for (key, old) in fields {
                all.push(Value::Object(without(key)));
                for name in [format!("{key}z"), key.to_uppercase(), format!("{key}-x"), String::new()] {
                    let mut fields = without(key);
                    fields.insert(name, old.clone());
                    all.push(Value::Object(fields));
                }
                for new in others().into_iter().chain(changed(old)) {
                    let mut fields = fields.clone();
                    fields[key] = new;
                    all.push(Value::Object(fields));
                }
            }
        }
        Value::Array(items) => {
            for (at, old) in items.iter().enumerate() {
                for new in others().into_iter().chain(changed(old)) {
                    let mut items = items.clone();
                    items[at] = new;
                    all.push(Value::Array(items));
                }
            }
        }
        _ => {}
    }
    all
}

/// Every key of one table that is not there, with the values it has elsewhere.
fn added(value: &Value, phase: &str) -> Vec<Value> {
    let all = value["phases"].as_object().unwrap().values().flat_map(|phase| phase.as_object().unwrap());
    let new = |(key, kind): (&String, &Value)| {
        let mut value = value.clone();
        value["phases"][phase][key] = kind.clone();
        value
    };
    all.map(new).collect()
}

#[test]
fn reader_and_schema_agree_about_every_change_of_a_pipeline_with_every_key() {
    let table: toml::Table = EVERYTHING.parse().unwrap();
    let value = data(&toml::Value::Table(table));
    assert_eq!(disagreement(&file(&value), &value), None);
    assert!(VALIDATOR.is_valid(&value));
    let phases: Vec<String> = value["phases"].as_object().unwrap().keys().cloned().collect();
    let added = phases.iter().flat_map(|phase| added(&value, phase));
    let (mut found, mut good, mut bad) = (vec![], 0, 0);
    for other in changed(&value).into_iter().chain(added) {
        if VALIDATOR.is_valid(&other) {
            good += 1
        } else {
            bad += 1
        }
        found.extend(disagreement(&file(&other), &other));
    }
    println!("{good} good and {bad} bad changes");
    assert!(good > 500 && bad > 2_000, "{good} good and {bad} bad changes");
    none("changes about which reader and schema differ", &found);
}

/// Where keys stand in the schema, and where they stand in a value.
fn places(schema: &Value, value: &Value, place: &str, declared: &mut BTreeSet<String>, there: &mut BTreeSet<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => SCHEMA.pointer(name.trim_start_matches('#')).expect("a definition"),
        None => schema,
    };
    for part in ["anyOf", "oneOf"] {
        for kind in schema[part].as_array().into_iter().flatten() {
            places(kind, value, place, declared, there);
        }
    }
    for (key, kind) in schema["properties"].as_object().into_iter().flatten().filter(|(_, kind)| kind.is_object()) {
        let place = format!("{place}.{key}");
        declared.insert(place.clone());
        if let Some(value) = value.get(key) {
            there.insert(place.clone());
            places(kind, value, &place, declared, there);
        }
    }
    if schema["additionalProperties"].is_object() && schema["properties"].is_null() {
        for value in value.as_object().into_iter().flat_map(Map::values) {
            places(&schema["additionalProperties"], value, &format!("{place}.*"), declared, there);
        }
    }
    for value in value.as_array().into_iter().flatten().filter(|_| schema["items"].is_object()) {
        places(&schema["items"], value, &format!("{place}[]"), declared, there);
    }
}

#[test]
fn the_pipeline_with_every_key_has_every_key() {
    let table: toml::Table = EVERYTHING.parse().unwrap();
    let (mut declared, mut there) = (BTreeSet::new(), BTreeSet::new());
    places(&SCHEMA, &data(&toml::Value::Table(table)), "", &mut declared, &mut there);
    assert!(declared.len() > 120, "{}", declared.len());
    let found: Vec<_> = declared.difference(&there).cloned().collect();
    none("keys of the schema that tests/lint/model/every-key.toml lacks", &found);
}

#[test]
fn every_key_has_a_sentence() {
    fn look(value: &Value, place: &str, found: &mut Vec<String>) {
        if let Some(properties) = value["properties"].as_object().filter(|_| value["type"] == "object") {
            for (key, kind) in properties {
                let sentence = kind["description"].as_str().unwrap_or_default();
                let good = sentence.ends_with('.') || sentence.ends_with("”.");
                if !good || sentence.len() > 130 {
                    found.push(format!("{place}.{key}: {sentence:?}"));
                }
            }
        }
        for (key, value) in value.as_object().into_iter().flatten() {
            look(value, &format!("{place}/{key}"), found);
        }
        for (at, value) in value.as_array().into_iter().flatten().enumerate() {
            look(value, &format!("{place}/{at}"), found);
        }
    }
    let mut found = vec![];
    look(&SCHEMA, "", &mut found);
    none("keys of the schema without a sentence", &found);
}

#[test]
fn the_schema_in_the_book_is_what_the_program_prints() {
    let path = root().join("book/src/pipeline.schema.json");
    let text = format!("{:#}\n", *SCHEMA);
    if std::env::var_os("UPDATE_BOOK").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == text, "book/src/pipeline.schema.json: UPDATE_BOOK=1 writes it anew");
    assert_eq!(crate::cli::Desk::new().flow("schema").ends(0).stdout, text);
}

#[test]
fn shipped_pipelines_name_their_schema() {
    let mut found = vec![];
    for entry in std::fs::read_dir(root().join("pipelines")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let named = text.lines().next().and_then(|line| line.strip_prefix("#:schema "));
        let there = named.is_some_and(|name| path.parent().unwrap().join(name).canonicalize().is_ok());
        found.extend((!there).then(|| path.display().to_string()));
    }
    none("pipelines whose first line names no schema that is there", &found);
}
