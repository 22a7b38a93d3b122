//! TOML to a spanned [`Pipeline`], never failing: a pipeline, perhaps partial, and findings.
//!
//! Start with [`pipeline`](Pipeline) (what a file may say) and [`parse`] (how it is read). Every key of the language
//! is read in exactly one place, one broken phase hides nothing in another, and each value keeps the place of its key
//! and its own. What needs more than one thing to judge (names that resolve, expressions that parse) is not done here.

mod complain;
mod duration;
mod elsewhere;
mod escape;
mod format;
mod keys;
mod lines;
mod names;
mod node;
mod not_yet;
mod parse;
mod phase;
mod pipeline;
mod raw;
mod read_phase;
mod read_test;
mod reader;
mod schema;
mod sections;
mod syntax;
#[cfg(test)]
mod tests;
mod trees;
mod verbs;
mod words;

pub use crate::expr::shape::{Raw as RawShape, RawKind};
pub use format::format;
pub use keys::keys;
pub use names::{ENGINE_OPTIONS, ENGINE_SHORTS};
pub use not_yet::not_yet;
pub use parse::{LANGUAGE, parse};
pub use phase::{Accept, AcceptKind, EnvEntry, EnvValue, Exit, ForEach, Phase, Repeat, Require, Retry, Secret, Verb, WithEntry};
pub use pipeline::{
    Agent, Check, CheckKind, Defaults, Document, Expect, Field, FileParam, Limits, Named, Param, Pipeline, Select, Series, Store,
    Test, TestFile, TextSource,
};
pub use raw::{Data, DataKind};
pub use schema::{schema, sentence};
pub use words::{
    Access, Backend, Crash, ItemError, Join, OnError, ParamType, Parse, RetryClass, Session, Storage, Then, WhileRunning,
    Workspace,
};
