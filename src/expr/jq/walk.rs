//! Finds what an expression reads, by walking its tree.
//!
//! The walk carries along what `.` and each variable stand for. Where that is not known (the argument of `reduce`, the
//! inside of `with_entries`) nothing is reported: a rule that hears of no read stays silent.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of jq are floats; what becomes an index is bounded first"
)]

use super::check::is_global;
use super::reads::{Comparison, Operand, Read, Reads, Root, Segment, SegmentKind};
use super::syntax::{Definition, Kind, Node, Op, Part, Pattern, Step};
use crate::value::Value;
use std::collections::HashMap;
use std::ops::Range;

/// Collects the reads of a tree.
pub(super) fn collect(root: &Node) -> Reads {
    let mut walker = Walker::default();
    let document = Place { root: Root::Document, path: vec![], range: root.range.clone() };
    let result = walker.walk(root, Some(&document));
    walker.record(result.as_ref());
    walker.found
}

/// A path that has not been read yet: more steps may follow.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) root: Root,
    pub(super) path: Vec<Segment>,
    pub(super) range: Range<usize>,
}

impl Place {
    /// One step further.
    pub(super) fn then(&self, kind: SegmentKind, range: Range<usize>) -> Self {
        let mut place = self.clone();
        place.path.push(Segment { kind, range });
        place
    }
}

/// What is known at a point of the walk.
#[derive(Default)]
pub(super) struct Walker {
    found: Reads,
    /// Which of the reads stands where.
    seen: HashMap<(Range<usize>, Vec<Segment>), usize>,
    vars: Vec<(String, Option<Place>)>,
    pub(super) definitions: Vec<Definition>,
    /// How many guards are around.
    pub(super) guards: usize,
    /// Paths that were tested by what is left of this.
    pub(super) tested: Vec<(Root, Vec<SegmentKind>)>,
    /// Definitions that are being looked into.
    pub(super) depth: usize,
}

/// Calls into own definitions are followed so deep.
pub(super) const FOLLOWED: usize = 8;

impl Walker {
    /// Reads what a place stands for.
    pub(super) fn record(&mut self, place: Option<&Place>) -> Option<usize> {
        let place = place?;
        let kinds: Vec<&SegmentKind> = place.path.iter().map(|segment| &segment.kind).collect();
        let common = |(root, tested): &(Root, Vec<SegmentKind>)| {
            let same = *root == place.root && tested.len() <= kinds.len() && tested.iter().zip(&kinds).all(|(a, b)| a == *b);
            if same { tested.len() } else { 0 }
        };
        let tested = self.tested.iter().map(common).max().unwrap_or(0);
        let guarded = self.guards > 0 || (tested > 0 && tested == kinds.len());
        let read = Read { root: place.root.clone(), path: place.path.clone(), range: place.range.clone(), guarded, tested };
        let next = self.found.reads.len();
        let at = *self.seen.entry((read.range.clone(), read.path.clone())).or_insert(next);
        if at == next {
            self.found.reads.push(read);
        }
        Some(at)
    }

    /// Walks and reads the result.
    pub(super) fn read(&mut self, node: &Node, dot: Option<&Place>) -> Option<usize> {
        let place = self.walk(node, dot);
        self.record(place.as_ref())
    }

