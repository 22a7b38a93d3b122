//! Natives of our own: what jaq has otherwise than jq, what must count its work, and `glob`.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of jq are floats; what becomes an index is bounded first"
)]

use super::dialect::Dialect;
use super::standard::standard;
use crate::limits::EVAL_TEXT_BYTES;
use crate::value::{Fault, Value, brief, fault, kind, meter};
use jaq_core::box_iter::box_once;
use jaq_core::data::HasLut;
use jaq_core::native::{Filter, Fun, bome, run, unary, v};
use jaq_core::{Cv, Exn, Native, RunPtr, ValR, ValT, ValXs};
use jaq_json::Val;
use std::cmp::Ordering;

type Run = RunPtr<Dialect>;

/// The table of natives.
pub(super) fn all() -> Vec<Fun<Dialect>> {
    let constants: [Filter<Run>; 5] = [
        ("true", v(0), |_| box_once(Ok(Value::from(true)))),
        ("false", v(0), |_| box_once(Ok(Value::from(false)))),
        ("null", v(0), |_| box_once(Ok(Value::NULL))),
        ("nan", v(0), |_| box_once(Ok(Value::from(f64::NAN)))),
        ("infinite", v(0), |_| box_once(Ok(Value::from(f64::INFINITY)))),
    ];
    let filters: [Filter<Run>; 18] = [
        ("builtins", v(0), |_| box_once(Ok(builtins()))),
        ("escape_html", v(0), |cv| bome(escape_html(&cv.1))),
        ("decode_uri", v(0), |cv| bome(decode_uri(&cv.1))),
        ("not", v(0), |cv| box_once(Ok(Value::from(!ValT::as_bool(&cv.1))))),
        ("type", v(0), |cv| box_once(Ok(Value::text(kind(&cv.1.0))))),
        ("tonumber", v(0), |cv| bome(to_number(&cv.1))),
        ("tojson", v(0), |cv| bome(Ok(cv.1.json_text()))),
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("length", v(0), |cv| bome(length(&cv.1))),
        ("contains", v(1), |cv| unary(cv, |value, part| contains(&value.0, &part.0).map(Value::from))),
        ("has", v(1), |cv| unary(cv, |value, key| has(&value, &key))),
        ("indices", v(1), |cv| unary(cv, |value, part| indices(&value, &part))),
        ("bsearch", v(1), |cv| unary(cv, |value, wanted| bsearch(&value, &wanted))),
        ("ltrimstr", v(1), |cv| unary(cv, |value, part| trim(&value, &part, true, false))),
        ("rtrimstr", v(1), |cv| unary(cv, |value, part| trim(&value, &part, false, true))),
        ("trimstr", v(1), |cv| unary(cv, |value, part| trim(&value, &part, true, true))),
        ("delpaths", v(1), |cv| unary(cv, |value, paths| delete_paths(value, &paths))),
        ("glob", v(1), glob),
    ];
    let range: Filter<Run> = ("range", v(3), range);
    let empty = Native::new(|_| Box::new(std::iter::empty()))
        .with_paths(|_| Box::new(std::iter::empty()))
        .with_update(|cv, _| box_once(Ok(cv.1)));
    constants.into_iter().chain(filters).chain([range]).map(run::<Dialect>).chain([("empty", v(0), empty)]).collect()
}

/// `range($from; $to; $by)`, each element a step: jaq's own is a loop that the meter does not see.
fn range(mut cv: Cv<'_, Dialect>) -> ValXs<'_, Value> {
    let (by, to, mut next) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
    for bound in [&by, &to, &next] {
        if jaq_std::ValT::as_f64(bound).is_none() {
            return box_once(Err(Exn::from(fault("range bounds must be numbers"))));
        }
    }
    let data = *cv.0.data();
    let direction = by.cmp(&Value::from(0usize));
    let mut over = direction == Ordering::Equal;
    Box::new(std::iter::from_fn(move || {
        let _ = data.lut();
        over = over || next.cmp(&to) != direction.reverse();
        if over {
            return None;
        }
        let out = next.clone();
        match next.clone() + by.clone() {
            Ok(sum) => next = sum,
            Err(_) => over = true,
        }
        Some(Ok(out))
    }))
}

fn glob(mut cv: Cv<'_, Dialect>) -> ValXs<'_, Value> {
    let pattern = cv.0.pop_var();
    let found = match (cv.0.data().glob, pattern.as_str()) {
        (Some(glob), Some(pattern)) => glob(pattern).map_err(fault),
        (Some(_), None) => Err(fault(format_args!("glob needs a string, not {}", brief(&pattern.0)))),
        (None, _) => Err(fault("glob is known in [vars] only")),
    };
    bome(found.map(|paths| paths.into_iter().map(Value::from).collect()))
}

/// `name/arity` of all that a pipeline may call.
fn builtins() -> Value {
    let names = standard().names().filter(|name| !name.starts_with('@'));
    names.flat_map(|name| standard().arities(name).into_iter().map(move |arity| Value::from(format!("{name}/{arity}")))).collect()
}

/// The text for HTML; its length is known, and asked for, before it is made.
fn escape_html(value: &Value) -> ValR<Value> {
    let entity = |byte: u8| match byte {
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'&' => "&amp;",
        b'\'' => "&apos;",
        b'"' => "&quot;",
        _ => "",
    };
    let Some(text) = value.as_str() else { return Err(fault("only strings can be escaped for HTML")) };
    let bytes: usize = text.bytes().map(|byte| entity(byte).len().max(1)).sum();
    if bytes > EVAL_TEXT_BYTES {
        meter::too_large();
    }
    let mut out = String::with_capacity(bytes);
    for c in text.chars() {
        match u8::try_from(c).map_or("", entity) {
            "" => out.push(c),
            entity => out.push_str(entity),
        }
    }
    Ok(Value::from(out))
}

/// `%C3%A9` to `é`; what is no such code, or makes no text, is an error.
fn decode_uri(value: &Value) -> ValR<Value> {
    let bad = || fault(format_args!("{} ({}) is not a valid uri encoding", kind(&value.0), brief(&value.0)));
    let text = value.as_str().ok_or_else(bad)?;
    meter::room(text.len());
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())).ok_or_else(bad)?;
        out.push(u8::from_str_radix(digits, 16).map_err(|_| bad())?);
        out.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(out).map(Value::from).map_err(|_| bad())
}

