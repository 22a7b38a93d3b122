//! A file as its statements, each with the comments that belong to it. Nothing of the text is missing here but blanks.

/// A whole file.
#[derive(Debug, Default)]
pub struct File<'t> {
    /// Lines for editors, `#:schema …`: they stand first.
    pub schema: Vec<&'t str>,
    /// What is said of the file before anything else, up to a blank line.
    pub head: Vec<Above<'t>>,
    /// The keys above the first header, then each header with its keys.
    pub sections: Vec<Section<'t>>,
    /// What stands at the end and belongs to nothing.
    pub foot: Vec<Above<'t>>,
}

/// A header and the keys below it.
#[derive(Debug, Default)]
pub struct Section<'t> {
    /// `None`: the top of the file.
    pub header: Option<Statement<'t, Header<'t>>>,
    /// The keys.
    pub entries: Vec<Statement<'t, Pair<'t>>>,
}

/// A line above something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Above<'t> {
    /// An empty one, or several.
    Blank,
    /// A comment.
    Comment(&'t str),
}

/// Something with the comments that belong to it.
#[derive(Debug)]
pub struct Statement<'t, T> {
    /// The lines above it.
    pub above: Vec<Above<'t>>,
    /// It.
    pub what: T,
    /// The comment at the end of its line.
    pub behind: Option<Comment<'t>>,
    /// Comments right below it, with a blank line between them and what follows.
    pub below: Vec<&'t str>,
}

/// A comment at the end of a line.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'t> {
    /// From its `#` on.
    pub text: &'t str,
    /// Characters before it in its line.
    pub column: usize,
    /// How many of these are blanks between it and what it stands behind.
    pub gap: usize,
}

/// `[a.b]` or `[[a.b]]`.
#[derive(Debug)]
pub struct Header<'t> {
    /// Whether it begins one of several.
    pub element: bool,
    /// What stands in the brackets.
    pub path: Vec<Key<'t>>,
}

/// `a.b = value`.
#[derive(Debug)]
pub struct Pair<'t> {
    /// The key; empty for an element of a list.
    pub path: Vec<Key<'t>>,
    /// The value.
    pub value: Value<'t>,
}

/// One part of a key.
#[derive(Debug)]
pub struct Key<'t> {
    /// As it is written.
    pub raw: &'t str,
    /// What it is called.
    pub name: String,
}

/// A value.
#[derive(Debug)]
pub enum Value<'t> {
    /// A text, number, boolean or date: as it is written, and where.
    Scalar(&'t str, usize),
    /// A list or table.
    Group(Group<'t>),
}

/// A list or an inline table.
#[derive(Debug)]
pub struct Group<'t> {
    /// `[…]`, not `{…}`.
    pub list: bool,
    /// Whether it goes over several lines.
    pub broken: bool,
    /// The comment behind its first bracket.
    pub behind: Option<Comment<'t>>,
    /// What is in it.
    pub items: Vec<Statement<'t, Pair<'t>>>,
    /// What stands behind the last item.
    pub tail: Vec<Above<'t>>,
}

/// Adds a line, two empty ones counting as one.
pub fn push<'t>(lines: &mut Vec<Above<'t>>, line: Above<'t>) {
    if line != Above::Blank || lines.last() != Some(&Above::Blank) {
        lines.push(line);
    }
}
