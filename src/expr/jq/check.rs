//! Reading an expression for the rules: its tree, what it calls and reads, and the mistakes that are errors.

use super::compile::GLOBALS;
use super::dialect::IMPURE;
use super::infer::{self, Answers, Gives};
use super::parse::read;
use super::reads::{self, Call, Comparison, Read, Tests};
use super::standard::standard;
use super::syntax::{Kind, Node, Op};
use super::{lower, names, regex, walk};
use crate::diag::code;
use crate::expr::{Mistake, on_big_stack};
use crate::limits::EXPRESSION_BYTES;
use jaq_core::load::lex::{self, Lexer, Token};
use jaq_core::load::parse::{Expect, Parser};
use std::ops::Range;

/// What an expression must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Exactly one boolean.
    Boolean,
    /// Exactly one value.
    Value,
}

/// An expression that is syntactically right.
#[derive(Clone, Debug)]
pub struct Parsed {
    source: String,
    /// What jaq gets, where that differs.
    lowered: Option<String>,
    root: Node,
    names: names::Names,
    reads: reads::Found,
}

/// Texts up to here are parsed on the stack at hand; longer ones may nest too deeply for it.
const INLINE_BYTES: usize = 1024;

/// Parses an expression, without compiling it.
///
/// # Errors
/// Where it stops being jq (J001).
pub fn parse(source: &str) -> Result<Parsed, Vec<Mistake>> {
    if source.len() > EXPRESSION_BYTES {
        let message = format!("the expression is longer than {EXPRESSION_BYTES} bytes");
        return Err(vec![Mistake::new(code::J001, 0..source.len(), message)]);
    }
    if source.len() <= INLINE_BYTES {
        return parse_here(source);
    }
    let source = source.to_owned();
    on_big_stack(move || parse_here(&source))
}

fn parse_here(source: &str) -> Result<Parsed, Vec<Mistake>> {
    let tokens = Lexer::new(source).lex().map_err(|errors| lexical(source, &errors))?;
    let root = read(source, &tokens);
    let lowered = root.as_ref().ok().and_then(|root| lower::lowered(source, root));
    let complex = || {
        let message = "the expression nests too deeply, or in a way that is not supported";
        vec![Mistake::new(code::J001, 0..source.len(), message).help("take it apart into several phases")]
    };
    let lowered = lowered.transpose().map_err(|_| complex())?;
    if let Some(text) = &lowered {
        jaq_core::load::parse(text, |parser| parser.term()).ok_or_else(complex)?;
    } else if let Err(errors) = Parser::new(&tokens).parse(Parser::term) {
        return Err(errors.iter().map(|(expected, found)| grammatical(source, expected, *found)).collect());
    }
    let root = root.map_err(|_| complex())?;
    let names = names::resolve(&root);
    let reads = walk::collect(&root);
    Ok(Parsed { source: source.into(), lowered, root, names, reads })
}

impl Parsed {
    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text for jaq.
    pub(super) fn for_jaq(&self) -> &str {
        self.lowered.as_deref().unwrap_or(&self.source)
    }

    /// The syntax tree.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Calls of standard functions, in the order of the text.
    pub fn calls(&self) -> &[Call] {
        &self.names.calls
    }

    /// What it reads of the document and of global variables, as far as that is known.
    pub fn reads(&self) -> &[Read] {
        &self.reads.reads
    }

    /// What is asked on the way to the reads.
    pub fn tests(&self) -> &Tests {
        &self.reads.tests
    }

    /// Its comparisons.
    pub fn comparisons(&self) -> &[Comparison] {
        &self.reads.comparisons
    }

    /// Whether it uses a global variable (`$previous`, `$given`).
    pub fn uses(&self, var: &str) -> bool {
        self.names.globals.iter().any(|(name, _)| name == var)
    }

    /// What type it gives, if that can be told from the text.
    pub fn gives(&self) -> Gives {
        infer::gives(&self.root)
    }

    /// How many answers it gives.
    pub fn answers(&self) -> Answers {
        infer::answers(&self.root)
    }

    /// Mistakes that are errors wherever the expression stands: J002, J003, J007, J011, J012.
    pub fn mistakes(&self) -> Vec<Mistake> {
        self.check(Due::Value)
    }

