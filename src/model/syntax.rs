//! From text to a tree in spite of syntax errors.
//!
//! The TOML parser goes on after most errors by itself. Where it would give up or take the rest of the file for the
//! inside of an open bracket, the broken statement is blanked out (offsets stay) and the text is parsed again, so that
//! everything else is still read.

use super::complain::complain;
use super::lines::{is_header, is_statement};
use super::node::{Builder, Entry, Kind, Node, Style, Table};
use crate::diag::{Diagnostic, code};
use crate::limits::{NESTING, SYNTAX_ERRORS};
use crate::text::{FileId, Span, Spanned, line_end, line_start};
use std::ops::Range;
use toml::de::DeTable;

/// A tree and what was wrong with the text.
pub(super) struct Syntax {
    /// What could be read.
    pub root: Table,
    /// P001, in file order.
    pub found: Vec<Diagnostic>,
    /// Where each header begins, sorted.
    pub headers: Vec<usize>,
    /// Stretches whose meaning a syntax error has changed: nothing is said about what stands there.
    pub tainted: Vec<Range<usize>>,
}

/// An error of the TOML parser.
struct Trouble {
    at: Range<usize>,
    message: String,
}

/// What is to be done about an error before parsing again.
struct Repair {
    /// Where the error was noticed: what was noticed before it stands for itself.
    at: usize,
    /// What is blanked out.
    blank: Range<usize>,
    /// What is not to be trusted afterwards.
    taint: Range<usize>,
    /// The finding.
    finding: Diagnostic,
    /// A header that is blanked out, without its brackets.
    header: Option<Range<usize>>,
}

/// Reads a text.
pub(super) fn read(file: FileId, source: &str) -> Syntax {
    let mut text = source.to_owned();
    let mut found: Vec<Diagnostic> = vec![];
    let mut tainted = vec![];
    let mut lost = vec![];
    loop {
        let (table, errors) = DeTable::parse_recoverable(&text);
        let troubles = troubles(&text, &errors);
        let repair = if found.len() < SYNTAX_ERRORS { repair(file, &text, &troubles) } else { None };
        let stop = repair.as_ref().map_or(usize::MAX, |repair| repair.at);
        for trouble in troubles.iter().filter(|trouble| trouble.at.start < stop) {
            report(&mut found, source, complain(file, source, trouble.at.clone(), &trouble.message));
        }
        if let Some(repair) = repair {
            report(&mut found, source, repair.finding);
            tainted.push(repair.taint);
            lost.extend(repair.header);
            text = blanked(&text, repair.blank);
            continue;
        }
        let errors: Vec<_> = troubles.into_iter().map(|trouble| trouble.at).collect();
        let mut builder = Builder { file, source: &text, errors: &errors, too_deep: None, headers: vec![] };
        let mut root = builder.root(table.get_ref());
        let (mut headers, too_deep) = (builder.headers, builder.too_deep);
        headers.extend(lost.iter().map(|header| header.start));
        headers.sort_unstable();
        for header in lost {
            restore(&mut root, file, source, header);
        }
        if let Some(span) = too_deep {
            let message = format!("this is nested deeper than {NESTING} levels");
            report(&mut found, source, Diagnostic::new(code::P001, span, message));
        }
        found.sort_by_key(|finding| finding.span.start);
        return Syntax { root, found, headers, tainted };
    }
}

/// Errors in file order; of those that follow from each other only the first.
fn troubles(text: &str, errors: &[toml::de::Error]) -> Vec<Trouble> {
    let mut troubles: Vec<Trouble> =
        errors.iter().map(|error| Trouble { at: error.span().unwrap_or(0..0), message: error.message().to_owned() }).collect();
    troubles.sort_by_key(|trouble| trouble.at.start);
    // A table that is written twice: its keys are duplicates only because of that.
    let mut twice: Option<usize> = None;
    troubles.retain(|trouble| {
        if trouble.message != "duplicate key" {
            return true;
        }
        let start = line_start(text, trouble.at.start);
        if is_header(&text[start..]) {
            twice = Some(next_header(text, line_end(text, start)));
            return true;
        }
        twice.is_none_or(|end| trouble.at.start >= end)
    });
    troubles
}

/// Adds a finding unless its line has one already: the first error of a line causes the others.
fn report(found: &mut Vec<Diagnostic>, source: &str, finding: Diagnostic) {
    let line = |finding: &Diagnostic| line_start(source, finding.span.start as usize);
    if found.len() < SYNTAX_ERRORS && !found.iter().any(|other| line(other) == line(&finding)) {
        found.push(finding);
    }
}

