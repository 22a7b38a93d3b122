//! The only reader of pipelines, prompts, instructions and `flow.toml`.

pub mod builtin;
mod config;
mod git;
mod glob;
mod params;
mod root;
mod text;

pub use config::{AgentConfig, Config};
pub use git::git;
pub use glob::glob;
pub use params::{Params, choices, params};
pub use root::root;
pub use text::ReadError;
