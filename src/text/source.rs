//! The texts that a check or a run was made from, with line numbers.

use super::{FileId, Span};
use std::ops::Range;
use std::sync::Arc;

/// A place for people: both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as it is shown to people.
    pub path: String,
    /// The whole text.
    pub text: Arc<str>,
    /// Offset of the first byte of each line.
    lines: Vec<u32>,
}

impl Source {
    /// Line and column of a byte offset; an offset inside a character counts as that character.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start as usize <= offset).max(1);
        let start = self.lines[line - 1] as usize;
        let column = self.text[start..self.text.floor_char_boundary(offset)].chars().count();
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position { line: clip(line), column: clip(column + 1) }
    }

    /// Some whole lines, counted from 1, the last one excluded, with their line breaks, and where they begin.
    pub fn lines(&self, lines: Range<u32>) -> (usize, &str) {
        let offset = |line: u32| {
            let index = (line as usize).saturating_sub(1);
            self.lines.get(index).map_or(self.text.len(), |start| *start as usize)
        };
        let (start, end) = (offset(lines.start), offset(lines.end));
        (start, &self.text[start..end.max(start)])
    }
}

/// All files of one check, by id.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and gives its id.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let starts = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| clip(at + 1));
        let lines = std::iter::once(0).chain(starts).collect();
        let id = FileId(clip(self.files.len()));
        self.files.push(Source { path: path.into(), text, lines });
        id
    }

    /// The file of an id that [`Sources::add`] gave.
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// The same files with these spans blotted out, every position kept; `None` when there are none.
    pub fn masked(&self, spans: &[Span]) -> Option<Self> {
        if spans.is_empty() {
            return None;
        }
        let mut masked = self.clone();
        for span in spans {
            let file = &mut masked.files[span.file.0 as usize];
            let range = span.range();
            let (Some(before), Some(after)) = (file.text.get(..range.start), file.text.get(range.end..)) else { continue };
            let blot: String = file.text[range].bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
            file.text = format!("{before}{blot}{after}").into();
        }
        Some(masked)
    }

    /// All files, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// Where a span begins.
    pub fn start(&self, span: Span) -> Position {
        self.get(span.file).position(span.start as usize)
    }

    /// Where a span ends (one past its last character).
    pub fn end(&self, span: Span) -> Position {
        self.get(span.file).position(span.end as usize)
    }
}
