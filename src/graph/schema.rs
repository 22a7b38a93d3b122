//! Walking a JSON Schema along a path: which fields are there, and whether what is there may be null.

use crate::expr::jq::{Segment, SegmentKind};
use crate::value::Value;

/// Where a path leads in a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Walked {
    /// The schema does not say.
    Unknown,
    /// To something declared. The number of steps after which null is possible, when it is.
    There(Option<usize>),
    /// To a field that cannot be there: after how many steps, and which there are.
    NoField(usize, Vec<String>),
}

/// Follows a path from the root of a schema.
pub(super) fn walk(schema: &Value, path: &[Segment]) -> Walked {
    let mut at = schema.clone();
    let mut null = None;
    for (step, segment) in path.iter().enumerate() {
        let Some(plain) = plain(&at) else { return Walked::Unknown };
        let (next, nullable) = match &segment.kind {
            SegmentKind::Key(name) => match field(&plain, name) {
                Field::There(next, optional) => (next, optional),
                Field::Unknown => return Walked::Unknown,
                Field::Not(known) => return Walked::NoField(step, known),
            },
            SegmentKind::Index(_) | SegmentKind::Each if is_type(&plain, "array") => {
                let items = plain.get("items");
                if items.entries().is_none() || plain.has("prefixItems") {
                    return Walked::Unknown;
                }
                // An item by number may be beyond the end.
                (items, matches!(segment.kind, SegmentKind::Index(_)))
            }
            _ => return Walked::Unknown,
        };
        if null.is_none() && (nullable || allows_null(&next)) {
            null = Some(step + 1);
        }
        at = next;
    }
    Walked::There(null)
}

enum Field {
    There(Value, bool),
    Not(Vec<String>),
    Unknown,
}

fn field(schema: &Value, name: &str) -> Field {
    if !is_type(schema, "object") {
        return Field::Unknown;
    }
    let properties = schema.get("properties");
    if properties.has(name) {
        let required = schema.get("required").items().is_some_and(|mut names| names.any(|known| known.as_str() == Some(name)));
        return Field::There(properties.get(name), !required);
    }
    let closed = schema.get("additionalProperties").as_bool() == Some(false) && !schema.has("patternProperties");
    if !closed {
        return Field::Unknown;
    }
    Field::Not(properties.entries().into_iter().flatten().map(|(known, _)| known.to_owned()).collect())
}

/// The schema of what is not null, when the schema says one plain thing.
fn plain(schema: &Value) -> Option<Value> {
    if ["$ref", "allOf", "oneOf", "if", "not", "$dynamicRef", "unevaluatedProperties"].iter().any(|word| schema.has(word)) {
        return None;
    }
    if !schema.has("anyOf") {
        return Some(schema.clone());
    }
    let branches = schema.get("anyOf");
    let mut branches = branches.items()?.filter(|branch| branch.get("type").as_str() != Some("null"));
    let first = branches.next()?;
    if branches.next().is_some() { None } else { plain(&first) }
}

fn is_type(schema: &Value, name: &str) -> bool {
    let kind = schema.get("type");
    let mut names = kind.items().into_iter().flatten().filter(|one| one.as_str() != Some("null"));
    kind.as_str() == Some(name) || names.next().is_some_and(|one| one.as_str() == Some(name)) && names.next().is_none()
}

fn allows_null(schema: &Value) -> bool {
    let kind = schema.get("type");
    kind.as_str() == Some("null")
        || kind.items().is_some_and(|mut names| names.any(|one| one.as_str() == Some("null")))
        || schema.get("anyOf").items().is_some_and(|mut branches| branches.any(|branch| allows_null(&branch)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<Segment> {
        let kind = |part: &str| match part.parse() {
            Ok(index) => SegmentKind::Index(index),
            Err(_) if part == "*" => SegmentKind::Each,
            Err(_) => SegmentKind::Key(part.to_owned()),
        };
        text.split('.').map(|part| Segment { kind: kind(part), range: 0..0 }).collect()
    }

    #[test]
    fn fields_are_found_missed_or_unknown() {
        let schema = Value::parse(
            br#"{"type": "object", "additionalProperties": false, "required": ["steps", "free"],
            "properties": {
              "steps": {"type": "array", "items": {"type": "object", "additionalProperties": false,
                "required": ["title"], "properties": {"title": {"type": "string"}, "note": {"type": ["string", "null"]}}}},
              "free": {"type": "object"}, "maybe": {"type": "integer"}}}"#,
        );
        let schema = schema.unwrap();
        let go = |text: &str| walk(&schema, &path(text));
        assert_eq!(go("steps.*.title"), Walked::There(None));
        assert_eq!(go("steps.0.title"), Walked::There(Some(2)));
        assert_eq!(go("steps.*.note"), Walked::There(Some(3)));
        assert_eq!(go("steps.*.titel"), Walked::NoField(2, vec!["title".to_owned(), "note".to_owned()]));
        assert_eq!(go("maybe"), Walked::There(Some(1)));
        assert_eq!(go("free.anything"), Walked::Unknown);
        assert_eq!(go("steps.title"), Walked::Unknown);
    }
}
