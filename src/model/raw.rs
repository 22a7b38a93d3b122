//! Trees whose meaning is not the model's: data of tests. (The other one is [`crate::expr::shape::Raw`].)

use crate::text::{Span, Spanned};
use crate::value::Value;

/// Data of a test or a parameter: TOML as it stands, with places.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: DataKind,
}

/// Kinds of [`Data`].
#[derive(Clone, Debug, PartialEq)]
pub enum DataKind {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A list.
    List(Vec<Data>),
    /// A table, in file order.
    Table(Vec<(Spanned<String>, Data)>),
}

impl Data {
    /// The data without places.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            DataKind::Text(text) => Value::text(text),
            DataKind::Integer(n) => Value::from_serialize(n),
            DataKind::Float(n) => Value::float(*n),
            DataKind::Boolean(b) => Value::from(*b),
            DataKind::List(items) => Value::list(items.iter().map(Self::to_value)),
            DataKind::Table(entries) => Value::table(entries.iter().map(|(key, data)| (&key.value, data.to_value()))),
        }
    }

    /// The value of a key of a table.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let DataKind::Table(entries) = &self.kind else { return None };
        entries.iter().find(|(k, _)| k.value == key).map(|(_, data)| data)
    }
}
