//! From jaq's tokens to a [`Node`]: the grammar of jq over again, with places.
//!
//! jaq's own parser has the last word on what is jq; this one runs after it, so what it cannot read is a mistake of
//! ours, reported as too complex rather than guessed at.

use super::climb::{Link, climb_all};
use super::syntax::{Definition, Kind, Node, Op, Part, Pattern, Step};
use crate::limits::EXPRESSION_DEPTH;
use jaq_core::load::lex::{StrPart, Tok, Token};
use std::ops::Range;

/// The expression could not be read.
pub(super) struct Unreadable;

pub(super) type Parse<T> = Result<T, Unreadable>;
type Tokens<'t, 's> = &'t [Token<&'s str>];

/// Reads a whole expression.
pub(super) fn read(source: &str, tokens: Tokens<'_, '_>) -> Parse<Node> {
    let mut parser = Parser { source, tokens, level: 0 };
    let node = parser.term(true)?;
    parser.end()?;
    Ok(node)
}

struct Parser<'t, 's> {
    source: &'s str,
    tokens: Tokens<'t, 's>,
    level: usize,
}

/// A node over its children.
pub(super) fn node(kind: Kind, range: Range<usize>) -> Parse<Node> {
    let mut node = Node { kind, range, parens: false, depth: 0 };
    node.depth = node.children().iter().map(|child| child.depth).max().unwrap_or(0) + 1;
    if node.depth > EXPRESSION_DEPTH { Err(Unreadable) } else { Ok(node) }
}

