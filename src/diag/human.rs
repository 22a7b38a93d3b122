//! Findings drawn over the lines they are about, as rustc does it.

use super::order::clean;
use super::{Diagnostic, Fix, Severity, code, sorted};
use crate::text::{Source, Sources, Span};
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Patch, Renderer, Snippet};
use std::ops::Range;

/// Places nearer than this many lines are drawn in one piece.
const TOGETHER_LINES: u32 = 12;
/// A line longer than this, in bytes, has its marks drawn one by one, and no patch.
const LINE_BYTES: usize = 400;
/// Bytes of such lines that are drawn, all in all: the renderer looks at the whole line for every finding in it.
const LONG_BYTES: usize = 8 << 20;

/// Findings with their lines, in order, an empty line between two; with ANSI colours when `color` is set.
///
/// However long a line or a span is, what is printed of it is bounded. A secret is not printed, wherever it stands.
pub fn human(findings: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let secrets = findings.iter().filter(|finding| finding.code == code::S003).map(|finding| finding.span);
    let masked = sources.masked(&secrets.collect::<Vec<_>>());
    let sources = masked.as_ref().unwrap_or(sources);
    let (mut out, mut left) = (String::new(), LONG_BYTES);
    for finding in sorted(findings, sources) {
        if !out.is_empty() {
            out.push('\n');
        }
        let drawn = renderer.render(&groups(&cleaned(finding), sources, &mut left));
        // The renderer shows the control characters of ASCII as signs, and lets those beyond it through.
        out.extend(drawn.chars().map(|c| if matches!(c, '\u{80}'..='\u{9f}') { '\u{fffd}' } else { c }));
        out.push('\n');
    }
    out
}

/// A finding whose texts may be printed.
fn cleaned(finding: &Diagnostic) -> Diagnostic {
    let mut finding = finding.clone();
    finding.message = clean(&finding.message);
    finding.label = clean(&finding.label);
    finding.help = finding.help.as_deref().map(clean);
    for (_, label) in &mut finding.related {
        *label = clean(label);
    }
    if let Some(fix) = &mut finding.fix {
        fix.message = clean(&fix.message);
    }
    finding
}

/// A finding as one report.
fn groups<'a>(finding: &'a Diagnostic, sources: &'a Sources, left: &mut usize) -> Vec<Group<'a>> {
    let level = match finding.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = Group::with_title(level.primary_title(finding.message.as_str()).id(finding.code.id));
    for part in parts(finding, sources) {
        group = group.elements(part.elements(left));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let mut groups = vec![group];
    if let Some(fix) = &finding.fix {
        groups.extend(patch(fix, sources));
    }
    groups
}

/// A stretch of one file and the marks in it.
struct Part<'a> {
    source: &'a Source,
    lines: Range<u32>,
    marks: Vec<Mark<'a>>,
}

/// A place and what is said about it.
#[derive(Clone, Copy)]
struct Mark<'a> {
    span: Span,
    label: &'a str,
    primary: bool,
}

/// The places of a finding, those that are near each other together, the primary one first.
fn parts<'a>(finding: &'a Diagnostic, sources: &'a Sources) -> Vec<Part<'a>> {
    let mut parts: Vec<(Span, Part<'a>)> = vec![];
    let primary = Mark { span: finding.span, label: &finding.label, primary: true };
    let related = finding.related.iter().map(|(span, label)| Mark { span: *span, label, primary: false });
    for mark in std::iter::once(primary).chain(related) {
        let source = sources.get(mark.span.file);
        let line = sources.start(mark.span).line;
        let near = |part: &&mut (Span, Part<'a>)| {
            let lines = &part.1.lines;
            part.0.file == mark.span.file && line + TOGETHER_LINES >= lines.start && line <= lines.end + TOGETHER_LINES
        };
        if let Some((_, part)) = parts.iter_mut().find(near) {
            part.lines = part.lines.start.min(line)..part.lines.end.max(line + 1);
            part.marks.push(mark);
        } else {
            parts.push((mark.span, Part { source, lines: line..line + 1, marks: vec![mark] }));
        }
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

impl<'a> Part<'a> {
    /// The stretch with its marks; each mark on its own where a line is long, since the renderer shows all that stands
    /// between two marks of a line. Its place alone when `left` does not suffice for a long line.
    fn elements(self, left: &mut usize) -> Vec<Element<'a>> {
        let (offset, text) = self.source.lines(self.lines.clone());
        let snippet = || Snippet::source(text).path(self.source.path.as_str()).line_start(self.lines.start as usize);
        let draw = |mark: &Mark<'a>| {
            let range = mark.span.range();
            let range = clip(text, range.start - offset..range.end.max(range.start) - offset);
            mark.kind().span(range).label(mark.label())
        };
        if text.lines().all(|line| line.len() <= LINE_BYTES) {
            return vec![snippet().annotations(self.marks.iter().map(draw)).into()];
        }
        let alone = |mark: &Mark<'a>| {
            let line = self.source.position(mark.span.start as usize).line;
            Part { source: self.source, lines: line..line + 1, marks: vec![*mark] }
        };
        if self.marks.len() > 1 {
            return self.marks.iter().flat_map(|mark| alone(mark).elements(left)).collect();
        }
        let Some(rest) = left.checked_sub(text.len()) else {
            let at = self.source.position(self.marks[0].span.start as usize);
            let place = Origin::path(self.source.path.as_str()).line(at.line as usize).char_column(at.column as usize);
            return vec![place.into()];
        };
        *left = rest;
        vec![snippet().annotations(self.marks.iter().map(draw)).into()]
    }
}

impl<'a> Mark<'a> {
    fn kind(&self) -> AnnotationKind {
        if self.primary { AnnotationKind::Primary } else { AnnotationKind::Context }
    }

    fn label(&self) -> Option<&'a str> {
        (!self.label.is_empty()).then_some(self.label)
    }
}

/// A suggested edit as a patch, where its lines can be shown.
fn patch<'a>(fix: &'a Fix, sources: &'a Sources) -> Option<Group<'a>> {
    let group = Group::with_title(Level::HELP.secondary_title(fix.message.as_str()));
    let first = fix.edits.first()?;
    let source = sources.get(first.span.file);
    let start = sources.start(first.span).line;
    let end = fix.edits.iter().map(|edit| sources.end(edit.span).line).max()?;
    let (offset, text) = source.lines(start..end + 1);
    let same_file = fix.edits.iter().all(|edit| edit.span.file == first.span.file && edit.span.start >= first.span.start);
    let short = end - start < TOGETHER_LINES && text.lines().all(|line| line.len() <= LINE_BYTES);
    if !same_file || !short {
        return Some(group);
    }
    let mut snippet = Snippet::source(text).path(source.path.as_str()).line_start(start as usize);
    for edit in &fix.edits {
        let range = edit.span.range();
        snippet = snippet.patch(Patch::new(range.start - offset..range.end - offset, edit.text.as_str()));
    }
    Some(group.element(snippet))
}

/// A range that ends with its first line and stands on character boundaries.
fn clip(text: &str, range: Range<usize>) -> Range<usize> {
    let start = floor(text, range.start.min(text.len()));
    let end = floor(text, range.end.min(text.len())).max(start);
    let line = text[start..end].find(['\n', '\r']).map_or(end, |newline| start + newline);
    start..line
}

/// The nearest character boundary at or before an offset.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
