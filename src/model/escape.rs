//! The escape map of a TOML text: which byte of the file each byte of its value came from.

use crate::text::{Embedded, FileId};

/// The value of a TOML text as an [`Embedded`] text. `raw` is the text as written, quotes included, at `start`.
pub(super) fn embed(file: FileId, source: &str, raw_span: std::ops::Range<usize>, value: &str) -> Embedded {
    let raw = source.get(raw_span.clone()).unwrap_or_default();
    if let Some(offset) = plain_offset(raw, value) {
        return Embedded::slice(value, file, raw_span.start + offset);
    }
    let map = escape_map(raw, raw_span.start, value).unwrap_or_else(|| {
        // A text that the parser mended (P001 was reported): the whole of it is as near as we get.
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut map = vec![clip(raw_span.start); value.len()];
        map.push(clip(raw_span.end));
        map
    });
    Embedded::escaped(value, file, map)
}

/// How many bytes of quotes (and of a first line break that does not count) stand before the content.
fn opening(raw: &str) -> usize {
    for quotes in ["\"\"\"", "'''"] {
        if let Some(rest) = raw.strip_prefix(quotes) {
            return if rest.starts_with("\r\n") { 5 } else { 3 + usize::from(rest.starts_with('\n')) };
        }
    }
    usize::from(raw.starts_with(['"', '\'']))
}

/// Where the value stands in `raw`, when it stands there byte for byte.
fn plain_offset(raw: &str, value: &str) -> Option<usize> {
    let offset = opening(raw);
    let rest = &raw[offset..];
    let literal = raw.starts_with('\'');
    // A basic text holds its value byte for byte only if it has no backslash at all.
    (rest.starts_with(value) && (literal || !rest.contains('\\'))).then_some(offset)
}

/// File offset of each byte of `value`, and of its end; `None` when `raw` does not decode to `value`.
fn escape_map(raw: &str, start: usize, value: &str) -> Option<Vec<u32>> {
    let bytes = raw.as_bytes();
    let multi = raw.starts_with("\"\"\"");
    let mut at = opening(raw);
    let mut map = Vec::with_capacity(value.len() + 1);
    let place = |at: usize| u32::try_from(start + at).unwrap_or(u32::MAX);
    while map.len() < value.len() {
        let byte = *bytes.get(at)?;
        if byte != b'\\' {
            if byte == b'\r' && value.as_bytes()[map.len()] == b'\n' {
                at += 1;
                continue;
            }
            if byte != value.as_bytes()[map.len()] {
                return None;
            }
            map.push(place(at));
            at += 1;
            continue;
        }
        let length = match *bytes.get(at + 1)? {
            b'x' => 4,
            b'u' => 6,
            b'U' => 10,
            b' ' | b'\t' | b'\r' | b'\n' if multi => {
                at += 1;
                at += bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
                continue;
            }
            _ => 2,
        };
        let decoded = value.get(map.len()..)?.chars().next()?;
        map.extend(std::iter::repeat_n(place(at), decoded.len_utf8()));
        at += length;
    }
    map.push(place(at.min(raw.len())));
    Some(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(source: &str) -> Embedded {
        let (table, errors) = toml::de::DeTable::parse_recoverable(source);
        assert!(errors.is_empty(), "{errors:?}");
        let (_, value) = table.get_ref().iter().next().expect("one key");
        let toml::de::DeValue::String(text) = value.get_ref() else { panic!("a text") };
        embed(FileId(0), source, value.span(), text)
    }

    /// What the file has at the place of a part of the value.
    fn written<'a>(source: &'a str, part: &str) -> &'a str {
        let value = value_of(source);
        let at = value.text().find(part).expect("part of the value");
        &source[value.span(at..at + part.len()).range()]
    }

    #[test]
    fn plain_texts_are_slices_of_the_file() {
        for source in
            ["k = 'a.b == \"x\"'", "k = \"a.b\"", "k = '''\na.b\nc'''", "k = \"\"\"\r\na.b\r\n\"\"\"", "\u{feff}k = 'é a.b'"]
        {
            assert!(value_of(source).is_plain(), "{source:?}");
            assert_eq!(written(source, "a.b"), "a.b");
        }
    }

    #[test]
    fn escapes_map_back_to_what_was_written() {
        assert_eq!(written(r#"k = "x \"y\" z""#, "\"y\""), r#"\"y\""#);
        assert_eq!(written(r#"k = "\u00e9\t\x41 z\e""#, "z"), "z");
        assert_eq!(written(r#"k = "\u00e9\t\x41 z""#, "é"), r"\u00e9");
        assert_eq!(written(r#"k = "\U0001F600 z""#, " z"), " z");
        assert_eq!(written(r#"k = "\\ z""#, "\\"), r"\\");
    }

    #[test]
    fn line_continuations_are_skipped() {
        let source = "k = \"\"\"\r\nfirst \\\r\n\t  second \\\n\n  third\\n\"\"\"";
        assert_eq!(value_of(source).text(), "first second third\n");
        assert_eq!(written(source, "second"), "second");
        assert_eq!(written(source, "third"), "third");
        assert_eq!(written(source, "\n"), "\\n");
    }
}
