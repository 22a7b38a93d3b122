//! Which paths of the document an expression reads, as far as its text tells.
//!
//! The walk carries along what `.` and each variable stand for. Where that is not known (the argument of `reduce`, the
//! inside of `with_entries`) nothing is reported: a rule that hears of no read stays silent.

use super::check::is_global;
use super::syntax::{Definition, Kind, Node, Op, Part, Pattern, Step};
use crate::value::Value;
use std::ops::Range;

/// A call of a standard function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// The number of its arguments.
    pub arity: usize,
    /// Where the name stands.
    pub range: Range<usize>,
}

/// A read of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Where the path begins.
    pub root: Root,
    /// The steps; empty when the whole document is read.
    pub path: Vec<Segment>,
    /// Where it was written: the last stretch of it, when it goes through a pipe or a variable.
    pub range: Range<usize>,
    /// Whether null is provided for: under `?`, `//`, `try`, in a test for null, or after one.
    pub guarded: bool,
    /// How many leading steps were tested before, in the same expression.
    pub tested: usize,
}

/// Where a path begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `.` of the whole expression.
    Document,
    /// A global variable, with its dollar.
    Global(String),
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it is.
    pub kind: SegmentKind,
    /// Where it stands; of a field, the name alone.
    pub range: Range<usize>,
}

/// What a step of a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// A field.
    Key(String),
    /// An item of a list by number.
    Index(i64),
    /// Every item or field.
    Each,
    /// Something that is computed.
    Unknown,
}

/// A comparison of two things.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// `== != < <= > >=`
    pub op: &'static str,
    /// Where the operator stands.
    pub at: Range<usize>,
    /// Where the whole stands.
    pub range: Range<usize>,
    /// Left of it.
    pub left: Operand,
    /// Right of it.
    pub right: Operand,
}

impl Comparison {
    /// Whether it is a comparison of order, for which null is smaller than any number.
    pub fn is_order(&self) -> bool {
        !matches!(self.op, "==" | "!=")
    }
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A path: index into the reads.
    Read(usize),
    /// A literal.
    Literal(Value),
    /// Anything else.
    Other,
}

/// All that was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads {
    pub(super) reads: Vec<Read>,
    pub(super) comparisons: Vec<Comparison>,
}

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
struct Place {
    root: Root,
    path: Vec<Segment>,
    range: Range<usize>,
}

impl Place {
    fn then(&self, kind: SegmentKind, range: Range<usize>) -> Self {
        let mut place = self.clone();
        place.path.push(Segment { kind, range });
        place
    }
}

#[derive(Default)]
struct Walker {
    found: Reads,
    vars: Vec<(String, Option<Place>)>,
    definitions: Vec<Definition>,
    /// How many guards are around.
    guards: usize,
    /// Paths that were tested by what is left of this.
    tested: Vec<(Root, Vec<SegmentKind>)>,
    /// Definitions that are being looked into.
    depth: usize,
}

/// Calls into own definitions are followed so deep.
const FOLLOWED: usize = 8;

impl Walker {
    /// Reads what a place stands for.
    fn record(&mut self, place: Option<&Place>) -> Option<usize> {
        let place = place?;
        let kinds: Vec<&SegmentKind> = place.path.iter().map(|segment| &segment.kind).collect();
        let common = |(root, tested): &(Root, Vec<SegmentKind>)| {
            let same = *root == place.root && tested.len() <= kinds.len() && tested.iter().zip(&kinds).all(|(a, b)| a == *b);
            if same { tested.len() } else { 0 }
        };
        let tested = self.tested.iter().map(common).max().unwrap_or(0);
        let guarded = self.guards > 0 || (tested > 0 && tested == kinds.len());
        let read = Read { root: place.root.clone(), path: place.path.clone(), range: place.range.clone(), guarded, tested };
        let known = self.found.reads.iter().position(|known| known.range == read.range && known.path == read.path);
        Some(known.unwrap_or_else(|| {
            self.found.reads.push(read);
            self.found.reads.len() - 1
        }))
    }

    /// Walks and reads the result.
    fn read(&mut self, node: &Node, dot: Option<&Place>) -> Option<usize> {
        let place = self.walk(node, dot);
        self.record(place.as_ref())
    }

