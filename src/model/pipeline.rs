//! What a pipeline file may say, each value with its place. Everything is optional: findings say what is missing.

use super::phase::{EnvEntry, Phase, Retry};
use super::raw::Data;
use super::words::{Access, Backend, Crash, ParamType, Storage, WhileRunning};
use crate::text::{Embedded, FileId, Span, Spanned};
use indexmap::IndexMap;

/// The value of a key: where the key stands, what the value is, and where that stands (quotes and brackets included).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<T> {
    /// The key.
    pub key: Span,
    /// The value.
    pub value: T,
    /// The whole value.
    pub span: Span,
}

/// A text that may stand in a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// Written in the pipeline.
    Inline(Embedded),
    /// `{ file = "…" }`, relative to the pipeline file; `project` reads it.
    File(Spanned<String>),
}

/// The name of a named thing as written (it may be a bad name: P007 says so), and the place of its header.
pub type Named = Spanned<String>;

/// A pipeline file. Maps are in file order and keyed by the name as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// The file.
    pub file: FileId,
    /// `flow`: version of the language.
    pub version: Option<Field<u32>>,
    /// `name`, `[a-z][a-z0-9-]*`.
    pub name: Option<Field<String>>,
    /// One line for people.
    pub description: Option<Field<String>>,
    /// jq: what the whole run yields.
    pub result: Option<Field<Embedded>>,
    /// jq: whether a complete run passes.
    pub pass: Option<Field<Embedded>>,
    /// Text shown at the end.
    pub summary: Option<Field<TextSource>>,
    /// `[params.…]`.
    pub params: IndexMap<String, Param>,
    /// `[vars]`: jq. The field's key is the variable's name.
    pub vars: IndexMap<String, Field<Embedded>>,
    /// `[series]`.
    pub series: Option<Series>,
    /// `[store]`.
    pub store: Option<Store>,
    /// `[documents.…]`.
    pub documents: IndexMap<String, Document>,
    /// `[[checks]]`.
    pub checks: Vec<Check>,
    /// `[agents.…]`.
    pub agents: IndexMap<String, Agent>,
    /// `[defaults]`.
    pub defaults: Defaults,
    /// `[limits]`.
    pub limits: Limits,
    /// `[phases.…]`.
    pub phases: IndexMap<String, Phase>,
    /// `[[tests]]`.
    pub tests: Vec<Test>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Named,
    /// Its header.
    pub header: Span,
    /// `type`.
    pub kind: Option<Field<ParamType>>,
    /// `required`.
    pub required: Option<Field<bool>>,
    /// `default`.
    pub default: Option<Field<Data>>,
    /// `choices`.
    pub choices: Option<Field<Vec<Data>>>,
    /// `pattern`.
    pub pattern: Option<Field<Embedded>>,
    /// `help`.
    pub help: Option<Field<String>>,
    /// `short`: one letter.
    pub short: Option<Field<char>>,
    /// `file`.
    pub file: Option<Field<FileParam>>,
    /// `select`.
    pub select: Option<Field<Select>>,
}

/// `file` of a parameter: where the file it names is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct FileParam {
    /// `dirs`, in order.
    pub dirs: Vec<Spanned<String>>,
    /// `extension`, without its dot.
    pub extension: Option<Field<String>>,
}

/// `select` of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Select {
    /// `true` (equality) or `false` (not selectable).
    Same(bool),
    /// jq over a candidate's run document and `$given`.
    By(Embedded),
}

/// `[series]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its header.
    pub header: Span,
    /// `key`: template.
    pub key: Option<Field<Embedded>>,
    /// `while_running`.
    pub while_running: Option<Field<WhileRunning>>,
}

