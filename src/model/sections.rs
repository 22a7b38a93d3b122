//! Reads what stands around the phases: parameters, store, documents, checks, agents, defaults, limits.

use super::names::ENGINE_SHORTS;
use super::node::{Entry, Kind, Node, Style, Table};
use super::pipeline::{
    Agent, Check, CheckKind, Defaults, Document, Field, FileParam, Limits, Param, Pipeline, Select, Series, Store,
};
use super::raw::{Data, DataKind};
use super::reader::Reader;
use super::words::{Backend, ParamType};
use crate::diag::{Diagnostic, code};
use crate::limits::{HISTORY_MAX, PARALLEL_MAX};
use crate::text::{Span, Spanned};
use indexmap::IndexMap;

/// Replicas that a NATS stream can have.
pub(super) const REPLICAS_MAX: u32 = 5;
/// Turns of an attempt.
pub(super) const TURNS_MAX: u32 = 10_000;

impl Reader<'_> {
    /// Named things: a table of tables.
    pub fn named<T>(
        &mut self,
        entry: Option<Entry>,
        mut read: impl FnMut(&mut Self, Spanned<String>, Span, Table) -> T,
    ) -> IndexMap<String, T> {
        let Some(entry) = entry else { return IndexMap::new() };
        let group = entry.key.value.clone();
        if let Kind::List(_) = entry.node.kind {
            let message = format!("`{group}` are named, found a list");
            let help = format!("write `[{group}.NAME]` for each, in single brackets");
            self.report(Diagnostic::new(code::P003, entry.node.span, message).help(help));
            return IndexMap::new();
        }
        let Some((_, _, table)) = self.table(Some(entry)) else { return IndexMap::new() };
        let mut all = IndexMap::new();
        for Entry { key, node } in table.entries {
            let header = match &node.kind {
                Kind::Table(table) if table.style == Style::Inline => key.span,
                _ => node.span,
            };
            if let Kind::Table(inner) = node.kind {
                let thing = read(self, key.clone(), header, inner);
                all.insert(key.value, thing);
            } else {
                let what = format!("{group}.{}", key.value);
                self.wrong_type(&what, &format!("a table (`[{what}]`)"), &node);
            }
        }
        all
    }

    /// A list of tables: `[[checks]]`, or an inline list.
    pub fn tables<T>(
        &mut self,
        entry: Option<Entry>,
        mut read: impl FnMut(&mut Self, Span, Table) -> Option<T>,
    ) -> Option<Field<Vec<T>>> {
        let Entry { key, node } = entry?;
        if let (Kind::Table(table), true) = (&node.kind, self.written(node.span).starts_with('[')) {
            let what = self.written(table.span).to_owned();
            let message = format!("`{}` must be a list of tables, found one table", key.value);
            self.report(Diagnostic::new(code::P003, node.span, message).suggest(
                "double the brackets",
                node.span,
                format!("[{what}]"),
            ));
            return None;
        }
        self.list(Some(Entry { key, node }), "tables", |reader, what, node: Node| {
            let span = node.span;
            if let Kind::Table(table) = node.kind {
                return read(reader, span, table);
            }
            reader.wrong_type(&format!("{what}[]"), "a table", &node);
            None
        })
    }

    /// `[params.…]`.
    pub fn param(&mut self, name: Spanned<String>, header: Span, mut table: Table) -> Param {
        self.param_name(&name);
        let param = Param {
            header,
            help: self.literal(table.take("help")),
            kind: self.word(table.take("type")),
            required: self.boolean(table.take("required")),
            choices: self.list(table.take("choices"), "values", Self::data_node),
            pattern: self.template(table.take("pattern")),
            default: self.data(table.take("default")),
            short: self.short(table.take("short")),
            file: self.file_param(table.take("file")),
            select: self.select(table.take("select")),
            name,
        };
        if param.kind.is_some() || !table.has("type") {
            self.param_sense(&param);
        }
        self.finish(&table, &format!("params.{}", param.name.value));
        param
    }

    /// What a parameter says must agree with itself.
    fn param_sense(&mut self, param: &Param) {
        let kind = param.kind.as_ref().map_or(ParamType::String, |kind| kind.value);
        let values = param.default.iter().map(|d| ("default", &d.value));
        let values = values.chain(param.choices.iter().flat_map(|c| c.value.iter().map(|v| ("choices[]", v))));
        for (what, value) in values {
            if !fits(kind, value) {
                let message = format!("`{what}` must be of the parameter's type, which is {}", kind.as_str());
                self.say(code::P003, value.span, message);
            }
        }
        if let (Some(required), Some(default)) = (param.required.as_ref().filter(|r| r.value), &param.default) {
            let message = "a parameter with a `default` is never missing: leave out `required`";
            self.report(Diagnostic::new(code::P006, required.key, message).related(default.key, "its default"));
        }
        if let (Some(default), Some(choices)) = (&param.default, &param.choices)
            && fits(kind, &default.value)
            && !choices.value.iter().any(|choice| choice.to_value() == default.value.to_value())
        {
            let message = "`default` is none of the `choices`";
            self.report(Diagnostic::new(code::P005, default.span, message).related(choices.span, "the choices"));
        }
        if let Some(choices) = param.choices.as_ref().filter(|choices| choices.value.is_empty()) {
            self.say(code::P010, choices.span, "`choices` is empty");
        }
        if kind != ParamType::String {
            let text_only = [param.pattern.as_ref().map(|p| ("pattern", p.key)), param.file.as_ref().map(|f| ("file", f.key))];
            for (what, key) in text_only.into_iter().flatten() {
                let message = format!("`{what}` is for parameters of type `string`, and this one is of type `{}`", kind.as_str());
                self.say(code::P006, key, message);
            }
        }
    }

    fn short(&mut self, entry: Option<Entry>) -> Option<Field<char>> {
        let text = self.literal(entry)?;
        let mut letters = text.value.chars();
        let (Some(letter), None, true) = (letters.next(), letters.next(), text.value.is_ascii()) else {
            self.bad_value(text.span, "`short` must be one letter, such as `\"s\"`");
            return None;
        };
        if !letter.is_ascii_alphabetic() {
            self.bad_value(text.span, "`short` must be one letter, such as `\"s\"`");
        } else if ENGINE_SHORTS.contains(&letter) {
            self.bad_value(text.span, format!("`-{letter}` is an option of `flow run` itself"));
        } else {
            return Some(Field { key: text.key, span: text.span, value: letter });
        }
        None
    }

    fn file_param(&mut self, entry: Option<Entry>) -> Option<Field<FileParam>> {
        let (key, span, mut table) = self.table(entry)?;
        self.missing(&table, "file", &["dirs", "extension"]);
        let dirs = self.some_literals(table.take("dirs")).map(|dirs| dirs.value).unwrap_or_default();
        let mut extension = self.literal(table.take("extension"));
        if let Some(text) = extension.take_if(|text| text.value.starts_with('.')) {
            let good = text.value.trim_start_matches('.').to_owned();
            self.report(Diagnostic::new(code::P005, text.span, "`extension` is written without its dot").suggest(
                format!("write `{good}`"),
                text.span,
                format!("\"{good}\""),
            ));
        }
        self.finish(&table, "file");
        Some(Field { key: key.span, value: FileParam { dirs, extension }, span })
    }

    fn select(&mut self, entry: Option<Entry>) -> Option<Field<Select>> {
        let Entry { key, node } = entry?;
        let span = node.span;
        let value = match node.kind {
            Kind::Boolean(same) => Select::Same(same),
            Kind::Text(text) => {
                self.jq.push(span);
                Select::By(text)
            }
            _ => {
                self.wrong_type("select", "`true` or jq, as text", &node);
                return None;
            }
        };
        Some(Field { key: key.span, value, span })
    }

    /// `[series]`.
    pub fn series(&mut self, entry: Option<Entry>) -> Option<Series> {
        let (_, header, mut table) = self.table(entry)?;
        self.missing(&table, "series", &["key"]);
        let series =
            Series { header, key: self.template(table.take("key")), while_running: self.word(table.take("while_running")) };
        self.finish(&table, "series");
        Some(series)
    }

    /// `[store]`.
    pub fn store(&mut self, entry: Option<Entry>) -> Option<Store> {
        let (_, header, mut table) = self.table(entry)?;
        self.missing(&table, "store", &["bucket"]);
        let bucket = self.literal(table.take("bucket"));
        if let Some(bucket) = &bucket {
            self.bucket(&Spanned::new(bucket.value.clone(), bucket.span));
        }
        let replicas = self.small(table.take("replicas"), 1..REPLICAS_MAX + 1);
        let history = self.integer_coded(table.take("history"), 1..i64::from(HISTORY_MAX) + 1, code::K004);
        let history = history.and_then(|h| Some(Field { key: h.key, span: h.span, value: u32::try_from(h.value).ok()? }));
        let store = Store {
            header,
            bucket,
            replicas,
            history,
            description: self.literal(table.take("description")),
            storage: self.word(table.take("storage")),
        };
        self.finish(&table, "store");
        Some(store)
    }

    /// `[documents.…]`.
    pub fn document(&mut self, name: Spanned<String>, header: Span, mut table: Table) -> Document {
        self.name("document", &name);
        let what = format!("documents.{}", name.value);
        self.missing(&table, &what, &["key", "view"]);
        let document = Document { name, header, key: self.template(table.take("key")), view: self.jq(table.take("view")) };
        self.finish(&table, &what);
        document
    }

    /// One of `[[checks]]`.
    pub fn check(&mut self, header: Span, mut table: Table) -> Check {
        let kind = self.check_kind(&mut table, "check");
        let message = self.source_text(table.take("message"));
        self.finish(&table, "checks[]");
        Check { header, kind, message }
    }

    /// Exactly one of `that`, `files`, `run`.
    pub fn check_kind(&mut self, table: &mut Table, what: &str) -> Option<Field<CheckKind>> {
        let mut written: Vec<Spanned<String>> =
            ["that", "files", "run"].iter().filter_map(|key| table.peek(key).map(|entry| entry.key.clone())).collect();
        written.sort_by_key(|key| key.span.start);
        if written.is_empty() && !self.is_broken(table) {
            let message = format!("this {what} looks at nothing: it needs one of `that`, `files` and `run`");
            self.say(code::P004, self.place(table), message);
        }
        if let [first, rest @ ..] = written.as_slice() {
            for other in rest {
                let message = format!("`{}` cannot stand beside `{}`: one {what} looks at one thing", other.value, first.value);
                self.report(Diagnostic::new(code::P006, other.span, message).related(first.span, "the first"));
            }
        }
        let that = self.jq(table.take("that")).map(|f| Field { key: f.key, span: f.span, value: CheckKind::That(f.value) });
        let files = self.jq(table.take("files")).map(|f| Field { key: f.key, span: f.span, value: CheckKind::Files(f.value) });
        let run = table.take("run").and_then(|Entry { key, node }| {
            let span = node.span;
            Some(Field { key: key.span, value: CheckKind::Run(self.argv("run", node)?), span })
        });
        [that, files, run].into_iter().flatten().min_by_key(|field| field.key.start)
    }

    /// `[agents.…]`.
    pub fn agent(&mut self, name: Spanned<String>, header: Span, mut table: Table) -> Agent {
        self.name("agent", &name);
        let what = format!("agents.{}", name.value);
        let agent = Agent {
            name,
            header,
            description: self.literal(table.take("description")),
            backend: self.word(table.take("use")),
            command: self.some_literals(table.take("command")),
            model: self.literal(table.take("model")),
            access: self.word(table.take("access")),
            tools: self.literals(table.take("tools")),
            max_turns: self.small(table.take("max_turns"), 1..TURNS_MAX + 1),
            budget_usd: self.number(table.take("budget_usd"), 0.0),
            system: self.source_text(table.take("system")),
        };
        let backend = agent.backend.as_ref().map(|backend| backend.value);
        if backend == Some(Backend::Command) {
            self.missing(&table, &what, &["command"]);
        } else if let Some(command) = &agent.command
            && !(table.has("use") && backend.is_none())
        {
            let message = "`command` is for agents with `use = \"command\"`";
            let finding = Diagnostic::new(code::P006, command.key, message);
            self.report(match &agent.backend {
                Some(backend) => finding.related(backend.span, "this one uses another backend"),
                None => finding.help("add `use = \"command\"`"),
            });
        }
        self.finish(&table, &what);
        agent
    }

    /// `[defaults]`.
    pub fn defaults(&mut self, entry: Option<Entry>) -> Defaults {
        let Some((_, header, mut table)) = self.table(entry) else { return Defaults::default() };
        let defaults = Defaults {
            header: Some(header),
            timeout_ms: self.duration(table.take("timeout"), 1),
            idle_timeout_ms: self.duration(table.take("idle_timeout"), 1),
            retry: self.retry(table.take("retry")),
            on_crash: self.word(table.take("on_crash")),
            env: self.env(table.take("env")),
            dir: self.template(table.take("dir")),
        };
        self.finish(&table, "defaults");
        defaults
    }

    /// `[limits]`.
    pub fn limits(&mut self, entry: Option<Entry>) -> Limits {
        let Some((_, header, mut table)) = self.table(entry) else { return Limits::default() };
        let limits = Limits {
            header: Some(header),
            wall_ms: self.duration(table.take("wall"), 1),
            cost_usd: self.number(table.take("cost_usd"), 0.0),
            tokens: self.count(table.take("tokens")),
            parallel: self.small(table.take("parallel"), 1..PARALLEL_MAX + 1),
        };
        self.finish(&table, "limits");
        limits
    }

    /// Two parameters with one short option.
    pub fn shorts(&mut self, pipeline: &Pipeline) {
        let mut taken: IndexMap<char, Span> = IndexMap::new();
        for short in pipeline.params.values().filter_map(|param| param.short.as_ref()) {
            if let Some(first) = taken.get(&short.value) {
                let message = format!("`-{}` is the short option of another parameter", short.value);
                self.report(Diagnostic::new(code::P005, short.span, message).related(*first, "taken here"));
            } else {
                taken.insert(short.value, short.span);
            }
        }
    }
}

/// Whether data is of a parameter's type.
fn fits(kind: ParamType, value: &Data) -> bool {
    match kind {
        ParamType::String => matches!(value.kind, DataKind::Text(_)),
        ParamType::Integer => matches!(value.kind, DataKind::Integer(_)),
        ParamType::Number => matches!(value.kind, DataKind::Integer(_) | DataKind::Float(_)),
        ParamType::Boolean => matches!(value.kind, DataKind::Boolean(_)),
        ParamType::Json => true,
    }
}
