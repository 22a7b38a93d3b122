//! Mistakes in a JSON Schema that a validator accepts: a misspelt keyword is, to it, a remark.

use super::message::step;
use super::{Schema, resolve};
use crate::diag::nearest;
use crate::value::Value;

/// Keywords that hold a schema.
const ONE: [&str; 12] = [
    "items",
    "additionalItems",
    "additionalProperties",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];
/// Keywords that hold a list of schemas (`items` in old drafts).
const MANY: [&str; 5] = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
/// Keywords that hold schemas by name.
const NAMED: [&str; 6] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];
/// All other keywords, those of old drafts and widespread remarks included.
const OTHER: [&str; 52] = [
    "$schema",
    "$id",
    "$ref",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
    "$vocabulary",
    "$comment",
    "id",
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "required",
    "dependentRequired",
    "format",
    "contentEncoding",
    "contentMediaType",
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "examples",
    "example",
    "nullable",
    "discriminator",
    "xml",
    "externalDocs",
    "markdownDescription",
    "enumDescriptions",
    "name",
    "note",
    "notes",
    "order",
];
const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "array", "object", "null"];

/// What is wrong with a JSON Schema, one text each, the place first in jq's notation: misspelt keywords and types,
/// required fields that are forbidden, and what does not compile. Empty when nothing is.
pub fn check_schema(schema: &Value) -> Vec<String> {
    if schema.entries().is_none() && schema.as_bool().is_none() {
        return vec!["a JSON Schema is a table, such as `{\"type\": \"object\", \"properties\": {…}}`".to_owned()];
    }
    let mut found = vec![];
    walk(schema, "", &mut found);
    if found.is_empty() {
        found.extend(Schema::compile(schema).err());
    }
    found
}

fn walk(schema: &Value, path: &str, found: &mut Vec<String>) {
    let Some(entries) = schema.entries() else { return };
    let mut say = |at: &str, text: String| found.push(if at.is_empty() { text } else { format!("{at}: {text}") });
    for (key, _) in entries {
        if let Some(near) = misspelt(key) {
            say(path, format!("there is no keyword `{key}`: did you mean `{near}`?"));
        }
    }
    let types = schema.get("type");
    for name in types.items().into_iter().flatten().chain(Some(types.clone())).filter_map(|name| name.as_str().map(str::to_owned))
    {
        if !TYPES.contains(&name.as_str()) {
            let near = foreign(&name).or_else(|| nearest(&name, TYPES));
            let hint =
                near.map_or_else(|| format!("the types are {}", TYPES.join(", ")), |near| format!("did you mean `{near}`?"));
            say(path, format!("there is no type `{name}`: {hint}"));
        }
    }
    let properties = schema.get("properties");
    let closed = schema.get("additionalProperties").as_bool() == Some(false) && !schema.has("patternProperties");
    for name in resolve::required(schema).iter().filter(|name| closed && !properties.has(name)) {
        let near = nearest(name, properties.entries().into_iter().flatten().map(|(name, _)| name)).map(str::to_owned);
        let hint = near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
        say(path, format!("`{name}` is required and not among the properties, and no others are allowed{hint}"));
    }
    below(schema, path, found);
}

/// All schemas inside a schema.
fn below(schema: &Value, path: &str, found: &mut Vec<String>) {
    let to = |key: &str| {
        let mut path = path.to_owned();
        step(&mut path, key);
        path
    };
    for key in ONE {
        walk(&schema.get(key), &to(key), found);
    }
    for key in MANY {
        for (index, schema) in schema.get(key).items().into_iter().flatten().enumerate() {
            walk(&schema, &format!("{}[{index}]", to(key)), found);
        }
    }
    for key in NAMED {
        for (name, schema) in schema.get(key).entries().into_iter().flatten() {
            let mut path = to(key);
            step(&mut path, name);
            walk(&schema, &path, found);
        }
    }
}

/// The keyword that was meant by one that is none. Words that are near to nothing are somebody's remarks.
fn misspelt(key: &str) -> Option<&'static str> {
    let known = || ONE.into_iter().chain(MANY).chain(NAMED).chain(OTHER);
    if key.starts_with("x-") || known().any(|known| known == key) {
        return None;
    }
    // Short words are near to too much: `note` is no misspelt `not`.
    nearest(key, known().filter(|known| known.len() > 4 || *known == "type" || *known == "enum"))
}

/// Types as other languages call them.
fn foreign(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "str" | "text" => "string",
        "int" => "integer",
        "float" | "double" => "number",
        "bool" => "boolean",
        "list" => "array",
        "map" | "dict" | "table" | "json" => "object",
        _ => return None,
    })
}
