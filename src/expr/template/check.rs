//! Checks a template and all that it includes: syntax, names of filters, tests and functions, includes.

use super::filter::{FILTERS, FUNCTIONS, OWN_FILTERS, TESTS, syntax};
use super::reads::{self, Reads};
use crate::diag::code;
use crate::expr::Mistake;
use crate::limits::FILE_BYTES;
use minijinja::machinery::ast::{Expr, Stmt};
use minijinja::machinery::{Span, parse};
use minijinja::{Error, ErrorKind};
use std::collections::BTreeMap;
use std::ops::Range;

/// What a check found.
pub(super) struct Checked {
    /// Included texts by name, in the order they are met.
    pub(super) includes: Vec<(String, String)>,
    /// What all of them read.
    pub(super) reads: Reads,
}

/// The byte range of a span.
pub(super) fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

/// Checks a template.
pub(super) fn check(source: &str, load: &dyn Fn(&str) -> Option<String>) -> Result<Checked, Vec<Mistake>> {
    let mut checker = Checker { load, texts: BTreeMap::new(), order: vec![], open: vec![], reads: Reads::default() };
    let mistakes = checker.text(source, None);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let Checker { mut texts, order, reads, .. } = checker;
    let includes = order.into_iter().filter_map(|name| texts.remove(&name).map(|text| (name, text))).collect();
    Ok(Checked { includes, reads })
}

/// What a template and all that it includes read, and every mistake in them, without compiling anything.
///
/// What is read is told beside mistakes too, as far as a text can be parsed.
pub fn examine(source: &str, load: &dyn Fn(&str) -> Option<String>) -> (Reads, Vec<Mistake>) {
    let mut checker = Checker { load, texts: BTreeMap::new(), order: vec![], open: vec![], reads: Reads::default() };
    let mistakes = checker.text(source, None);
    (checker.reads, mistakes)
}

struct Checker<'l> {
    load: &'l dyn Fn(&str) -> Option<String>,
    texts: BTreeMap<String, String>,
    order: Vec<String>,
    /// Texts that are being included, outermost first.
    open: Vec<String>,
    reads: Reads,
}

impl Checker<'_> {
    /// Mistakes of one text.
    fn text(&mut self, source: &str, include: Option<&str>) -> Vec<Mistake> {
        if source.len() as u64 > FILE_BYTES {
            let message = format!("the template is longer than {FILE_BYTES} bytes");
            return vec![Mistake::new(code::T001, 0..0, message)];
        }
        let tree = match parse(source, include.unwrap_or("template"), syntax()) {
            Ok(tree) => tree,
            Err(error) => return vec![syntax_mistake(source, &error)],
        };
        let found = reads::collect(source, &tree, include);
        let mut mistakes = names(source, &tree);
        for wanted in includes(&tree) {
            mistakes.extend(self.include(source, &wanted));
        }
        self.reads.append(found);
        mistakes.sort_by_key(|mistake| mistake.range.start);
        mistakes
    }

    /// Mistakes of an included text, at the place that includes it.
    fn include(&mut self, source: &str, wanted: &Wanted) -> Vec<Mistake> {
        let new = |code, message: String| vec![Mistake::new(code, wanted.range.clone(), message)];
        let Some(name) = &wanted.name else {
            let mistakes = new(code::T004, "an included file is named by a literal text, so that it can be frozen".into());
            return mistakes.into_iter().map(|mistake| mistake.help("write the name in quotes")).collect();
        };
        if self.open.contains(name) {
            let ring = self.open.iter().chain([name]).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
            return new(code::T007, format!("`{name}` includes itself: {ring}"));
        }
        if self.texts.contains_key(name) {
            return vec![];
        }
        let Some(text) = (self.load)(name) else {
            if wanted.may_be_missing {
                return vec![];
            }
            return new(code::T004, format!("there is no file `{name}` to include"));
        };
        self.open.push(name.clone());
        let inner = self.text(&text, Some(name));
        self.open.pop();
        self.texts.insert(name.clone(), text.clone());
        self.order.push(name.clone());
        let line = |mistake: &Mistake| text[..mistake.range.start.min(text.len())].matches('\n').count() + 1;
        let outside = |mistake: Mistake| Mistake {
            message: format!("in `{name}`, line {}: {}", line(&mistake), mistake.message),
            range: wanted.range.clone(),
            suggestion: None,
            ..mistake
        };
        let _ = source;
        inner.into_iter().map(outside).collect()
    }
}

