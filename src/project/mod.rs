//! The only reader of pipelines, prompts, instructions and `flow.toml`.

pub mod builtin;
mod git;
mod glob;
mod text;

pub use git::git;
pub use glob::glob;
pub use text::ReadError;
