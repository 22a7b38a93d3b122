//! The JSON in what an agent wrote: agents wrap it in prose and fences, whatever they are told.

use crate::value::Value;

/// Nesting that the scan takes for JSON at all: deeper texts are not read.
const DEPTH: usize = crate::limits::NESTING;
/// Stretches that look like JSON and are kept, to be parsed from the last one on.
const KEPT: usize = 16;
/// How many times its own length a text may be read again, after something that began like JSON turned out not to be.
const AGAIN: usize = 8;

/// The JSON in an agent's text: the whole text, else the last fence marked `json`, else the last table or list in it
/// that is complete. `None` when there is none.
pub fn extract(text: &str) -> Option<Value> {
    let whole = text.trim_start_matches('\u{feff}').trim();
    if whole.is_empty() {
        return None;
    }
    let parse = |text: &str| Value::parse(text.as_bytes()).ok();
    parse(whole).or_else(|| last_fence(whole).and_then(parse)).or_else(|| {
        let kept = scan(whole.as_bytes());
        kept.iter().rev().find_map(|(start, end)| parse(whole.get(*start..*end)?))
    })
}

/// What stands in the last fence marked `json`. JSON has no line that begins with a fence, so nothing is cut short.
fn last_fence(text: &str) -> Option<&str> {
    let mut last = None;
    // Of the fence that is open: its length, whether it is marked, where its content begins.
    let mut open: Option<(usize, bool, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let next = at + line.len();
        let trimmed = line.trim();
        let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
        if ticks >= 3 {
            let info = trimmed[ticks..].trim();
            match open {
                Some((length, marked, start)) if info.is_empty() && ticks >= length => {
                    last = if marked { Some(&text[start..at]) } else { last };
                    open = None;
                }
                Some(_) => {}
                None => {
                    let word = info.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                    open = Some((ticks, word.eq_ignore_ascii_case("json"), next));
                }
            }
        }
        at = next;
    }
    match open {
        Some((_, true, start)) => Some(&text[start..]),
        _ => last,
    }
}

/// One try to read JSON from an opening bracket on, without building anything.
struct Try {
    /// Where each open bracket stands.
    open: Vec<usize>,
    /// The last complete part that is in no other complete part.
    part: Option<(usize, usize)>,
    /// Whether it became too deep to be read.
    deep: bool,
    /// Where the try ended.
    end: usize,
    /// How far it had to look to know.
    seen: usize,
    /// Whether it ended with the closing of its first bracket.
    complete: bool,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A value.
    Value,
    /// A value or the end of an empty list.
    ValueOrEnd,
    /// A key.
    Key,
    /// A key or the end of an empty table.
    KeyOrEnd,
    /// A comma or the end.
    CommaOrEnd,
}

/// Complete tables and lists in a text, in order, not inside each other; the last few. Takes time in proportion to
/// the text: what was read in vain is read again only so often.
fn scan(text: &[u8]) -> Vec<(usize, usize)> {
    let mut kept: Vec<(usize, usize)> = vec![];
    let mut allowance = text.len().saturating_mul(AGAIN);
    let mut at = 0;
    while let Some(skip) = text[at..].iter().position(|byte| matches!(byte, b'{' | b'[')) {
        let start = at + skip;
        let tried = Try::at(text, start);
        let found = if tried.deep { None } else { tried.part };
        if let Some((from, to)) = found.filter(|(_, to)| kept.last().is_none_or(|(_, end)| end < to)) {
            kept.retain(|(known, _)| *known < from);
            kept.push((from, to));
            if kept.len() > KEPT {
                kept.remove(0);
            }
        }
        let seen = tried.seen.max(tried.end);
        let length = seen - start;
        at = if tried.complete || tried.deep || length > allowance {
            seen
        } else {
            allowance -= length;
            start + 1
        };
    }
    kept
}

impl Try {
    fn at(text: &[u8], start: usize) -> Self {
        let mut this = Self { open: vec![], part: None, deep: false, end: start, seen: start + 1, complete: false };
        let mut next = Next::Value;
        loop {
            this.end = skip_space(text, this.end);
            let Some(byte) = text.get(this.end) else { return this };
            match this.step(text, *byte, next) {
                Some(_) if this.open.is_empty() => {
                    this.complete = true;
                    return this;
                }
                Some(then) => next = then,
                None => return this,
            }
        }
    }

    /// Reads one token; `None` when it cannot stand here.
    fn step(&mut self, text: &[u8], byte: u8, next: Next) -> Option<Next> {
        let table = self.open.last().is_some_and(|open| text[*open] == b'{');
        match (next, byte) {
            (Next::CommaOrEnd, b',') => {
                self.end += 1;
                Some(if table { Next::Key } else { Next::Value })
            }
            (Next::CommaOrEnd | Next::KeyOrEnd, b'}') if table => self.close(),
            (Next::CommaOrEnd | Next::ValueOrEnd, b']') if !table => self.close(),
            (Next::Key | Next::KeyOrEnd, b'"') => {
                let end = self.string(text)?;
                self.end = skip_space(text, end);
                (text.get(self.end) == Some(&b':')).then_some(())?;
                self.end += 1;
                Some(Next::Value)
            }
            (Next::Value | Next::ValueOrEnd, b'{' | b'[') => {
                self.open.push(self.end);
                self.deep |= self.open.len() >= DEPTH;
                self.end += 1;
                Some(if byte == b'{' { Next::KeyOrEnd } else { Next::ValueOrEnd })
            }
            (Next::Value | Next::ValueOrEnd, b'"') => {
                self.end = self.string(text)?;
                Some(Next::CommaOrEnd)
            }
            (Next::Value | Next::ValueOrEnd, _) => {
                self.end = scalar(text, self.end)?;
                Some(Next::CommaOrEnd)
            }
            _ => None,
        }
    }

