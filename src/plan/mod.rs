//! The frozen plan of a run: everything that governs it, in canonical order, known by its digest.
//!
//! A plan holds no spans and reads no files: prompts, schemas and child texts are inside, line numbers are kept as
//! origin so that messages can name them. It is built from a [`Sound`](crate::graph) graph only, and never changes.

mod build;
mod param;
mod stub;
mod types;

pub use param::{ParamError, params};
pub use stub::tests;
pub use types::{
    Accept, AcceptCheck, Agent, Check, CheckKind, Crash, Document, EnvTemplate, Exit, Expr, FileParam, Join, Limits, Loop,
    OnError, Param, ParamType, Phase, Plan, Repeat, Require, Retry, Select, Series, Session, StoreSpec, StubReply, Stubs,
    Template, Test, Then, Verb, WhileRunning,
};
