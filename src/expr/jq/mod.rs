//! jq, as far as pipelines speak it: pure, strict about its limits, and the same wherever it runs.
//!
//! [`parse`] reads an expression for the rules (places, reads, mistakes), [`Jq`] compiles and evaluates it. `dialect.rs`
//! says what exists and what does not; `eval.rs` is where limits are enforced.

mod check;
mod climb;
mod compile;
mod dialect;
mod error;
mod eval;
mod infer;
mod known;
mod lower;
mod names;
mod native;
mod parse;
mod reads;
mod regex;
mod standard;
pub mod syntax;
mod update;
mod walk;

#[cfg(test)]
mod tests;

pub use check::{Due, Parsed, parse};
pub use compile::Jq;
pub use dialect::Glob;
pub use error::EvalError;
pub use eval::{Budget, Input};
pub use infer::{Answers, Gives, constant, gives};
pub use reads::{Call, Comparison, Operand, Read, Root, Segment, SegmentKind, Tests, Usage};
