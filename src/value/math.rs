//! jq's operators on values, and what the interpreter makes values from.
//!
//! Numbers are machine integers where they are whole, else floats; there are no big integers, as in jq. Dividing by
//! zero is an error. Whatever grows asks for room first.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of jq are floats; what becomes an index is bounded first"
)]

use super::jq::{ENTRY_BYTES, Fault, ITEM_BYTES, describe, fault};
use super::json::{as_float, from_float, plain};
use super::{Value, meter};
use crate::limits::EVAL_TEXT_BYTES;
use jaq_core::ValR;
use jaq_core::val::Range;
use jaq_json::{Num, Val};
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

fn no_math(l: &Val, word: &str, r: &Val) -> Fault {
    fault(format_args!("{} and {} cannot be {word}", describe(l), describe(r)))
}

/// A result of jaq's own operator, numbers made plain again.
fn result(value: ValR<Val>) -> ValR<Value> {
    match value {
        Ok(Val::Num(n)) => Ok(Value(plain(n))),
        Ok(other) => Ok(Value(other)),
        Err(error) => Err(fault(error)),
    }
}

/// Room for a text of so many bytes.
fn text_room(bytes: usize) {
    if bytes > EVAL_TEXT_BYTES {
        meter::too_large();
    }
    meter::room(bytes);
}

impl Add for Value {
    type Output = ValR<Self>;

    fn add(self, other: Self) -> ValR<Self> {
        match (&self.0, &other.0) {
            (Val::Null, _) => return Ok(other),
            (_, Val::Null) => return Ok(self),
            (Val::Num(_), Val::Num(_)) => {}
            (Val::TStr(l), Val::TStr(r)) => {
                if l.len() + r.len() > EVAL_TEXT_BYTES {
                    meter::too_large();
                }
                meter::room(r.len() + if l.is_unique() { 0 } else { l.len() });
            }
            (Val::Arr(l), Val::Arr(r)) => {
                let copied = if std::sync::Arc::strong_count(l) > 1 { l.len() } else { 0 };
                meter::room((copied + r.len()) * ITEM_BYTES);
            }
            (Val::Obj(l), Val::Obj(r)) => {
                let copied = if std::sync::Arc::strong_count(l) > 1 { l.len() } else { 0 };
                meter::room((copied + r.len()) * ENTRY_BYTES);
            }
            (l, r) => return Err(no_math(l, "added", r)),
        }
        result(self.0 + other.0)
    }
}

impl Sub for Value {
    type Output = ValR<Self>;

    fn sub(self, other: Self) -> ValR<Self> {
        match (&self.0, &other.0) {
            (Val::Num(_), Val::Num(_)) => {}
            (Val::Arr(l), Val::Arr(r)) => {
                meter::room((l.len() + r.len()) * ITEM_BYTES);
                let mut gone: Vec<Self> = r.iter().cloned().map(Self).collect();
                gone.sort();
                let kept = l.iter().filter(|item| gone.binary_search(&Self((*item).clone())).is_err());
                return Ok(super::jq::make_list(kept.cloned().collect()));
            }
            (l, r) => return Err(no_math(l, "subtracted", r)),
        }
        result(self.0 - other.0)
    }
}

impl Mul for Value {
    type Output = ValR<Self>;

    fn mul(self, other: Self) -> ValR<Self> {
        match (&self.0, &other.0) {
            (Val::Num(_), Val::Num(_)) => {}
            (Val::TStr(text), Val::Num(n)) | (Val::Num(n), Val::TStr(text)) => return Ok(repeat(text, as_float(n))),
            (Val::Obj(l), Val::Obj(r)) => {
                meter::room((l.len() + r.len()) * ENTRY_BYTES);
            }
            (l, r) => return Err(no_math(l, "multiplied", r)),
        }
        result(self.0 * other.0)
    }
}

/// A text several times over, a broken count rounded down; a negative one gives null.
fn repeat(text: &[u8], times: f64) -> Value {
    if times.is_nan() || times < 0.0 {
        return Value::NULL;
    }
    let bytes = times.floor() * text.len() as f64;
    if bytes > EVAL_TEXT_BYTES as f64 {
        meter::too_large();
    }
    text_room(bytes as usize);
    Value(Val::utf8_str(text.repeat(times as usize)))
}

fn by_zero(l: &Val, r: &Val) -> Fault {
    fault(format_args!("{} and {} cannot be divided because the divisor is zero", describe(l), describe(r)))
}

impl Div for Value {
    type Output = ValR<Self>;

    fn div(self, other: Self) -> ValR<Self> {
        match (&self.0, &other.0) {
            (Val::Num(_), Val::Num(r)) if as_float(r) == 0.0 => return Err(by_zero(&self.0, &other.0)),
            (Val::Num(_), Val::Num(_)) => {}
            // Each part is a value of its own that shares the text.
            (Val::TStr(l), Val::TStr(r)) => {
                let parts = if r.is_empty() { l.len() } else { count(l, r) + 1 };
                meter::room(parts * (ITEM_BYTES + 40));
            }
            (l, r) => return Err(no_math(l, "divided", r)),
        }
        result(self.0 / other.0)
    }
}

/// How often the first byte of a separator occurs: no fewer than the separator itself.
#[allow(clippy::naive_bytecount, reason = "a crate for one bound is too much")]
fn count(text: &[u8], separator: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == separator[0]).count()
}

impl Rem for Value {
    type Output = ValR<Self>;

    fn rem(self, other: Self) -> ValR<Self> {
        let (Val::Num(l), Val::Num(r)) = (&self.0, &other.0) else {
            return Err(no_math(&self.0, "divided", &other.0));
        };
        let (left, right) = (as_float(l), as_float(r));
        if left.is_nan() || right.is_nan() {
            return Ok(Self::from(f64::NAN));
        }
        match right as i64 {
            0 => Err(by_zero(&self.0, &other.0)),
            divisor => {
                let rest = (left as i64).unsigned_abs() % divisor.unsigned_abs();
                let rest = i64::try_from(rest).unwrap_or(i64::MAX);
                Ok(Self::from((if left < 0.0 { -rest } else { rest }) as isize))
            }
        }
    }
}

impl Neg for Value {
    type Output = ValR<Self>;

    fn neg(self) -> ValR<Self> {
        match &self.0 {
            Val::Num(_) => result(-self.0),
            other => Err(fault(format_args!("{} cannot be negated", describe(other)))),
        }
    }
}

impl From<isize> for Value {
    fn from(n: isize) -> Self {
        Self(Val::from(n))
    }
}

impl From<usize> for Value {
    fn from(n: usize) -> Self {
        isize::try_from(n).map_or_else(|_| Self::from(n as f64), Self::from)
    }
}

impl From<f64> for Value {
    fn from(n: f64) -> Self {
        Self(from_float(n))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        meter::room(40 + text.len());
        Self(Val::utf8_str(text.into_bytes()))
    }
}

impl From<Range<Self>> for Value {
    fn from(range: Range<Self>) -> Self {
        let bound = |bound: Option<Self>| bound.map_or(Val::Null, |bound| bound.0);
        let entries = [("start", bound(range.start)), ("end", bound(range.end))];
        Self(Val::obj(entries.into_iter().map(|(key, bound)| (Val::utf8_str(key), bound)).collect()))
    }
}

impl From<Num> for Value {
    fn from(number: Num) -> Self {
        Self(plain(number))
    }
}
