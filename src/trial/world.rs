//! The world of a test: the files it lists, and nothing else.

use glob::{MatchOptions, Pattern};
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// Paths of a test's project, folders included (a folder ends in `/`).
#[derive(Clone, Debug, Default)]
pub struct World {
    paths: BTreeSet<String>,
}

impl World {
    /// The listed files, and the folders that they imply.
    pub fn new(files: &IndexMap<String, String>) -> Self {
        let mut paths = BTreeSet::new();
        for path in files.keys() {
            let mut folder = String::new();
            for part in path.split_inclusive('/') {
                folder.push_str(part);
                if part.ends_with('/') {
                    paths.insert(folder.clone());
                }
            }
            paths.insert(path.clone());
        }
        Self { paths }
    }

    /// Whether a path is there, as a file or folder.
    pub fn exists(&self, path: &str) -> bool {
        let path = path.trim_start_matches("./");
        self.paths.contains(path) || self.paths.contains(&format!("{}/", path.trim_end_matches('/')))
    }

    /// Paths by pattern, sorted; folders end in `/`, and dot components match only when they are written.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub fn glob(&self, pattern: &str) -> Result<Vec<String>, String> {
        let folders_only = pattern.ends_with('/');
        let compiled =
            Pattern::new(pattern.trim_end_matches('/')).map_err(|error| format!("bad pattern `{pattern}`: {error}"))?;
        let options = MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
        let fits =
            |path: &&String| compiled.matches_with(path.trim_end_matches('/'), options) && (!folders_only || path.ends_with('/'));
        Ok(self.paths.iter().filter(fits).cloned().collect())
    }
}
