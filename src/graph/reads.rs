//! Every expression and template of a pipeline, parsed once: what it reads and where that leads.

use super::draft::Draft;
use super::facts::FileFact;
use super::look::Look;
use super::site::{Role, Site};
use crate::diag::{Diagnostic, code};
use crate::expr::Mistake;
use crate::expr::jq::{self, Comparison, Due, Operand, Parsed, Root, Segment, SegmentKind, Tests, Usage};
use crate::expr::template::{self, examine};
use crate::text::Embedded;
use std::collections::HashMap;
use std::ops::Range;

/// A jq expression of a pipeline.
#[derive(Clone, Debug)]
pub struct Expression<'a> {
    /// Where it stands.
    pub site: Site<'a>,
    /// Its tree and what it reads.
    pub parsed: Parsed,
    /// Its reads, among all of the pipeline.
    pub reads: Range<usize>,
}

/// Something that is read of the run.
#[derive(Clone, Debug)]
pub struct Reading<'a> {
    /// From where.
    pub site: Site<'a>,
    /// The text it stands in: the site's own, or one that it includes.
    pub text: &'a Embedded,
    /// The path that is read.
    pub path: Vec<Segment>,
    /// Where the whole path stands in the text.
    pub range: Range<usize>,
    /// Whether null is provided for.
    pub guarded: bool,
    /// How many leading steps were tested before.
    pub tested: usize,
    /// What becomes of it.
    pub usage: Usage,
    /// The filters of a template that it goes through, first to last.
    pub filters: Vec<String>,
    /// What was asked on the way to it: a place in the tests of all readings.
    pub under: Option<usize>,
    /// Where it leads.
    pub look: Look,
}

/// A text that templates include, and whether it can be read: its own mistakes are told once, where they stand.
type Included<'a> = HashMap<&'a str, (&'a Embedded, bool)>;

/// A comparison of order with something that may be null.
#[derive(Clone, Debug)]
pub struct NullInOrder<'a> {
    /// Where it stands.
    pub text: &'a Embedded,
    /// The operator.
    pub at: Range<usize>,
    /// The side that may be null.
    pub side: Range<usize>,
    /// After how many steps it may be.
    pub steps: usize,
    /// The steps.
    pub path: Vec<Segment>,
}

/// All that is read.
#[derive(Clone, Debug, Default)]
pub struct Readings<'a> {
    /// jq, in the order of the keys; what is no jq is left out.
    pub expressions: Vec<Expression<'a>>,
    /// What is read, in the order of the keys.
    pub reads: Vec<Reading<'a>>,
    /// What is asked on the way to them.
    pub tests: Tests,
    /// Comparisons that null would turn.
    pub orders: Vec<NullInOrder<'a>>,
}

impl Role {
    /// What an expression under this key must give.
    pub fn due(self) -> Due {
        match self {
            Self::Pass
            | Self::Select
            | Self::CheckThat
            | Self::When
            | Self::Require
            | Self::RepeatWhen
            | Self::AcceptThat
            | Self::TestThat => Due::Boolean,
            _ => Due::Value,
        }
    }
}

/// Parses all jq and templates of a pipeline and follows their reads.
pub fn collect<'a>(draft: &Draft<'a>, found: &mut Vec<Diagnostic>) -> Readings<'a> {
    let mut readings = Readings::default();
    for site in draft.sites.iter().filter(|site| site.role.is_jq()) {
        match jq::parse(site.text.text()) {
            Ok(parsed) => {
                found.extend(parsed.check(site.role.due()).into_iter().map(|mistake| mistake.into_diagnostic(site.text)));
                readings.expressions.push(Expression { site: *site, parsed, reads: 0..0 });
            }
            Err(mistakes) => found.extend(mistakes.into_iter().map(|mistake| mistake.into_diagnostic(site.text))),
        }
    }
    let included = included(draft, found);
    for site in draft.sites.iter().filter(|site| !site.role.is_jq()) {
        of_template(draft, site, &included, &mut readings, found);
    }
    for expression in &mut readings.expressions {
        let Expression { site, parsed, .. } = &*expression;
        found.extend(misplaced(site, parsed));
        let first = readings.reads.len();
        let places = readings.tests.append(parsed.tests(), first);
        for read in parsed.reads() {
            let look = match &read.root {
                Root::Document => draft.look(site, &read.path),
                Root::Global(_) => Look::default(),
            };
            readings.reads.push(Reading {
                site: *site,
                text: site.text,
                path: read.path.clone(),
                range: read.range.clone(),
                guarded: read.guarded,
                tested: read.tested,
                usage: read.usage,
                filters: vec![],
                under: read.under.map(|under| under + places),
                look,
            });
        }
        let reads = &readings.reads[first..];
        expression.reads = first..readings.reads.len();
        let Expression { site, parsed, .. } = &*expression;
        readings.orders.extend(parsed.comparisons().iter().filter(|c| c.is_order()).flat_map(|c| nulls(draft, site, reads, c)));
    }
    readings
}

