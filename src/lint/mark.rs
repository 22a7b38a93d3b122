//! Ignore marks: `# flow: ignore[D002] why` in a pipeline, `{# flow: ignore[T006] why #}` in a prompt file.
//!
//! Behind a key or header a mark is about that, alone on a line about the next one; to a header belongs all below it. In
//! a list of several lines, and in a prompt file, it is about its own line, or, alone on it, about the next.

use super::layout::Layout;
use crate::diag::{Diagnostic, Edit, Severity};
use crate::text::{FileId, Source, Sources, Span, line_end, line_start};
use std::ops::Range;

/// A mark as it was written.
#[derive(Debug)]
pub(super) struct Mark {
    /// The comment as a whole.
    pub span: Span,
    /// The names in the brackets; `None` when there are no brackets.
    pub names: Option<Vec<Named>>,
    /// Whether it says why.
    pub reason: bool,
    /// What it is about: empty when there is nothing.
    pub about: Range<usize>,
}

/// A name in the brackets of a mark.
#[derive(Debug)]
pub(super) struct Named {
    pub name: String,
    pub span: Span,
}

/// The edit that marks a finding as meant, the reason still to be written; `None` when it cannot be ignored.
pub fn mark(finding: &Diagnostic, sources: &Sources) -> Option<Edit> {
    if finding.code.severity == Severity::Error || finding.code.id.starts_with('M') {
        return None;
    }
    let Span { file, start, .. } = finding.span;
    let text = &sources.get(file).text;
    let place = start as usize;
    let (at, comment) = if file.0 == 0 {
        let layout = Layout::of(text);
        let statement = layout.before(place).or_else(|| layout.next(place))?;
        (layout.statements[statement].range.start, format!("# flow: ignore[{}] ", finding.code))
    } else {
        (place, format!("{{# flow: ignore[{}] #}}", finding.code))
    };
    let at = line_start(text, at);
    Some(Edit { span: Span::new(file, at..at), text: format!("{comment}\n") })
}

/// The marks of a file.
pub(super) fn marks(file: FileId, source: &Source, is_pipeline: bool) -> Vec<Mark> {
    // Most files have none, and are not read again for that.
    if !source.text.contains("flow:") {
        return vec![];
    }
    if is_pipeline { in_pipeline(file, &source.text) } else { in_template(file, &source.text) }
}

fn in_pipeline(file: FileId, text: &str) -> Vec<Mark> {
    let layout = Layout::of(text);
    let mark = |comment: &super::layout::Comment| {
        let about = || about(text, &layout, comment);
        read(file, text, comment.range.clone(), comment.range.start + 1..comment.range.end, about)
    };
    layout.comments.iter().filter_map(mark).collect()
}

fn about(text: &str, layout: &Layout, comment: &super::layout::Comment) -> Range<usize> {
    let at = comment.range.start;
    let alone = text[line_start(text, at)..at].trim().is_empty();
    if comment.inside {
        return line(text, if alone { line_end(text, comment.range.end) } else { at });
    }
    let statement = if alone { above(text, layout, comment.range.end) } else { layout.before(at) };
    statement.map_or(at..at, |statement| layout.reach(statement, text))
}

/// The statement right below a comment: only other comments may stand between.
fn above(text: &str, layout: &Layout, end: usize) -> Option<usize> {
    let next = layout.next(end)?;
    let between = &text[end..layout.statements[next].range.start];
    let lines = between.split_inclusive('\n').skip(1);
    let blank = |line: &str| line.ends_with('\n') && line.trim().is_empty();
    let mut lines = lines.filter(|line| blank(line));
    lines.next().is_none().then_some(next)
}

fn in_template(file: FileId, text: &str) -> Vec<Mark> {
    let mut found = vec![];
    let mut at = 0;
    while let Some(open) = text[at..].find("{#").map(|open| at + open) {
        let Some(close) = text[open..].find("#}").map(|close| open + close) else { break };
        at = close + 2;
        let inside = text[open + 2..close].trim_end_matches('-').trim_end().len();
        let (start, end) = (line_start(text, open), line(text, at).end);
        let alone = text[start..open].trim().is_empty() && text[at..end].trim().is_empty();
        let about = || line(text, if alone { line_end(text, at) } else { open });
        let body = open + 2..open + 2 + inside;
        found.extend(read(file, text, open..at, body, about));
    }
    found
}

