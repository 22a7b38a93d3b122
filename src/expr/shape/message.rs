//! What does not fit, in words that an agent or a person can act on: the place in jq's notation, what was expected,
//! what was found. Every part is bounded, since values come from outside.

use super::resolve::reference;
use crate::diag::nearest;
use crate::limits::{SHAPE_MESSAGE_BYTES, SHAPE_MESSAGES};
use crate::value::Value;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value as Json;
use std::fmt::Write as _;

/// Violations that are looked at: more than are shown, since one mistake may break two rules.
const LOOKED_AT: usize = 10 * SHAPE_MESSAGES;
/// What is shown of a text or key, in characters.
const SHOWN: usize = 60;
/// Choices and names that are listed.
const LISTED: usize = 12;

/// One text for each violation, the first [`SHAPE_MESSAGES`] of them.
pub(super) fn violations<'a>(errors: impl Iterator<Item = ValidationError<'a>>, json: &Json, schema: &Value) -> Vec<String> {
    let errors: Vec<_> = errors.take(LOOKED_AT).collect();
    let choice = |error: &ValidationError<'_>| matches!(error.kind(), ValidationErrorKind::Enum { .. });
    let mut texts: Vec<String> = vec![];
    for error in &errors {
        let wrong_type = matches!(error.kind(), ValidationErrorKind::Type { .. });
        if wrong_type && errors.iter().any(|other| choice(other) && other.instance_path() == error.instance_path()) {
            continue;
        }
        let text = at(&place(error.instance_path().as_str(), json), &describe(error, schema));
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let more = texts.len().saturating_sub(SHAPE_MESSAGES);
    if more > 0 {
        texts.truncate(SHAPE_MESSAGES);
        texts.push(if errors.len() < LOOKED_AT { format!("and {more} more") } else { "and many more".to_owned() });
    }
    texts
}

/// Why something is no schema.
pub(super) fn bad_schema(error: &ValidationError<'_>, schema: &Json) -> String {
    let text = match error.kind() {
        ValidationErrorKind::Referencing(_) => {
            format!(
                "a reference leads nowhere, and only those inside the schema are followed ({})",
                clip(&error.to_string(), 200)
            )
        }
        ValidationErrorKind::Format { format } if format == "regex" => {
            format!("{} is no pattern that can be used", found(error.instance()))
        }
        _ => describe(error, &Value::NULL),
    };
    at(&place(error.instance_path().as_str(), schema), &text)
}

fn at(place: &str, text: &str) -> String {
    let text = if place.is_empty() { text.to_owned() } else { format!("{place}: {text}") };
    clip_bytes(text)
}

/// A JSON pointer in jq's notation; empty for the whole value.
pub(super) fn place(pointer: &str, json: &Json) -> String {
    let mut path = String::new();
    let mut here = Some(json);
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let index = here.filter(|json| json.is_array()).and_then(|_| token.parse::<usize>().ok());
        if let Some(index) = index {
            here = here.and_then(|json| json.get(index));
            let dot = if path.is_empty() { "." } else { "" };
            let _ = write!(path, "{dot}[{index}]");
        } else {
            here = here.and_then(|json| json.get(&token));
            step(&mut path, &token);
        }
    }
    path
}

/// Adds a field to a place.
pub(super) fn step(path: &mut String, name: &str) {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if plain && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let _ = write!(path, ".{}", clip(name, SHOWN));
    } else {
        let dot = if path.is_empty() { "." } else { "" };
        let _ = write!(path, "{dot}[{}]", Json::from(clip(name, SHOWN)));
    }
}

fn describe(error: &ValidationError<'_>, schema: &Value) -> String {
    use ValidationErrorKind as Kind;
    let it = || found(error.instance());
    match error.kind() {
        Kind::Type { kind } => format!("expected {}, found {}", types(kind), it()),
        Kind::Enum { options } => format!("expected {}, found {}", choices(options), it()),
        Kind::Constant { expected_value } => format!("expected {}, found {}", found(expected_value), it()),
        Kind::Required { property } => {
            format!("the field `{}` is missing", clip(property.as_str().unwrap_or_default(), SHOWN))
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unknown_fields(unexpected, error, schema)
        }
        Kind::Minimum { limit } => format!("must be at least {limit}, found {}", it()),
        Kind::Maximum { limit } => format!("must be at most {limit}, found {}", it()),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}, found {}", it()),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}, found {}", it()),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}, found {}", it()),
        Kind::MinLength { limit } => format!("must have at least {limit} characters, found {}", it()),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters, found {}", length(error.instance())),
        Kind::MinItems { limit } => format!("must have at least {limit} items, found {}", it()),
        Kind::MaxItems { limit } => format!("must have at most {limit} items, found {}", it()),
        Kind::MinProperties { limit } => format!("must have at least {limit} fields, found {}", it()),
        Kind::MaxProperties { limit } => format!("must have at most {limit} fields, found {}", it()),
        Kind::AdditionalItems { limit } => format!("must have at most {limit} items, found {}", it()),
        Kind::UniqueItems => "must not hold the same item twice".to_owned(),
        Kind::Pattern { pattern } => format!("must match `{}`, found {}", clip(pattern, SHOWN), it()),
        Kind::Format { format } => format!("must be of the format `{}`, found {}", clip(format, SHOWN), it()),
        Kind::FalseSchema => "must not be there".to_owned(),
        Kind::Not { .. } => format!("must not look like this, found {}", it()),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => alternatives(context, error, schema),
        Kind::OneOfMultipleValid { .. } => format!("fits more than one of the forms it may have, found {}", it()),
        Kind::PropertyNames { error } => format!("a field may not have the name {}", found(error.instance())),
        _ => clip(&error.to_string(), 200),
    }
}

