//! Which paths of the document an expression reads, as far as its text tells.
//!
//! These are the words for it; `walk.rs` finds them.

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
    /// What becomes of it.
    pub usage: Usage,
    /// What was asked on the way to it: a place in [`Tests`].
    pub under: Option<usize>,
}

/// What becomes of something that is read, as far as null or nothing in its place would make a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    /// Something that is known to do with nothing, or of which nothing is known.
    #[default]
    Other,
    /// It is the answer of the expression.
    Answer,
    /// It goes into a text.
    Text,
    /// A function gets it that fails on null.
    Call,
    /// It is calculated with, in a way that fails on null; in a template also compared.
    Operand,
    /// It is compared by `!=`.
    Unequal,
    /// A template loops over it.
    Loop,
    /// A template asks whether it is true.
    Truth,
}

/// What is asked on the way to a read: chains of reads, which share their beginnings.
#[derive(Clone, Debug, Default)]
pub struct Tests(Vec<(usize, Option<usize>)>);

impl Tests {
    /// A chain with one more read at its end.
    pub fn with(&mut self, read: usize, before: Option<usize>) -> Option<usize> {
        self.0.push((read, before));
        Some(self.0.len() - 1)
    }

    /// The reads of a chain, the last first.
    pub fn of(&self, chain: Option<usize>) -> impl Iterator<Item = usize> {
        std::iter::successors(chain, |at| self.0[*at].1).map(|at| self.0[at].0)
    }

    /// Takes in chains whose reads come after `reads` others. What a chain is called then is its old place and the answer.
    pub fn append(&mut self, other: &Self, reads: usize) -> usize {
        let places = self.0.len();
        self.0.extend(other.0.iter().map(|(read, before)| (read + reads, before.map(|before| before + places))));
        places
    }
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// What it is.
    pub kind: SegmentKind,
    /// Where it stands; of a field, the name alone.
    pub range: Range<usize>,
}

/// What a step of a path is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// A literal, and where it stands.
    Literal(Value, Range<usize>),
    /// Anything else.
    Other,
}

/// All that was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) reads: Vec<Read>,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) tests: Tests,
}
