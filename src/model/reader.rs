//! Typed values out of the tree, with a finding for each that does not fit.
//!
//! Every method takes the entry of a key (or `None`, when it was not written) and gives the value or, after a finding,
//! nothing. What a syntax error has made unreadable gives nothing silently: it was reported already.

use super::duration::{parse_count, parse_duration, suggest_duration};
use super::elsewhere;
use super::node::{Entry, Kind, Node, Style, Table};
use super::pipeline::{Field, TextSource};
use super::words::Word;
use crate::diag::{Code, Diagnostic, code, nearest};
use crate::limits::FINDINGS;
use crate::text::{Embedded, FileId, Span, Spanned};
use std::ops::Range;

/// Reads one file.
pub(super) struct Reader<'a> {
    pub file: FileId,
    pub source: &'a str,
    pub found: Vec<Diagnostic>,
    /// Keys that are not known where they stand, and those that are.
    pub unknown: Vec<(Span, Vec<&'static str>)>,
    /// Where texts that are jq stand.
    pub jq: Vec<Span>,
    /// Offsets of syntax errors, sorted.
    pub errors: Vec<usize>,
    /// Offsets of headers, sorted.
    pub headers: Vec<usize>,
}

/// How a text is used: what to do when there is nothing in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Empty {
    /// An expression: its own rules will say so.
    Fine,
    /// Warned of.
    Warn,
}

