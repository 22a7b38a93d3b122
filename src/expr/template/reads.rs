//! Which paths of the document a template reads, with the exact place of each.
//!
//! Loop variables and `set` are followed to what they stand for; names that the template makes itself are no reads.

use super::check::range;
use crate::expr::jq::{Segment, SegmentKind, Tests, Usage};
use minijinja::machinery::ast::{BinOp, BinOpKind, CallArg, Expr, Stmt, UnaryOpKind};
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

/// A read of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The included text that it stands in; `None` for the template itself.
    pub include: Option<String>,
    /// The steps, the first a field of the document.
    pub path: Vec<Segment>,
    /// Where it stands.
    pub range: Range<usize>,
    /// Whether null is provided for: under `default(…)`, in a test, or after one.
    pub guarded: bool,
    /// How many leading steps were tested before.
    pub tested: usize,
    /// Whether its value goes into the text, perhaps through filters.
    pub printed: bool,
    /// The filters it goes through, first to last.
    pub filters: Vec<String>,
    /// What becomes of it.
    pub usage: Usage,
    /// What was asked on the way to it: a place in [`Tests`].
    pub under: Option<usize>,
}

/// All that a template reads.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// The reads.
    pub reads: Vec<Read>,
    /// What is asked on the way to them.
    pub tests: Tests,
}

impl Reads {
    /// Takes in the reads of another text.
    pub(super) fn append(&mut self, other: Self) {
        let places = self.tests.append(&other.tests, self.reads.len());
        let moved = |read: Read| Read { under: read.under.map(|under| under + places), ..read };
        self.reads.extend(other.reads.into_iter().map(moved));
    }
}

/// Collects the reads of a tree.
pub(super) fn collect(source: &str, tree: &Stmt<'_>, include: Option<&str>) -> Reads {
    let _ = source;
    let mut walker = Walker { include: include.map(str::to_owned), ..Walker::default() };
    walker.scope.extend(own_names(tree).into_iter().map(|name| (name, None)));
    walker.statement(tree);
    Reads { reads: walker.reads, tests: walker.tests }
}

/// Names of macros and imports: not fields of the document.
pub(super) fn own_names(tree: &Stmt<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut add = |expr: &Expr<'_>| {
        if let Expr::Var(var) = expr {
            names.insert(var.id.to_owned());
        }
    };
    let mut macros = vec![];
    each_statement(tree, &mut |statement| match statement {
        Stmt::Macro(own) => macros.push(own.name.to_owned()),
        Stmt::Import(import) => add(&import.name),
        Stmt::FromImport(import) => {
            for (name, alias) in &import.names {
                add(alias.as_ref().unwrap_or(name));
            }
        }
        _ => {}
    });
    names.extend(macros);
    names
}

/// Visits every statement.
pub(super) fn each_statement<'t, 's>(tree: &'t Stmt<'s>, visit: &mut dyn FnMut(&'t Stmt<'s>)) {
    visit(tree);
    for body in bodies(tree) {
        for statement in body {
            each_statement(statement, visit);
        }
    }
}

/// Visits every expression.
pub(super) fn each_expression<'t, 's>(tree: &'t Stmt<'s>, visit: &mut dyn FnMut(&'t Expr<'s>)) {
    each_statement(tree, &mut |statement| {
        for expr in expressions(statement) {
            below(expr, visit);
        }
    });
}

fn below<'t, 's>(expr: &'t Expr<'s>, visit: &mut dyn FnMut(&'t Expr<'s>)) {
    visit(expr);
    for child in children(expr) {
        below(child, visit);
    }
}

fn bodies<'t, 's>(statement: &'t Stmt<'s>) -> Vec<&'t [Stmt<'s>]> {
    match statement {
        Stmt::Template(node) => vec![&node.children],
        Stmt::ForLoop(node) => vec![&node.body, &node.else_body],
        Stmt::IfCond(node) => vec![&node.true_body, &node.false_body],
        Stmt::WithBlock(node) => vec![&node.body],
        Stmt::SetBlock(node) => vec![&node.body],
        Stmt::AutoEscape(node) => vec![&node.body],
        Stmt::FilterBlock(node) => vec![&node.body],
        Stmt::Block(node) => vec![&node.body],
        Stmt::Macro(node) => vec![&node.body],
        Stmt::CallBlock(node) => vec![&node.macro_decl.body],
        _ => vec![],
    }
}

