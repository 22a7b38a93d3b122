//! Lines of a text, by offsets.

use std::ops::Range;

/// Where the line of an offset begins.
pub fn line_start(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    text.as_bytes()[..at].iter().rposition(|b| *b == b'\n').map_or(0, |newline| newline + 1)
}

/// Where the next line begins; the end of the text on the last one.
pub fn line_end(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    text.as_bytes()[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |newline| at + newline + 1)
}

/// The whole lines of a range, with their line breaks, when nothing but blanks stands on them beside it.
pub fn own_lines(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let lines = line_start(text, range.start)..line_end(text, range.end);
    let blank = |part: Range<usize>| text.get(part).is_some_and(|part| part.trim().is_empty());
    (blank(lines.start..range.start) && blank(range.end..lines.end)).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_from_any_offset_in_them() {
        let text = "ab\ncd\n";
        assert_eq!([0, 2, 3, 5, 6, 99].map(|at| line_start(text, at)), [0, 0, 3, 3, 6, 6]);
        assert_eq!([0, 2, 3, 6, 99].map(|at| line_end(text, at)), [3, 3, 6, 6, 6]);
    }

    #[test]
    fn a_line_is_somebodys_own_when_nothing_else_is_on_it() {
        let text = "a\n  bc \nd e\nf";
        assert_eq!(own_lines(text, &(4..6)), Some(2..8));
        assert_eq!(own_lines(text, &(8..9)), None);
        assert_eq!(own_lines(text, &(12..13)), Some(12..13));
        assert_eq!(own_lines(text, &(12..99)), None);
    }
}