    /// Walks several and reads what they give.
    fn read_all<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>, dot: Option<&Place>) {
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
    fn condition(&mut self, node: &Node, dot: Option<&Place>) {
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
    fn walk(&mut self, node: &Node, dot: Option<&Place>) -> Option<Place> {
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
                let source = self.walk(source, dot);
                if let Some((start, rest)) = parts.split_first() {
                    self.read(start, dot);
                    let depth = self.vars.len();
                    self.bind(pattern, source.as_ref(), dot);
                    for part in rest {
                        self.read(part, None);
                    }
                    self.vars.truncate(depth);
                }
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
                    match (&key.kind, value) {
                        (Kind::Text(name), None) => {
                            let place = dot.map(|dot| Place {
                                range: key.range.clone(),
                                ..dot.then(SegmentKind::Key(name.clone()), key.range.clone())
                            });
                            self.record(place.as_ref());
                        }
                        _ => self.read_all([key], dot),
                    }
                    if let Some(value) = value {
                        self.read(value, dot);
                    }
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
            place = place.map(|place| place.then(kind, range));
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

    fn call(&mut self, name: &str, range: &Range<usize>, args: &[Node], dot: Option<&Place>) -> Option<Place> {
        let own = self.definitions.iter().rev().find(|own| own.name == name && own.params.len() == args.len()).cloned();
        if let Some(own) = own {
            self.read_all(args, None);
            if args.is_empty() && self.depth < FOLLOWED {
                self.depth += 1;
                let result = self.walk(&own.body, dot);
                self.depth -= 1;
                return result;
            }
            return None;
        }
        let each = dot.map(|dot| dot.then(SegmentKind::Each, range.clone()));
        match (name, args) {
            ("select", [test]) => {
                // What is tested stays tested in the rest of the pipe, which truncates it.
                self.condition(test, dot);
                dot.cloned()
            }
            ("first" | "last", []) => {
                let index = if name == "first" { 0 } else { -1 };
                dot.map(|dot| dot.then(SegmentKind::Index(index), range.clone()))
            }
            ("first" | "last" | "isempty" | "path" | "limit" | "nth" | "skip", [.., stream]) => {
                self.read_all(&args[..args.len() - 1], dot);
                self.walk(stream, dot)
            }
            ("sort" | "unique" | "reverse", []) => dot.cloned(),
            ("sort_by" | "unique_by", [by]) => {
                self.read(by, each.as_ref());
                dot.cloned()
            }
            ("min_by" | "max_by", [by]) => {
                self.read(by, each.as_ref());
                each
            }
            ("map" | "map_values" | "group_by" | "INDEX", [by]) => {
                self.read(by, each.as_ref());
                None
            }
            ("any" | "all", [test]) => {
                let tested = self.tested.len();
                self.condition(test, each.as_ref());
                self.tested.truncate(tested);
                None
            }
            ("any" | "all" | "IN", [source, test]) => {
                let source = self.walk(source, dot);
                self.record(source.as_ref());
                let tested = self.tested.len();
                self.condition(test, if name == "IN" { dot } else { source.as_ref() });
                self.tested.truncate(tested);
                None
            }
            ("values", []) => {
                self.guards += 1;
                self.record(dot);
                self.guards -= 1;
                dot.cloned()
            }
            ("not" | "type" | "tostring" | "tojson" | "isvalid" | "toarray", []) | ("has", [_]) => {
                self.guards += 1;
                self.record(dot);
                self.guards -= 1;
                self.read_all(args, dot);
                None
            }
            ("true" | "false" | "null" | "empty" | "nan" | "infinite" | "input" | "error", []) => None,
            // Arguments that see something else than `.`.
            ("with_entries" | "walk" | "recurse" | "paths" | "repeat" | "fromstream" | "truncate_stream", [inner]) => {
                self.record(dot);
                self.read(inner, None);
                None
            }
            ("while" | "until" | "recurse" | "JOIN" | "INDEX", _) => {
                self.record(dot);
                self.read_all(args, None);
                None
            }
            ("sub" | "gsub", [pattern, with, ..]) => {
                self.record(dot);
                self.read(pattern, dot);
                self.read(with, None);
                None
            }
            ("del" | "delpaths" | "setpath" | "pick" | "to_entries", _) => {
                self.guards += 1;
                self.read_all(args, dot);
                self.guards -= 1;
                None
            }
            ("getpath", [keys]) => self.getpath(keys, range, dot),
            ("range" | "glob" | "error" | "splits", _) => {
                self.read_all(args, dot);
                None
            }
            _ => {
                self.record(dot.filter(|dot| !dot.path.is_empty()));
                self.read_all(args, dot);
                None
            }
        }
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

fn is_null(node: &Node) -> bool {
    matches!(&node.kind, Kind::Call(name, _, args) if name == "null" && args.is_empty())
}

/// The value of a literal.
fn literal(node: &Node) -> Option<Value> {
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
