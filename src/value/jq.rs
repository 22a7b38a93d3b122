//! Teaches [`Value`] to the jq interpreter: indexing, iteration and assignment as jq has them.
//!
//! Where jaq's own value differs, this follows jq: assignment goes through null and past the end of a list, deleting
//! keeps the order of the other fields, only texts are keys, floats index lists. Whatever makes something large asks
//! the [`meter`](super::meter) for room first.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of jq are floats; what becomes an index is bounded first"
)]

use super::json::{as_float, brief};
use super::{Value, meter};
use crate::limits::EVAL_BYTES;
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Error, Exn, ValR, ValT, ValX};
use jaq_json::{Map, Val};
use std::sync::Arc;

/// Estimated bytes of an item of a list.
pub(super) const ITEM_BYTES: usize = 16;
/// Estimated bytes of an entry of a table.
pub(super) const ENTRY_BYTES: usize = 56;
/// Bytes that any list or table takes.
const HEAD_BYTES: usize = 40;
/// Children that are looked at to see whether a value is small.
const SMALL: usize = 32;

/// What a failing operation of the interpreter gives.
pub(crate) type Fault = Error<Value>;

/// An error with a text.
pub(crate) fn fault(text: impl ToString) -> Fault {
    Error::str(text)
}

/// The type's name and the beginning of the value: `string ("abc")`.
pub(super) fn describe(value: &Val) -> String {
    match value {
        Val::Null => "null".into(),
        other => format!("{} ({})", kind(other), brief(other)),
    }
}

/// jq's name for the type of a value.
pub(crate) fn kind(value: &Val) -> &'static str {
    match value {
        Val::Null => "null",
        Val::Bool(_) => "boolean",
        Val::Num(_) => "number",
        Val::BStr(_) | Val::TStr(_) => "string",
        Val::Arr(_) => "array",
        Val::Obj(_) => "object",
    }
}

fn no_index(value: &Val, index: &Val) -> Fault {
    fault(format_args!("cannot index {} with {}", describe(value), describe(index)))
}

fn not_iterable(value: &Val) -> Fault {
    fault(format_args!("cannot iterate over {}", describe(value)))
}

/// A list, its length and depth accounted for.
pub(crate) fn make_list(items: Vec<Val>) -> Value {
    meter::room(HEAD_BYTES + items.len() * ITEM_BYTES);
    Value(Val::Arr(Arc::new(items)))
}

/// A table, its length and depth accounted for.
fn make_table(map: Map) -> Value {
    meter::room(HEAD_BYTES + map.len() * ENTRY_BYTES);
    Value(Val::obj(map))
}

/// Counts a container as one that is put around something large.
fn enclose(child: &Val) {
    let mut left = SMALL;
    if matches!(child, Val::Arr(_) | Val::Obj(_)) && !is_small(child, &mut left) {
        meter::nest();
    }
}

fn is_small(value: &Val, left: &mut usize) -> bool {
    let count = match value {
        Val::Arr(items) => items.len(),
        Val::Obj(map) => map.len(),
        _ => return true,
    };
    let Some(rest) = left.checked_sub(count + 1) else { return false };
    *left = rest;
    match value {
        Val::Arr(items) => items.iter().all(|item| is_small(item, left)),
        Val::Obj(map) => map.values().all(|item| is_small(item, left)),
        _ => true,
    }
}

/// The list to change in place; a shared one is copied, which takes room.
fn own_list(list: &mut Arc<Vec<Val>>) -> &mut Vec<Val> {
    if Arc::get_mut(list).is_none() {
        meter::room(HEAD_BYTES + list.len() * ITEM_BYTES);
    }
    Arc::make_mut(list)
}

/// The table to change in place; a shared one is copied, which takes room.
fn own_table(table: &mut Arc<Map>) -> &mut Map {
    if Arc::get_mut(table).is_none() {
        meter::room(HEAD_BYTES + table.len() * ENTRY_BYTES);
    }
    Arc::make_mut(table)
}