/// `[store]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// Its header.
    pub header: Span,
    /// `bucket`, checked against the alphabet of buckets.
    pub bucket: Option<Field<String>>,
    /// `replicas`, 1 to 5.
    pub replicas: Option<Field<u32>>,
    /// `history`, 1 to 64.
    pub history: Option<Field<u32>>,
    /// `description`.
    pub description: Option<Field<String>>,
    /// `storage`.
    pub storage: Option<Field<Storage>>,
}

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its name.
    pub name: Named,
    /// Its header.
    pub header: Span,
    /// `key`: template.
    pub key: Option<Field<Embedded>>,
    /// `view`: jq.
    pub view: Option<Field<Embedded>>,
}

/// One of `[[checks]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Its header.
    pub header: Span,
    /// What is looked at.
    pub kind: Option<Field<CheckKind>>,
    /// `message`: template.
    pub message: Option<Field<TextSource>>,
}

/// What a check looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckKind {
    /// `that`: a jq boolean.
    That(Embedded),
    /// `files`: jq that gives paths.
    Files(Embedded),
    /// `run`: program and arguments, templates.
    Run(Vec<Spanned<Embedded>>),
}

/// An agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Its name.
    pub name: Named,
    /// Its header.
    pub header: Span,
    /// `description`.
    pub description: Option<Field<String>>,
    /// `use`.
    pub backend: Option<Field<Backend>>,
    /// `model`.
    pub model: Option<Field<String>>,
    /// `system`: template.
    pub system: Option<Field<TextSource>>,
    /// `access`.
    pub access: Option<Field<Access>>,
    /// `tools`.
    pub tools: Option<Field<Vec<Spanned<String>>>>,
    /// `max_turns`.
    pub max_turns: Option<Field<u32>>,
    /// `budget_usd`.
    pub budget_usd: Option<Field<f64>>,
    /// `command`: program and arguments of `use = "command"`, literal.
    pub command: Option<Field<Vec<Spanned<String>>>>,
}

/// `[defaults]`: for agent and run phases that do not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// Its header, where there is one.
    pub header: Option<Span>,
    /// `timeout`, in milliseconds.
    pub timeout_ms: Option<Field<u64>>,
    /// `idle_timeout`, in milliseconds.
    pub idle_timeout_ms: Option<Field<u64>>,
    /// `retry`.
    pub retry: Option<Field<Retry>>,
    /// `on_crash`.
    pub on_crash: Option<Field<Crash>>,
    /// `env`, by variable.
    pub env: IndexMap<String, EnvEntry>,
    /// `dir`: template.
    pub dir: Option<Field<Embedded>>,
}

/// `[limits]` of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Its header, where there is one.
    pub header: Option<Span>,
    /// `wall`, in milliseconds.
    pub wall_ms: Option<Field<u64>>,
    /// `cost_usd`.
    pub cost_usd: Option<Field<f64>>,
    /// `tokens`.
    pub tokens: Option<Field<u64>>,
    /// `parallel`.
    pub parallel: Option<Field<u32>>,
}

/// One of `[[tests]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its header.
    pub header: Span,
    /// `name`.
    pub name: Option<Field<String>>,
    /// `params` as given.
    pub params: IndexMap<String, Field<Data>>,
    /// `stubs` by phase: a reply, a list of replies, or for a `for_each` phase a table by key.
    pub stubs: IndexMap<String, Field<Data>>,
    /// `expect`.
    pub expect: Expect,
    /// `files`: the test's world.
    pub files: Vec<TestFile>,
}

/// `expect` of a test. What is absent is not compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// `path`: phases started, in order.
    pub path: Option<Field<Vec<Spanned<String>>>>,
    /// `status` of the run: one of `complete`, `failed`, `cancelled`, `waiting`.
    pub status: Option<Field<String>>,
    /// `that`: a jq boolean over the run document.
    pub that: Option<Field<Embedded>>,
    /// `result`: what the run yields.
    pub result: Option<Field<Data>>,
    /// `error`: a part of the error's message.
    pub error: Option<Field<String>>,
}

/// A file of a test's world.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFile {
    /// Its path; one that ends in `/` is a folder.
    pub path: Spanned<String>,
    /// Its text; empty when the test only lists it.
    pub text: String,
}
