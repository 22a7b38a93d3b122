//! Equality and order of values, as in jq: null, false, true, numbers, texts, lists, tables.
//!
//! Written out here rather than taken from jq's own value so that each comparison counts against the budget of the
//! evaluation that makes it: sorting and comparing are the loops that the interpreter cannot see.

use super::{Value, meter};
use jaq_json::{Map, Val};
use std::cmp::Ordering;

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        equal(&self.0, &other.0)
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

/// Whether two values are the same.
pub(super) fn equal(a: &Val, b: &Val) -> bool {
    meter::spend(1);
    match (a, b) {
        (Val::Arr(a), Val::Arr(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)),
        (Val::Obj(a), Val::Obj(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b))),
        (Val::Arr(_) | Val::Obj(_), _) | (_, Val::Arr(_) | Val::Obj(_)) => false,
        (a, b) => a == b,
    }
}

/// Which value comes first.
pub(super) fn compare(a: &Val, b: &Val) -> Ordering {
    meter::spend(1);
    match (a, b) {
        (Val::Arr(a), Val::Arr(b)) => {
            let different = a.iter().zip(b.iter()).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
            different.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Val::Obj(a), Val::Obj(b)) => compare_tables(a, b),
        (Val::TStr(a) | Val::BStr(a), Val::TStr(b) | Val::BStr(b)) => {
            meter::spend((a.len().min(b.len()) / 64) as u64);
            a.cmp(b)
        }
        (a, b) => rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)),
    }
}

/// Tables compare by their sorted keys, then by the values in that order.
fn compare_tables(a: &Map, b: &Map) -> Ordering {
    let sorted = |map: &Map| {
        let mut keys: Vec<Val> = map.keys().cloned().collect();
        meter::room(keys.len() * size_of::<Val>());
        keys.sort_by(compare);
        keys
    };
    let (keys, others) = (sorted(a), sorted(b));
    let by_keys = keys.iter().zip(&others).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
    by_keys.unwrap_or_else(|| keys.len().cmp(&others.len())).then_with(|| {
        let pairs = keys.iter().filter_map(|key| Some((a.get(key)?, b.get(key)?)));
        pairs.map(|(a, b)| compare(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    })
}

fn rank(value: &Val) -> u8 {
    match value {
        Val::Null => 0,
        Val::Bool(false) => 1,
        Val::Bool(true) => 2,
        Val::Num(_) => 3,
        Val::BStr(_) | Val::TStr(_) => 4,
        Val::Arr(_) => 5,
        Val::Obj(_) => 6,
    }
}
