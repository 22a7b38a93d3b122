//! Reads a text without syntax errors as statements, and gives each comment to what it belongs to.
//!
//! A comment belongs to what stands below it. Where a blank line follows it, it belongs to what stands right above it,
//! or, when there is a blank line above it too, to what follows after all.

use super::statement::{Above, Comment, File, Group, Header, Key, Pair, Section, Statement, Value, push};
use crate::text::line_start;
use std::borrow::Cow;
use toml_parser::parser::{Event, EventKind, parse_document};
use toml_parser::{ParseError, Raw, Source};

/// Reads a text.
pub fn read(text: &str) -> File<'_> {
    let source = Source::new(text);
    let mut events: Vec<Event> = vec![];
    parse_document(&source.lex().into_vec(), &mut |event: Event| events.push(event), &mut |_: ParseError| {});
    let mut reader = Reader { text, events: &events, at: 0 };
    reader.file()
}

/// Reads event by event.
struct Reader<'t, 'e> {
    text: &'t str,
    events: &'e [Event],
    at: usize,
}

impl<'t> Reader<'t, '_> {
    fn next(&mut self) -> Option<Event> {
        let event = self.events.get(self.at).copied();
        self.at += 1;
        event
    }

    fn peek(&self) -> Option<EventKind> {
        self.events.get(self.at).map(Event::kind)
    }

    fn written(&self, event: Event) -> &'t str {
        &self.text[event.span().start()..event.span().end()]
    }

    fn file(&mut self) -> File<'t> {
        let mut file = File { sections: vec![Section::default()], ..File::default() };
        let mut above = vec![];
        while let Some(event) = self.next() {
            match event.kind() {
                EventKind::Newline => {
                    give_back(&mut file.sections, &mut above);
                    push(&mut above, Above::Blank);
                }
                EventKind::Comment => {
                    push(&mut above, Above::Comment(self.comment(event)));
                    self.skip(EventKind::Newline);
                }
                EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                    let element = event.kind() == EventKind::ArrayTableOpen;
                    let above = begin(&mut file, &mut above);
                    let header = Header { element, path: self.path(&mut vec![]) };
                    let header = self.statement(above, header);
                    file.sections.push(Section { header: Some(header), entries: vec![] });
                }
                EventKind::SimpleKey => {
                    self.at -= 1;
                    let mut above = begin(&mut file, &mut above);
                    let section = file.sections.last().expect("the top is there");
                    // The blank line between a header and its first key is nobody's.
                    if section.entries.is_empty() && above.iter().rposition(|line| *line == Above::Blank) == Some(0) {
                        above.remove(0);
                    }
                    let path = self.path(&mut above);
                    let pair = Pair { path, value: self.value() };
                    let entry = self.statement(above, pair);
                    file.sections.last_mut().expect("the top is there").entries.push(entry);
                }
                _ => {}
            }
        }
        give_back(&mut file.sections, &mut above);
        let place = if is_empty(&file.sections) { &mut file.head } else { &mut file.foot };
        *place = above;
        file
    }

    /// Something that was read, with the rest of its line.
    fn statement<T>(&mut self, above: Vec<Above<'t>>, what: T) -> Statement<'t, T> {
        let end = self.events[self.at - 1].span().end();
        self.skip(EventKind::Whitespace);
        let behind = (self.peek() == Some(EventKind::Comment)).then(|| self.next()).flatten();
        let behind = behind.map(|event| self.behind(event, end));
        self.skip(EventKind::Newline);
        Statement { above, what, behind, below: vec![] }
    }

    fn skip(&mut self, kind: EventKind) {
        self.at += usize::from(self.peek() == Some(kind));
    }

    fn comment(&self, event: Event) -> &'t str {
        self.written(event).trim_end()
    }

    /// A comment behind something that ends at `end`.
    fn behind(&self, event: Event, end: usize) -> Comment<'t> {
        let start = event.span().start();
        let column = self.text[line_start(self.text, start)..start].chars().count();
        Comment { text: self.comment(event), column, gap: start - end }
    }

    /// A key, up to the end of its header or to its value. Comments before the value go above.
    fn path(&mut self, above: &mut Vec<Above<'t>>) -> Vec<Key<'t>> {
        let mut path = vec![];
        while let Some(event) = self.next() {
            match event.kind() {
                EventKind::SimpleKey => path.push(self.key(event)),
                EventKind::Comment => push(above, Above::Comment(self.comment(event))),
                EventKind::StdTableClose | EventKind::ArrayTableClose => break,
                EventKind::ArrayOpen | EventKind::InlineTableOpen | EventKind::Scalar => {
                    self.at -= 1;
                    break;
                }
                _ => {}
            }
        }
        path
    }

    fn key(&self, event: Event) -> Key<'t> {
        let raw = self.written(event);
        let mut name = Cow::Borrowed("");
        Raw::new_unchecked(raw, event.encoding(), event.span()).decode_key(&mut name, &mut |_: ParseError| {});
        Key { raw, name: name.into_owned() }
    }

    fn value(&mut self) -> Value<'t> {
        let Some(event) = self.next() else { return Value::Scalar("", 0) };
        match event.kind() {
            EventKind::ArrayOpen => Value::Group(self.group(true)),
            EventKind::InlineTableOpen => Value::Group(self.group(false)),
            _ => Value::Scalar(self.written(event), event.span().start()),
        }
    }

    /// What stands between two brackets.
    fn group(&mut self, list: bool) -> Group<'t> {
        let mut group = Group { list, broken: false, behind: None, items: vec![], tail: vec![] };
        let mut above = vec![];
        // Where the last thing on this line ends; nothing stands on a new line.
        let mut end = Some(self.events[self.at - 1].span().end());
        while let Some(event) = self.next() {
            match event.kind() {
                EventKind::Whitespace => {}
                EventKind::Newline => {
                    group.broken = true;
                    if end.take().is_none() {
                        push(&mut above, Above::Blank);
                    }
                }
                EventKind::Comment => {
                    let place = group.items.last_mut().map_or(&mut group.behind, |item| &mut item.behind);
                    match end {
                        Some(end) if place.is_none() && above.is_empty() => *place = Some(self.behind(event, end)),
                        _ => push(&mut above, Above::Comment(self.comment(event))),
                    }
                    self.skip(EventKind::Newline);
                    group.broken = true;
                    end = None;
                }
                EventKind::ValueSep => end = Some(event.span().end()),
                EventKind::ArrayClose | EventKind::InlineTableClose => break,
                _ => {
                    self.at -= 1;
                    let path = if list { vec![] } else { self.path(&mut above) };
                    group.broken |= above.iter().any(|line| *line != Above::Blank);
                    let what = Pair { path, value: self.value() };
                    group.items.push(Statement { above: std::mem::take(&mut above), what, behind: None, below: vec![] });
                    end = Some(self.events[self.at - 1].span().end());
                }
            }
        }
        group.tail = above;
        group
    }
}