/// The first error after which the parser cannot be trusted.
fn repair(file: FileId, text: &str, troubles: &[Trouble]) -> Option<Repair> {
    let unclosed = troubles.iter().any(|t| t.message.starts_with("unclosed array") || t.message.starts_with("unclosed inline"));
    let mut at = 0;
    let mut repair = troubles.iter().find_map(|trouble| {
        at = trouble.at.start;
        let message = trouble.message.as_str();
        if message.starts_with("key with no value") {
            return Some(line_repair(file, text, trouble));
        }
        if message.starts_with("unclosed table") {
            return Some(header_repair(file, text, trouble));
        }
        if message.starts_with("invalid multi-line") && trouble.at.start >= text.trim_end().len() {
            return text_repair(file, text);
        }
        let bracket = ["array", "key-value pairs", "inline table"].iter().any(|word| message.contains(word));
        if unclosed && bracket { bracket_repair(file, text, trouble.at.start) } else { None }
    })?;
    repair.at = at;
    // Blanking what is blank would go on for ever.
    let blank = text.get(repair.blank.clone()).is_none_or(|part| part.trim().is_empty());
    (!blank).then_some(repair)
}

/// A line that is no statement: it goes.
fn line_repair(file: FileId, text: &str, trouble: &Trouble) -> Repair {
    let start = line_start(text, trouble.at.start);
    let blank = start..line_end(text, start);
    let finding = complain(file, text, trouble.at.clone(), &trouble.message);
    Repair { at: start, taint: start..start, blank, finding, header: None }
}

/// A header without its bracket: its whole section goes, since nobody knows whose keys they are.
fn header_repair(file: FileId, text: &str, trouble: &Trouble) -> Repair {
    let start = line_start(text, trouble.at.start);
    let blank = start..next_header(text, line_end(text, start));
    let finding = complain(file, text, trouble.at.clone(), &trouble.message);
    let header = Some(start..trouble.at.start.max(start));
    Repair { at: start, taint: blank.clone(), blank, finding, header }
}

/// A multi-line text that runs to the end of the file: it goes, up to what looks like the next header.
fn text_repair(file: FileId, text: &str) -> Option<Repair> {
    let open = text.rfind("\"\"\"").into_iter().chain(text.rfind("'''")).max()?;
    let quotes = &text[open..open + 3];
    let start = line_start(text, open);
    let blank = start..next_header(text, line_end(text, start));
    let message = format!("the text that begins here is not closed: `{quotes}` is missing at its end");
    let finding = Diagnostic::new(code::P001, Span::new(file, open..open + 3), message);
    Some(Repair { at: start, taint: blank.clone(), blank, finding, header: None })
}

/// A list or table that is not closed: its statement goes, up to what looks like the next one.
fn bracket_repair(file: FileId, text: &str, at: usize) -> Option<Repair> {
    let mut line = line_start(text, at);
    let outside = |line: usize| is_statement(&text[line..]) || is_header(&text[line..]);
    if text[line..at.max(line)].trim().is_empty() && outside(line) {
        // The error is noticed at the next statement; the bracket was opened before it.
        line = line.checked_sub(1).map(|end| line_start(text, end))?;
    }
    while !is_statement(&text[line..]) {
        line = line.checked_sub(1).map(|end| line_start(text, end))?;
    }
    let equals = line + text[line..].find('=')?;
    let open = equals + text[equals..].find(['[', '{'])?;
    let mut end = line_end(text, line);
    while end < text.len() && !outside(end) {
        end = line_end(text, end);
    }
    let (what, bracket) = if text[open..].starts_with('[') { ("list", ']') } else { ("table", '}') };
    let message = format!("the {what} that begins here is not closed: `{bracket}` is missing");
    let finding = Diagnostic::new(code::P001, Span::new(file, open..open + 1), message);
    // The next statement may belong to the broken table, or stand after the broken list.
    let taint = if text[line..end].contains('{') { line..next_header(text, end) } else { line..end };
    Some(Repair { at: line, taint, blank: line..end, finding, header: None })
}

/// Puts the thing of a broken `[group.name` back as an empty table, so that whoever names it is not told that it is
/// not there.
fn restore(root: &mut Table, file: FileId, source: &str, header: Range<usize>) {
    let written = &source[header.clone()];
    let Some((group, name)) = written.trim().strip_prefix('[').and_then(|inside| inside.split_once('.')) else { return };
    let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !["params", "documents", "agents", "phases"].contains(&group) || !word(name) {
        return;
    }
    let span = Span::new(file, header.clone());
    let end = header.start + written.trim_end().len();
    let key = Spanned::new(name.to_owned(), Span::new(file, end - name.len()..end));
    let thing = Entry { node: Node { span, kind: Kind::Table(Table::empty(span, Style::Header)) }, key };
    if !root.has(group) {
        let node = Node { span, kind: Kind::Table(Table::empty(span, Style::Implicit)) };
        root.add(Entry { key: Spanned::new(group.to_owned(), span), node });
    }
    let group = root.entries.iter_mut().find(|entry| entry.key.value == group);
    if let Some(Kind::Table(table)) = group.map(|entry| &mut entry.node.kind)
        && !table.has(name)
    {
        table.add(thing);
    }
}

/// Where the next line that looks like a header begins, from a line start on; else the end of the text.
fn next_header(text: &str, mut line: usize) -> usize {
    while line < text.len() && !is_header(&text[line..]) {
        line = line_end(text, line);
    }
    line
}

/// The text with a stretch replaced by spaces, line breaks kept, no byte moved.
fn blanked(text: &str, stretch: Range<usize>) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for byte in &mut bytes[stretch] {
        if !matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
