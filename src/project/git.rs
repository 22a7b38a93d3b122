//! What git knows of a project at the start of a run.

use crate::limits::DIRTY_FILES;
use crate::value::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// `{commit, branch, dirty}` of the project: null outside git, without git, and where git fails.
///
/// `commit` is null before the first one, `branch` on a detached head; `dirty` lists changed and new paths, at most
/// [`DIRTY_FILES`], without what this program keeps in the project. Nothing that the repository configures is executed, and its index is not written.
pub fn git(dir: &Path) -> Value {
    let mut command = Command::new("git");
    command.args(["--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
    command.args(["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=dirty"]);
    command.current_dir(dir).stdin(Stdio::null()).stderr(Stdio::null()).env("LC_ALL", "C");
    match command.output() {
        Ok(output) if output.status.success() => read(&String::from_utf8_lossy(&output.stdout)),
        _ => Value::NULL,
    }
}

/// Reads `git status --porcelain=v2 --branch -z`.
fn read(status: &str) -> Value {
    let (mut commit, mut branch, mut dirty) = (Value::NULL, Value::NULL, vec![]);
    let mut records = status.split('\0');
    while let Some(record) = records.next() {
        if let Some(oid) = record.strip_prefix("# branch.oid ") {
            commit = (oid != "(initial)").then_some(oid).into();
        } else if let Some(head) = record.strip_prefix("# branch.head ") {
            branch = (head != "(detached)").then_some(head).into();
        } else if let Some(path) = path(record) {
            if !path.split('/').any(|part| part == ".flow") {
                dirty.push(path);
            }
            if record.starts_with("2 ") {
                records.next(); // where it was renamed from
            }
        }
    }
    dirty.sort_unstable();
    dirty.truncate(DIRTY_FILES);
    let dirty = Value::list(dirty.into_iter().map(Value::text));
    Value::table([("commit", commit), ("branch", branch), ("dirty", dirty)])
}

/// The path of a record: the fields before it are fixed in number per kind.
fn path(record: &str) -> Option<&str> {
    let fields = match record.split_once(' ')?.0 {
        "?" => 2,
        "1" => 9,
        "2" => 10,
        "u" => 11,
        _ => return None,
    };
    record.splitn(fields, ' ').last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_with_renames_and_spaces() {
        let text = "# branch.oid 0123abcd\0# branch.head main\0# branch.upstream origin/main\0\
            1 .M N... 100644 100644 100644 aaaa bbbb src/a file.rs\0\
            2 R. N... 100644 100644 100644 aaaa bbbb R100 new name\0old name\0? notes.md\0? .flow/\0? sub/.flow/tmp\0";
        let expected = r#"{"commit":"0123abcd","branch":"main","dirty":["new name","notes.md","src/a file.rs"]}"#;
        assert_eq!(read(text).to_string(), expected);
        let fresh = read("# branch.oid (initial)\0# branch.head (detached)\0");
        assert_eq!(fresh.to_string(), r#"{"commit":null,"branch":null,"dirty":[]}"#);
    }

    #[test]
    fn outside_git_there_is_nothing_to_tell() {
        let dir = tempfile::tempdir().unwrap();
        assert!(git(dir.path()).is_null());
    }
}
