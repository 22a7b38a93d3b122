//! The TOML tree as the model reads it: every key and value with its place, in file order, bounded in depth.

use super::escape::embed;
use crate::limits::NESTING;
use crate::text::{Embedded, FileId, Span, Spanned};
use std::collections::HashSet;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// A value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub span: Span,
    pub kind: Kind,
}

/// Kinds of values.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Text(Embedded),
    /// `None`: beyond 64 bits.
    Integer(Option<i64>),
    Float(f64),
    Boolean(bool),
    Datetime,
    List(Vec<Node>),
    Table(Table),
    /// A syntax error stands in it (P001 says so): nothing more is to be said about it.
    Unreadable,
}

/// A table. What a reader takes out is known; what is left at the end is not.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// The header, the braces, or the key of a table that has neither.
    pub span: Span,
    /// How it was written.
    pub style: Style,
    /// What is left of it.
    pub entries: Vec<Entry>,
    /// Keys that were asked for: what this table may have.
    pub asked: Vec<&'static str>,
    /// Keys that were there.
    pub present: HashSet<String>,
}

/// How a table was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// The file itself.
    Root,
    /// Under a `[header]`.
    Header,
    /// `{ … }`.
    Inline,
    /// By the dots of keys or headers below it.
    Implicit,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: Spanned<String>,
    pub node: Node,
}

impl Node {
    /// What it is, with its article.
    pub fn found(&self) -> &'static str {
        match self.kind {
            Kind::Text(_) => "text",
            Kind::Integer(_) => "an integer",
            Kind::Float(_) => "a number",
            Kind::Boolean(_) => "a boolean",
            Kind::Datetime => "a date",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
            Kind::Unreadable => "what could not be read",
        }
    }
}

impl Table {
    /// A table with nothing in it.
    pub fn empty(span: Span, style: Style) -> Self {
        Self { span, style, entries: vec![], asked: vec![], present: HashSet::new() }
    }

    /// Adds an entry, in file order.
    pub fn add(&mut self, entry: Entry) {
        self.present.insert(entry.key.value.clone());
        self.entries.push(entry);
        self.entries.sort_by_key(|entry| entry.key.span.start);
    }

    /// Takes the value of a key, which is thereby known.
    pub fn take(&mut self, key: &'static str) -> Option<Entry> {
        self.asked.push(key);
        let at = self.entries.iter().position(|entry| entry.key.value == key)?;
        Some(self.entries.remove(at))
    }

    /// Whether a key was written, read or not.
    pub fn has(&self, key: &str) -> bool {
        self.present.contains(key)
    }

    /// Whether a key is still to be taken.
    pub fn peek(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.value == key)
    }
}

/// Builds the tree.
pub(super) struct Builder<'a> {
    pub file: FileId,
    /// The text the tree was parsed from.
    pub source: &'a str,
    /// Where syntax errors stand, sorted.
    pub errors: &'a [Range<usize>],
    /// Where nesting became too deep to read.
    pub too_deep: Option<Span>,
    /// Headers, in no order.
    pub headers: Vec<usize>,
}

impl Builder<'_> {
    /// The whole file.
    pub fn root(&mut self, table: &DeTable<'_>) -> Table {
        self.table(table, 0..0, Style::Root, 0)
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range)
    }

    fn table(&mut self, table: &DeTable<'_>, range: Range<usize>, style: Style, depth: usize) -> Table {
        let mut entries: Vec<Entry> = table
            .iter()
            .map(|(key, value)| Entry {
                key: Spanned::new(key.get_ref().clone().into_owned(), self.span(key.span())),
                node: self.node(value, depth + 1),
            })
            .collect();
        // A table that was reopened by a later header moves to the end of the parser's map.
        entries.sort_by_key(|entry| entry.key.span.start);
        let present = entries.iter().map(|entry| entry.key.value.clone()).collect();
        Table { span: self.span(range), style, entries, asked: vec![], present }
    }

    fn node(&mut self, value: &toml::Spanned<DeValue<'_>>, depth: usize) -> Node {
        let range = value.span();
        let span = self.span(range.clone());
        let kind = match value.get_ref() {
            DeValue::Array(items) if depth < NESTING => Kind::List(items.iter().map(|item| self.node(item, depth + 1)).collect()),
            DeValue::Table(table) if depth < NESTING => {
                let style = match self.source.as_bytes().get(range.start) {
                    Some(b'[') => Style::Header,
                    Some(b'{') => Style::Inline,
                    _ => Style::Implicit,
                };
                if style == Style::Header {
                    self.headers.push(range.start);
                }
                Kind::Table(self.table(table, range, style, depth))
            }
            DeValue::Array(_) | DeValue::Table(_) => {
                self.too_deep.get_or_insert(span);
                Kind::Unreadable
            }
            scalar => self.scalar(scalar, range),
        };
        Node { span, kind }
    }

    fn scalar(&self, value: &DeValue<'_>, range: Range<usize>) -> Kind {
        // Errors are short and sorted: one that touches the value is among the last that begin before its end.
        let before = self.errors.partition_point(|error| error.start <= range.end);
        if self.errors[..before].iter().rev().take(8).any(|error| range.start <= error.end) {
            return Kind::Unreadable;
        }
        match value {
            DeValue::String(text) => Kind::Text(embed(self.file, self.source, range, text)),
            DeValue::Integer(n) => Kind::Integer(i64::from_str_radix(n.as_str(), n.radix()).ok()),
            DeValue::Float(n) => Kind::Float(n.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(b) => Kind::Boolean(*b),
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => Kind::Datetime,
        }
    }
}