fn is_empty(sections: &[Section<'_>]) -> bool {
    matches!(sections, [top] if top.entries.is_empty())
}

/// At a blank line: comments right below a statement are its own.
fn give_back<'t>(sections: &mut [Section<'t>], above: &mut Vec<Above<'t>>) {
    let Some(section) = sections.last_mut() else { return };
    let below = match (section.entries.last_mut(), &mut section.header) {
        (Some(entry), _) => &mut entry.below,
        (None, Some(header)) => &mut header.below,
        (None, None) => return,
    };
    if below.is_empty() && !above.contains(&Above::Blank) {
        let comments = above.drain(..).filter_map(|line| match line {
            Above::Comment(text) => Some(text),
            Above::Blank => None,
        });
        below.extend(comments);
    }
}

/// The lines above the statement that begins here. What stands above the first one, up to a blank line, is said of the
/// whole file.
fn begin<'t>(file: &mut File<'t>, above: &mut Vec<Above<'t>>) -> Vec<Above<'t>> {
    if is_empty(&file.sections)
        && let Some(blank) = above.iter().rposition(|line| *line == Above::Blank)
    {
        file.head = above.drain(..=blank).collect();
    }
    std::mem::take(above)
}

/// Takes the lines for editors out of what stands above everything.
pub fn hoist(file: &mut File<'_>) {
    let top = file.sections.iter_mut().find_map(|section| match (&mut section.header, section.entries.first_mut()) {
        (Some(header), _) => Some(&mut header.above),
        (None, Some(entry)) => Some(&mut entry.above),
        (None, None) => None,
    });
    for lines in [Some(&mut file.head), top].into_iter().flatten() {
        lines.retain(|line| match line {
            Above::Comment(text) if text.starts_with("#:schema ") => {
                file.schema.push(text);
                false
            }
            _ => true,
        });
    }
}