/// The expressions of a statement that are no targets of an assignment.
fn expressions<'t, 's>(statement: &'t Stmt<'s>) -> Vec<&'t Expr<'s>> {
    match statement {
        Stmt::EmitExpr(node) => vec![&node.expr],
        Stmt::ForLoop(node) => std::iter::once(&node.iter).chain(&node.filter_expr).collect(),
        Stmt::IfCond(node) => vec![&node.expr],
        Stmt::WithBlock(node) => node.assignments.iter().map(|(_, value)| value).collect(),
        Stmt::Set(node) => vec![&node.expr],
        Stmt::SetBlock(node) => node.filter.iter().collect(),
        Stmt::AutoEscape(node) => vec![&node.enabled],
        Stmt::FilterBlock(node) => vec![&node.filter],
        Stmt::Macro(node) => node.defaults.iter().collect(),
        Stmt::CallBlock(node) => node.call.args.iter().map(argument).chain([&node.call.expr]).collect(),
        Stmt::Do(node) => node.call.args.iter().map(argument).chain([&node.call.expr]).collect(),
        _ => vec![],
    }
}

fn argument<'t, 's>(arg: &'t CallArg<'s>) -> &'t Expr<'s> {
    match arg {
        CallArg::Pos(expr) | CallArg::Kwarg(_, expr) | CallArg::PosSplat(expr) | CallArg::KwargSplat(expr) => expr,
    }
}

fn children<'t, 's>(expr: &'t Expr<'s>) -> Vec<&'t Expr<'s>> {
    match expr {
        Expr::Var(_) | Expr::Const(_) => vec![],
        Expr::Slice(node) => std::iter::once(&node.expr).chain(&node.start).chain(&node.stop).chain(&node.step).collect(),
        Expr::UnaryOp(node) => vec![&node.expr],
        Expr::BinOp(node) => vec![&node.left, &node.right],
        Expr::Compare(node) => std::iter::once(&node.expr).chain(node.ops.iter().map(|op| &op.expr)).collect(),
        Expr::IfExpr(node) => [&node.test_expr, &node.true_expr].into_iter().chain(&node.false_expr).collect(),
        Expr::Filter(node) => node.expr.iter().chain(node.args.iter().map(argument)).collect(),
        Expr::Test(node) => std::iter::once(&node.expr).chain(node.args.iter().map(argument)).collect(),
        Expr::GetAttr(node) => vec![&node.expr],
        Expr::GetItem(node) => vec![&node.expr, &node.subscript_expr],
        Expr::Call(node) => std::iter::once(&node.expr).chain(node.args.iter().map(argument)).collect(),
        Expr::List(node) => node.items.iter().collect(),
        Expr::Tuple(node) => node.items.iter().collect(),
        Expr::Map(node) => node.keys.iter().chain(&node.values).collect(),
    }
}

/// A path that may go on.
#[derive(Clone)]
struct Place {
    path: Vec<Segment>,
    range: Range<usize>,
}

#[derive(Default)]
struct Walker {
    include: Option<String>,
    reads: Vec<Read>,
    /// Where each of them is, and what.
    seen: HashSet<(Range<usize>, Vec<Segment>)>,
    /// Names of the template's own, and what they stand for if that is a path.
    scope: Vec<(String, Option<Place>)>,
    /// What was asked before: a chain of `tests`.
    tested: Option<usize>,
    tests: Tests,
    guards: usize,
    usage: Usage,
    printing: bool,
    filters: Vec<String>,
}

