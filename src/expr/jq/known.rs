//! What the standard functions do with what they read: which hand it on, which test it, whose arguments see it.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of jq are floats; what becomes an index is bounded first"
)]

use super::reads::{SegmentKind, Usage};
use super::syntax::Node;
use super::walk::{FOLLOWED, Place, Walker, literal};
use std::ops::Range;

/// Functions that fail on null, by name and number of arguments; those that look at each item fail there already.
pub(super) const FAILS_ON_NULL: &[(&str, usize)] = &[
    ("add", 0),
    ("all", 0),
    ("any", 0),
    ("ascii_downcase", 0),
    ("ascii_upcase", 0),
    ("capture", 1),
    ("capture", 2),
    ("contains", 1),
    ("endswith", 1),
    ("explode", 0),
    ("flatten", 0),
    ("flatten", 1),
    ("floor", 0),
    ("from_entries", 0),
    ("fromjson", 0),
    ("inside", 1),
    ("join", 1),
    ("keys", 0),
    ("keys_unsorted", 0),
    ("ltrimstr", 1),
    ("match", 1),
    ("match", 2),
    ("max", 0),
    ("min", 0),
    ("rtrimstr", 1),
    ("scan", 1),
    ("scan", 2),
    ("split", 1),
    ("split", 2),
    ("splits", 1),
    ("splits", 2),
    ("startswith", 1),
    ("test", 1),
    ("test", 2),
    ("to_entries", 0),
    ("tonumber", 0),
    ("trim", 0),
    ("with_entries", 1),
];

impl Walker {
    /// A call: the author's own definitions are followed, standard functions are known.
    pub(super) fn call(&mut self, name: &str, range: &Range<usize>, args: &[Node], dot: Option<&Place>) -> Option<Place> {
        let own = self.definitions.iter().rev().find(|own| own.name == name && own.params.len() == args.len()).cloned();
        if let Some(own) = own {
            self.read_all(args, None);
            if !args.is_empty() || self.depth >= FOLLOWED {
                return None;
            }
            self.depth += 1;
            let result = self.walk(&own.body, dot);
            self.depth -= 1;
            return result;
        }
        let item = |kind| dot.map(|dot| dot.then(kind, range.clone()));
        match (name, args) {
            ("select", [test]) => {
                // What is tested stays tested in the rest of the pipe, which forgets it at its end.
                self.condition(test, dot);
                dot.cloned().map(|dot| Place { under: self.tested, ..dot })
            }
            ("values", []) => {
                self.guarded_read(dot);
                dot.cloned()
            }
            ("first", []) => item(SegmentKind::Index(0)),
            ("last", []) => item(SegmentKind::Index(-1)),
            ("first" | "last" | "isempty" | "path" | "limit" | "nth" | "skip", [before @ .., stream]) => {
                self.read_all(before, dot);
                self.walk(stream, dot)
            }
            ("sort" | "unique" | "reverse", []) => dot.cloned(),
            ("sort_by" | "unique_by", [by]) => {
                self.read(by, item(SegmentKind::Each).as_ref());
                dot.cloned()
            }
            ("min_by" | "max_by", [by]) => {
                let each = item(SegmentKind::Each);
                self.read(by, each.as_ref());
                each
            }
            ("getpath", [keys]) => self.getpath(keys, range, dot),
            _ => {
                self.consume(name, args, item(SegmentKind::Each).as_ref(), dot);
                None
            }
        }
    }

    /// A call whose result is something new.
    fn consume(&mut self, name: &str, args: &[Node], each: Option<&Place>, dot: Option<&Place>) {
        let usage = if FAILS_ON_NULL.contains(&(name, args.len())) { Usage::Call } else { Usage::Other };
        match (name, args) {
            ("map" | "map_values" | "group_by" | "INDEX", [by]) => self.read_all([by], each),
            ("any" | "all", [test]) => self.passing_test(test, each),
            ("any" | "all" | "IN", [source, test]) => {
                let source = self.walk(source, dot);
                self.record(source.as_ref());
                self.passing_test(test, if name == "IN" { dot } else { source.as_ref() });
            }
            ("not" | "type" | "tostring" | "tojson" | "isvalid" | "toarray", []) | ("has", [_]) => {
                self.guarded_read(dot);
                self.read_all(args, dot);
            }
            ("true" | "false" | "null" | "empty" | "nan" | "infinite", []) => {}
            // Arguments that see something else than `.`.
            (
                "with_entries" | "walk" | "recurse" | "paths" | "repeat" | "fromstream" | "truncate_stream" | "while" | "until"
                | "JOIN" | "INDEX",
                [_, ..],
            ) => {
                self.record_as(dot, usage);
                self.read_all(args, None);
            }
            ("sub" | "gsub", [pattern, with, ..]) => {
                self.record_as(dot, Usage::Call);
                self.read(pattern, dot);
                self.read(with, None);
            }
            ("del" | "delpaths" | "setpath" | "pick", _) => {
                self.guards += 1;
                self.read_all(args, dot);
                self.guards -= 1;
            }
            ("range" | "glob" | "error", _) => self.read_all(args, dot),
            _ => {
                self.record_as(dot.filter(|dot| !dot.path.is_empty()), usage);
                self.read_all(args, dot);
            }
        }
    }

    /// A condition whose tests hold for itself only.
    fn passing_test(&mut self, test: &Node, dot: Option<&Place>) {
        let tested = self.tested;
        self.condition(test, dot);
        self.tested = tested;
    }

    /// Reads a place with null provided for.
    fn guarded_read(&mut self, place: Option<&Place>) {
        self.guards += 1;
        self.record(place);
        self.guards -= 1;
    }

    /// `getpath(["a", 0])` is a path when its keys are literal.
    fn getpath(&mut self, keys: &Node, range: &Range<usize>, dot: Option<&Place>) -> Option<Place> {
        let literals = literal(keys).as_ref().and_then(|keys| keys.items().map(Iterator::collect::<Vec<_>>));
        let Some(literals) = literals else {
            self.read(keys, dot);
            return None;
        };
        let mut place = dot?.clone();
        for key in literals {
            let kind = match (key.as_str(), key.as_f64()) {
                (Some(name), _) => SegmentKind::Key(name.into()),
                (_, Some(n)) => SegmentKind::Index(n as i64),
                _ => SegmentKind::Unknown,
            };
            place = place.then(kind, keys.range.clone());
        }
        Some(Place { range: range.start..keys.range.end + 1, ..place })
    }
}
