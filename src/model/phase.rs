//! A phase as it is written.

use super::pipeline::{CheckKind, Field, Named, TextSource};
use super::words::{Crash, ItemError, Join, OnError, Parse, RetryClass, Session, Then, Workspace};
use crate::expr::shape::Raw as RawShape;
use crate::text::{Embedded, Span, Spanned};
use indexmap::IndexMap;

/// A phase.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Its name.
    pub name: Named,
    /// Its header.
    pub header: Span,
    /// `description`.
    pub description: Option<Field<String>>,
    /// What it does; `None` when no verb, or none that could be read, is there. Of several the first in the file.
    pub verb: Option<Field<Verb>>,
    /// `prompt` of an agent.
    pub prompt: Option<Field<TextSource>>,
    /// `form` of a question.
    pub form: Option<Field<RawShape>>,
    /// `with` of a child pipeline, by parameter.
    pub with: IndexMap<String, WithEntry>,
    /// `needs`.
    pub needs: Vec<Spanned<String>>,
    /// `when`.
    pub when: Option<Field<Embedded>>,
    /// `require`.
    pub require: Vec<Require>,
    /// `join`.
    pub join: Option<Field<Join>>,
    /// `for_each`.
    pub for_each: Option<Field<ForEach>>,
    /// `repeat`, in order.
    pub repeat: Vec<Repeat>,
    /// `output`.
    pub output: Option<Field<RawShape>>,
    /// `result`.
    pub result: Option<Field<Embedded>>,
    /// `accept`, in order.
    pub accept: Vec<Accept>,
    /// `questions`.
    pub questions: Option<Field<bool>>,
    /// `session`.
    pub session: Option<Field<Session>>,
    /// `retry`.
    pub retry: Option<Field<Retry>>,
    /// `timeout`, in milliseconds.
    pub timeout_ms: Option<Field<u64>>,
    /// `idle_timeout`, in milliseconds.
    pub idle_timeout_ms: Option<Field<u64>>,
    /// `on_crash`.
    pub on_crash: Option<Field<Crash>>,
    /// `on_error`.
    pub on_error: Option<Field<OnError>>,
    /// `env`, by variable.
    pub env: IndexMap<String, EnvEntry>,
    /// `stdin`.
    pub stdin: Option<Field<TextSource>>,
    /// `dir`: template.
    pub dir: Option<Field<Embedded>>,
    /// `workspace`.
    pub workspace: Option<Field<Workspace>>,
    /// `parse` of a process.
    pub parse: Option<Field<Parse>>,
    /// `exit` of a process.
    pub exit: Option<Field<Exit>>,
}

impl Phase {
    /// Whether something is performed: an agent or a process, no question and no value.
    pub fn works(&self) -> bool {
        matches!(self.verb.as_ref().map(|verb| &verb.value), Some(Verb::Agent(_) | Verb::Run(_) | Verb::Shell(_)))
    }
}

/// What a phase does.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// `agent`: the agent's name.
    Agent(Spanned<String>),
    /// `run`: program and arguments, templates; never empty.
    Run(Vec<Spanned<Embedded>>),
    /// `run = { shell = … }`: a script, never a template.
    Shell(Field<Embedded>),
    /// `ask`: the question, a template.
    Ask(TextSource),
    /// `set`: jq.
    Set(Embedded),
    /// `pipeline`: the file, relative to this one.
    Pipeline(Spanned<String>),
}

/// One entry of `with`.
#[derive(Clone, Debug, PartialEq)]
pub struct WithEntry {
    /// The child's parameter.
    pub name: Spanned<String>,
    /// jq.
    pub value: Spanned<Embedded>,
}

/// One entry of `require`.
#[derive(Clone, Debug, PartialEq)]
pub struct Require {
    /// The whole entry.
    pub span: Span,
    /// `that`: jq boolean.
    pub that: Option<Field<Embedded>>,
    /// `message`: template.
    pub message: Option<Field<TextSource>>,
}

/// `for_each`.
#[derive(Clone, Debug, PartialEq)]
pub struct ForEach {
    /// `over`: jq that gives a list.
    pub over: Option<Field<Embedded>>,
    /// `as`: another name for `item`.
    pub alias: Option<Field<String>>,
    /// `key`: jq that gives the identity of an item.
    pub key: Option<Field<Embedded>>,
    /// `parallel`.
    pub parallel: Option<Field<u32>>,
    /// `on_error`.
    pub on_error: Option<Field<ItemError>>,
}

/// One entry of `repeat`.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// The whole entry.
    pub span: Span,
    /// `from`: the phase it goes back to.
    pub from: Option<Spanned<String>>,
    /// `when`: jq boolean; absent means always.
    pub when: Option<Field<Embedded>>,
    /// `max`: extra rounds, 1 to [`crate::limits::ROUNDS`].
    pub max: Option<Field<u32>>,
    /// `then`.
    pub then: Option<Field<Then>>,
}

/// One entry of `accept`.
#[derive(Clone, Debug, PartialEq)]
pub struct Accept {
    /// The whole entry.
    pub span: Span,
    /// What is looked at.
    pub kind: Option<Field<AcceptKind>>,
    /// `message`: template.
    pub message: Option<Field<TextSource>>,
}

/// What an accept looks at: the same three as a check.
pub type AcceptKind = CheckKind;

/// `retry`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retry {
    /// `max`: retries, not attempts; at most [`crate::limits::RETRIES`].
    pub max: Option<Field<u32>>,
    /// `delay`, in milliseconds.
    pub delay_ms: Option<Field<u64>>,
    /// `factor`, 1 or more.
    pub factor: Option<Field<f64>>,
    /// `cap`, in milliseconds.
    pub cap_ms: Option<Field<u64>>,
    /// `on`.
    pub on: Option<Field<Vec<Spanned<RetryClass>>>>,
}

/// `exit`: which codes are results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// `"any"`.
    Any,
    /// These; 0 to 255, never empty.
    Codes(Vec<Spanned<i32>>),
}

/// One variable of `env`.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvEntry {
    /// The variable.
    pub name: Spanned<String>,
    /// The whole value.
    pub span: Span,
    /// Its value.
    pub value: EnvValue,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq)]
pub enum EnvValue {
    /// A template.
    Template(Embedded),
    /// `{ secret = … }`.
    Secret(Secret),
}

/// Where a secret is to be had.
#[derive(Clone, Debug, PartialEq)]
pub enum Secret {
    /// An environment variable of the driver.
    Env(Spanned<String>),
    /// `{ file = "…" }`.
    File(Spanned<String>),
    /// `{ run = […] }`: program and arguments, literal.
    Run(Vec<Spanned<String>>),
}
