//! A text inside another file: a jq expression or template in a TOML string, or a prompt file as a whole.

use super::{FileId, Span};
use std::ops::Range;
use std::sync::Arc;

/// A text whose every byte knows its place in the file it was written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    text: Arc<str>,
    file: FileId,
    /// File offset of each byte of `text`, and of its end; empty when the text is a plain slice of the file.
    map: Arc<[u32]>,
    start: u32,
}

impl Embedded {
    /// A text that stands in the file byte for byte, from `start` on.
    pub fn slice(text: &str, file: FileId, start: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        Self { text: text.into(), file, map: Arc::new([]), start }
    }

    /// A text with escapes: `map` gives the file offset of each of its bytes and of its end.
    pub fn escaped(text: &str, file: FileId, map: Vec<u32>) -> Self {
        assert_eq!(map.len(), text.len() + 1, "an escape map covers every byte and the end");
        let start = map[0];
        Self { text: text.into(), file, map: map.into(), start }
    }

    /// The text itself, escapes resolved.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, shared.
    pub fn shared(&self) -> Arc<str> {
        self.text.clone()
    }

    /// Whether the text is a plain slice of its file, so that an edit of the text is an edit of the file.
    pub fn is_plain(&self) -> bool {
        self.map.is_empty()
    }

    /// Where a byte range of the text stands in the file.
    pub fn span(&self, range: Range<usize>) -> Span {
        let at = |offset: usize| {
            let offset = offset.min(self.text.len());
            if self.map.is_empty() { self.start as usize + offset } else { self.map[offset] as usize }
        };
        Span::new(self.file, at(range.start)..at(range.end.max(range.start)))
    }

    /// Where the whole text stands.
    pub fn whole(&self) -> Span {
        self.span(0..self.text.len())
    }
}
