//! What an agent said, as the value that was asked for, for agents that cannot be held to a shape.
//!
//! Pure. Whether the value is of the shape is the engine's question.

use crate::expr::reply::extract;
use crate::value::Value;

/// The value of a reply that should be of a shape; `None` when there is none in it. For a shape that is a text (one of
/// some words, say) the reply itself will do.
pub fn of_shape(text: &str, schema: &Value) -> Option<Value> {
    if is_plain_text(schema) {
        return Some(Value::text(text));
    }
    let words = schema.get("type").as_str() == Some("string");
    extract(text).or_else(|| words.then(|| Value::text(text.trim())))
}

/// What an agent is told about the shape of its reply, when nothing else holds it to it.
pub fn instructions(schema: &Value) -> String {
    format!(
        "Reply with one JSON value and nothing else: no introduction, no code fence. It must be valid against this JSON \
         Schema:\n{schema}\n"
    )
}

/// Whether a shape is nothing but text, so that the reply itself is the value.
pub fn is_plain_text(schema: &Value) -> bool {
    let constraints = ["enum", "const", "pattern", "format", "$ref"];
    schema.get("type").as_str() == Some("string") && !constraints.iter().any(|key| schema.has(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_will_do_where_words_are_asked_for() {
        let shape = |json: &str| Value::parse(json.as_bytes()).expect("is JSON");
        let said = |text: &str, json: &str| of_shape(text, &shape(json)).map(|value| value.to_string());
        assert_eq!(said("1\n", r#"{"type":"string"}"#).as_deref(), Some(r#""1\n""#), "a text stays as it is");
        assert_eq!(said(" yes\n", r#"{"type":"string","enum":["yes","no"]}"#).as_deref(), Some("\"yes\""));
        assert_eq!(said("\"yes\"", r#"{"type":"string","enum":["yes","no"]}"#).as_deref(), Some("\"yes\""));
        assert_eq!(said("so: {\"a\": 1}", r#"{"type":"object"}"#).as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(said("yes", r#"{"type":"object"}"#), None);
    }
}
