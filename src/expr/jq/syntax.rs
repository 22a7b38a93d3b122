//! The syntax tree of a jq expression with the place of every part.
//!
//! jaq's own tree has no places for operators and parentheses, which the rules need; `parse.rs` builds this one from
//! jaq's tokens, and only for texts that jaq accepts.

use std::ops::Range;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, parentheses around it included.
    pub range: Range<usize>,
    /// Whether it stands in parentheses.
    pub parens: bool,
    /// Levels of the tree below and including this one.
    pub(super) depth: usize,
}

/// What a part of an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `.`
    Identity,
    /// `..`
    Recurse,
    /// A number.
    Number(f64),
    /// A text without interpolation.
    Text(String),
    /// `"…\(…)…"`, perhaps with a format such as `@sh`: the interpolated expressions.
    Interpolated(Option<String>, Vec<Node>),
    /// `[…]`
    List(Option<Box<Node>>),
    /// `{…}`: keys and values; a key alone (`{a, $b}`) has no value.
    Table(Vec<(Node, Option<Node>)>),
    /// `-x`
    Negate(Box<Node>),
    /// Two expressions with an operator between them.
    Binary(Box<Node>, Op, Range<usize>, Box<Node>),
    /// `source as $x | body`
    Bind(Box<Node>, Pattern, Box<Node>),
    /// `label $x | body`
    Label(String, Box<Node>),
    /// `break $x`
    Break(String),
    /// `reduce` (true) or `foreach`: source, pattern, and the parts in parentheses.
    Fold(bool, Box<Node>, Pattern, Vec<Node>),
    /// `try body catch handler`, and `body?`
    Try(Box<Node>, Option<Box<Node>>),
    /// `if`: conditions with their branches, and `else`.
    If(Vec<(Node, Node)>, Option<Box<Node>>),
    /// `def …; body`
    Define(Vec<Definition>, Box<Node>),
    /// A call by name (also `@json` and the like); the range is the name's.
    Call(String, Range<usize>, Vec<Node>),
    /// `$x`
    Var(String),
    /// `base.a["b"][0][]?`
    Path(Box<Node>, Vec<Part>),
}

/// An operator between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `|`
    Pipe,
    /// `,`
    Comma,
    /// `//`
    Alternative,
    /// `or`
    Or,
    /// `and`
    And,
    /// `+ - * / %`
    Math(&'static str),
    /// `== !=`
    Equal(&'static str),
    /// `< <= > >=`
    Order(&'static str),
    /// `= |= += -= *= /= %= //=`
    Assign(&'static str),
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is.
    pub step: Step,
    /// Whether `?` follows it.
    pub optional: bool,
    /// Where it stands, with its dot or brackets.
    pub range: Range<usize>,
}

/// What a step of a path is.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A field by its literal name, and where the name alone stands.
    Key(String, Range<usize>),
    /// `[expression]`
    Index(Box<Node>),
    /// `[]`
    Each,
    /// `[from:to]`
    Slice(Option<Box<Node>>, Option<Box<Node>>),
}

/// What `as` binds.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// `$x`
    Var(String),
    /// `[$x, …]`
    List(Vec<Pattern>),
    /// `{a: $x, $y}`; `{$y: [$z]}` is two entries for one key, which stand at the same place.
    Table(Vec<(Node, Pattern)>),
    /// `[$x] ?// $x`: the first that fits, and whose body does not fail; the variables of the others are null.
    Either(Vec<Pattern>),
}

/// `def name(args): body;`
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// Its parameters, `$x` or `f`.
    pub params: Vec<String>,
    /// What it does.
    pub body: Node,
}

impl Pattern {
    /// The variables that it binds, with their dollar.
    pub fn vars(&self) -> Vec<&str> {
        match self {
            Self::Var(name) => vec![name],
            Self::List(parts) | Self::Either(parts) => parts.iter().flat_map(Self::vars).collect(),
            Self::Table(parts) => parts.iter().flat_map(|(_, pattern)| pattern.vars()).collect(),
        }
    }

    /// The expressions inside it (keys of tables).
    pub fn nodes(&self) -> Vec<&Node> {
        match self {
            Self::Var(_) => vec![],
            Self::List(parts) | Self::Either(parts) => parts.iter().flat_map(Self::nodes).collect(),
            Self::Table(parts) => parts.iter().flat_map(|(key, pattern)| std::iter::once(key).chain(pattern.nodes())).collect(),
        }
    }
}

impl Node {
    /// The expressions directly below this one, in the order of the text.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Identity | Kind::Recurse | Kind::Number(_) | Kind::Text(_) | Kind::Break(_) | Kind::Var(_) => vec![],
            Kind::Interpolated(_, parts) | Kind::Call(_, _, parts) => parts.iter().collect(),
            Kind::List(inner) => inner.iter().map(|node| &**node).collect(),
            Kind::Table(entries) => entries.iter().flat_map(|(k, v)| std::iter::once(k).chain(v)).collect(),
            Kind::Negate(inner) | Kind::Label(_, inner) => vec![inner],
            Kind::Binary(left, _, _, right) => vec![left, right],
            Kind::Bind(source, pattern, body) => std::iter::once(&**source).chain(pattern.nodes()).chain([&**body]).collect(),
            Kind::Fold(_, source, pattern, parts) => std::iter::once(&**source).chain(pattern.nodes()).chain(parts).collect(),
            Kind::Try(body, handler) => std::iter::once(&**body).chain(handler.as_deref()).collect(),
            Kind::If(branches, other) => branches.iter().flat_map(|(test, then)| [test, then]).chain(other.as_deref()).collect(),
            Kind::Define(definitions, body) => definitions.iter().map(|definition| &definition.body).chain([&**body]).collect(),
            Kind::Path(base, parts) => std::iter::once(&**base).chain(parts.iter().flat_map(Part::nodes)).collect(),
        }
    }
}

impl Part {
    /// The expressions inside it.
    pub fn nodes(&self) -> Vec<&Node> {
        match &self.step {
            Step::Key(..) | Step::Each => vec![],
            Step::Index(node) => vec![node],
            Step::Slice(from, to) => from.iter().chain(to).map(|node| &**node).collect(),
        }
    }
}
