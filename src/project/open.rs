//! A project: its root, and what its `flow.toml` says.

use super::config::{self, Config};
use super::{root, text};
use crate::diag::{Diagnostic, code};
use crate::text::{Sources, Span};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Texts that stand in for files, by their real paths: what an editor has not saved, what a fix would make.
    texts: BTreeMap<PathBuf, Arc<str>>,
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
        Self { dir, root, config, findings, sources, texts: BTreeMap::new() }
    }

    /// Lets a text stand in for a file that is there.
    pub fn stand_in(&mut self, path: &Path, text: &str) {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        self.texts.insert(path, text.into());
    }

    /// The text of a file: what stands in for it, or what is in it.
    pub(super) fn read(&self, path: &Path) -> Result<String, text::ReadError> {
        let real = path.canonicalize();
        let standing = real.as_ref().ok().and_then(|real| self.texts.get(real));
        standing.map_or_else(|| text::read(path), |text| Ok(text.to_string()))
    }
}
