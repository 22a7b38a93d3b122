//! A project: its root, and what its `flow.toml` says.

use super::config::{self, Config};
use super::{root, text};
use crate::diag::{Diagnostic, code};
use crate::text::{Sources, Span};
use std::path::{Path, PathBuf};

/// A project folder and its settings.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder it was opened from, which given paths are relative to.
    pub dir: PathBuf,
    /// Its root: see [`root`].
    pub root: PathBuf,
    /// What `flow.toml` says.
    pub config: Config,
    /// What is wrong with `flow.toml`.
    pub findings: Vec<Diagnostic>,
    /// The text that those findings point into.
    pub sources: Sources,
}

impl Project {
    /// Opens the project that a folder lies in. Never fails: mistakes of `flow.toml` are findings.
    pub fn open(dir: &Path) -> Self {
        let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
        let root = root(&dir);
        let mut sources = Sources::default();
        let (config, findings) = match text::read(&root.join("flow.toml")) {
            Ok(text) => config::parse(sources.add("flow.toml", text.as_str()), &text),
            Err(text::ReadError::Missing) => (Config::default(), vec![]),
            Err(error) => {
                let span = Span::new(sources.add("flow.toml", ""), 0..0);
                (Config::default(), vec![Diagnostic::new(code::I003, span, format!("`flow.toml` cannot be read: {error}"))])
            }
        };
        Self { dir, root, config, findings, sources }
    }
}