/// An include as written.
struct Wanted {
    name: Option<String>,
    range: Range<usize>,
    may_be_missing: bool,
}

fn includes(tree: &Stmt<'_>) -> Vec<Wanted> {
    let mut found = vec![];
    reads::each_statement(tree, &mut |statement| {
        let (expr, may_be_missing) = match statement {
            Stmt::Include(include) => (&include.name, include.ignore_missing),
            Stmt::Import(import) => (&import.expr, false),
            Stmt::FromImport(import) => (&import.expr, false),
            Stmt::Extends(extends) => (&extends.name, false),
            _ => return,
        };
        let name = if let Expr::Const(text) = expr { text.value.as_str().map(str::to_owned) } else { None };
        found.push(Wanted { name, range: range(expr.span()), may_be_missing });
    });
    found
}

/// T003: filters, tests and functions that do not exist.
fn names(source: &str, tree: &Stmt<'_>) -> Vec<Mistake> {
    let mut mistakes = vec![];
    let macros = reads::own_names(tree);
    reads::each_expression(tree, &mut |expr| {
        let (what, name, at, known): (&str, &str, Range<usize>, Vec<&str>) = match expr {
            Expr::Filter(filter) => {
                let from = filter.expr.as_ref().map_or(range(filter.span()).start, |inner| range(inner.span()).end);
                let known = FILTERS.iter().chain(&OWN_FILTERS).copied().collect();
                ("filter", filter.name, find(source, filter.name, from..range(filter.span()).end), known)
            }
            Expr::Test(test) => {
                let from = range(test.expr.span()).end;
                let end = range(test.span()).end.max(from);
                ("test", test.name, find(source, test.name, from..end.max(from)), TESTS.to_vec())
            }
            Expr::Call(call) => match &call.expr {
                Expr::Var(var) => {
                    let known = FUNCTIONS.iter().copied().chain(macros.iter().map(String::as_str));
                    let known = known.chain(["loop", "caller"]).collect();
                    ("function", var.id, range(var.span()), known)
                }
                _ => return,
            },
            _ => return,
        };
        let operators = ["==", "!=", "<", "<=", ">", ">="];
        if known.contains(&name) || operators.contains(&name) {
            return;
        }
        let mistake = Mistake::new(code::T003, at, format!("there is no {what} `{name}`"));
        mistakes.push(mistake.nearest(name, known));
    });
    mistakes
}

/// The first place of a name in a range; the range when it is not there.
fn find(source: &str, name: &str, within: Range<usize>) -> Range<usize> {
    let text = source.get(within.clone()).unwrap_or("");
    match text.find(name) {
        Some(at) => within.start + at..within.start + at + name.len(),
        None => within,
    }
}

/// T001: what minijinja says about a text that it cannot read.
pub(super) fn syntax_mistake(source: &str, error: &Error) -> Mistake {
    // What is missing at the end is pointed at behind it.
    let range = error.range().map(|range| range.start.min(source.len())..range.end.min(source.len()));
    let range = range.unwrap_or_else(|| line_range(source, error.line().unwrap_or(1)));
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let before = source.get(..range.start).unwrap_or("").trim_end();
    let here = source.get(range.clone()).unwrap_or("");
    if error.kind() == ErrorKind::SyntaxError && here.starts_with('.') && before.ends_with("{{") {
        let mistake = Mistake::new(code::T001, range, "this is jq, and here stands a template");
        return mistake.help("templates name fields without the leading dot: `{{ phases.plan.output }}`");
    }
    let mistake = Mistake::new(code::T001, range, format!("the template cannot be read: {detail}"));
    if here.starts_with('?') || detail.contains('?') || here.starts_with("//") || detail.contains("`//`") {
        return mistake.help("templates have `| default(\"…\")` and `is defined` where jq has `//` and `?`");
    }
    mistake
}

fn line_range(source: &str, line: usize) -> Range<usize> {
    let start = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let len = source[start..].lines().next().map_or(0, str::len);
    start..start + len
}
