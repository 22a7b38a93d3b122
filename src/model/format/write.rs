//! Writes statements down.

use super::literal::literal;
use super::statement::{Above, Comment, File, Group, Key, Pair, Section, Statement, Value};
use std::collections::{BTreeMap, HashSet};

/// A list of several things that would be wider than this, in characters, gets a line for each of them.
const WIDTH: usize = 120;

/// Writes a file. `jq` has the places of expressions, `end` ends a line.
pub fn write(file: &File<'_>, jq: &HashSet<usize>, end: &str) -> String {
    let mut parts = vec![file.schema.iter().map(|line| Line::of(*line)).collect(), alone(&file.head)];
    parts.extend(file.sections.iter().map(|section| Sheet { jq, lines: vec![], now: String::new() }.section(section)));
    parts.push(alone(&file.foot));
    let mut out = String::new();
    for lines in parts.into_iter().filter(|lines| !lines.is_empty()) {
        if !out.is_empty() {
            out.push_str(end);
        }
        for line in aligned(lines) {
            out.push_str(&line);
            out.push_str(end);
        }
    }
    out
}

/// A line that is written, its comment aside.
struct Line<'t> {
    text: String,
    behind: Option<Comment<'t>>,
}

impl Line<'_> {
    fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), behind: None }
    }
}

/// Comments that belong to no statement.
fn alone<'t>(lines: &[Above<'t>]) -> Vec<Line<'t>> {
    let lines = lines.strip_prefix(&[Above::Blank]).unwrap_or(lines);
    let lines = lines.strip_suffix(&[Above::Blank]).unwrap_or(lines);
    above(lines, "").collect()
}

/// Lines above something, the empty ones before them aside.
fn above<'t>(lines: &[Above<'t>], indent: &str) -> impl Iterator<Item = Line<'t>> {
    let lines = lines.strip_prefix(&[Above::Blank]).unwrap_or(lines);
    lines.iter().map(move |line| match line {
        Above::Blank => Line::of(""),
        Above::Comment(text) => Line::of(format!("{indent}{text}")),
    })
}

/// The lines of a section, with their comments. Comments that stood in one column, with room before them, still do.
fn aligned(lines: Vec<Line<'_>>) -> impl Iterator<Item = String> {
    let end = |line: &Line<'_>| line.text.rsplit('\n').next().unwrap_or_default().chars().count();
    let mut columns: BTreeMap<usize, (usize, bool)> = BTreeMap::new();
    for line in &lines {
        let Some(comment) = line.behind else { continue };
        let (column, room) = columns.entry(comment.column).or_insert((comment.column, false));
        *column = (*column).max(end(line) + 1);
        *room |= comment.gap > 1;
    }
    lines.into_iter().map(move |line| {
        let Some(comment) = line.behind else { return line.text };
        let gap = match columns.get(&comment.column) {
            Some((column, true)) => column - end(&line),
            _ => 1,
        };
        format!("{}{:gap$}{}", line.text, "", comment.text)
    })
}

fn dotted(path: &[Key<'_>]) -> String {
    path.iter().map(|key| key.raw).collect::<Vec<_>>().join(".")
}

/// What has been written of a section.
struct Sheet<'t, 'j> {
    jq: &'j HashSet<usize>,
    lines: Vec<Line<'t>>,
    /// The line that is not at its end yet.
    now: String,
}

impl<'t> Sheet<'t, '_> {
    fn section(mut self, section: &Section<'t>) -> Vec<Line<'t>> {
        // Whether the next thing needs an empty line above it, and whether it may have one.
        let (mut apart, mut first) = (false, true);
        if let Some(header) = &section.header {
            self.lines.extend(above(&header.above, ""));
            let (open, close) = if header.what.element { ("[[", "]]") } else { ("[", "]") };
            self.now = format!("{open}{}{close}", dotted(&header.what.path));
            apart = self.end(header);
        }
        for entry in &section.entries {
            if apart || !first && entry.above.first() == Some(&Above::Blank) {
                self.lines.push(Line::of(""));
            }
            self.lines.extend(above(&entry.above, ""));
            self.pair(&entry.what, "", true);
            (apart, first) = (self.end(entry), false);
        }
        self.lines
    }

    /// Ends the line of a statement; whether there are comments below it.
    fn end<T>(&mut self, statement: &Statement<'t, T>) -> bool {
        self.line(statement.behind);
        self.lines.extend(statement.below.iter().map(|text| Line::of(*text)));
        !statement.below.is_empty()
    }

    fn line(&mut self, behind: Option<Comment<'t>>) {
        self.lines.push(Line { text: std::mem::take(&mut self.now), behind });
    }

    /// `key = value`, or a value alone. `free`: a list may be broken here.
    fn pair(&mut self, pair: &Pair<'t>, indent: &str, free: bool) {
        if !pair.path.is_empty() {
            self.now += &dotted(&pair.path);
            self.now += " = ";
        }
        match &pair.value {
            Value::Scalar(raw, at) => self.now += &self.scalar(raw, *at),
            Value::Group(group) => self.group(group, indent, free),
        }
    }

    fn scalar(&self, raw: &str, at: usize) -> String {
        let text = self.jq.contains(&at).then(|| literal(raw)).flatten();
        text.unwrap_or_else(|| raw.to_owned())
    }

    fn group(&mut self, group: &Group<'t>, indent: &str, free: bool) {
        let (open, close) = if group.list { ("[", "]") } else { ("{", "}") };
        if group.items.is_empty() && group.behind.is_none() && !group.tail.iter().any(|line| *line != Above::Blank) {
            self.now += open;
            self.now += close;
            return;
        }
        let free = free && group.list;
        let wide = free && group.items.len() > 1 && self.is_too_wide(group);
        if !group.broken && !wide {
            let space = if group.list { "" } else { " " };
            self.now.extend([open, space]);
            for (at, item) in group.items.iter().enumerate() {
                self.now += if at == 0 { "" } else { ", " };
                self.pair(&item.what, indent, free && group.items.len() == 1);
            }
            self.now.extend([space, close]);
            return;
        }
        self.now += open;
        self.line(group.behind);
        let inside = format!("{indent}  ");
        for (at, item) in group.items.iter().enumerate() {
            if at > 0 && item.above.first() == Some(&Above::Blank) {
                self.lines.push(Line::of(""));
            }
            self.lines.extend(above(&item.above, &inside));
            self.now.clone_from(&inside);
            // What a mark in a comment says, it says of one line.
            let told = item.behind.is_some() || item.above.iter().any(|line| *line != Above::Blank);
            self.pair(&item.what, &inside, free && !told);
            self.now.push(',');
            self.line(item.behind);
        }
        if group.tail.first() == Some(&Above::Blank) && group.tail.len() > 1 && !group.items.is_empty() {
            self.lines.push(Line::of(""));
        }
        let tail = group.tail.strip_suffix(&[Above::Blank]).unwrap_or(&group.tail);
        self.lines.extend(above(tail, &inside));
        self.now = format!("{indent}{close}");
    }

    /// Whether a list is too wide for the line that it begins in.
    fn is_too_wide(&self, group: &Group<'t>) -> bool {
        let mut trial = Sheet { jq: self.jq, lines: vec![], now: self.now.clone() };
        trial.group(group, "", false);
        // What is broken inside has its own lines, and so has a text.
        let whole = trial.lines.is_empty() && !trial.now.contains('\n');
        whole && trial.now.chars().count() > WIDTH
    }
}
