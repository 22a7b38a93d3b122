//! The frozen plan of a run: everything that governs it, in canonical order, known by its digest.
//!
//! A plan holds no spans and reads no files: prompts, schemas and child texts are inside, line numbers are kept as
//! origin so that messages can name them. It is built from a [`Sound`](crate::graph) graph only, and never changes.

mod build;
mod param;
mod phase;
mod stub;
mod types;

pub use param::{ParamError, params};
pub use phase::{
    Accept, AcceptCheck, Crash, EnvTemplate, Exit, Join, Loop, OnError, Phase, Repeat, Require, Retry, Session, Then, Verb,
};
pub use stub::tests;
pub use types::{
    Agent, Check, CheckKind, Document, Expr, FileParam, Limits, Param, ParamType, Plan, Select, Series, StoreSpec, StubReply,
    Stubs, Template, Test, WhileRunning,
};