/// Reads a comment; `None` when it is no mark and does not mean to be one.
fn read(file: FileId, text: &str, whole: Range<usize>, body: Range<usize>, about: impl FnOnce() -> Range<usize>) -> Option<Mark> {
    let rest = text[body.clone()].trim_start_matches('-').trim_start().strip_prefix("flow:")?.trim_start();
    let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if word != "ignore" && crate::diag::nearest(word, ["ignore"]).is_none() {
        return None;
    }
    let rest = rest[word.len()..].trim_start();
    let brackets = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).filter(|_| word == "ignore");
    let mark = |names: Option<Vec<Named>>, reason: bool| Mark { span: Span::new(file, whole), names, reason, about: about() };
    let Some((list, why)) = brackets else { return Some(mark(None, true)) };
    let mut at = body.end - rest.len() + 1;
    let names = list.split(',').filter_map(|part| {
        let start = at + part.len() - part.trim_start().len();
        at += part.len() + 1;
        let name = part.trim();
        (!name.is_empty()).then(|| Named { name: name.to_owned(), span: Span::new(file, start..start + name.len()) })
    });
    let names = names.collect();
    Some(mark(Some(names), why.chars().any(char::is_alphanumeric)))
}

/// The line of an offset, without its end.
fn line(text: &str, at: usize) -> Range<usize> {
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    line_start(text, at)..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code;

    /// What each mark is about, with the names in it.
    fn read(text: &str, is_pipeline: bool) -> Vec<(String, Vec<String>, bool)> {
        let mut sources = Sources::default();
        let file = sources.add("x", text);
        let names = |mark: &Mark| mark.names.iter().flatten().map(|named| text[named.span.range()].to_owned()).collect();
        let marks = marks(file, sources.get(file), is_pipeline);
        marks.iter().map(|mark| (text[mark.about.clone()].to_owned(), names(mark), mark.reason)).collect()
    }

    #[test]
    fn a_mark_is_about_the_statement_before_or_below_it() {
        let text = "a = 1 # flow: ignore[D002, never-runs] so\n# flow: ignore[R001]\n# more\nb = [\n  2, #flow:ignore[X001] x\n  # flow: ignore[X001] x\n  3,\n]\n# flow: ignore[Y001] x\n\n[t] # flow: ignore[Y002] x\nc = 3\n[t.u]\n[v]\n";
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let expected = [
            ("a = 1".to_owned(), names(&["D002", "never-runs"]), true),
            (text[text.find("b =").unwrap()..text.find("\n# flow: ignore[Y001]").unwrap()].to_owned(), names(&["R001"]), false),
            ("  2, #flow:ignore[X001] x".to_owned(), names(&["X001"]), true),
            ("  3,".to_owned(), names(&["X001"]), true),
            (String::new(), names(&["Y001"]), true),
            (text[text.find("[t]").unwrap()..text.find("[v]").unwrap()].to_owned(), names(&["Y002"]), true),
        ];
        let found = read(text, true);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_finding_is_marked_above_its_statement() {
        let text = "a = 1\n  b = '''\nx\n'''\n";
        let mut sources = Sources::default();
        let (file, prompt) = (sources.add("x.toml", text), sources.add("x.md", "one\ntwo\n"));
        let marked = |code, file: FileId, at: usize| {
            let edit = mark(&Diagnostic::new(code, Span::new(file, at..at), ""), &sources)?;
            Some((edit.span.range().start, edit.text))
        };
        let expected = |at: usize, text: &str| Some((at, text.to_owned()));
        assert_eq!(marked(code::D002, file, text.find('x').unwrap()), expected(6, "# flow: ignore[D002] \n"));
        assert_eq!(marked(code::T005, prompt, 5), expected(4, "{# flow: ignore[T005] #}\n"));
        assert_eq!([marked(code::D001, file, 0), marked(code::M003, file, 0)], [None, None]);
    }

    #[test]
    fn comments_of_other_kinds_are_no_marks() {
        let text = "#:schema x\n# flow: a note\n# follow: ignore[D002]\na = '# flow: ignore[D002] x'\n";
        assert_eq!(read(text, true), []);
        assert_eq!(read("# flow: ignore D002\n# flow: ignroe[D002] x\na = 1\n", true).len(), 2);
    }

    #[test]
    fn a_prompt_has_marks_in_its_own_comments() {
        let text = "one {# flow: ignore[T006] x #}\n{#- flow: ignore[T005] why -#}\ntwo\n# flow: ignore[T005] no\n{# flow:";
        let expected = [("one {# flow: ignore[T006] x #}", "T006"), ("two", "T005")];
        assert_eq!(read(text, false), expected.map(|(about, name)| (about.to_owned(), vec![name.to_owned()], true)));
    }
}
