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
use super::reads::{Comparison, Found, Operand, Read, Root, Segment, SegmentKind, Usage};
use super::syntax::{Definition, Kind, Node, Op, Part, Pattern, Step};
use crate::value::Value;
use std::collections::HashMap;
use std::ops::Range;

/// Collects the reads of a tree.
pub(super) fn collect(root: &Node) -> Found {
    let mut walker = Walker::default();
    let document = Place { root: Root::Document, path: vec![], range: root.range.clone(), under: None };
    let result = walker.walk(root, Some(&document));
    walker.record_as(result.as_ref(), Usage::Answer);
    walker.found
}

/// A path that has not been read yet: more steps may follow.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) root: Root,
    pub(super) path: Vec<Segment>,
    pub(super) range: Range<usize>,
    /// What it passed through on its way, such as a `select`: it stays tested where the rest of the pipe has ended.
    pub(super) under: Option<usize>,
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
    found: Found,
    /// Which of the reads stands where.
    seen: HashMap<(Range<usize>, Vec<Segment>), usize>,
    vars: Vec<(String, Option<Place>)>,
    pub(super) definitions: Vec<Definition>,
    /// How many guards are around.
    pub(super) guards: usize,
    /// What was tested by what is left of this: a chain of [`super::reads::Tests`].
    pub(super) tested: Option<usize>,
    /// Definitions that are being looked into.
    pub(super) depth: usize,
}

/// Calls into own definitions are followed so deep.
pub(super) const FOLLOWED: usize = 8;

impl Walker {
    /// Found what a place stands for.
    pub(super) fn record(&mut self, place: Option<&Place>) -> Option<usize> {
        self.record_as(place, Usage::Other)
    }

    /// Found what a place stands for, and says what becomes of it.
    pub(super) fn record_as(&mut self, place: Option<&Place>, usage: Usage) -> Option<usize> {
        let place = place?;
        let steps = place.path.len();
        let common = |tested: usize| {
            let tested = &self.found.reads[tested];
            let begins = |(a, b): (&Segment, &Segment)| a.kind == b.kind;
            let same = tested.root == place.root && tested.path.len() <= steps && tested.path.iter().zip(&place.path).all(begins);
            if same { tested.path.len() } else { 0 }
        };
        // Of two chains the later holds the earlier.
        let under = self.tested.max(place.under);
        let tested = self.found.tests.of(under).map(common).max().unwrap_or(0);
        let guarded = self.guards > 0 || (tested > 0 && tested == steps);
        let Place { root, path, range, .. } = place.clone();
        let read = Read { root, path, range, guarded, tested, usage, under };
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

    /// Walks and reads the result, and says what becomes of it.
    fn read_as(&mut self, node: &Node, dot: Option<&Place>, usage: Usage) -> Option<usize> {
        let place = self.walk(node, dot);
        self.record_as(place.as_ref(), usage)
    }

    /// Walks several and reads what they give.
    pub(super) fn read_all<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>, dot: Option<&Place>) {
        for node in nodes {
            self.read(node, dot);
        }
    }

    /// Found what goes into something new, which is no place.
    fn consumed<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>, dot: Option<&Place>, usage: Usage) -> Option<Place> {
        for node in nodes {
            self.read_as(node, dot, usage);
        }
        None
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
        for read in before..self.found.reads.len() {
            if !self.found.reads[read].path.is_empty() {
                self.tested = self.found.tests.with(read, self.tested);
            }
        }
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
                let tested = self.tested;
                for (test, then) in branches {
                    self.condition(test, dot);
                    self.read(then, dot);
                }
                if let Some(other) = other {
                    self.read(other, dot);
                }
                self.tested = tested;
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
            Kind::Interpolated(_, parts) => self.consumed(parts, dot, Usage::Text),
            Kind::Negate(inner) => self.consumed([&**inner], dot, Usage::Operand),
            _ => self.consumed(node.children(), dot, Usage::Other),
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
        is_global(name).then(|| Place { root: Root::Global(name.into()), path: vec![], range: range.clone(), under: None })
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
                let tested = self.tested;
                let middle = self.walk(left, dot);
                let result = self.walk(right, middle.as_ref());
                self.tested = tested;
                return result;
            }
            Op::And | Op::Or => {
                let tested = self.tested;
                self.condition(left, dot);
                self.condition(right, dot);
                self.tested = tested;
            }
            Op::Alternative => {
                self.guarded(left, dot);
                self.read(right, dot);
            }
            Op::Equal(op) | Op::Order(op) => {
                let null = is_null(left) || is_null(right);
                self.guards += usize::from(null);
                let usage = if op == "!=" { Usage::Unequal } else { Usage::Other };
                let left = self.operand(left, dot, usage);
                let right = self.operand(right, dot, usage);
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
            // Null and something is that something.
            Op::Comma | Op::Math("+") => self.read_all([left, right], dot),
            Op::Math(_) => {
                self.read_as(left, dot, Usage::Operand);
                self.read_as(right, dot, Usage::Operand);
            }
        }
        None
    }

    fn operand(&mut self, node: &Node, dot: Option<&Place>, usage: Usage) -> Operand {
        if let Some(literal) = literal(node) {
            return Operand::Literal(literal, node.range.clone());
        }
        self.read_as(node, dot, usage).map_or(Operand::Other, Operand::Read)
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