/// A number as an index, rounded down; `None` for NaN.
pub(super) fn as_index(number: &Val) -> Option<i64> {
    let Val::Num(number) = number else { return None };
    number.as_isize().map(|n| n as i64).or_else(|| {
        let n = as_float(number).floor();
        (!n.is_nan()).then_some(n as i64)
    })
}

/// Where an index that may count from the end stands in a list; `None` before its beginning.
fn place(index: i64, len: usize) -> Option<usize> {
    if index >= 0 { usize::try_from(index).ok() } else { len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?) }
}

/// The bounds of a slice of something with `len` elements.
fn bounds(range: &Range<&Value>, len: usize) -> Result<(usize, usize), Fault> {
    let clip = |n: f64| if n < 0.0 { (n + len as f64).max(0.0) as usize } else { (n as usize).min(len) };
    let bound = |at: Option<&Value>, default: usize, round: fn(f64) -> f64| match at.map(|at| &at.0) {
        None | Some(Val::Null) => Ok(default),
        Some(Val::Num(n)) => Ok(Some(round(as_float(n))).filter(|n| !n.is_nan()).map_or(default, clip)),
        Some(_) => Err(fault("start and end indices of a slice must be numbers")),
    };
    let start = bound(range.start, 0, f64::floor)?;
    let end = bound(range.end, len, f64::ceil)?;
    Ok((start, end.max(start)))
}

/// Byte offsets of a slice counted in characters.
fn text_bounds(range: &Range<&Value>, bytes: &[u8]) -> Result<(usize, usize), Fault> {
    let text = String::from_utf8_lossy(bytes);
    meter::spend((bytes.len() / 64) as u64);
    let (start, end) = bounds(range, text.chars().count())?;
    let offset = |chars: usize| text.char_indices().nth(chars).map_or(bytes.len(), |(at, _)| at);
    Ok((offset(start).min(bytes.len()), offset(end).min(bytes.len())))
}

/// Positions at which a list occurs in another.
pub(super) fn occurrences(list: &[Val], part: &[Val]) -> Vec<Val> {
    if part.is_empty() {
        return vec![];
    }
    let found = list.windows(part.len()).enumerate();
    found.filter(|(_, window)| window.iter().zip(part).all(|(a, b)| super::order::equal(a, b))).map(|(at, _)| at.into()).collect()
}

fn slice_of(object: &Map) -> (Option<Value>, Option<Value>) {
    let bound = |key: &'static str| object.get(&Val::utf8_str(key)).cloned().map(Value);
    (bound("start"), bound("end"))
}