/// The included texts, each checked by itself.
fn included<'a>(draft: &Draft<'a>, found: &mut Vec<Diagnostic>) -> Included<'a> {
    let facts = draft.facts;
    let mut included = Included::new();
    for name in &facts.includes {
        let Some(text) = facts.text(name) else { continue };
        let beside = |name: &str| facts.text(name).map(|_| String::new());
        let (_, mistakes) = examine(text.text(), &beside);
        included.insert(name, (text, mistakes.is_empty()));
        found.extend(mistakes.into_iter().map(|mistake| template_finding(draft, mistake, text)));
    }
    included
}

/// Adds the reads of a template and of what it includes; its mistakes go to `found`.
fn of_template<'a>(
    draft: &Draft<'a>,
    site: &Site<'a>,
    included: &Included<'a>,
    readings: &mut Readings<'a>,
    found: &mut Vec<Diagnostic>,
) {
    let load = |name: &str| {
        let (text, good) = included.get(name)?;
        Some(if *good { text.text().to_owned() } else { String::new() })
    };
    let (template::Reads { reads, tests }, mistakes) = examine(site.text.text(), &load);
    found.extend(mistakes.into_iter().map(|mistake| template_finding(draft, mistake, site.text)));
    let places = readings.tests.append(&tests, readings.reads.len());
    let reading = |read: template::Read| {
        let text = read.include.as_ref().and_then(|name| Some(included.get(name.as_str())?.0));
        let look = draft.look(site, &read.path);
        let template::Read { path, range, guarded, tested, usage, filters, under, .. } = read;
        let under = under.map(|under| under + places);
        let text = text.unwrap_or(site.text);
        Reading { site: *site, text, path, range, guarded, tested, usage, filters, under, look }
    };
    readings.reads.extend(reads.into_iter().map(reading));
}

/// The finding, and for an include that is not there what could have been meant.
fn template_finding(draft: &Draft<'_>, mistake: Mistake, text: &Embedded) -> Diagnostic {
    let about_include = mistake.code == code::T004 && mistake.help.is_none();
    let range = mistake.range.clone();
    let written = text.text().get(range.clone()).unwrap_or_default().trim_matches(['"', '\'']).to_owned();
    let finding = mistake.into_diagnostic(text);
    if !about_include {
        return finding;
    }
    match draft.facts.files.get(&written) {
        Some(FileFact::Missing { nearest: Some(near) }) => {
            let finding = finding.help(format!("did you mean `{near}`?"));
            if !text.is_plain() {
                return finding;
            }
            // The quotes stay as they are: TOML may need the other ones.
            let span = text.span(range.start + 1..range.end - 1);
            finding.suggest(format!("write `{near}`"), span, near)
        }
        Some(FileFact::Missing { nearest: None }) => finding.help("paths are relative to the pipeline file"),
        Some(FileFact::Outside { root }) => {
            finding.help(format!("it lies outside of `{root}`: bring a copy of it into the project"))
        }
        Some(FileFact::Unreadable(why)) => finding.help(format!("it is there, and cannot be read: {why}")),
        Some(FileFact::Text(_)) | None => finding,
    }
}

/// Global names that mean something elsewhere only.
fn misplaced(site: &Site<'_>, parsed: &Parsed) -> Vec<Diagnostic> {
    let mut found = vec![];
    let globals = [("$previous", Role::View, "the view of a document"), ("$given", Role::Select, "the `select` of a parameter")];
    for (name, role, place) in globals {
        if site.role == role || !parsed.uses(name) {
            continue;
        }
        let at = site.text.text().find(name).unwrap_or(0);
        let span = site.text.span(at..at + name.len());
        let finding = Diagnostic::new(code::J002, span, format!("`{name}` is there only in {place}"));
        let help = if name == "$previous" { "the round before is `.previous`" } else { "what was given is `.params`" };
        found.push(finding.help(help));
    }
    if !matches!(site.role, Role::Var(_)) {
        for call in parsed.calls().iter().filter(|call| call.name == "glob") {
            let span = site.text.span(call.range.clone());
            let finding = Diagnostic::new(code::J003, span, "`glob` looks at the disk, and may do so in `[vars]` only");
            found.push(finding.help("make it a variable, and read `.vars.NAME` here"));
        }
    }
    found
}

/// The sides of a comparison of order that may be null.
fn nulls<'a>(draft: &Draft<'a>, site: &Site<'a>, reads: &[Reading<'a>], comparison: &Comparison) -> Vec<NullInOrder<'a>> {
    let sides = [&comparison.left, &comparison.right].into_iter().filter_map(|side| {
        let Operand::Read(read) = side else { return None };
        let read = reads.get(*read)?;
        let steps = read.look.null.filter(|_| read.look.problem.is_none() && !read.guarded)?;
        // What was tested before, a part of it included, is provided for; so is what the phase's own guards look at.
        let whole = matches!(&read.path.get(steps - 1)?.kind, SegmentKind::Key(name) if name == "output");
        if read.tested >= steps || whole && draft.guards_mention(site, read.look.output_of) {
            return None;
        }
        Some(NullInOrder { text: site.text, at: comparison.at.clone(), side: read.range.clone(), steps, path: read.path.clone() })
    });
    sides.collect()
}
