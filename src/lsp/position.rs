//! Places as editors count them (lines from 0, columns in UTF-16 units) and as the rest of the program does (bytes);
//! paths and their URIs.

use crate::text::{Sources, Span, line_start};
use lsp_types::{Position, Range, Uri};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The byte offset of a position; one that lies behind the end of its line is that end.
pub(super) fn offset(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text[start..].find('\n') {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    let line = text[start..].split(['\n', '\r']).next().unwrap_or_default();
    let mut units = 0;
    for (at, c) in line.char_indices() {
        if units >= position.character as usize {
            return start + at;
        }
        units += c.len_utf16();
    }
    start + line.len()
}

/// The position of a byte offset; one inside a character counts as that character.
pub(super) fn position(text: &str, offset: usize) -> Position {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = before.matches('\n').count();
    let start = line_start(text, offset);
    let character = before[start..].encode_utf16().count();
    let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line: clip(line), character: clip(character) }
}

/// The range of a span.
pub(super) fn range(sources: &Sources, span: Span) -> Range {
    let text = &sources.get(span.file).text;
    Range { start: position(text, span.start as usize), end: position(text, span.end as usize) }
}

/// The path of a `file:` URI.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let path = &rest[rest.find('/')?..];
    let mut bytes = Vec::with_capacity(path.len());
    let mut left = path.bytes();
    while let Some(byte) = left.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [left.next()?, left.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    Some(PathBuf::from(String::from_utf8(bytes).ok()?))
}

/// The `file:` URI of an absolute path.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    let mut text = "file://".to_owned();
    for byte in path.to_str()?.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf_16_units_and_offsets_count_bytes() {
        let text = "a = 'é𝄞x'\r\nb";
        let places = [(0, 0, 0), (0, 5, 5), (0, 6, 7), (0, 8, 11), (1, 1, 16)];
        for (line, character, at) in places {
            let place = Position { line, character };
            assert_eq!(offset(text, place), at, "{place:?}");
            assert_eq!(position(text, at), place, "{at}");
        }
        assert_eq!(offset(text, Position { line: 0, character: 99 }), 13, "the end of the line, without its break");
        assert_eq!(offset(text, Position { line: 9, character: 0 }), text.len());
        assert_eq!(position(text, 8), Position { line: 0, character: 6 }, "inside a character");
    }

    #[test]
    fn a_path_survives_its_uri() {
        for path in ["/a/b.toml", "/with space/é#?%.toml"] {
            assert_eq!(path_of(&uri_of(Path::new(path)).unwrap()).unwrap(), Path::new(path));
        }
        assert_eq!(path_of(&"file://host/a%20b".parse().unwrap()).unwrap(), Path::new("/a b"));
        assert_eq!(path_of(&"untitled:one".parse().unwrap()), None);
    }
}