/// What was given, short.
fn found(json: &Json) -> String {
    match json {
        Json::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Json::Array(items) => format!("a list of {}", items.len()),
        Json::Object(fields) if fields.is_empty() => "an empty table".to_owned(),
        Json::Object(_) => "a table".to_owned(),
        Json::String(text) => Json::from(clip(text, SHOWN)).to_string(),
        other => other.to_string(),
    }
}

fn length(json: &Json) -> String {
    json.as_str().map_or_else(|| found(json), |text| text.chars().count().to_string())
}

fn types(kind: &TypeKind) -> String {
    let noun = |kind: JsonType| match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "a string",
        JsonType::Array => "a list",
        JsonType::Object => "a table",
    };
    match kind {
        TypeKind::Single(kind) => noun(*kind).to_owned(),
        TypeKind::Multiple(kinds) => {
            let (null, mut nouns): (Vec<_>, Vec<_>) = kinds.iter().map(noun).partition(|noun| *noun == "null");
            nouns.extend(null);
            nouns.join(" or ")
        }
    }
}

fn choices(options: &Json) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let shown: Vec<String> = options.iter().take(LISTED).map(found).collect();
    let more = if options.len() > LISTED { ", …" } else { "" };
    let of = if options.len() == 1 { "" } else { "one of " };
    format!("{of}{}{more}", shown.join(", "))
}

fn unknown_fields(unexpected: &[String], error: &ValidationError<'_>, schema: &Value) -> String {
    let known = parent(schema, error.schema_path().as_str()).get("properties");
    let known: Vec<&str> = known.entries().into_iter().flatten().map(|(name, _)| name).collect();
    let names = unexpected.iter().take(LISTED).map(|name| match nearest(name, known.iter().copied()) {
        Some(near) => format!("`{}` (did you mean `{}`?)", clip(name, SHOWN), clip(near, SHOWN)),
        None => format!("`{}`", clip(name, SHOWN)),
    });
    let names: Vec<String> = names.collect();
    let more = if unexpected.len() > LISTED { ", …" } else { "" };
    let fields = if unexpected.len() == 1 { "there is no field" } else { "there are no fields" };
    format!("{fields} {}{more}", names.join(", "))
}

/// The schema that holds the keyword at the end of a path through the schema and its references.
fn parent(schema: &Value, path: &str) -> Value {
    let mut at = schema.clone();
    let tokens: Vec<&str> = path.split('/').skip(1).collect();
    for token in &tokens[..tokens.len().saturating_sub(1)] {
        let token = token.replace("~1", "/").replace("~0", "~");
        at = match token.parse::<usize>() {
            _ if token == "$ref" => at.get("$ref").as_str().and_then(|name| reference(schema, name)).unwrap_or_default(),
            Ok(index) if at.items().is_some() => at.items().and_then(|mut items| items.nth(index)).unwrap_or_default(),
            _ => at.get(&token),
        };
    }
    at
}

/// Of all forms a value may have, what the nearest one misses: the one with the fewest violations, the deepest first.
fn alternatives(context: &[Vec<ValidationError<'_>>], error: &ValidationError<'_>, schema: &Value) -> String {
    let base = error.instance_path().as_str();
    let deep =
        |errors: &[ValidationError<'_>]| errors.iter().map(|error| error.instance_path().as_str().len()).max().unwrap_or(0);
    let near = context
        .iter()
        .filter(|errors| !errors.is_empty())
        .min_by_key(|errors| (std::cmp::Reverse(deep(errors).saturating_sub(base.len())), errors.len()));
    let Some(first) = near.and_then(|errors| errors.first()) else {
        return format!("fits none of the forms it may have, found {}", found(error.instance()));
    };
    let inner = first.instance_path().as_str().strip_prefix(base).unwrap_or_default();
    let text = at(&place(inner, error.instance()), &describe(first, schema));
    format!("fits none of the {} forms it may have; the nearest: {text}", context.len())
}

/// The first so many characters.
fn clip(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn clip_bytes(mut text: String) -> String {
    if text.len() > SHAPE_MESSAGE_BYTES {
        text.truncate(text.floor_char_boundary(SHAPE_MESSAGE_BYTES));
        text.push('…');
    }
    text
}