impl ValT for Value {
    fn from_num(n: &str) -> ValR<Self> {
        Ok(n.parse::<isize>().map_or_else(|_| Self::from(n.parse().unwrap_or(f64::NAN)), Self::from))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> ValR<Self> {
        let mut map = Map::default();
        for (key, value) in entries {
            if !matches!(key.0, Val::TStr(_)) {
                return Err(fault(format_args!("object keys must be strings, not {}", describe(&key.0))));
            }
            enclose(&value.0);
            map.insert(key.0, value.0);
        }
        Ok(make_table(map))
    }

    fn key_values(self) -> Box<dyn Iterator<Item = ValR<(Self, Self), Self>>> {
        match self.0 {
            Val::Arr(list) => Box::new((0..list.len()).map(move |n| Ok((Self::from(n), Self(list[n].clone()))))),
            Val::Obj(map) => Box::new(
                (0..map.len())
                    .filter_map(move |n| map.get_index(n).map(|(key, value)| Ok((Self(key.clone()), Self(value.clone()))))),
            ),
            other => Box::new(std::iter::once(Err(not_iterable(&other)))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        match self.0 {
            Val::Arr(list) => Box::new((0..list.len()).map(move |n| Ok(Self(list[n].clone())))),
            Val::Obj(map) => {
                Box::new((0..map.len()).filter_map(move |n| map.get_index(n).map(|(_, value)| Ok(Self(value.clone())))))
            }
            other => Box::new(std::iter::once(Err(not_iterable(&other)))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        match (&self.0, &index.0) {
            (Val::Obj(map), Val::TStr(_)) => Ok(map.get(&index.0).cloned().map_or(Self::NULL, Self)),
            (Val::Null, Val::TStr(_) | Val::Num(_) | Val::Null) => Ok(Self::NULL),
            (Val::Arr(list), Val::Num(_)) => {
                let at = as_index(&index.0).and_then(|at| place(at, list.len()));
                Ok(at.and_then(|at| list.get(at).cloned()).map_or(Self::NULL, Self))
            }
            (Val::Arr(list), Val::Arr(part)) => Ok(make_list(occurrences(list, part))),
            (Val::Null | Val::Arr(_) | Val::TStr(_), Val::Obj(slice)) => {
                let (start, end) = slice_of(slice);
                self.range(start.as_ref()..end.as_ref())
            }
            (value, index) => Err(no_index(value, index)),
        }
    }

    fn range(self, range: Range<&Self>) -> ValR<Self> {
        match &self.0 {
            Val::Null => Ok(self),
            Val::Arr(list) => {
                let (start, end) = bounds(&range, list.len())?;
                Ok(make_list(list[start..end].to_vec()))
            }
            Val::TStr(bytes) | Val::BStr(bytes) => {
                let (start, end) = text_bounds(&range, bytes)?;
                Ok(jaq_std::ValT::as_sub_str(&self, &bytes[start..end]))
            }
            other => Err(fault(format_args!("cannot slice {}", describe(other)))),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match self.0 {
            Val::Arr(list) => {
                let mut out = Vec::with_capacity(list.len());
                for item in Arc::unwrap_or_clone(list) {
                    if let Some(new) = f(Self(item)).next() {
                        let new = new?.0;
                        enclose(&new);
                        out.push(new);
                    }
                }
                Ok(make_list(out))
            }
            Val::Obj(map) => {
                let mut out = Map::default();
                for (key, item) in Arc::unwrap_or_clone(map) {
                    if let Some(new) = f(Self(item)).next() {
                        let new = new?.0;
                        enclose(&new);
                        out.insert(key, new);
                    }
                }
                Ok(make_table(out))
            }
            other => opt.fail(Self(other), |value| Exn::from(not_iterable(&value.0))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(self, index: &Self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match (self.0, &index.0) {
            (Val::Null, Val::TStr(_)) => map_field(Arc::default(), &index.0, f),
            (Val::Obj(map), Val::TStr(_)) => map_field(map, &index.0, f),
            (Val::Null, Val::Num(_)) => map_item(Arc::default(), &index.0, opt, f),
            (Val::Arr(list), Val::Num(_)) => map_item(list, &index.0, opt, f),
            (value @ (Val::Null | Val::Arr(_)), Val::Obj(slice)) => {
                let (start, end) = slice_of(slice);
                Self(value).map_range(start.as_ref()..end.as_ref(), opt, f)
            }
            (value, index) => {
                let error = no_index(&value, index);
                opt.fail(Self(value), |_| Exn::from(error))
            }
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let mut list = match self.0 {
            Val::Null => Arc::default(),
            Val::Arr(list) => list,
            other => {
                let error = fault(format_args!("cannot update a slice of {}", describe(&other)));
                return opt.fail(Self(other), |_| Exn::from(error));
            }
        };
        let (start, end) = bounds(&range, list.len())?;
        let part = make_list(list[start..end].to_vec());
        let new = match f(part).next().transpose()?.map(|new| new.0) {
            Some(Val::Arr(new)) => new,
            None => Arc::default(),
            Some(_) => return Err(fault("a slice of an array can only be assigned another array").into()),
        };
        meter::room(new.len() * ITEM_BYTES);
        new.iter().for_each(enclose);
        own_list(&mut list).splice(start..end, new.iter().cloned());
        Ok(Self(Val::Arr(list)))
    }

    fn as_bool(&self) -> bool {
        !matches!(self.0, Val::Null | Val::Bool(false))
    }

    fn into_string(self) -> Self {
        match self.0 {
            Val::TStr(_) => self,
            Val::BStr(bytes) => Self(Val::TStr(bytes)),
            other => Self::from(super::json::text(&other)),
        }
    }
}

/// Changes the field of a table; no result removes it and leaves the others in order.
fn map_field<'a, I: Iterator<Item = ValX<'a, Value>>>(mut map: Arc<Map>, key: &Val, f: impl Fn(Value) -> I) -> ValX<'a, Value> {
    let table = own_table(&mut map);
    let old = table.get_mut(key).map(std::mem::take);
    let known = old.is_some();
    match f(Value(old.unwrap_or_default())).next().transpose()? {
        Some(new) => {
            enclose(&new.0);
            if !known {
                meter::room(ENTRY_BYTES);
            }
            table.insert(key.clone(), new.0);
        }
        None if known => drop(table.shift_remove(key)),
        None => {}
    }
    Ok(Value(Val::Obj(map)))
}

/// Changes the item of a list; beyond its end the list is filled up with null, no result removes the item.
fn map_item<'a, I: Iterator<Item = ValX<'a, Value>>>(
    mut list: Arc<Vec<Val>>,
    index: &Val,
    opt: Opt,
    f: impl Fn(Value) -> I,
) -> ValX<'a, Value> {
    let at = as_index(index).and_then(|at| place(at, list.len()));
    let Some(at) = at else {
        return opt.fail(Value(Val::Arr(list)), |_| Exn::from(fault("array index is before the beginning, or not a number")));
    };
    if at > list.len() + EVAL_BYTES / ITEM_BYTES {
        return opt.fail(Value(Val::Arr(list)), |_| Exn::from(fault("array index too large")));
    }
    let items = own_list(&mut list);
    let old = items.get_mut(at).map(std::mem::take);
    match f(Value(old.unwrap_or_default())).next().transpose()? {
        Some(new) => {
            enclose(&new.0);
            if at >= items.len() {
                meter::room((at + 1 - items.len()) * ITEM_BYTES);
                items.resize(at + 1, Val::Null);
            }
            items[at] = new.0;
        }
        None if at < items.len() => drop(items.remove(at)),
        None => {}
    }
    Ok(Value(Val::Arr(list)))
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self.0 {
            Val::Arr(list) => {
                meter::room(list.len() * ITEM_BYTES);
                Ok(Arc::unwrap_or_clone(list).into_iter().map(Self).collect())
            }
            _ => Err(self),
        }
    }

    fn is_int(&self) -> bool {
        self.0.is_int()
    }

    fn as_isize(&self) -> Option<isize> {
        self.0.as_isize()
    }

    fn as_f64(&self) -> Option<f64> {
        if let Val::Num(n) = &self.0 { Some(as_float(n)) } else { None }
    }

    fn is_utf8_str(&self) -> bool {
        self.0.is_utf8_str()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_bytes()
    }

    fn as_sub_str(&self, sub: &[u8]) -> Self {
        meter::room(HEAD_BYTES);
        Self(self.0.as_sub_str(sub))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        meter::room(HEAD_BYTES + bytes.as_ref().len());
        Self(Val::from_utf8_bytes(bytes))
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        const CHUNK: usize = 1024;
        let mut list = Vec::new();
        for item in items {
            enclose(&item.0);
            list.push(item.0);
            if list.len() % CHUNK == 0 {
                meter::room(CHUNK * ITEM_BYTES);
            }
        }
        meter::room(HEAD_BYTES + (list.len() % CHUNK) * ITEM_BYTES);
        Self(Val::Arr(Arc::new(list)))
    }
}