    /// One past the end of a string; JSON has no line breaks in strings, which ends most strings that are none early.
    fn string(&mut self, text: &[u8]) -> Option<usize> {
        let mut at = self.end + 1;
        loop {
            match text.get(at) {
                Some(b'"') => return Some(at + 1),
                Some(b'\\') => at += 2,
                Some(byte) if *byte >= b' ' => at += 1,
                _ => {
                    self.seen = at.min(text.len());
                    return None;
                }
            }
        }
    }

    fn close(&mut self) -> Option<Next> {
        self.end += 1;
        let start = self.open.pop()?;
        self.part = Some((start, self.end));
        Some(Next::CommaOrEnd)
    }
}

fn skip_space(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// One past the end of a number, true, false or null.
fn scalar(text: &[u8], start: usize) -> Option<usize> {
    let rest = &text[start..];
    for word in ["true", "false", "null"] {
        if rest.starts_with(word.as_bytes()) {
            return Some(start + word.len());
        }
    }
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte)).count();
    let number = std::str::from_utf8(&rest[..length]).ok()?;
    (length > 0 && serde_json::from_str::<serde_json::Number>(number).is_ok()).then_some(start + length)
}

#[cfg(test)]
mod tests {
    use super::extract;

    fn found(text: &str) -> Option<String> {
        extract(text).map(|value| value.to_json().to_string())
    }

    #[test]
    fn the_whole_text_comes_first_then_the_last_json_fence_then_the_last_brackets() {
        let cases = [
            (r#" {"a": 1} "#, Some(r#"{"a":1}"#)),
            ("3", Some("3")),
            ("\u{feff}[1]", Some("[1]")),
            ("Here:\n```json\n{\"a\": 1}\n```\nand\n```JSON\n{\"a\": 2}\n```\nDone, see [3].", Some(r#"{"a":2}"#)),
            ("```json\n{\"a\": \"x\\n```\\ny\"}\n```", Some(r#"{"a":"x\n```\ny"}"#)),
            ("````md\n```json\n{\"a\": 1}\n```\n````\n```json\n{\"a\": 2}", Some(r#"{"a":2}"#)),
            ("```\n{\"a\": 1}\n```", Some(r#"{"a":1}"#)),
            ("I said {maybe} but \"well\" {\"a\": {\"b\": [1, 2]}} it is.", Some(r#"{"a":{"b":[1,2]}}"#)),
            ("[1] then {\"b\": 2} then [not] {this}", Some(r#"{"b":2}"#)),
            ("{ note: {\"a\": 1} }", Some(r#"{"a":1}"#)),
            ("[\"open {\"a\": 1}", Some(r#"{"a":1}"#)),
            ("{\"a\": [1, {\"b\": 2}] oops", Some(r#"[1,{"b":2}]"#)),
            ("{\"a\": 1} and {\"b\": \"\\ud800\"}", Some(r#"{"a":1}"#)),
            ("{\"a\": 01}", None),
            ("no json at all", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn depth_ends_where_the_parser_of_values_ends() {
        let nested = |depth: usize| format!("x {}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(extract(&nested(127)).is_some());
        assert!(extract(&nested(128)).is_none());
        assert!(extract(&nested(200_000)).is_none());
        assert!(extract(&nested(200_000)[2..]).is_none());
        assert!(extract(&"[".repeat(200_000)).is_none());
        assert!(extract(&"{\"a\":".repeat(200_000)).is_none());
    }

    #[test]
    fn large_hostile_texts_are_read_a_bounded_number_of_times() {
        let size = crate::limits::OUTPUT_BYTES / 16;
        let texts = [
            format!("x {}", "[".repeat(size)),
            format!("x [\"{}", "[".repeat(size)),
            format!("x {}\"{}", "[".repeat(size / 2), "a".repeat(size / 2)),
            format!("x {}", "[\"\\\"".repeat(size / 4)),
            format!("x {}", "{\"a\": [1, ".repeat(size / 11)),
            format!("x {}", "[ ".repeat(size / 2)),
            format!("x [{}", "{},".repeat(size / 3)),
            "```json\n{\n".repeat(size / 10),
        ];
        for text in texts {
            let _ = extract(&text);
        }
        let text = format!("{} {{\"last\": true}}", "a [ b { c \" d ".repeat(size / 14));
        assert_eq!(found(&text).as_deref(), Some(r#"{"last":true}"#));
    }
}
