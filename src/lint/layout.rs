//! How a TOML text is laid out: its statements and its comments.

use std::ops::Range;
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// The statements and comments of a text, each in order.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub statements: Vec<Statement>,
    pub comments: Vec<Comment>,
}

/// A header or a key with its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// From its first character to its last.
    pub range: Range<usize>,
    /// What stands between the brackets of a header, without spaces.
    pub header: Option<String>,
}

/// A comment, from its `#` to the end of its line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comment {
    pub range: Range<usize>,
    /// Whether it stands inside the brackets of a value.
    pub inside: bool,
}

impl Layout {
    /// Reads a text, as far as it can be read.
    pub fn of(text: &str) -> Self {
        let mut layout = Self::default();
        let mut open: Option<Statement> = None;
        let mut depth = 0_usize;
        for token in Source::new(text).lex() {
            let range = token.span().start()..token.span().end();
            match token.kind() {
                TokenKind::Comment => layout.comments.push(Comment { range, inside: depth > 0 }),
                TokenKind::Newline | TokenKind::Eof if depth == 0 => layout.statements.extend(open.take()),
                TokenKind::Newline | TokenKind::Eof | TokenKind::Whitespace => {}
                kind => {
                    let begins = open.is_none();
                    let statement = open.get_or_insert_with(|| Statement { range: range.clone(), header: None });
                    statement.range.end = range.end;
                    match kind {
                        TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => depth += 1,
                        TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    if begins && kind == TokenKind::LeftSquareBracket {
                        statement.header = Some(String::new());
                    } else if let Some(header) = &mut statement.header
                        && !matches!(kind, TokenKind::LeftSquareBracket | TokenKind::RightSquareBracket)
                    {
                        header.push_str(&text[range]);
                    }
                }
            }
        }
        layout.statements.extend(open);
        layout
    }

    /// The statement that begins at or behind an offset, by its place among them.
    pub fn next(&self, offset: usize) -> Option<usize> {
        let at = self.statements.partition_point(|statement| statement.range.start < offset);
        (at < self.statements.len()).then_some(at)
    }

    /// The statement that an offset stands in or behind, by its place among them.
    pub fn before(&self, offset: usize) -> Option<usize> {
        self.statements.partition_point(|statement| statement.range.start <= offset).checked_sub(1)
    }

    /// What belongs to a statement: itself, and to a header all keys and tables below it.
    pub fn reach(&self, at: usize, text: &str) -> Range<usize> {
        let statement = &self.statements[at];
        let Some(header) = &statement.header else { return statement.range.clone() };
        let below = |other: &str| other.strip_prefix(header.as_str()).is_some_and(|rest| rest.starts_with('.'));
        let end = self.statements[at + 1..].iter().find(|other| other.header.as_ref().is_some_and(|other| !below(other)));
        statement.range.start..end.map_or(text.len(), |end| end.range.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_and_comments_are_told_apart() {
        let text = "a = '#' # one\n[x.y] # two\nb = [\n  1, # three\n]\nc = '''\n# no\n'''\n[[ x . y . z ]]\n[q]\nd = 1";
        let layout = Layout::of(text);
        let shown: Vec<_> = layout.statements.iter().map(|one| &text[one.range.clone()]).collect();
        assert_eq!(shown[..3], ["a = '#'", "[x.y]", "b = [\n  1, # three\n]"]);
        assert_eq!(shown[3..], ["c = '''\n# no\n'''", "[[ x . y . z ]]", "[q]", "d = 1"]);
        let comments: Vec<_> = layout.comments.iter().map(|one| (&text[one.range.clone()], one.inside)).collect();
        assert_eq!(comments, [("# one", false), ("# two", false), ("# three", true)]);
        assert_eq!(layout.statements[4].header.as_deref(), Some("x.y.z"));
        assert_eq!(layout.reach(1, text).end, text.find("[q]").unwrap());
        assert_eq!(layout.reach(5, text), text.find("[q]").unwrap()..text.len());
    }
}
