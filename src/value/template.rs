//! Shows a [`Value`] to the templates without converting it: lists and tables are handed over as they are, and each
//! field becomes a template value when it is read.

use super::Value;
use super::json::as_float;
use jaq_json::Val;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

impl From<&Value> for minijinja::Value {
    fn from(value: &Value) -> Self {
        lend(&value.0)
    }
}

/// The template's view of a value: scalars are copied, containers shared.
fn lend(value: &Val) -> minijinja::Value {
    match value {
        Val::Null => minijinja::Value::from(()),
        Val::Bool(b) => minijinja::Value::from(*b),
        Val::Num(number) => match number.as_isize() {
            Some(n) => minijinja::Value::from(n as i64),
            None => minijinja::Value::from(as_float(number)),
        },
        Val::TStr(bytes) | Val::BStr(bytes) => minijinja::Value::from(&*String::from_utf8_lossy(bytes)),
        Val::Arr(_) | Val::Obj(_) => minijinja::Value::from_object(Value(value.clone())),
    }
}

impl Object for Value {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if matches!(self.0, Val::Arr(_)) { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
        match &self.0 {
            Val::Arr(items) => items.get(key.as_usize()?).map(lend),
            _ => self.get_value_by_str(key.as_str()?),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<minijinja::Value> {
        let Val::Obj(map) = &self.0 else { return None };
        map.get(&Self::text(key).0).map(lend)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.0 {
            Val::Arr(items) => Enumerator::Seq(items.len()),
            Val::Obj(map) => Enumerator::Values(map.keys().map(lend).collect()),
            _ => Enumerator::Empty,
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        match &self.0 {
            Val::Arr(items) => Some(items.len()),
            Val::Obj(map) => Some(map.len()),
            _ => None,
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(Self::cmp(self, &*other.downcast::<Self>()?))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
