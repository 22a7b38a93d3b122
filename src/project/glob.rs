//! The `glob` function of `[vars]`: paths of the project by pattern.

use crate::limits::GLOB_PATHS;
use glob::{MatchOptions, Pattern};
use std::path::{Component, Path};

/// Paths of the project that match, sorted, `/` between parts and at the end of a folder.
///
/// A `*` does not cross `/` and matches no leading dot; `**` does not enter dot folders; a pattern that ends in `/`
/// finds folders only. What a link leads out of the project is not found.
///
/// # Errors
/// A pattern that is malformed, absolute, or leads out of the project; more than [`GLOB_PATHS`] paths.
pub fn glob(root: &Path, pattern: &str) -> Result<Vec<String>, String> {
    if pattern.is_empty() {
        return Err("glob: the pattern is empty: `*` is everything in the project's folder".to_owned());
    }
    let odd = |c: Component| !matches!(c, Component::Normal(_) | Component::CurDir);
    if Path::new(pattern).components().any(odd) {
        return Err(format!("glob: `{pattern}` must be relative to the project, without `..`"));
    }
    let root = root.canonicalize().map_err(|e| format!("glob: {}: {e}", root.display()))?;
    let full = format!("{}/{pattern}", Pattern::escape(&root.to_string_lossy()));
    let options = MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
    let paths = glob::glob_with(&full, options).map_err(|e| format!("glob: `{pattern}`: {}", e.msg))?;
    let mut found = vec![];
    for path in paths.flatten() {
        let Ok(real) = path.canonicalize() else { continue };
        let Ok(inside) = path.strip_prefix(&root) else { continue };
        if !real.starts_with(&root) || inside.as_os_str().is_empty() {
            continue;
        }
        let Some(inside) = inside.to_str() else { continue };
        found.push(if real.is_dir() { format!("{inside}/") } else { inside.to_owned() });
        if found.len() > GLOB_PATHS {
            return Err(format!("glob: `{pattern}` finds more than {GLOB_PATHS} paths"));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn paths_are_project_relative_sorted_and_confined() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("pro[1]ject");
        for folder in ["specs/2026-01-02-b", "specs/2026-01-01-a", ".hidden/deep", "x"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in ["specs/readme.md", ".hidden/deep/f.md", "x/f.md", "../out.md"] {
            std::fs::write(root.join(file), "").unwrap();
        }
        std::os::unix::fs::symlink(root.join("../out.md"), root.join("x/link.md")).unwrap();
        let found = |pattern: &str| glob(&root, pattern).unwrap();
        assert_eq!(found("specs/*"), ["specs/2026-01-01-a/", "specs/2026-01-02-b/", "specs/readme.md"]);
        assert_eq!(found("specs/*/"), ["specs/2026-01-01-a/", "specs/2026-01-02-b/"]);
        assert_eq!(found("*"), ["specs/", "x/"]);
        assert_eq!(found("**/*.md"), ["specs/readme.md", "x/f.md"]);
        assert_eq!(found(".hidden/*/*.md"), [".hidden/deep/f.md"]);
        assert_eq!(found("./x/f.md"), ["x/f.md"]);
        assert!(found("nothing/*").is_empty());
        for bad in ["/etc/*", "../*", "x/../../*", "", "a[", "a**b"] {
            assert!(glob(&root, bad).is_err(), "{bad}");
        }
    }
}