    /// Walks several and reads what they give.
    pub(super) fn read_all<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>, dot: Option<&Place>) {
        for node in nodes {
            self.read(node, dot);
        }
    }

    /// Walks with null provided for.
    fn guarded(&mut self, node: &Node, dot: Option<&Place>) -> Option<Place> {
        self.guards += 1;
        let place = self.walk(node, dot);
        self.record(place.as_ref());
        self.guards -= 1;
        place
    }

    /// A condition: a bare path in it is a test of itself.
    pub(super) fn condition(&mut self, node: &Node, dot: Option<&Place>) {
        let before = self.found.reads.len();
        match &node.kind {
            Kind::Path(..) | Kind::Var(_) => drop(self.guarded(node, dot)),
            _ => self.read_all([node], dot),
        }
        let tested = self.found.reads[before..].iter().filter(|read| !read.path.is_empty());
        let tested = tested.map(|read| (read.root.clone(), read.path.iter().map(|s| s.kind.clone()).collect()));
        self.tested.extend(tested);
    }

    /// Walks something whose result is the place it gives, if it gives one.
    pub(super) fn walk(&mut self, node: &Node, dot: Option<&Place>) -> Option<Place> {
        match &node.kind {
            Kind::Identity => dot.cloned(),
            Kind::Var(name) => self.var(name, &node.range),
            Kind::Path(base, parts) => self.path(base, parts, dot),
            Kind::Binary(left, op, at, right) => self.binary(node, left, *op, at, right, dot),
            Kind::Bind(source, pattern, body) => {
                let source = self.walk(source, dot);
                let depth = self.vars.len();
                self.bind(pattern, source.as_ref(), dot);
                let result = self.walk(body, dot);
                self.vars.truncate(depth);
                result
            }
            Kind::Fold(_, source, pattern, parts) => {
                self.fold(source, pattern, parts, dot);
                None
            }
            Kind::Try(body, handler) => {
                self.guards += 1;
                let place = self.walk(body, dot);
                self.record(place.as_ref());
                self.guards -= 1;
                if let Some(handler) = handler {
                    self.read(handler, None);
                }
                place
            }
            Kind::If(branches, other) => {
                let tested = self.tested.len();
                for (test, then) in branches {
                    self.condition(test, dot);
                    self.read(then, dot);
                }
                if let Some(other) = other {
                    self.read(other, dot);
                }
                self.tested.truncate(tested);
                None
            }
            Kind::Define(definitions, body) => {
                let depth = self.definitions.len();
                self.definitions.extend(definitions.iter().cloned());
                let result = self.walk(body, dot);
                self.definitions.truncate(depth);
                result
            }
            Kind::Call(name, range, args) => self.call(name, range, args, dot),
            Kind::Table(entries) => {
                for (key, value) in entries {
                    self.entry(key, value.as_ref(), dot);
                }
                None
            }
            Kind::Label(_, body) => self.walk(body, dot),
            _ => {
                self.read_all(node.children(), dot);
                None
            }
        }
    }

    /// `reduce` and `foreach`: only the start sees `.`.
    fn fold(&mut self, source: &Node, pattern: &Pattern, parts: &[Node], dot: Option<&Place>) {
        let source = self.walk(source, dot);
        let Some((start, rest)) = parts.split_first() else { return };
        self.read(start, dot);
        let depth = self.vars.len();
        self.bind(pattern, source.as_ref(), dot);
        self.read_all(rest, None);
        self.vars.truncate(depth);
    }

    /// A field of a table: `{a}` reads `.a`.
    fn entry(&mut self, key: &Node, value: Option<&Node>, dot: Option<&Place>) {
        match (&key.kind, value) {
            (Kind::Text(name), None) => {
                let place = dot
                    .map(|dot| Place { range: key.range.clone(), ..dot.then(SegmentKind::Key(name.clone()), key.range.clone()) });
                self.record(place.as_ref());
            }
            _ => self.read_all([key], dot),
        }
        self.read_all(value, dot);
    }

    fn var(&mut self, name: &str, range: &Range<usize>) -> Option<Place> {
        if let Some((_, place)) = self.vars.iter().rev().find(|(var, _)| var == name) {
            return place.clone().map(|place| Place { range: range.clone(), ..place });
        }
        is_global(name).then(|| Place { root: Root::Global(name.into()), path: vec![], range: range.clone() })
    }

    fn bind(&mut self, pattern: &Pattern, place: Option<&Place>, dot: Option<&Place>) {
        match pattern {
            Pattern::Var(name) => self.vars.push((name.clone(), place.cloned())),
            Pattern::List(parts) => {
                for (n, part) in parts.iter().enumerate() {
                    let item = place.map(|place| place.then(SegmentKind::Index(n as i64), place.range.clone()));
                    self.bind(part, item.as_ref(), dot);
                }
            }
            Pattern::Either(patterns) => {
                self.guards += 1;
                self.record(place);
                self.guards -= 1;
                for pattern in patterns {
                    self.bind(pattern, None, dot);
                }
            }
            Pattern::Table(parts) => {
                for (key, part) in parts {
                    let field = match &key.kind {
                        Kind::Text(name) => place.map(|place| Place {
                            range: key.range.clone(),
                            ..place.then(SegmentKind::Key(name.clone()), key.range.clone())
                        }),
                        _ => None,
                    };
                    if field.is_none() {
                        self.read(key, dot);
                    }
                    self.bind(part, field.as_ref(), dot);
                }
            }
        }
    }

    fn path(&mut self, base: &Node, parts: &[Part], dot: Option<&Place>) -> Option<Place> {
        let start = self.walk(base, dot);
        let optional = parts.iter().any(|part| part.optional);
        let mut place = start;
        for part in parts {
            let step = |kind, range: &Range<usize>| (kind, range.clone());
            let (kind, range) = match &part.step {
                Step::Key(name, range) => step(SegmentKind::Key(name.clone()), range),
                Step::Each => step(SegmentKind::Each, &part.range),
                Step::Index(index) => match &index.kind {
                    Kind::Number(n) => step(SegmentKind::Index(*n as i64), &part.range),
                    Kind::Negate(inner) if matches!(inner.kind, Kind::Number(_)) => step(SegmentKind::Index(-1), &part.range),
                    Kind::Text(name) => step(SegmentKind::Key(name.clone()), &index.range),
                    _ => {
                        self.read(index, dot);
                        step(SegmentKind::Unknown, &part.range)
                    }
                },
                // A slice of a list is a list of the same.
                Step::Slice(..) => {
                    self.read_all(part.nodes(), dot);
                    continue;
                }
            };
            if let Some(place) = &mut place {
                place.path.push(Segment { kind, range });
            }
        }
        let written = base.range.start..parts.last().map_or(base.range.end, |part| part.range.end);
        let place = place.map(|place| Place { range: written, ..place });
        if optional {
            self.guards += 1;
            self.record(place.as_ref());
            self.guards -= 1;
        }
        place
    }

    fn binary(
        &mut self,
        node: &Node,
        left: &Node,
        op: Op,
        at: &Range<usize>,
        right: &Node,
        dot: Option<&Place>,
    ) -> Option<Place> {
        match op {
            Op::Pipe => {
                let tested = self.tested.len();
                let middle = self.walk(left, dot);
                let result = self.walk(right, middle.as_ref());
                self.tested.truncate(tested);
                return result;
            }
            Op::And | Op::Or => {
                let tested = self.tested.len();
                self.condition(left, dot);
                self.condition(right, dot);
                self.tested.truncate(tested);
            }
            Op::Alternative => {
                self.guarded(left, dot);
                self.read(right, dot);
            }
            Op::Equal(op) | Op::Order(op) => {
                let null = is_null(left) || is_null(right);
                self.guards += usize::from(null);
                let left = self.operand(left, dot);
                let right = self.operand(right, dot);
                self.guards -= usize::from(null);
                let range = node.range.clone();
                self.found.comparisons.push(Comparison { op, at: at.clone(), range, left, right });
            }
            Op::Assign(op) => {
                self.guards += 1;
                let target = self.walk(left, dot);
                self.guards -= 1;
                self.read(right, if op == "|=" { target.as_ref() } else { dot });
            }
            Op::Comma | Op::Math(_) => {
                self.read(left, dot);
                self.read(right, dot);
            }
        }
        None
    }

    fn operand(&mut self, node: &Node, dot: Option<&Place>) -> Operand {
        if let Some(literal) = literal(node) {
            return Operand::Literal(literal);
        }
        self.read(node, dot).map_or(Operand::Other, Operand::Read)
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.kind, Kind::Call(name, _, args) if name == "null" && args.is_empty())
}

/// The value of a literal.
pub(super) fn literal(node: &Node) -> Option<Value> {
    match &node.kind {
        Kind::Number(n) => Some(Value::float(*n)),
        Kind::Negate(inner) => literal(inner)?.as_f64().map(|n| Value::float(-n)),
        Kind::Text(text) => Some(Value::text(text)),
        Kind::Call(name, _, args) if args.is_empty() => match name.as_str() {
            "null" => Some(Value::NULL),
            "true" => Some(Value::from(true)),
            "false" => Some(Value::from(false)),
            _ => None,
        },
        Kind::List(None) => Some(Value::list([])),
        Kind::List(Some(inner)) => Some(Value::list(items(inner)?)),
        _ => None,
    }
}

fn items(node: &Node) -> Option<Vec<Value>> {
    match &node.kind {
        Kind::Binary(left, Op::Comma, _, right) => {
            let mut left = items(left)?;
            left.extend(items(right)?);
            Some(left)
        }
        _ => Some(vec![literal(node)?]),
    }
}
