//! Reads a pipeline file: the top level, and the order of everything.

use super::elsewhere;
use super::node::{Entry, Kind, Style};
use super::pipeline::{Defaults, Field, Limits, Pipeline};
use super::reader::Reader;
use super::syntax;
use crate::diag::{Diagnostic, code};
use crate::limits::{FILE_BYTES, PHASES, QUOTED_BYTES};
use crate::text::{Embedded, FileId, Span, Spanned};
use indexmap::IndexMap;

/// The version of the language that this program reads.
pub const LANGUAGE: u32 = 1;

/// Reads the text of a pipeline file. Never fails: what could not be read is absent and a finding says why.
///
/// Findings are in file order.
pub fn parse(file: FileId, text: &str) -> (Pipeline, Vec<Diagnostic>) {
    let Read { pipeline, found, .. } = read(file, text);
    (pipeline, found)
}

/// What came of reading a text.
pub(super) struct Read {
    pub pipeline: Pipeline,
    pub found: Vec<Diagnostic>,
    /// Keys that are not known where they stand, and those that are.
    pub unknown: Vec<(Span, Vec<&'static str>)>,
    /// Where texts that are jq stand.
    pub jq: Vec<Span>,
}

/// Reads a text, and keeps what was asked for.
pub(super) fn read(file: FileId, text: &str) -> Read {
    if text.len() as u64 > FILE_BYTES {
        let message = format!("the file has {} bytes, and a pipeline has at most {FILE_BYTES}", text.len());
        let found = vec![Diagnostic::new(code::P001, Span::new(file, 0..0), message)];
        return Read { pipeline: empty(file), found, unknown: vec![], jq: vec![] };
    }
    let syntax = syntax::read(file, text);
    let errors = syntax.found.iter().map(|finding| finding.span.start as usize).collect();
    let mut reader = Reader { file, source: text, found: vec![], unknown: vec![], jq: vec![], errors, headers: syntax.headers };
    let pipeline = reader.pipeline(syntax.root);
    let tainted = |finding: &Diagnostic| syntax.tainted.iter().any(|range| range.contains(&(finding.span.start as usize)));
    let mut found = syntax.found;
    let Reader { found: read, unknown, jq, .. } = reader;
    found.extend(read.into_iter().filter(|finding| !tainted(finding)));
    found.sort_by_key(|finding| (finding.span.start, finding.code));
    for finding in &mut found {
        shorten(finding);
    }
    Read { pipeline, found, unknown, jq }
}

/// Cuts what a finding quotes of the file: a key may be as long as the file.
fn shorten(finding: &mut Diagnostic) {
    let cut = |text: &str| -> String {
        let parts = text.split('`').map(|part| {
            let end = part.char_indices().map(|(at, _)| at).take_while(|at| *at <= QUOTED_BYTES).last().unwrap_or(0);
            if part.len() > 3 * QUOTED_BYTES { format!("{}…", &part[..end]) } else { part.to_owned() }
        });
        parts.collect::<Vec<_>>().join("`")
    };
    finding.message = cut(&finding.message);
    finding.label = cut(&finding.label);
    finding.help = finding.help.as_deref().map(cut);
}

/// A pipeline that says nothing.
fn empty(file: FileId) -> Pipeline {
    Pipeline {
        file,
        version: None,
        name: None,
        description: None,
        result: None,
        pass: None,
        summary: None,
        params: IndexMap::new(),
        vars: IndexMap::new(),
        series: None,
        store: None,
        documents: IndexMap::new(),
        checks: vec![],
        agents: IndexMap::new(),
        defaults: Defaults::default(),
        limits: Limits::default(),
        phases: IndexMap::new(),
        tests: vec![],
    }
}

impl Reader<'_> {
    fn pipeline(&mut self, mut table: super::node::Table) -> Pipeline {
        // A file that starts with a byte order mark starts behind it.
        let start = if self.source.starts_with('\u{feff}') { 3 } else { 0 };
        table.span = Span::new(self.file, start..start);
        let version = self.version(table.take("flow"), &table);
        let name = self.literal(table.take("name"));
        if let Some(name) = &name {
            self.pipeline_name(&Spanned::new(name.value.clone(), name.span));
        }
        let pipeline = Pipeline {
            version,
            name,
            description: self.literal(table.take("description")),
            result: self.jq(table.take("result")),
            pass: self.jq(table.take("pass")),
            summary: self.source_text(table.take("summary")),
            params: self.named(table.take("params"), Self::param),
            vars: self.vars(table.take("vars")),
            series: self.series(table.take("series")),
            store: self.store(table.take("store")),
            documents: self.named(table.take("documents"), Self::document),
            checks: self.tables(table.take("checks"), |r, span, t| Some(r.check(span, t))).map_or(vec![], |list| list.value),
            agents: self.named(table.take("agents"), Self::agent),
            defaults: self.defaults(table.take("defaults")),
            limits: self.limits(table.take("limits")),
            phases: self.named(table.take("phases"), Self::phase),
            tests: self.tables(table.take("tests"), |r, span, t| Some(r.test(span, t))).map_or(vec![], |list| list.value),
            ..empty(self.file)
        };
        self.needed(&table, &pipeline);
        self.shorts(&pipeline);
        self.finish(&table, "the pipeline");
        pipeline
    }

    /// The keys that every pipeline has.
    fn needed(&mut self, table: &super::node::Table, pipeline: &Pipeline) {
        let mut place = table.clone();
        if let Some(version) = &pipeline.version {
            place.span = version.key;
        }
        place.style = Style::Root;
        let keys = ["name", "phases"];
        // A broken header may be the one phase there is.
        let keys = if self.errors.is_empty() { &keys[..] } else { &keys[..1] };
        self.missing(&place, "the pipeline", keys);
        if let Some(phase) = pipeline.phases.values().nth(PHASES) {
            let message = format!("a pipeline has at most {PHASES} phases, and this one has {}", pipeline.phases.len());
            self.say(code::P005, phase.header, message);
        }
    }

    /// `flow = 1`.
    fn version(&mut self, entry: Option<Entry>, table: &super::node::Table) -> Option<Field<u32>> {
        let Some(Entry { key, node }) = entry else {
            if !self.is_broken(table) && !elsewhere::misspelt(table, "flow") {
                let message = "the version of the language is missing";
                let finding = Diagnostic::new(code::P008, table.span, message).label("`flow = 1` should stand here");
                self.report(finding.suggest("add it", table.span, format!("flow = {LANGUAGE}\n")));
            }
            return None;
        };
        match node.kind {
            Kind::Integer(Some(n)) if n == i64::from(LANGUAGE) => {
                return Some(Field { key: key.span, value: LANGUAGE, span: node.span });
            }
            Kind::Integer(_) => {
                let message =
                    format!("this program reads version {LANGUAGE} of the language, and not version {}", self.written(node.span));
                self.report(Diagnostic::new(code::P008, node.span, message).help("a newer `flow` may read it"));
            }
            _ => self.wrong_type("flow", "a whole number", &node),
        }
        None
    }

    /// `[vars]`.
    fn vars(&mut self, entry: Option<Entry>) -> IndexMap<String, Field<Embedded>> {
        let Some((_, _, table)) = self.table(entry) else { return IndexMap::new() };
        let mut vars = IndexMap::new();
        for entry in table.entries {
            let name = entry.key.clone();
            self.name("variable", &name);
            if let Some(expression) = self.jq(Some(entry)) {
                vars.insert(name.value, expression);
            }
        }
        vars
    }
}
