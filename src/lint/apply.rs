//! Applies fixes: byte edits of the spans and nothing else, so that comments and layout stay.
//!
//! One round applies what does not overlap; what is left is found again when the changed texts are checked. Nothing here
//! reads or writes a file.

use crate::diag::{Edit, Fix};
use crate::text::{FileId, Sources, Span};
use std::collections::BTreeMap;

/// The texts that some fixes change, as they are afterwards.
///
/// A fix is applied as a whole or not at all: one that touches what another has changed waits for the next round.
pub fn apply<'a>(fixes: impl IntoIterator<Item = &'a Fix>, sources: &Sources) -> BTreeMap<FileId, String> {
    let mut chosen: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for fix in fixes {
        let free = |edit: &Edit| !chosen.get(&edit.span.file).is_some_and(|edits| edits.iter().any(|other| clash(other, edit)));
        if fix.edits.iter().all(free) {
            for edit in &fix.edits {
                chosen.entry(edit.span.file).or_default().push(edit);
            }
        }
    }
    let texts = chosen.into_iter().map(|(file, edits)| (file, edited(&sources.get(file).text, edits)));
    texts.filter(|(file, text)| *sources.get(*file).text != **text).collect()
}

/// Whether two edits cannot both be made: they overlap, or it is open which of them comes first.
fn clash(a: &Edit, b: &Edit) -> bool {
    let (a, b): (Span, Span) = (a.span, b.span);
    (a.start < b.end && b.start < a.end) || a.start == b.start
}

fn edited(text: &str, mut edits: Vec<&Edit>) -> String {
    edits.sort_by_key(|edit| edit.span);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        out.push_str(&text[at..range.start]);
        out.push_str(&edit.text);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(edits: &[(usize, usize, &str)]) -> Fix {
        let edit = |(start, end, text): &(usize, usize, &str)| Edit {
            span: Span::new(FileId(0), *start..*end),
            text: (*text).to_owned(),
        };
        Fix { message: String::new(), safe: true, edits: edits.iter().map(edit).collect() }
    }

    fn applied(text: &str, fixes: &[Fix]) -> Option<String> {
        let mut sources = Sources::default();
        sources.add("x", text);
        apply(fixes, &sources).remove(&FileId(0))
    }

    #[test]
    fn edits_change_their_spans_and_nothing_else() {
        let done = applied("a = 1 # é\nb = 2\n", &[fix(&[(15, 16, "3")]), fix(&[(0, 1, "long"), (4, 5, "")])]);
        assert_eq!(done.as_deref(), Some("long =  # é\nb = 3\n"));
    }

    #[test]
    fn a_fix_that_touches_another_waits_as_a_whole() {
        let done = applied("abcdef", &[fix(&[(1, 3, "X")]), fix(&[(0, 1, "no"), (2, 4, "no")]), fix(&[(3, 3, "-")])]);
        assert_eq!(done.as_deref(), Some("aX-def"));
        let twice = applied("ab", &[fix(&[(1, 1, "x")]), fix(&[(1, 1, "y")])]);
        assert_eq!(twice.as_deref(), Some("axb"));
    }

    #[test]
    fn what_changes_nothing_is_no_change() {
        assert_eq!(applied("ab", &[fix(&[(0, 1, "a")])]), None);
        assert_eq!(applied("ab", &[]), None);
    }
}