impl Reader<'_> {
    /// Reports a finding, unless there are too many already.
    pub fn report(&mut self, finding: Diagnostic) {
        if !self.is_full() {
            self.found.push(finding);
        }
    }

    /// Whether further findings would not be kept.
    fn is_full(&self) -> bool {
        self.found.len() >= FINDINGS
    }

    /// Reports a finding that is only a place and a message.
    pub fn say(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::new(code, span, message));
    }

    /// What stands at a place.
    pub fn written(&self, span: Span) -> &str {
        self.source.get(span.range()).unwrap_or_default()
    }

    /// P003 for a value of another type than expected.
    pub fn wrong_type(&mut self, what: &str, expected: &str, node: &Node) {
        if matches!(node.kind, Kind::Unreadable) {
            return;
        }
        let message = format!("`{what}` must be {expected}, found {}", node.found());
        let finding = Diagnostic::new(code::P003, node.span, message).label(format!("expected {expected}"));
        self.report(match mended(expected, node, self.written(node.span)) {
            Some((how, text)) => finding.suggest(how, node.span, text),
            None => finding,
        });
    }

    /// P005.
    pub fn bad_value(&mut self, span: Span, message: impl Into<String>) {
        self.say(code::P005, span, message);
    }

    fn text_node(&mut self, what: &str, expected: &str, node: Node, empty: Empty) -> Option<Spanned<Embedded>> {
        let Kind::Text(text) = node.kind else {
            self.wrong_type(what, expected, &node);
            return None;
        };
        if empty == Empty::Warn && text.text().trim().is_empty() {
            self.report(
                Diagnostic::new(code::P010, node.span, format!("`{what}` is empty")).help("write something, or leave it out"),
            );
        }
        Some(Spanned::new(text, node.span))
    }

    fn field<T>(entry: &Spanned<String>, value: Spanned<T>) -> Field<T> {
        Field { key: entry.span, span: value.span, value: value.value }
    }

    /// A jq expression.
    pub fn jq(&mut self, entry: Option<Entry>) -> Option<Field<Embedded>> {
        let Entry { key, node } = entry?;
        let text = self.text_node(&key.value, "jq, as text", node, Empty::Fine)?;
        self.jq.push(text.span);
        Some(Self::field(&key, text))
    }

    /// A template that stands in the pipeline.
    pub fn template(&mut self, entry: Option<Entry>) -> Option<Field<Embedded>> {
        let Entry { key, node } = entry?;
        let text = self.text_node(&key.value, "text", node, Empty::Warn)?;
        Some(Self::field(&key, text))
    }

    /// A literal text.
    pub fn literal(&mut self, entry: Option<Entry>) -> Option<Field<String>> {
        let field = self.template(entry)?;
        Some(Field { key: field.key, span: field.span, value: field.value.text().to_owned() })
    }

    /// A literal text inside something else.
    pub fn literal_node(&mut self, what: &str, node: Node) -> Option<Spanned<String>> {
        let text = self.text_node(what, "text", node, Empty::Warn)?;
        Some(text.map(|text| text.text().to_owned()))
    }

    /// A text or `{ file = "…" }`.
    pub fn source_text(&mut self, entry: Option<Entry>) -> Option<Field<TextSource>> {
        let Entry { key, node } = entry?;
        let span = node.span;
        let value = match node.kind {
            Kind::Table(mut table) => {
                let file = table.take("file");
                if file.is_none() {
                    self.missing(&table, &key.value, &["file"]);
                }
                let file = self.literal(file);
                self.finish(&table, &key.value);
                TextSource::File(file.map(|file| Spanned::new(file.value, file.span))?)
            }
            _ => TextSource::Inline(self.text_node(&key.value, "text or `{ file = \"…\" }`", node, Empty::Warn)?.value),
        };
        Some(Field { key: key.span, value, span })
    }

    /// One of a few words.
    pub fn word<W: Word>(&mut self, entry: Option<Entry>) -> Option<Field<W>> {
        let Entry { key, node } = entry?;
        let word = self.word_node(&key.value, &node)?;
        Some(Self::field(&key, word))
    }

    /// One of a few words, inside something else.
    pub fn word_node<W: Word>(&mut self, what: &str, node: &Node) -> Option<Spanned<W>> {
        let expected = if W::WORDS.len() < 6 { one_of(W::WORDS) } else { "text".to_owned() };
        let Kind::Text(text) = &node.kind else {
            self.wrong_type(what, &format!("text: {expected}"), node);
            return None;
        };
        if let Some(word) = W::from_word(text.text()) {
            return Some(Spanned::new(word, node.span));
        }
        let text = text.text().to_owned();
        self.not_a_word(what, &text, node.span, W::WORDS);
        None
    }

    /// P005 for a text that is none of a few words.
    pub fn not_a_word(&mut self, what: &str, text: &str, span: Span, words: &[&str]) {
        let shown: String = text.chars().take(40).collect();
        let finding = Diagnostic::new(code::P005, span, format!("`{shown}` is no value of `{what}`: {}", one_of(words)));
        let near = nearest(&text.to_lowercase(), words.iter().copied());
        let near = near.or_else(|| words.iter().copied().find(|word| word.eq_ignore_ascii_case(text)));
        self.report(match near {
            Some(word) => {
                finding.label(format!("did you mean `{word}`?")).suggest(format!("write `{word}`"), span, format!("\"{word}\""))
            }
            None => finding,
        });
    }

    /// A boolean.
    pub fn boolean(&mut self, entry: Option<Entry>) -> Option<Field<bool>> {
        let Entry { key, node } = entry?;
        let Kind::Boolean(value) = node.kind else {
            self.wrong_type(&key.value, "`true` or `false`", &node);
            return None;
        };
        Some(Field { key: key.span, value, span: node.span })
    }

    /// A whole number of a range.
    pub fn integer(&mut self, entry: Option<Entry>, range: Range<i64>) -> Option<Field<i64>> {
        self.integer_coded(entry, range, code::P005)
    }

    /// A whole number of a range, with the code of the finding when it is outside.
    pub fn integer_coded(&mut self, entry: Option<Entry>, range: Range<i64>, outside: Code) -> Option<Field<i64>> {
        let Entry { key, node } = entry?;
        let value = self.integer_node(&key.value, &node, range, outside)?;
        Some(Field { key: key.span, value, span: node.span })
    }

    /// A whole number of a range, inside something else.
    pub fn integer_node(&mut self, what: &str, node: &Node, range: Range<i64>, outside: Code) -> Option<i64> {
        let Kind::Integer(value) = node.kind else {
            self.wrong_type(what, "a whole number", node);
            return None;
        };
        if let Some(value) = value.filter(|value| range.contains(value)) {
            return Some(value);
        }
        let message = format!("`{what}` must be from {} to {}", range.start, range.end - 1);
        self.say(outside, node.span, message);
        None
    }

    /// A whole number that fits 32 bits.
    pub fn small(&mut self, entry: Option<Entry>, range: Range<u32>) -> Option<Field<u32>> {
        let field = self.integer(entry, i64::from(range.start)..i64::from(range.end))?;
        Some(Field { key: field.key, span: field.span, value: u32::try_from(field.value).ok()? })
    }

    /// A number that is at least `least`.
    pub fn number(&mut self, entry: Option<Entry>, least: f64) -> Option<Field<f64>> {
        let Entry { key, node } = entry?;
        let value = match node.kind {
            Kind::Integer(n) => n.and_then(|n| i32::try_from(n).ok()).map_or(f64::INFINITY, f64::from),
            Kind::Float(n) => n,
            _ => {
                self.wrong_type(&key.value, "a number", &node);
                return None;
            }
        };
        if !value.is_finite() || value < least {
            self.bad_value(node.span, format!("`{}` must be a number from {least} to {}", key.value, i32::MAX));
            return None;
        }
        Some(Field { key: key.span, value, span: node.span })
    }

    /// A duration, in milliseconds; `least` is the shortest that makes sense.
    pub fn duration(&mut self, entry: Option<Entry>, least: u64) -> Option<Field<u64>> {
        let Entry { key, node } = entry?;
        let text = match &node.kind {
            Kind::Text(text) => text.text().to_owned(),
            Kind::Integer(Some(n)) => {
                let message = format!("`{}` must be a duration such as `\"30m\"`, found an integer", key.value);
                let finding = Diagnostic::new(code::P003, node.span, message).label("lacks a unit");
                self.report(finding.suggest("seconds are written so", node.span, format!("\"{n}s\"")));
                return None;
            }
            _ => {
                self.wrong_type(&key.value, "a duration such as `\"30m\"`", &node);
                return None;
            }
        };
        match parse_duration(&text) {
            Ok(value) if value >= least => return Some(Field { key: key.span, value, span: node.span }),
            Ok(_) => self.bad_value(node.span, format!("`{}` must be longer than that", key.value)),
            Err(why) => {
                let shown: String = text.chars().take(40).collect();
                let finding = Diagnostic::new(code::P005, node.span, format!("`{shown}` {why}"))
                    .help("durations are written `30m`, `5s`, `1h30m` or `250ms`");
                self.report(match suggest_duration(&text) {
                    Some(good) => finding.suggest(format!("write `{good}`"), node.span, format!("\"{good}\"")),
                    None => finding,
                });
            }
        }
        None
    }

    /// A count: a whole number, or text such as `200k`.
    pub fn count(&mut self, entry: Option<Entry>) -> Option<Field<u64>> {
        let Entry { key, node } = entry?;
        let value = match &node.kind {
            Kind::Integer(n) => n.and_then(|n| u64::try_from(n).ok()),
            Kind::Text(text) => parse_count(text.text()),
            _ => {
                self.wrong_type(&key.value, "a whole number, or text such as `\"200k\"`", &node);
                return None;
            }
        };
        let Some(value) = value.filter(|n| *n > 0) else {
            let message = format!("`{}` must be a whole number above 0, such as `500000`, `\"500k\"` or `\"2M\"`", key.value);
            self.bad_value(node.span, message);
            return None;
        };
        Some(Field { key: key.span, value, span: node.span })
    }

    /// A list, element by element; what an element reader refuses is left out.
    pub fn list<T>(
        &mut self,
        entry: Option<Entry>,
        of: &str,
        mut element: impl FnMut(&mut Self, &str, Node) -> Option<T>,
    ) -> Option<Field<Vec<T>>> {
        let Entry { key, node } = entry?;
        let Kind::List(items) = node.kind else {
            self.wrong_type(&key.value, &format!("a list of {of}"), &node);
            return None;
        };
        let value = items.into_iter().filter_map(|item| element(self, &key.value, item)).collect();
        Some(Field { key: key.span, value, span: node.span })
    }

    /// A list of literal texts.
    pub fn literals(&mut self, entry: Option<Entry>) -> Option<Field<Vec<Spanned<String>>>> {
        self.list(entry, "texts", |reader, what, node| reader.literal_node(&format!("{what}[]"), node))
    }

    /// A list of literal texts with something in it.
    pub fn some_literals(&mut self, entry: Option<Entry>) -> Option<Field<Vec<Spanned<String>>>> {
        let key = entry.as_ref()?.key.value.clone();
        let list = self.literals(entry)?;
        if list.value.is_empty() && self.written(list.span).trim_matches(['[', ']', ' ', '\n', '\r', '\t']).is_empty() {
            self.bad_value(list.span, format!("`{key}` must not be empty"));
            return None;
        }
        Some(list)
    }

    /// Program and arguments, templates.
    pub fn argv(&mut self, key: &str, node: Node) -> Option<Vec<Spanned<Embedded>>> {
        let Kind::List(items) = node.kind else {
            let expected = "a list of texts, program first";
            self.wrong_type(key, expected, &node);
            return None;
        };
        if items.is_empty() {
            self.report(
                Diagnostic::new(code::P005, node.span, format!("`{key}` must name a program"))
                    .help("write program and arguments, for example `[\"cargo\", \"test\"]`"),
            );
            return None;
        }
        let element = format!("{key}[]");
        Some(items.into_iter().filter_map(|item| self.text_node(&element, "text", item, Empty::Fine)).collect())
    }

    /// A table, with the place of its key.
    pub fn table(&mut self, entry: Option<Entry>) -> Option<(Spanned<String>, Span, Table)> {
        let Entry { key, node } = entry?;
        let Kind::Table(table) = node.kind else {
            let mut expected = "a table".to_owned();
            if self.written(node.span).starts_with("[[") {
                expected = format!("one table (`[{}]`, in single brackets)", key.value);
            }
            self.wrong_type(&key.value, &expected, &node);
            return None;
        };
        Some((key, node.span, table))
    }

    /// P004 for keys that must be there, all of one table in one finding. Says nothing where a syntax error stands in
    /// the same table (the key may be what was broken), nor about a key that was misspelt (P002 says that).
    pub fn missing(&mut self, table: &Table, what: &str, keys: &[&str]) {
        let lacks = keys.iter().filter(|key| !table.has(key) && !elsewhere::misspelt(table, key));
        let lacks: Vec<_> = lacks.map(|key| format!("`{key}`")).collect();
        if lacks.is_empty() || self.is_broken(table) {
            return;
        }
        let message = format!("{} lacks {}", self.describe(table, what), lacks.join(" and "));
        let span = self.place(table);
        self.say(code::P004, span, message);
    }

    /// Where a finding about a table as a whole stands.
    pub fn place(&self, table: &Table) -> Span {
        if table.style == Style::Inline && self.written(table.span).contains('\n') {
            return Span::new(self.file, table.span.range().start..table.span.range().start + 1);
        }
        table.span
    }

    /// How a table is called: by its header, else by what it is.
    fn describe(&self, table: &Table, what: &str) -> String {
        match table.style {
            Style::Header => format!("`{}`", self.written(table.span)),
            Style::Root => "the pipeline".to_owned(),
            Style::Inline | Style::Implicit => format!("`{what}`"),
        }
    }

    /// Whether a syntax error stands in the table.
    pub fn is_broken(&self, table: &Table) -> bool {
        let range = match table.style {
            Style::Inline => table.span.range(),
            // Its own header may be the one that is broken.
            Style::Implicit => return !self.errors.is_empty(),
            Style::Root | Style::Header => {
                let start = table.span.start as usize;
                let next = if table.style == Style::Root { 0 } else { self.headers.partition_point(|header| *header <= start) };
                start..self.headers.get(next).copied().unwrap_or(usize::MAX)
            }
        };
        self.errors.iter().any(|at| range.contains(at))
    }

    /// P002 for what is left of a table that was read.
    pub fn finish(&mut self, table: &Table, what: &str) {
        let place = self.describe(table, what);
        for entry in &table.entries {
            if self.is_full() {
                return;
            }
            let header = (table.style == Style::Header).then_some(table.span);
            let finding = elsewhere::unknown_key(entry, table, &place, header);
            self.report(finding);
            self.unknown.push((entry.key.span, table.asked.clone()));
        }
    }
}

/// What an author may have meant by a value of the wrong type: how it is mended, and what is to be written.
fn mended(expected: &str, node: &Node, written: &str) -> Option<(&'static str, String)> {
    let short = written.len() < 200 && !written.contains('\n');
    match &node.kind {
        Kind::Integer(_) | Kind::Float(_) | Kind::Boolean(_) | Kind::Datetime
            if short && (expected.contains("text") || expected.starts_with("jq")) =>
        {
            Some(("put it in quotes", format!("'{written}'")))
        }
        Kind::Text(_) if short && expected.starts_with("a list of text") => Some(("make it a list", format!("[{written}]"))),
        Kind::Table(_) if short && written.starts_with('{') && expected.starts_with("a list of tables") => {
            Some(("make it a list", format!("[{written}]")))
        }
        Kind::Text(text) => {
            let boolean = expected.starts_with("`true`") && matches!(text.text(), "true" | "false");
            let number = expected.contains("number") && text.text().parse::<f64>().is_ok_and(f64::is_finite);
            (boolean || number).then(|| ("leave out the quotes", text.text().to_owned()))
        }
        _ => None,
    }
}

/// "one of `a`, `b`".
pub(super) fn one_of(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    format!("one of {}", words.join(", "))
}
