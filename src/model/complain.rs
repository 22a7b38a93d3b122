//! Syntax errors in words that help an author: P001.

use crate::diag::{Diagnostic, code};
use crate::text::{FileId, Span, line_end, line_start};
use std::ops::Range;

/// A finding for an error of the TOML parser.
pub(super) fn complain(file: FileId, source: &str, at: Range<usize>, message: &str) -> Diagnostic {
    // The parser does not say where keys have too many parts.
    let at = if message == "recursion limit" { most_dots(source) } else { at };
    let line = line_start(source, at.start);
    let rest_of_line = source[line..line_end(source, line)].trim_end();
    let span = Span::new(file, boundary(source, at.start)..boundary(source, at.end.max(at.start)));
    let written = source.get(at.clone()).unwrap_or_default();
    let found = |text: String| Diagnostic::new(code::P001, span, text);
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    match what {
        "string values must be quoted" => unquoted(file, source, at),
        "duplicate key" => duplicate(file, source, at, rest_of_line),
        "unclosed table" => found("this header is not closed: `]` is missing".to_owned()).suggest("close it", span, "]"),
        "key with no value" => found(format!("`{}` has no value", rest_of_line.trim()))
            .help("a line is `key = value`, a `[header]` or a `# comment`"),
        "invalid literal string" | "invalid basic string" if written.is_empty() && expected.len() < 5 => {
            found(format!("this text is not closed: {expected} is missing before the end of the line"))
                .help("text of several lines stands between `'''` and `'''`")
        }
        "invalid multi-line basic string" | "invalid multi-line literal string" if written.is_empty() => {
            found("this text has a character that may not stand in it".to_owned())
        }
        "missing escaped value" => {
            let sequence: String = source[span.start as usize..].chars().take(1).collect();
            found(format!("`\\{sequence}` is no escape sequence"))
                .help("write `\\\\` for a backslash, or use `'…'` or `'''…'''`, where nothing is escaped")
        }
        // Any bare word that begins with `t` or `f`.
        "invalid boolean" if !matches!(written.to_ascii_lowercase().as_str(), "true" | "false") => unquoted(file, source, at),
        "invalid boolean" => {
            let word = written.to_ascii_lowercase();
            let finding = found(format!("`{written}` is no TOML value: booleans are `true` and `false`"));
            finding.suggest(format!("write `{word}`"), span, word)
        }
        "unquoted keys cannot be empty" => found("a key is missing here".to_owned()),
        "invalid unquoted key" => found(format!("`{written}` cannot stand in a key"))
            .help("a line is `key = value`; keys are made of letters, digits, `-` and `_`, or stand in quotes"),
        "unexpected key or value" => found("the line should end here".to_owned()).help("each statement has a line of its own"),
        "missing comma between array elements" => found("a comma is missing before this element of the list".to_owned()),
        "missing comma between key-value pairs" => found("a comma is missing before this key of the table".to_owned()),
        "unexpected leading zero" => found("a number has no leading zero".to_owned()),
        "extra comma in array" => found("this comma has no element before it".to_owned()),
        "cannot recurse further; max recursion depth met" | "recursion limit" => found("this is nested too deep".to_owned()),
        _ if what.starts_with("cannot extend value of type") => {
            let kind = what.split_whitespace().nth(5).unwrap_or("value");
            found(format!("`{written}` is a value (of type {kind}) already, and cannot have keys of its own"))
        }
        _ if expected.is_empty() => found(what.to_owned()),
        _ => found(format!("{what}: expected {expected}")),
    }
}

/// The beginning of the line with the most dots.
fn most_dots(source: &str) -> Range<usize> {
    let lines = source.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((line.bytes().filter(|b| *b == b'.').count(), start))
    });
    let start = lines.max_by_key(|(dots, _)| *dots).map_or(0, |(_, start)| start);
    start..start
}

/// A value that is none, mostly text without quotes.
fn unquoted(file: FileId, source: &str, at: Range<usize>) -> Diagnostic {
    let written = source.get(at.clone()).unwrap_or_default();
    let span = Span::new(file, at);
    if written.is_empty() {
        return Diagnostic::new(code::P001, span, "a value is missing here");
    }
    let shown: String = written.chars().take(40).collect();
    let finding = Diagnostic::new(code::P001, span, format!("`{shown}` is no TOML value: text stands in quotes"));
    let bare = written.trim_matches(|c| matches!(c, '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}'));
    if bare.contains(['\'', '"', '\\', '\n', '\r', '[', '{', '=']) {
        return finding;
    }
    finding.suggest("put it in quotes", span, format!("\"{bare}\""))
}

/// A key or header that is there already.
fn duplicate(file: FileId, source: &str, at: Range<usize>, line: &str) -> Diagnostic {
    let written = source.get(at.clone()).unwrap_or_default();
    let span = Span::new(file, at);
    let line = line.trim();
    if !line.starts_with('[') {
        return Diagnostic::new(code::P001, span, format!("`{written}` is written twice in one table"));
    }
    let finding = Diagnostic::new(code::P001, span, format!("`{line}` is written twice"))
        .help("names are unique: give one of them another name, or put both together");
    let before = &source[..line_start(source, span.start as usize)];
    let first = before.match_indices(line).find(|(found, _)| before[line_start(before, *found)..*found].trim().is_empty());
    match first {
        Some((first, _)) => finding.related(Span::new(file, first..first + line.len()), "first written here"),
        None => finding,
    }
}

/// The nearest character boundary at or before an offset.
fn boundary(source: &str, at: usize) -> usize {
    let at = at.min(source.len());
    (0..=at).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0)
}