impl Walker {
    fn body(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(node) => self.body(&node.children),
            Stmt::EmitExpr(node) => {
                (self.printing, self.usage) = (true, Usage::Text);
                self.read(&node.expr);
                (self.printing, self.usage) = (false, Usage::Other);
            }
            Stmt::ForLoop(node) => {
                self.usage = Usage::Loop;
                let items = self.walk(&node.iter);
                self.record(items.as_ref());
                self.usage = Usage::Other;
                let depth = self.scope.len();
                self.assign(&node.target, each(&node.iter, items));
                self.scope.push(("loop".into(), None));
                if let Some(test) = &node.filter_expr {
                    self.condition(test);
                }
                self.body(&node.body);
                self.scope.truncate(depth);
                self.body(&node.else_body);
            }
            Stmt::IfCond(node) => {
                let tested = self.tested;
                self.condition(&node.expr);
                self.body(&node.true_body);
                self.body(&node.false_body);
                self.tested = tested;
            }
            Stmt::WithBlock(node) => {
                let depth = self.scope.len();
                for (target, value) in &node.assignments {
                    let place = self.walk(value);
                    self.record(place.as_ref());
                    self.assign(target, place);
                }
                self.body(&node.body);
                self.scope.truncate(depth);
            }
            Stmt::Set(node) => {
                let place = self.walk(&node.expr);
                self.record(place.as_ref());
                self.assign(&node.target, place);
            }
            Stmt::SetBlock(node) => {
                self.read_all(&node.filter);
                self.body(&node.body);
                self.assign(&node.target, None);
            }
            Stmt::Macro(node) => {
                let depth = self.scope.len();
                self.read_all(&node.defaults);
                for arg in &node.args {
                    self.assign(arg, None);
                }
                self.scope.push(("caller".into(), None));
                self.body(&node.body);
                self.scope.truncate(depth);
            }
            _ => {
                self.read_all(expressions(statement));
                for body in bodies(statement) {
                    self.body(body);
                }
            }
        }
    }

    /// Binds the names of a target.
    fn assign(&mut self, target: &Expr<'_>, place: Option<Place>) {
        match target {
            Expr::Var(var) => self.scope.push((var.id.to_owned(), place)),
            Expr::Tuple(tuple) => {
                let last = tuple.items.len().saturating_sub(1);
                for (n, item) in tuple.items.iter().enumerate() {
                    // `for key, value in table | items`: the value is what is known.
                    self.assign(item, if n == last { place.clone() } else { None });
                }
            }
            Expr::List(list) => {
                for item in &list.items {
                    self.assign(item, None);
                }
            }
            _ => {}
        }
    }

    fn read(&mut self, expr: &Expr<'_>) {
        let place = self.walk(expr);
        self.record(place.as_ref());
    }

    fn read_all<'t, 's: 't>(&mut self, exprs: impl IntoIterator<Item = &'t Expr<'s>>) {
        for expr in exprs {
            self.read(expr);
        }
    }

    /// Walks what is no longer printed as it is.
    fn aside(&mut self, expr: &Expr<'_>) {
        self.aside_as(expr, Usage::Other);
    }

    fn aside_as(&mut self, expr: &Expr<'_>, usage: Usage) {
        let (printing, filters) = (std::mem::take(&mut self.printing), std::mem::take(&mut self.filters));
        let before = std::mem::replace(&mut self.usage, usage);
        self.read(expr);
        (self.printing, self.filters, self.usage) = (printing, filters, before);
    }

    fn asides<'t, 's: 't>(&mut self, exprs: impl IntoIterator<Item = &'t Expr<'s>>) {
        for expr in exprs {
            self.aside(expr);
        }
    }

    fn guarded(&mut self, expr: &Expr<'_>, usage: Usage) {
        self.guards += 1;
        self.aside_as(expr, usage);
        self.guards -= 1;
    }

    /// A condition: a bare path in it is a test of itself, and what it reads counts as tested from here on.
    fn condition(&mut self, expr: &Expr<'_>) {
        let before = self.reads.len();
        match expr {
            Expr::UnaryOp(not) if matches!(not.op, UnaryOpKind::Not) => self.condition(&not.expr),
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => self.guarded(expr, Usage::Truth),
            _ => self.aside(expr),
        }
        for read in before..self.reads.len() {
            self.tested = self.tests.with(read, self.tested);
        }
    }

    fn record(&mut self, place: Option<&Place>) {
        let Some(place) = place else { return };
        let steps = place.path.len();
        let common = |tested: usize| {
            let tested = &self.reads[tested].path;
            let same = tested.len() <= steps && tested.iter().zip(&place.path).all(|(a, b)| a.kind == b.kind);
            if same { tested.len() } else { 0 }
        };
        let tested = self.tests.of(self.tested).map(common).max().unwrap_or(0);
        let read = Read {
            include: self.include.clone(),
            path: place.path.clone(),
            range: place.range.clone(),
            guarded: self.guards > 0 || (tested > 0 && tested == steps),
            tested,
            printed: self.printing,
            filters: self.filters.iter().rev().cloned().collect(),
            usage: self.usage,
            under: self.tested,
        };
        if self.seen.insert((read.range.clone(), read.path.clone())) {
            self.reads.push(read);
        }
    }

    fn walk(&mut self, expr: &Expr<'_>) -> Option<Place> {
        let span = range(expr.span());
        match expr {
            Expr::Var(var) => {
                if let Some((_, place)) = self.scope.iter().rev().find(|(name, _)| name == var.id) {
                    return place.clone().map(|place| Place { range: span, ..place });
                }
                let path = vec![Segment { kind: SegmentKind::Key(var.id.into()), range: span.clone() }];
                Some(Place { path, range: span })
            }
            Expr::GetAttr(node) => {
                let place = self.walk(&node.expr)?;
                // A span of the parser begins at the last dot; the path began earlier.
                let whole = place.range.start..span.end;
                Some(step(place, SegmentKind::Key(node.name.into()), span.end - node.name.len()..span.end, whole))
            }
            Expr::GetItem(node) => self.item(&node.expr, &node.subscript_expr, span),
            Expr::Filter(node) => {
                self.asides(node.args.iter().map(argument));
                let inner = node.expr.as_ref()?;
                self.filter(node.name, inner)
            }
            Expr::Test(node) => {
                self.asides(node.args.iter().map(argument));
                match node.name {
                    "defined" | "undefined" | "none" => self.guarded(&node.expr, Usage::Other),
                    _ => self.aside(&node.expr),
                }
                None
            }
            Expr::IfExpr(node) => {
                let tested = self.tested;
                self.condition(&node.test_expr);
                self.read(&node.true_expr);
                self.read_all(&node.false_expr);
                self.tested = tested;
                None
            }
            Expr::BinOp(node) => {
                self.operator(node);
                None
            }
            Expr::UnaryOp(node) if matches!(node.op, UnaryOpKind::Not) => {
                self.guarded(&node.expr, Usage::Truth);
                None
            }
            Expr::Slice(node) => {
                self.asides([&node.start, &node.stop, &node.step].into_iter().flatten());
                self.walk(&node.expr).map(|place| Place { range: span, ..place })
            }
            Expr::Call(node) => {
                self.asides(node.args.iter().map(argument));
                if !matches!(node.expr, Expr::Var(_)) {
                    self.aside(&node.expr);
                }
                None
            }
            _ => {
                self.asides(children(expr));
                None
            }
        }
    }

    fn operator(&mut self, node: &BinOp<'_>) {
        match node.op {
            BinOpKind::ScAnd | BinOpKind::ScOr => {
                let tested = self.tested;
                self.condition(&node.left);
                self.condition(&node.right);
                self.tested = tested;
            }
            BinOpKind::Concat => self.read_all([&node.left, &node.right]),
            _ => {
                self.aside_as(&node.left, Usage::Operand);
                self.aside_as(&node.right, Usage::Operand);
            }
        }
    }

    /// `base[key]`
    fn item(&mut self, base: &Expr<'_>, key: &Expr<'_>, span: Range<usize>) -> Option<Place> {
        let literal = if let Expr::Const(key) = key { Some(&key.value) } else { None };
        let kind = match literal.map(|key| (key.as_str(), key.as_i64())) {
            Some((Some(name), _)) => SegmentKind::Key(name.into()),
            Some((_, Some(n))) => SegmentKind::Index(n),
            Some(_) => SegmentKind::Unknown,
            None => {
                self.aside(key);
                SegmentKind::Unknown
            }
        };
        let place = self.walk(base)?;
        let whole = place.range.start..span.end;
        Some(step(place, kind, range(key.span()), whole))
    }

    /// A filter hands on the printing; those that keep the items hand on the path, too.
    fn filter(&mut self, name: &str, inner: &Expr<'_>) -> Option<Place> {
        let guard = usize::from(matches!(name, "default" | "d"));
        let usage = if guard > 0 { Usage::Other } else { self.usage };
        let before = std::mem::replace(&mut self.usage, usage);
        self.guards += guard;
        self.filters.push(name.to_owned());
        let place = self.walk(inner);
        self.record(place.as_ref());
        self.filters.pop();
        self.guards -= guard;
        self.usage = before;
        match name {
            "sort" | "reverse" | "unique" | "list" | "select" | "reject" | "selectattr" | "rejectattr" | "items" | "dictsort"
            | "default" | "d" => place,
            "first" | "last" => {
                let range = place.as_ref()?.range.clone();
                let index = if name == "first" { 0 } else { -1 };
                Some(step(place?, SegmentKind::Index(index), range.clone(), range))
            }
            _ => None,
        }
    }
}

fn step(mut place: Place, kind: SegmentKind, at: Range<usize>, whole: Range<usize>) -> Place {
    place.path.push(Segment { kind, range: at });
    Place { range: whole, ..place }
}

/// What the variable of a loop over something stands for.
fn each(iter: &Expr<'_>, items: Option<Place>) -> Option<Place> {
    let range = range(iter.span());
    items.map(|place| step(place, SegmentKind::Each, range.clone(), range))
}