    /// Mistakes that are errors where `due` is expected.
    pub fn check(&self, due: Due) -> Vec<Mistake> {
        let mut mistakes: Vec<Mistake> = self.names.unknown.iter().map(names::Unknown::mistake).collect();
        if due == Due::Boolean {
            assignment(&self.root, &mut mistakes);
        }
        self.walk(&self.root, &mut mistakes);
        mistakes.sort_by_key(|mistake| mistake.range.start);
        mistakes.dedup();
        mistakes
    }

    fn walk(&self, node: &Node, out: &mut Vec<Mistake>) {
        match &node.kind {
            Kind::Binary(left, Op::Alternative, at, right) => self.alternative(left, at, right, out),
            Kind::Table(entries) => entries.iter().for_each(|(key, _)| no_key(key, out)),
            Kind::Bind(_, pattern, _) | Kind::Fold(_, _, pattern, _) => {
                pattern.nodes().into_iter().for_each(|key| no_key(key, out));
            }
            Kind::Binary(left, Op::And | Op::Or, _, right) => {
                assignment(left, out);
                assignment(right, out);
            }
            Kind::If(branches, _) => {
                for (test, _) in branches {
                    assignment(test, out);
                }
            }
            Kind::Call(name, _, args) => match (name.as_str(), args.as_slice()) {
                ("select" | "any" | "all", [test]) | ("any" | "all", [_, test]) => assignment(test, out),
                ("test" | "match" | "capture" | "scan" | "splits" | "sub" | "gsub", [pattern, rest @ ..]) => {
                    let flags = if matches!(name.as_str(), "sub" | "gsub") { rest.get(1) } else { rest.first() };
                    bad_regex(pattern, flags, out);
                }
                ("split", [pattern, flags]) => bad_regex(pattern, Some(flags), out),
                _ => {}
            },
            _ => {}
        }
        for child in node.children() {
            self.walk(child, out);
        }
    }

    /// J012: `//` binds looser than what stands right of it.
    fn alternative(&self, left: &Node, at: &Range<usize>, right: &Node, out: &mut Vec<Mistake>) {
        let mut first = right;
        while let Kind::Binary(inner, Op::Or | Op::And | Op::Equal(_) | Op::Order(_) | Op::Math(_), ..) = &first.kind
            && !first.parens
        {
            first = inner;
        }
        if std::ptr::eq(first, right) {
            return;
        }
        let text = |range: Range<usize>| &self.source[range];
        let taken = text(right.range.clone());
        let mended = format!("({}){}", text(left.range.start..first.range.end), text(first.range.end..right.range.end));
        let mistake = Mistake::new(code::J012, at.clone(), format!("`//` takes in all of `{taken}`"))
            .label("binds looser than what follows")
            .help(format!("write `{mended}`, or put what is meant in parentheses"));
        out.push(mistake);
    }
}

/// J007: an assignment where a boolean is due.
fn assignment(node: &Node, out: &mut Vec<Mistake>) {
    match &node.kind {
        Kind::Binary(_, Op::Assign("="), at, _) => out.push(
            Mistake::new(code::J007, at.clone(), "`=` assigns and gives the whole document, which is never false")
                .label("to compare, write `==`")
                .suggest("=="),
        ),
        Kind::Binary(_, Op::Pipe, _, last) => assignment(last, out),
        _ => {}
    }
}

/// J001: a key in parentheses that can be no text, as jq finds it when it compiles.
fn no_key(key: &Node, out: &mut Vec<Mistake>) {
    if walk::literal(key).is_some_and(|literal| literal.as_str().is_none()) {
        let mistake = Mistake::new(code::J001, key.range.clone(), "the name of a field must be a text");
        out.push(mistake.help("`tostring` makes one of any value"));
    }
}

/// J011: a literal pattern or flags that do not compile.
fn bad_regex(pattern: &Node, flags: Option<&Node>, out: &mut Vec<Mistake>) {
    let Kind::Text(source) = &pattern.kind else { return };
    let flags = flags.and_then(|flags| if let Kind::Text(text) = &flags.kind { Some(text.as_str()) } else { None });
    if let Err(error) = regex::compile(source, flags.unwrap_or("")) {
        let message = format!("`{source}` is not a regular expression: {error}");
        out.push(Mistake::new(code::J011, pattern.range.clone(), message));
    }
}

