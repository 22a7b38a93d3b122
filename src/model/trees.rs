//! Reads shapes and data: trees whose keys are the author's own.

use super::node::{Entry, Kind, Node};
use super::pipeline::Field;
use super::raw::{Data, DataKind};
use super::reader::Reader;
use crate::diag::{Diagnostic, code};
use crate::expr::shape::{Raw as RawShape, RawKind};
use crate::text::Spanned;

impl Reader<'_> {
    /// A shape: a type word, a table of fields, a list of one, or the name of a JSON Schema file.
    pub fn shape(&mut self, entry: Option<Entry>) -> Option<Field<RawShape>> {
        let Entry { key, node } = entry?;
        let span = node.span;
        if let Kind::Text(text) = &node.kind
            && std::path::Path::new(text.text()).extension().is_some_and(|extension| extension == "json")
        {
            let kind = RawKind::File(Spanned::new(text.text().to_owned(), span));
            return Some(Field { key: key.span, value: RawShape { span, kind }, span });
        }
        let value = self.shape_node(&key.value, node)?;
        Some(Field { key: key.span, value, span })
    }

    fn shape_node(&mut self, what: &str, node: Node) -> Option<RawShape> {
        let span = node.span;
        let kind = match node.kind {
            Kind::Text(text) => RawKind::Text(text),
            Kind::List(items) => RawKind::List(items.into_iter().filter_map(|item| self.shape_node(what, item)).collect()),
            Kind::Table(table) => {
                let fields = table.entries.into_iter();
                RawKind::Table(fields.filter_map(|e| Some((e.key.clone(), self.shape_node(&e.key.value, e.node)?))).collect())
            }
            _ => {
                self.wrong_type(what, "a shape: a type such as `\"string\"`, a table, or a list of one", &node);
                return None;
            }
        };
        Some(RawShape { span, kind })
    }

    /// Any data.
    pub fn data(&mut self, entry: Option<Entry>) -> Option<Field<Data>> {
        let Entry { key, node } = entry?;
        let value = self.data_node(&key.value, node)?;
        Some(Field { key: key.span, span: value.span, value })
    }

    /// Any data, inside something else.
    pub fn data_node(&mut self, what: &str, node: Node) -> Option<Data> {
        let span = node.span;
        let kind = match node.kind {
            Kind::Text(text) => DataKind::Text(text.text().to_owned()),
            Kind::Integer(Some(n)) => DataKind::Integer(n),
            Kind::Integer(None) => {
                self.bad_value(span, format!("`{what}` is beyond 64 bits"));
                return None;
            }
            Kind::Float(n) if n.is_finite() => DataKind::Float(n),
            Kind::Float(_) => {
                self.bad_value(span, format!("`{what}` must be finite: JSON has no infinity and no NaN"));
                return None;
            }
            Kind::Boolean(b) => DataKind::Boolean(b),
            Kind::List(items) => DataKind::List(items.into_iter().filter_map(|item| self.data_node(what, item)).collect()),
            Kind::Table(table) => {
                let fields = table.entries.into_iter();
                DataKind::Table(fields.filter_map(|e| Some((e.key.clone(), self.data_node(&e.key.value, e.node)?))).collect())
            }
            Kind::Datetime => {
                let message = format!("`{what}` must be JSON data, found a date");
                let text = format!("'{}'", self.written(span));
                self.report(Diagnostic::new(code::P003, span, message).suggest("put it in quotes", span, text));
                return None;
            }
            Kind::Unreadable => return None,
        };
        Some(Data { span, kind })
    }
}