impl<'t, 's: 't> Parser<'t, 's> {
    fn range(&self, token: &Token<&str>) -> Range<usize> {
        jaq_core::load::span(self.source, token.0)
    }

    fn peek(&self) -> Option<&'t Token<&'s str>> {
        self.tokens.first()
    }

    fn next(&mut self) -> Parse<&'t Token<&'s str>> {
        let (first, rest) = self.tokens.split_first().ok_or(Unreadable)?;
        self.tokens = rest;
        Ok(first)
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.0 == text && !matches!(token.1, Tok::Str(_)));
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn expect(&mut self, text: &str) -> Parse<()> {
        if self.take(text) { Ok(()) } else { Err(Unreadable) }
    }

    fn end(&self) -> Parse<()> {
        if self.tokens.is_empty() { Ok(()) } else { Err(Unreadable) }
    }

    /// Reads the inside of brackets, whose last token is the closing one.
    fn inside<T>(&mut self, block: Tokens<'t, 's>, read: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        self.level += 1;
        if self.level > EXPRESSION_DEPTH {
            return Err(Unreadable);
        }
        let outer = std::mem::replace(&mut self.tokens, &block[..block.len().saturating_sub(1)]);
        let result = read(self)?;
        self.end()?;
        self.tokens = outer;
        self.level -= 1;
        Ok(result)
    }

    fn separated<T>(&mut self, by: &str, mut read: impl FnMut(&mut Self) -> Parse<T>) -> Parse<Vec<T>> {
        let mut parts = vec![];
        while !self.tokens.is_empty() {
            parts.push(read(self)?);
            if !self.take(by) {
                break;
            }
        }
        Ok(parts)
    }

    /// An expression; without `comma` one that ends at a comma, as in `{a: 1, b: 2}`.
    fn term(&mut self, comma: bool) -> Parse<Node> {
        self.level += 1;
        if self.level > EXPRESSION_DEPTH {
            return Err(Unreadable);
        }
        let head = self.atom()?;
        let mut tail = vec![];
        while let Some(link) = self.link(comma)? {
            tail.push((link, self.atom()?));
        }
        self.level -= 1;
        climb_all(head, &mut tail.into_iter())
    }

    fn link(&mut self, comma: bool) -> Parse<Option<Link>> {
        let Some(token) = self.peek() else { return Ok(None) };
        if matches!(token.1, Tok::Str(_)) {
            return Ok(None);
        }
        let op = match token.0 {
            "as" => {
                self.next()?;
                let mut patterns = vec![self.pattern()?];
                while self.take("?") {
                    self.expect("//")?;
                    patterns.push(self.pattern()?);
                }
                self.expect("|")?;
                let only = if patterns.len() == 1 { patterns.pop() } else { None };
                return Ok(Some(Link::As(only.unwrap_or(Pattern::Either(patterns)))));
            }
            "|" => Op::Pipe,
            "," if comma => Op::Comma,
            "//" => Op::Alternative,
            "or" => Op::Or,
            "and" => Op::And,
            "+" => Op::Math("+"),
            "-" => Op::Math("-"),
            "*" => Op::Math("*"),
            "/" => Op::Math("/"),
            "%" => Op::Math("%"),
            "==" => Op::Equal("=="),
            "!=" => Op::Equal("!="),
            "<" => Op::Order("<"),
            "<=" => Op::Order("<="),
            ">" => Op::Order(">"),
            ">=" => Op::Order(">="),
            "=" => Op::Assign("="),
            "|=" => Op::Assign("|="),
            "+=" => Op::Assign("+="),
            "-=" => Op::Assign("-="),
            "*=" => Op::Assign("*="),
            "/=" => Op::Assign("/="),
            "%=" => Op::Assign("%="),
            "//=" => Op::Assign("//="),
            _ => return Ok(None),
        };
        let at = self.range(token);
        self.next()?;
        Ok(Some(Link::Op(op, at)))
    }

    fn pattern(&mut self) -> Parse<Pattern> {
        let token = self.next()?;
        match &token.1 {
            Tok::Var => Ok(Pattern::Var(token.0.into())),
            Tok::Block(block) if token.0.starts_with('[') => {
                let parts = self.inside(block, |p| p.separated(",", Self::pattern))?;
                Ok(Pattern::List(parts))
            }
            Tok::Block(block) if token.0.starts_with('{') => {
                let entries = self.inside(block, |p| p.separated(",", Self::pattern_entry))?;
                Ok(Pattern::Table(entries.into_iter().flatten().collect()))
            }
            _ => Err(Unreadable),
        }
    }

    fn pattern_entry(&mut self) -> Parse<Vec<(Node, Pattern)>> {
        if let Some(Token(name, Tok::Var)) = self.peek() {
            let token = self.next()?;
            let key = node(Kind::Text(name[1..].into()), self.range(token))?;
            let mut entries = vec![(key.clone(), Pattern::Var((*name).into()))];
            if self.take(":") {
                entries.push((key, self.pattern()?));
            }
            return Ok(entries);
        }
        let key = self.table_key()?;
        self.expect(":")?;
        Ok(vec![(key, self.pattern()?)])
    }

    fn table_key(&mut self) -> Parse<Node> {
        let token = self.next()?;
        let range = self.range(token);
        match &token.1 {
            Tok::Block(block) => {
                let mut key = self.inside(block, |p| p.term(true))?;
                (key.range, key.parens) = (range, true);
                Ok(key)
            }
            Tok::Var => node(Kind::Var(token.0.into()), range),
            Tok::Word => node(Kind::Text(token.0.into()), range),
            Tok::Str(parts) => self.text(None, parts, range),
            Tok::Fmt => {
                let Token(text, Tok::Str(parts)) = self.next()? else { return Err(Unreadable) };
                let end = jaq_core::load::span(self.source, text).end;
                self.text(Some(token.0.into()), parts, range.start..end)
            }
            _ => Err(Unreadable),
        }
    }

    fn text(
        &mut self,
        format: Option<String>,
        parts: &'t [StrPart<&'s str, Token<&'s str>>],
        range: Range<usize>,
    ) -> Parse<Node> {
        let (mut plain, mut inner) = (String::new(), vec![]);
        for part in parts {
            match part {
                StrPart::Str(text) => plain.push_str(text),
                StrPart::Char(c) => plain.push(*c),
                StrPart::Term(token) => {
                    let Tok::Block(block) = &token.1 else { return Err(Unreadable) };
                    inner.push(self.inside(block, |p| p.term(true))?);
                }
            }
        }
        if inner.is_empty() && format.is_none() {
            return node(Kind::Text(plain), range);
        }
        node(Kind::Interpolated(format, inner), range)
    }

    /// Something that stands by itself, with the path behind it.
    fn atom(&mut self) -> Parse<Node> {
        self.level += 1;
        if self.level > EXPRESSION_DEPTH {
            return Err(Unreadable);
        }
        let token = self.next()?;
        let start = self.range(token).start;
        let mut base = self.head(token)?;
        let mut end = base.range.end;
        let mut optional = false;
        while let Some(mark) = self.peek().filter(|token| token.0 == "?") {
            end = self.range(mark).end;
            optional = true;
            self.next()?;
        }
        if optional {
            // `.a?` belongs to the path, `(…)?` is a `try`.
            match &mut base.kind {
                Kind::Path(_, parts) if !base.parens => {
                    if let Some(part) = parts.last_mut() {
                        part.optional = true;
                    }
                    base.range.end = end;
                }
                _ => base = node(Kind::Try(Box::new(base), None), start..end)?,
            }
        }
        let parts = self.parts()?;
        self.level -= 1;
        if parts.is_empty() {
            return Ok(base);
        }
        let end = parts.last().map_or(end, |part| part.range.end);
        match base.kind {
            Kind::Path(inner, mut before) if !base.parens => {
                before.extend(parts);
                node(Kind::Path(inner, before), start..end)
            }
            _ => node(Kind::Path(Box::new(base), parts), start..end),
        }
    }

    /// What an atom begins with.
    fn head(&mut self, token: &'t Token<&'s str>) -> Parse<Node> {
        let range = self.range(token);
        let text = token.0;
        match &token.1 {
            Tok::Str(parts) => self.text(None, parts, range),
            Tok::Num => node(Kind::Number(text.parse().map_err(|_| Unreadable)?), range),
            Tok::Var => node(Kind::Var(text.into()), range),
            Tok::Block(block) => self.block(text, block, range),
            Tok::Fmt => {
                if let Some(Token(string, Tok::Str(parts))) = self.peek() {
                    let end = jaq_core::load::span(self.source, string).end;
                    self.next()?;
                    return self.text(Some(text.into()), parts, range.start..end);
                }
                self.call(text, range)
            }
            Tok::Word => self.word(text, range),
            Tok::Sym if text == "-" => {
                let inner = self.atom()?;
                let end = inner.range.end;
                node(Kind::Negate(Box::new(inner)), range.start..end)
            }
            Tok::Sym if text == ".." => node(Kind::Recurse, range),
            Tok::Sym if text.starts_with('.') => self.dot(text, range),
            Tok::Sym => Err(Unreadable),
        }
    }

    fn dot(&mut self, text: &str, range: Range<usize>) -> Parse<Node> {
        let identity = node(Kind::Identity, range.clone())?;
        let part = if text.len() > 1 {
            let name = range.start + 1..range.end;
            Part { step: Step::Key(text[1..].into(), name), optional: false, range: range.clone() }
        } else if let Some(Token(string, Tok::Str(parts))) = self.peek() {
            let quoted = jaq_core::load::span(self.source, string);
            self.next()?;
            let key = self.text(None, parts, quoted.clone())?;
            Part { range: range.start..quoted.end, ..key_part(key) }
        } else {
            return Ok(identity);
        };
        let end = part.range.end;
        node(Kind::Path(Box::new(identity), vec![part]), range.start..end)
    }

    fn block(&mut self, text: &str, block: Tokens<'t, 's>, range: Range<usize>) -> Parse<Node> {
        let empty = block.len() <= 1;
        match &text[..1] {
            "(" => {
                let mut inner = self.inside(block, |p| p.term(true))?;
                (inner.range, inner.parens) = (range, true);
                Ok(inner)
            }
            "[" if empty => node(Kind::List(None), range),
            "[" => {
                let inner = self.inside(block, |p| p.term(true))?;
                node(Kind::List(Some(Box::new(inner))), range)
            }
            _ => {
                let entries = self.inside(block, |p| p.separated(",", Self::entry))?;
                node(Kind::Table(entries), range)
            }
        }
    }

    fn entry(&mut self) -> Parse<(Node, Option<Node>)> {
        let key = self.table_key()?;
        let value = if self.take(":") { Some(self.term(false)?) } else { None };
        Ok((key, value))
    }

    fn word(&mut self, text: &str, range: Range<usize>) -> Parse<Node> {
        let start = range.start;
        let finish = |kind: Kind, end: usize| node(kind, start..end);
        match text {
            "def" => {
                let mut definitions = vec![self.definition()?];
                while self.take("def") {
                    definitions.push(self.definition()?);
                }
                let body = self.term(true)?;
                let end = body.range.end;
                finish(Kind::Define(definitions, Box::new(body)), end)
            }
            "if" => self.condition(start),
            "try" => {
                let body = self.atom()?;
                let handler = if self.take("catch") { Some(Box::new(self.atom()?)) } else { None };
                let end = handler.as_ref().map_or(body.range.end, |node| node.range.end);
                finish(Kind::Try(Box::new(body), handler), end)
            }
            "label" => {
                let name = self.next()?.0.to_owned();
                self.expect("|")?;
                let body = self.term(true)?;
                let end = body.range.end;
                finish(Kind::Label(name, Box::new(body)), end)
            }
            "break" => {
                let name = self.next()?;
                let end = self.range(name).end;
                finish(Kind::Break(name.0.into()), end)
            }
            "reduce" | "foreach" => {
                let source = self.atom()?;
                self.expect("as")?;
                let pattern = self.pattern()?;
                let (args, end) = self.args()?.ok_or(Unreadable)?;
                finish(Kind::Fold(text == "reduce", Box::new(source), pattern, args), end)
            }
            _ => self.call(text, range),
        }
    }

    fn condition(&mut self, start: usize) -> Parse<Node> {
        let mut branches = vec![];
        let mut other = None;
        loop {
            let test = self.term(true)?;
            self.expect("then")?;
            branches.push((test, self.term(true)?));
            if self.take("elif") {
                continue;
            }
            if self.take("else") {
                other = Some(Box::new(self.term(true)?));
            }
            let end = self.peek().map(|token| self.range(token).end).ok_or(Unreadable)?;
            self.expect("end")?;
            return node(Kind::If(branches, other), start..end);
        }
    }

    fn definition(&mut self) -> Parse<Definition> {
        let name = self.next()?.0.to_owned();
        let mut params = vec![];
        if let Some(Token(text, Tok::Block(block))) = self.peek()
            && text.starts_with('(')
        {
            self.next()?;
            params = self.inside(block, |p| p.separated(";", |p| Ok(p.next()?.0.to_owned())))?;
        }
        self.expect(":")?;
        let body = self.term(true)?;
        self.expect(";")?;
        Ok(Definition { name, params, body })
    }

    fn call(&mut self, name: &str, range: Range<usize>) -> Parse<Node> {
        let (args, end) = self.args()?.unwrap_or((vec![], range.end));
        node(Kind::Call(name.into(), range.clone(), args), range.start..end)
    }

    fn args(&mut self) -> Parse<Option<(Vec<Node>, usize)>> {
        let Some(token @ Token(text, Tok::Block(block))) = self.peek() else { return Ok(None) };
        if !text.starts_with('(') {
            return Ok(None);
        }
        self.next()?;
        let args = self.inside(block, |p| p.separated(";", |p| p.term(true)))?;
        Ok(Some((args, self.range(token).end)))
    }

    fn parts(&mut self) -> Parse<Vec<Part>> {
        let mut parts = vec![];
        while let Some(token) = self.peek() {
            let range = self.range(token);
            let mut part = match &token.1 {
                Tok::Block(block) if token.0.starts_with('[') => {
                    self.next()?;
                    Part { step: self.inside(block, Self::bracket)?, optional: false, range }
                }
                Tok::Sym if token.0.starts_with('.') && token.0 != ".." => {
                    self.next()?;
                    self.dotted(token.0, range)?
                }
                _ => return Ok(parts),
            };
            while let Some(mark) = self.peek().filter(|token| token.0 == "?") {
                part.range.end = self.range(mark).end;
                part.optional = true;
                self.next()?;
            }
            parts.push(part);
        }
        Ok(parts)
    }

    /// `.name`, `."name"` or `.[…]` behind something else.
    fn dotted(&mut self, text: &str, range: Range<usize>) -> Parse<Part> {
        if text.len() > 1 {
            let name = range.start + 1..range.end;
            return Ok(Part { step: Step::Key(text[1..].into(), name), optional: false, range });
        }
        let token = self.next()?;
        let end = self.range(token).end;
        match &token.1 {
            Tok::Block(block) if token.0.starts_with('[') => {
                let step = self.inside(block, Self::bracket)?;
                Ok(Part { step, optional: false, range: range.start..end })
            }
            Tok::Str(parts) => {
                let quoted = self.range(token);
                let key = self.text(None, parts, quoted)?;
                Ok(Part { range: range.start..end, ..key_part(key) })
            }
            Tok::Fmt => {
                let Token(string, Tok::Str(parts)) = self.next()? else { return Err(Unreadable) };
                let end = jaq_core::load::span(self.source, string).end;
                let key = self.text(Some(token.0.into()), parts, range.end..end)?;
                Ok(Part { range: range.start..end, ..key_part(key) })
            }
            _ => Err(Unreadable),
        }
    }

    /// The inside of `[…]` in a path.
    fn bracket(&mut self) -> Parse<Step> {
        if self.tokens.is_empty() {
            return Ok(Step::Each);
        }
        if self.take(":") {
            return Ok(Step::Slice(None, Some(Box::new(self.term(true)?))));
        }
        let first = self.term(true)?;
        if !self.take(":") {
            return Ok(key_part(first).step);
        }
        let end = if self.tokens.is_empty() { None } else { Some(Box::new(self.term(true)?)) };
        Ok(Step::Slice(Some(Box::new(first)), end))
    }
}

/// A literal text in brackets is a field by name, anything else an index.
fn key_part(key: Node) -> Part {
    let range = key.range.clone();
    let step = match key.kind {
        Kind::Text(name) if !key.parens => Step::Key(name, range.start + 1..range.end - 1),
        _ => Step::Index(Box::new(key)),
    };
    Part { step, optional: false, range }
}