fn lexical(source: &str, errors: &[lex::Error<&str>]) -> Vec<Mistake> {
    let mistake = |(expected, found): &lex::Error<&str>| {
        let start = jaq_core::load::span(source, found).start;
        let end = source[start..].chars().next().map_or(start, |c| start + c.len_utf8());
        let found = &source[start..end];
        let new = |message: String| Mistake::new(code::J001, start..end, message);
        match (expected, found) {
            (lex::Expect::Delim(open), _) => new(format!("the `{open}` that was opened is never closed")),
            (lex::Expect::Escape, _) => new("unknown escape in a text".into())
                .help("jq knows \\\" \\\\ \\/ \\b \\f \\n \\r \\t, \\u with four digits, and \\(…)"),
            (lex::Expect::Unicode, _) => new("`\\u` needs four hexadecimal digits".into()),
            (lex::Expect::Digit, _) => new("a digit is missing here".into()),
            (lex::Expect::Ident, _) => new("a name is missing here".into()),
            (_, "&") => new("`&` is not an operator of jq".into()).help("jq writes `and`"),
            (_, "'") => new("`'` does not begin a text in jq".into()).help("texts stand in double quotes: \"…\""),
            (_, "]" | ")" | "}") => new(format!("`{found}` closes nothing")),
            _ => new(format!("`{found}` means nothing in jq")),
        }
    };
    errors.iter().map(mistake).collect()
}

fn grammatical(source: &str, expected: &Expect<&str>, found: Option<&Token<&str>>) -> Mistake {
    let range = found.map_or(source.len()..source.len(), |token| jaq_core::load::span(source, token.0));
    let what = found.map(|token| if token.0.len() > 30 { &token.0[..1] } else { token.0 });
    let due = match expected {
        Expect::Just(text) => format!("`{text}`"),
        Expect::Var => "a variable such as `$x`".into(),
        Expect::Pattern => "a variable such as `$x`, or a pattern".into(),
        Expect::ElseOrEnd => "`else` or `end`".into(),
        Expect::CommaOrRBrack => "`,` or `]`".into(),
        Expect::CommaOrRBrace => "`,` or `}`".into(),
        Expect::SemicolonOrRParen => "`;` or `)`".into(),
        Expect::Term => "a value".into(),
        Expect::Key => "the name of a field".into(),
        Expect::Ident => "a name".into(),
        Expect::Arg => "a parameter".into(),
        Expect::Str => "a text".into(),
        _ => String::new(),
    };
    let message = match what {
        None if source.trim().is_empty() => "the expression is empty".into(),
        None => format!("the expression ends where {due} is due"),
        Some(found) if due.is_empty() => format!("`{found}` does not belong here"),
        Some(found) => format!("{due} is due here, not `{found}`"),
    };
    let mistake = Mistake::new(code::J001, range, message);
    match hint(source, what.unwrap_or("")) {
        Some(help) => mistake.help(help),
        None => mistake,
    }
}

/// What the author probably meant.
fn hint(source: &str, found: &str) -> Option<&'static str> {
    Some(match found {
        "||" => "jq writes `or`",
        "&&" => "jq writes `and`",
        "!" => "jq writes `… | not`",
        "===" | ">==" | "<==" => "jq compares with `== != < <= > >=`",
        _ if source.trim_start().starts_with("{{") => "this key is jq: write the expression without `{{ }}`",
        _ if source.trim_start().starts_with("import") || source.trim_start().starts_with("include") => {
            "there are no modules here: definitions go into the expression"
        }
        _ => return None,
    })
}

/// Names a pipeline can call, for "did you mean".
pub(super) fn known_functions() -> impl Iterator<Item = &'static str> {
    standard().names()
}

/// Whether a name stands for something that pipelines must not do.
pub(super) fn is_impure(name: &str) -> bool {
    IMPURE.contains(&name)
}

/// Whether a variable needs no binding.
pub(super) fn is_global(name: &str) -> bool {
    GLOBALS.contains(&name)
}
