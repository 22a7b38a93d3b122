//! The jq value: what documents, outputs and expressions are made of.
//!
//! A newtype over jaq's own value, shared and cheap to clone, so that assignment follows jq (through null, past the
//! end of a list) and sizes are capped. `jq.rs` teaches it to the interpreter, `template.rs` to the templates.

mod jq;
mod json;
mod math;
pub(crate) mod meter;
mod order;
mod template;

pub(crate) use jq::{Fault, fault, kind};
pub(crate) use json::brief;

use jaq_json::{Map, Val};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// Any JSON value. Cloning shares lists and tables.
#[derive(Clone, Debug, Default)]
pub struct Value(pub(crate) Val);

impl Value {
    /// JSON null.
    pub const NULL: Self = Self(Val::Null);

    /// A text.
    pub fn text(text: &str) -> Self {
        Self(Val::utf8_str(text.as_bytes().to_vec()))
    }

    /// A whole number; beyond 2^63 it becomes the nearest float.
    #[expect(clippy::cast_precision_loss, reason = "what is beyond 2^63 is told as the nearest float")]
    pub fn int(n: u64) -> Self {
        isize::try_from(n).map_or_else(|_| Self::float(n as f64), |n| Self(Val::from(n)))
    }

    /// A number; a whole one becomes an integer, so that it prints without a point.
    pub fn float(n: f64) -> Self {
        Self(json::from_float(n))
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self(Val::Arr(Arc::new(items.into_iter().map(|v| v.0).collect())))
    }

    /// A table, in the order given.
    pub fn table<K: AsRef<str>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let map: Map = entries.into_iter().map(|(k, v)| (Self::text(k.as_ref()).0, v.0)).collect();
        Self(Val::obj(map))
    }

    /// Reads JSON text.
    ///
    /// # Errors
    /// Where the text stops being JSON, or nests deeper than 128 levels.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// Any serialisable thing as a value; what cannot be JSON (a map with composite keys) becomes null.
    pub fn from_serialize<T: Serialize>(thing: &T) -> Self {
        serde_json::to_value(thing).ok().and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default()
    }

    /// The value as another type.
    ///
    /// # Errors
    /// What is missing or of the wrong type.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(self.to_json())
    }

    /// The value as serde's JSON type.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or(serde_json::Value::Null)
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.0, Val::Null)
    }

    /// The boolean that it is.
    pub fn as_bool(&self) -> Option<bool> {
        if let Val::Bool(b) = self.0 { Some(b) } else { None }
    }

    /// The text that it is.
    pub fn as_str(&self) -> Option<&str> {
        if let Val::TStr(bytes) = &self.0 { std::str::from_utf8(bytes).ok() } else { None }
    }

    /// The number that it is.
    pub fn as_f64(&self) -> Option<f64> {
        jaq_std::ValT::as_f64(self)
    }

    /// The items of a list.
    pub fn items(&self) -> Option<impl ExactSizeIterator<Item = Self> + '_> {
        if let Val::Arr(items) = &self.0 { Some(items.iter().map(|v| Self(v.clone()))) } else { None }
    }

    /// The entries of a table whose keys are texts.
    pub fn entries(&self) -> Option<impl Iterator<Item = (&str, Self)>> {
        let Val::Obj(map) = &self.0 else { return None };
        Some(map.iter().filter_map(|(k, v)| match k {
            Val::TStr(bytes) => std::str::from_utf8(bytes).ok().map(|k| (k, Self(v.clone()))),
            _ => None,
        }))
    }

    /// The field of a table; null when there is none or this is no table.
    #[must_use]
    pub fn get(&self, key: &str) -> Self {
        let Val::Obj(map) = &self.0 else { return Self::NULL };
        map.get(&Self::text(key).0).map_or(Self::NULL, |v| Self(v.clone()))
    }

    /// The value at a path of fields; null where the path ends early.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Self {
        path.iter().fold(self.clone(), |value, key| value.get(key))
    }

    /// Whether a table has the field.
    pub fn has(&self, key: &str) -> bool {
        matches!(&self.0, Val::Obj(map) if map.contains_key(&Self::text(key).0))
    }

    /// Sets a field in place; null becomes a table first, anything else that is no table is replaced by one.
    pub fn set(&mut self, key: &str, value: Self) {
        self.map_mut().insert(Self::text(key).0, value.0);
    }

    /// Works on a field in place (null when it is not there yet), without copying what is not shared.
    pub fn update<R>(&mut self, key: &str, change: impl FnOnce(&mut Self) -> R) -> R {
        let slot = self.map_mut().entry(Self::text(key).0).or_default();
        change_in(slot, change)
    }

    /// Works on the n-th entry of a table in place; `None` when there is none.
    pub fn update_index<R>(&mut self, index: usize, change: impl FnOnce(&mut Self) -> R) -> Option<R> {
        let (_, slot) = self.map_mut().get_index_mut(index)?;
        Some(change_in(slot, change))
    }

    /// Appends to a list in place; anything that is no list is replaced by one.
    pub fn push(&mut self, item: Self) {
        if !matches!(self.0, Val::Arr(_)) {
            self.0 = Val::Arr(Arc::default());
        }
        if let Val::Arr(items) = &mut self.0 {
            Arc::make_mut(items).push(item.0);
        }
    }

    fn map_mut(&mut self) -> &mut Map {
        if !matches!(self.0, Val::Obj(_)) {
            self.0 = Val::obj(Map::default());
        }
        let Val::Obj(map) = &mut self.0 else { unreachable!("made a table above") };
        Arc::make_mut(map)
    }
}

/// Lends a slot to `change` as a [`Value`] without a copy.
fn change_in<R>(slot: &mut Val, change: impl FnOnce(&mut Value) -> R) -> R {
    let mut value = Value(std::mem::take(slot));
    let result = change(&mut value);
    *slot = value.0;
    result
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self(b.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::NULL, Into::into)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{SerializeMap, SerializeSeq};
        match &self.0 {
            Val::Null => serializer.serialize_unit(),
            Val::Bool(b) => serializer.serialize_bool(*b),
            Val::Num(_) => serialize_number(&self.0, serializer),
            Val::TStr(bytes) | Val::BStr(bytes) => serializer.serialize_str(&String::from_utf8_lossy(bytes)),
            Val::Arr(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    seq.serialize_element(&Self(item.clone()))?;
                }
                seq.end()
            }
            Val::Obj(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map.iter() {
                    match key {
                        Val::TStr(bytes) => out.serialize_key(&*String::from_utf8_lossy(bytes))?,
                        other => out.serialize_key(&other.to_string())?,
                    }
                    out.serialize_value(&Self(value.clone()))?;
                }
                out.end()
            }
        }
    }
}

fn serialize_number<S: Serializer>(number: &Val, serializer: S) -> Result<S::Ok, S::Error> {
    let Val::Num(number) = number else { return serializer.serialize_unit() };
    if let Val::Num(jaq_json::Num::Int(n)) = json::plain(number.clone()) {
        return serializer.serialize_i64(n as i64);
    }
    match json::as_float(number) {
        n if n.is_nan() => serializer.serialize_unit(),
        n => serializer.serialize_f64(n.clamp(f64::MIN, f64::MAX)),
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Val::deserialize(deserializer).map(Self)
    }
}
