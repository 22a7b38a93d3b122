//! Finds the JSON in what an agent said, for agents that cannot be held to a shape.
//!
//! Pure. Whether what was found is of the shape is the engine's question.

use crate::value::Value;

/// The JSON value of a reply: the whole text, else the last fenced block that is JSON, else the longest table or list
/// in it. `None` when there is none.
pub fn extract(text: &str) -> Option<Value> {
    let whole = text.trim();
    if let Ok(value) = Value::parse(whole.as_bytes()) {
        return Some(value);
    }
    fenced(whole).or_else(|| embedded(whole))
}

/// The last block between lines of backquotes that is JSON.
fn fenced(text: &str) -> Option<Value> {
    let mut found = None;
    let mut block: Option<String> = None;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        match (&mut block, fence) {
            (None, true) => block = Some(String::new()),
            (None, false) => {}
            (Some(lines), false) => {
                lines.push_str(line);
                lines.push('\n');
            }
            (Some(lines), true) => {
                found = Value::parse(lines.as_bytes()).ok().or(found);
                block = None;
            }
        }
    }
    found
}

/// The longest table or list that stands in the text.
fn embedded(text: &str) -> Option<Value> {
    let mut best: Option<(usize, Value)> = None;
    let mut at = 0;
    // Every failed beginning costs one step; a successful one skips what it read.
    while let Some(next) = text[at..].find(['{', '[']) {
        let begin = at + next;
        let mut values = serde_json::Deserializer::from_str(&text[begin..]).into_iter::<Value>();
        let read = match values.next() {
            Some(Ok(value)) => {
                let length = values.byte_offset();
                if best.as_ref().is_none_or(|(longest, _)| length > *longest) {
                    best = Some((length, value));
                }
                length
            }
            _ => 1,
        };
        at = begin + read.max(1);
    }
    best.map(|(_, value)| value)
}

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
    fn json_is_found_alone_in_a_fence_or_between_words() {
        for (text, json) in [
            (" {\"a\": 1} \n", r#"{"a":1}"#),
            ("\"only\"", "\"only\""),
            ("Here it is:\n```json\n{\"a\": 1}\n```\nDone.", r#"{"a":1}"#),
            ("```\nno\n```\n```\n[1]\n```\n", "[1]"),
            ("The [result] is {\"a\": [1, 2]} and {\"b\": 0}.", r#"{"a":[1,2]}"#),
        ] {
            assert_eq!(extract(text).map(|v| v.to_string()).as_deref(), Some(json), "{text}");
        }
        for text in ["", "no JSON here", "{broken: 1", "[[[["] {
            assert_eq!(extract(text), None, "{text}");
        }
    }
}
