//! Reads the events of `claude --output-format stream-json`: JSON lines, of which only a few matter here.
//!
//! Pure. Unknown kinds of lines are passed over, because new ones appear every week; lines that are no JSON are kept
//! as a log. The line of kind `result` is the end, whatever the process does afterwards.

use crate::agent::capture::one_line;
use crate::limits;
use crate::run::Time;
use serde_json::Value as Json;

/// What a line said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said<'a> {
    /// A line for the transcript, with its newline.
    Line(&'a [u8]),
    /// The session, at its beginning.
    Session(&'a str),
    /// A line for people.
    Progress(String),
    /// The result: nothing more is to come.
    Result,
}

/// A stream as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Stream {
    line: Vec<u8>,
    /// The line is too long and is passed over until its end.
    skipping: bool,
    /// Whether any line was an event.
    pub(super) events: bool,
    /// The session.
    pub(super) session: Option<String>,
    /// The model.
    pub(super) model: Option<String>,
    /// The program's version.
    pub(super) version: Option<String>,
    /// The result line.
    pub(super) result: Option<Json>,
    /// Whether a usage window was said to be exhausted.
    pub(super) limited: bool,
    /// When it resets, if that was said.
    pub(super) resets_at: Option<Time>,
    /// The last lines that were no events.
    pub(super) log: String,
}

impl Stream {
    /// Takes a piece of output, as it came.
    pub(super) fn push(&mut self, bytes: &[u8], hear: &mut dyn FnMut(Said<'_>)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let ends = piece.ends_with(b"\n");
            if !self.skipping && self.line.len() + piece.len() > limits::LINE_BYTES {
                self.skipping = true;
                self.line.clear();
                hear(Said::Line(b"[a line of more than 16 MiB was passed over]\n"));
            }
            if !self.skipping {
                self.line.extend_from_slice(piece);
            }
            if ends {
                self.skipping = false;
                self.end_line(hear);
            }
        }
    }

    /// The output is over: a last line without its newline counts too.
    pub(super) fn finish(&mut self, hear: &mut dyn FnMut(Said<'_>)) {
        self.end_line(hear);
    }

    fn end_line(&mut self, hear: &mut dyn FnMut(Said<'_>)) {
        let line = std::mem::take(&mut self.line);
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        match serde_json::from_slice::<Json>(&line) {
            Ok(event) if event.is_object() => self.event(event, &line, hear),
            _ => {
                let text = String::from_utf8_lossy(&line);
                if self.log.len() + text.len() <= limits::TAIL_BYTES {
                    self.log.push_str(&text);
                }
                hear(Said::Line(&line));
            }
        }
        self.line = line;
        self.line.clear();
    }

    fn event(&mut self, event: Json, line: &[u8], hear: &mut dyn FnMut(Said<'_>)) {
        self.events = true;
        let text = |key: &str| event.get(key).and_then(Json::as_str);
        let kind = text("type").unwrap_or_default();
        // Pieces of a message come again whole; as a transcript they would only be noise.
        if kind != "stream_event" {
            hear(Said::Line(line));
        }
        match kind {
            "system" if text("subtype") == Some("init") => {
                self.model = text("model").map(str::to_owned);
                self.version = text("claude_code_version").map(str::to_owned);
                if let Some(session) = text("session_id") {
                    self.session = Some(session.to_owned());
                    hear(Said::Session(session));
                }
            }
            "system" if text("subtype") == Some("api_retry") => {
                let number = |key: &str| event.get(key).map_or_else(|| "?".to_owned(), Json::to_string);
                let (attempt, of, status) = (number("attempt"), number("max_retries"), number("error_status"));
                hear(Said::Progress(format!("the API answered {status}; try {attempt} of {of}")));
            }
            "rate_limit_event" => {
                let info = &event["rate_limit_info"];
                if info["status"] == "rejected" {
                    self.limited = true;
                    self.resets_at = info["resetsAt"].as_u64().map(|seconds| Time(seconds.saturating_mul(1000)));
                }
            }
            "assistant" => {
                let under = if event["parent_tool_use_id"].is_string() { "· " } else { "" };
                for part in event["message"]["content"].as_array().into_iter().flatten() {
                    if let Some(line) = progress(part) {
                        hear(Said::Progress(format!("{under}{line}")));
                    }
                }
            }
            "result" => {
                if self.session.is_none() {
                    self.session = text("session_id").map(str::to_owned);
                }
                self.result = Some(event);
                hear(Said::Result);
            }
            _ => {}
        }
    }
}

/// What a part of a message looks like to people: the last line of a text, a tool with its main argument.
fn progress(part: &Json) -> Option<String> {
    match part["type"].as_str()? {
        "text" => {
            let line = part["text"].as_str()?.lines().rev().find(|line| !line.trim().is_empty())?;
            Some(one_line(line))
        }
        "tool_use" => {
            const MAIN: [&str; 10] =
                ["command", "file_path", "notebook_path", "pattern", "url", "query", "skill", "description", "path", "prompt"];
            let name = part["name"].as_str()?;
            if name == "StructuredOutput" {
                return Some("gives its result".to_owned());
            }
            let main = MAIN.iter().find_map(|key| part["input"][key].as_str());
            Some(one_line(&format!("{name} {}", main.unwrap_or_default())))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> (Stream, Vec<String>) {
        let mut stream = Stream::default();
        let mut said = Vec::new();
        let mut hear = |what: Said<'_>| match what {
            Said::Line(_) => {}
            Said::Session(session) => said.push(format!("session {session}")),
            Said::Progress(line) => said.push(line),
            Said::Result => said.push("result".to_owned()),
        };
        for piece in pieces {
            stream.push(piece, &mut hear);
        }
        stream.finish(&mut hear);
        (stream, said)
    }

    #[test]
    fn lines_are_read_however_they_are_cut() {
        let text = concat!(
            "not an event\n\n",
            r#"{"type":"system","subtype":"init","session_id":"s","model":"m","claude_code_version":"2"}"#,
            "\n",
            r#"{"type":"assistant","message":{"content":[{"type":"text","text":"one\ntwo\n"},{"type":"tool_use","name":"Bash","input":{"description":"d","command":"cargo  test"}}]}}"#,
            "\n",
            r#"{"type":"never seen"}"#,
            "\n",
            r#"{"is_error":false,"type":"result"}"#,
        )
        .as_bytes();
        for cut in 0..text.len() {
            let (stream, said) = read(&[&text[..cut], &text[cut..]]);
            assert_eq!(said, ["session s", "two", "Bash cargo test", "result"], "cut at {cut}");
            assert_eq!(stream.version.as_deref(), Some("2"));
            assert_eq!(stream.log, "not an event\n");
        }
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let long = vec![b'x'; limits::LINE_BYTES + 1];
        let (stream, said) = read(&[&long, &long, b"\n{\"type\":\"result\"}\n"]);
        assert_eq!(said, ["result"]);
        assert!(stream.result.is_some());
    }

    #[test]
    fn an_exhausted_window_says_when_it_resets() {
        let line = br#"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1800000000}}"#;
        assert_eq!(read(&[line]).0.resets_at, Some(Time(1_800_000_000_000)));
        let line = br#"{"type":"rate_limit_event","rate_limit_info":{"status":"allowed_warning","resetsAt":1800000000}}"#;
        assert!(!read(&[line]).0.limited);
    }
}
