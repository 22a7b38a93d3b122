//! Where a project begins: the nearest folder, from the current one up, that has a `flow.toml`, a `.flow` or a `.git`.

use std::path::{Path, PathBuf};

const MARKS: [&str; 3] = ["flow.toml", ".flow", ".git"];

/// The root of the project that a folder lies in; the folder itself where nothing marks one.
///
/// The user's home folder and what lies above it are never found on the way up: what stands there is the user's own.
pub fn root(dir: &Path) -> PathBuf {
    let start = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    let home = std::env::home_dir().and_then(|home| home.canonicalize().ok());
    let below_home = |folder: &&Path| home.as_deref().is_none_or(|home| *folder == start || !home.starts_with(folder));
    let found = start.ancestors().take_while(below_home).find(|folder| MARKS.iter().any(|mark| folder.join(mark).exists()));
    found.unwrap_or(&start).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::root;

    #[test]
    fn the_nearest_mark_is_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(top.join("a/b/c")).unwrap();
        assert_eq!(root(&top.join("a/b/c")), top.join("a/b/c"));
        std::fs::create_dir(top.join(".git")).unwrap();
        assert_eq!(root(&top.join("a/b/c")), top);
        std::fs::write(top.join("a/flow.toml"), "").unwrap();
        assert_eq!(root(&top.join("a/b/c")), top.join("a"));
    }
}
