//! The only reader of pipelines, prompts, instructions and `flow.toml`.
//!
//! [`Project::open`] finds the project, [`Project::load`] brings a pipeline from its file to a frozen plan with every
//! finding about it, [`params`] checks what a start was given. Nothing here writes a file.

pub mod builtin;
mod config;
mod git;
mod glob;
mod load;
mod mend;
mod open;
mod params;
mod root;
#[cfg(test)]
mod tests;
mod text;

pub use builtin::rule_page;
pub use config::{AgentConfig, Config, LintConfig};
pub use git::git;
pub use glob::glob;
pub use load::{LoadError, Loaded, is_pipeline, says_its_version};
pub use mend::{Change, Mended};
pub use open::Project;
pub use params::{Params, choices, params, params_of_test};
pub use root::root;
pub use text::ReadError;