fn to_number(value: &Value) -> ValR<Value> {
    if matches!(value.0, Val::Num(_)) {
        return Ok(value.clone());
    }
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let text = value.as_str().filter(|text| digits(text)).unwrap_or_default();
    // Whole numbers stay exact.
    let number = text.parse::<isize>().map(Value::from).or_else(|_| text.parse::<f64>().map(Value::from));
    number.map_err(|_| fault(format_args!("{} ({}) cannot be parsed as a number", kind(&value.0), brief(&value.0))))
}

fn from_json(value: &Value) -> ValR<Value> {
    let Some(text) = value.as_str() else {
        return Err(fault(format_args!("{} ({}) cannot be parsed as JSON", kind(&value.0), brief(&value.0))));
    };
    meter::room(text.len() * 4);
    if matches!(text.trim(), "nan" | "NaN" | "-nan" | "-NaN") {
        return Ok(Value::from(f64::NAN));
    }
    let parsed = Value::parse(text.as_bytes());
    parsed.map_err(|error| fault(format_args!("{} (while parsing {})", error, brief(&value.0))))
}

fn length(value: &Value) -> ValR<Value> {
    Ok(match &value.0 {
        Val::Null => Value::from(0usize),
        Val::Bool(_) => return Err(fault(format_args!("boolean ({}) has no length", brief(&value.0)))),
        Val::Num(_) if *value < Value::from(0usize) => return -value.clone(),
        Val::Num(_) => value.clone(),
        Val::BStr(bytes) | Val::TStr(bytes) => {
            meter::spend((bytes.len() / 64) as u64);
            Value::from(String::from_utf8_lossy(bytes).chars().count())
        }
        Val::Arr(items) => Value::from(items.len()),
        Val::Obj(map) => Value::from(map.len()),
    })
}

