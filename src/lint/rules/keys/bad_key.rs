//! K001: a key template whose literal part can never be part of a key.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::lint::key::{KeyTemplate, literals, templates};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    templates(draft).iter().filter_map(one).collect()
}

fn one(key: &KeyTemplate<'_>) -> Option<Diagnostic> {
    // Blanks at the ends are taken off when the key is made.
    let text = key.text.text().trim_end();
    let start = text.len() - text.trim_start().len();
    if start == text.len() {
        return Some(Diagnostic::new(code::K001, key.span, format!("the key of {} is empty", key.owner)));
    }
    for mut part in literals(text) {
        part.start = part.start.max(start);
        let literal = &text[part.clone()];
        let found = |at: usize, length: usize, message: String| {
            let span = key.text.span(part.start + at..part.start + at + length);
            Some(
                Diagnostic::new(code::K001, span, message)
                    .help("keys are made of `[-/_=a-zA-Z0-9]`, in parts joined by single dots"),
            )
        };
        let odd = |c: &char| !c.is_ascii_alphanumeric() && !"-/_=.".contains(*c);
        if let Some((at, c)) = literal.char_indices().find(|(_, c)| odd(c)) {
            return found(at, c.len_utf8(), format!("{c:?} cannot stand in the key of {}", key.owner));
        }
        let ends = part.end == text.len() && literal.ends_with('.');
        let empty = match literal.find("..") {
            Some(at) => Some(at),
            None if part.start == start && literal.starts_with('.') => Some(0),
            None => ends.then(|| literal.len() - 1),
        };
        if let Some(at) = empty {
            return found(at, 1, format!("the key of {} has an empty part beside this dot", key.owner));
        }
    }
    None
}
