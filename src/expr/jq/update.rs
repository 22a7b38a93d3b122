//! Assignment through `first`, `last`, `limit` and `skip`: `first(.[] | select(.open)) |= …`.
//!
//! jaq's natives give the paths of these, and cannot assign to them. Here the paths are collected first, as jq does it,
//! so that what is changed at one of them moves no other.

#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of jq are floats; a negative count is none")]

use super::dialect::Dialect;
use super::native::delete_paths;
use crate::value::{Value, meter};
use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::native::Fun;
use jaq_core::path::Opt;
use jaq_core::{Cv, ValT, ValX, ValXs};

type Path = Vec<Value>;

/// Bytes that any path takes.
const PATH_BYTES: usize = 40;

/// jaq's native, able to be assigned to.
pub(super) fn updatable((name, args, native): Fun<Dialect>) -> Fun<Dialect> {
    let native = match (name, args.len()) {
        ("first", 1) => native.with_update(|mut cv, f| {
            let paths = paths(&mut cv).take(1);
            change_all(cv.1, paths, |value| f(value))
        }),
        ("last", 1) => native.with_update(|mut cv, f| {
            let paths = paths(&mut cv).try_fold(None, |_, path| path.map(Some)).transpose();
            change_all(cv.1, paths.into_iter(), |value| f(value))
        }),
        ("limit", 2) => native.with_update(|mut cv, f| {
            let paths = paths(&mut cv);
            let paths = paths.take(count(&mut cv));
            change_all(cv.1, paths, |value| f(value))
        }),
        ("skip", 2) => native.with_update(|mut cv, f| {
            let paths = paths(&mut cv);
            let paths = paths.skip(count(&mut cv));
            change_all(cv.1, paths, |value| f(value))
        }),
        _ => native,
    };
    (name, args, native)
}

/// The paths of the argument that is a function.
fn paths<'a>(cv: &mut Cv<'a, Dialect>) -> BoxIter<'a, ValX<'a, Path, Value>> {
    let (inner, context) = cv.0.pop_fun();
    let found = inner.paths((context, (cv.1.clone(), none())));
    Box::new(found.map(|path| {
        let mut path: Path = path?.1.iter().cloned().collect();
        path.reverse();
        meter::room(PATH_BYTES + path.len() * size_of::<Value>());
        Ok(path)
    }))
}

/// A path without keys; jaq does not lend the name of its type.
fn none<T: Default>() -> T {
    T::default()
}

/// The argument that is a count.
fn count(cv: &mut Cv<'_, Dialect>) -> usize {
    cv.0.pop_var().as_f64().map_or(0, |count| count.ceil() as usize)
}

/// Changes what is at each path; what becomes nothing is taken out at the end.
fn change_all<'a>(
    value: Value,
    paths: impl Iterator<Item = ValX<'a, Path, Value>>,
    f: impl Fn(Value) -> ValXs<'a, Value>,
) -> ValXs<'a, Value> {
    let mut gone = vec![];
    let changed = paths.collect::<Result<Vec<Path>, _>>().and_then(|paths| {
        paths.into_iter().try_fold(value, |value, path| {
            let old = path.iter().try_fold(value.clone(), ValT::index)?;
            if let Some(new) = f(old).next().transpose()? {
                return put(value, &path, new);
            }
            gone.push(path.into_iter().collect());
            Ok(value)
        })
    });
    box_once(changed.and_then(|value| Ok(delete_paths(value, &gone.into_iter().collect())?)))
}

/// The value with another one at a path.
fn put<'a>(value: Value, path: &[Value], new: Value) -> ValX<'a, Value> {
    meter::step();
    match path {
        [] => Ok(new),
        [key, rest @ ..] => value.map_index(key, Opt::Essential, |inner| std::iter::once(put(inner, rest, new.clone()))),
    }
}