fn contains(value: &Val, part: &Val) -> Result<bool, Fault> {
    meter::spend(1);
    match (value, part) {
        (Val::TStr(text), Val::TStr(part)) => {
            meter::spend(((text.len() + part.len()) / 16) as u64);
            Ok(String::from_utf8_lossy(text).contains(&*String::from_utf8_lossy(part)))
        }
        (Val::Arr(items), Val::Arr(parts)) => {
            for part in parts.iter() {
                let same_type = items.iter().filter(|item| kind(item) == kind(part));
                let mut found = false;
                for item in same_type {
                    found = found || contains(item, part)?;
                }
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Val::Obj(map), Val::Obj(parts)) => {
            for (key, part) in parts.iter() {
                match map.get(key) {
                    Some(value) if kind(value) == kind(part) && contains(value, part)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (value, part) if kind(value) == kind(part) => Ok(Value(value.clone()) == Value(part.clone())),
        (value, part) => {
            let (what, whose) = (kind(value), kind(part));
            Err(fault(format_args!(
                "{what} ({}) and {whose} ({}) cannot have their containment checked",
                brief(value),
                brief(part)
            )))
        }
    }
}

fn has(value: &Value, key: &Value) -> ValR<Value> {
    match (&value.0, &key.0) {
        (Val::Obj(map), Val::TStr(_)) => Ok(Value::from(map.contains_key(&key.0))),
        (Val::Arr(items), Val::Num(_)) => {
            let at = jaq_std::ValT::as_f64(key).unwrap_or(-1.0);
            Ok(Value::from(at >= 0.0 && at < items.len() as f64))
        }
        (value, _) => Err(fault(format_args!("cannot check whether {} has a {} key", kind(value), kind(&key.0)))),
    }
}

fn indices(value: &Value, part: &Value) -> ValR<Value> {
    match (&value.0, &part.0) {
        (Val::Null, _) => Ok(Value::NULL),
        (Val::TStr(text), Val::TStr(part)) => {
            let (text, part) = (String::from_utf8_lossy(text), String::from_utf8_lossy(part));
            meter::spend((text.len() / 16) as u64 * (part.len() as u64 / 16 + 1));
            if part.is_empty() {
                return Ok(Value::NULL);
            }
            let starts = text.char_indices().enumerate().filter(|(_, (at, _))| text[*at..].starts_with(&*part));
            Ok(starts.map(|(n, _)| Value::from(n)).collect())
        }
        (Val::Arr(_), Val::Arr(_)) => value.clone().index(part),
        (Val::Arr(items), _) => {
            let found = items.iter().enumerate().filter(|(_, item)| Value((*item).clone()) == *part);
            Ok(found.map(|(at, _)| Value::from(at)).collect())
        }
        (value, part) => Err(fault(format_args!("cannot find {} in {}", brief(part), kind(value)))),
    }
}

fn bsearch(value: &Value, wanted: &Value) -> ValR<Value> {
    let Val::Arr(items) = &value.0 else {
        return Err(fault(format_args!("{} ({}) cannot be searched from", kind(&value.0), brief(&value.0))));
    };
    let found = items.binary_search_by(|item| Value(item.clone()).cmp(wanted));
    Ok(match found {
        Ok(at) => Value::from(at),
        Err(at) => Value::from(-1 - at as isize),
    })
}

/// Takes a prefix or suffix away, if it is there.
fn trim(value: &Value, part: &Value, front: bool, back: bool) -> ValR<Value> {
    let (Val::TStr(text), Val::TStr(part)) = (&value.0, &part.0) else {
        return Err(fault(if front { "startswith() requires string inputs" } else { "endswith() requires string inputs" }));
    };
    let mut rest: &[u8] = text;
    if front {
        rest = rest.strip_prefix(&part[..]).unwrap_or(rest);
    }
    if back {
        rest = rest.strip_suffix(&part[..]).unwrap_or(rest);
    }
    Ok(if rest.len() == text.len() { value.clone() } else { jaq_std::ValT::as_sub_str(value, rest) })
}

/// Deletes the last paths first, so that no path moves another.
pub(super) fn delete_paths(value: Value, paths: &Value) -> ValR<Value> {
    let Some(paths) = paths.items() else { return Err(fault("paths must be specified as an array")) };
    let mut found: Vec<Vec<Value>> = vec![];
    for path in paths {
        let Some(keys) = path.items() else { return Err(fault("path must be specified as an array")) };
        spread(&value, &keys.collect::<Vec<_>>(), &mut vec![], &mut found);
    }
    meter::room(found.len() * 64);
    found.sort();
    found.dedup();
    found.iter().rev().try_fold(value, |value, path| delete(value, path))
}

/// A path as it is counted from the beginning: negative indices made positive, a slice at its end taken apart.
fn spread(value: &Value, keys: &[Value], before: &mut Vec<Value>, found: &mut Vec<Vec<Value>>) {
    let Some((key, rest)) = keys.split_first() else {
        found.push(before.clone());
        return;
    };
    let depth = before.len();
    match (&value.0, &key.0) {
        (Val::Arr(items), Val::Obj(_)) if rest.is_empty() => {
            let numbers: Value = (0..items.len()).map(Value::from).collect();
            for at in numbers.index(key).ok().iter().filter_map(Value::items).flatten() {
                meter::spend(4);
                found.push(before.iter().cloned().chain([at]).collect());
            }
            return;
        }
        (Val::Arr(items), Val::Num(_)) => {
            let at = jaq_std::ValT::as_f64(key).unwrap_or(0.0).floor();
            before.push(Value::from(if at < 0.0 { at + items.len() as f64 } else { at }));
        }
        _ => before.push(key.clone()),
    }
    let inner = value.clone().index(key).unwrap_or_default();
    spread(&inner, rest, before, found);
    before.truncate(depth);
}

fn delete(value: Value, path: &[Value]) -> ValR<Value> {
    meter::step();
    let unwrap = |result: jaq_core::ValX<'_, Value>| {
        result.map_err(|exn| exn.get_err().unwrap_or_else(|_| fault("a path cannot be deleted")))
    };
    match path {
        [] => Ok(Value::NULL),
        _ if value.is_null() => Ok(value),
        [last] => {
            let there = value.clone().index(last)?;
            let absent = matches!(&value.0, Val::Obj(map) if !map.contains_key(&last.0));
            if absent || (there.is_null() && matches!(&value.0, Val::Arr(items) if !in_list(last, items.len()))) {
                return Ok(value);
            }
            unwrap(value.map_index(last, jaq_core::path::Opt::Essential, |_| std::iter::empty()))
        }
        [first, rest @ ..] => {
            if value.clone().index(first)?.is_null() {
                return Ok(value);
            }
            let change = |inner| std::iter::once(delete(inner, rest).map_err(Exn::from));
            unwrap(value.map_index(first, jaq_core::path::Opt::Essential, change))
        }
    }
}

/// Whether a list of that length has the index; a slice counts as one.
fn in_list(index: &Value, len: usize) -> bool {
    match jaq_std::ValT::as_f64(index) {
        Some(at) => at < len as f64 && at >= -(len as f64),
        None => true,
    }
}
