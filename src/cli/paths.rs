//! The pipelines that paths name: files as they are, folders with all pipelines in them.

use super::exit::Exit;
use super::fail::Fail;
use crate::limits::FILE_BYTES;
use crate::project::is_pipeline;
use std::io::Read as _;
use std::path::Path;

/// The path that stands for stdin.
pub const STDIN: &str = "-";

/// Folders below a given one are looked into this deep.
const DEPTH: usize = 16;

/// The pipelines that were named: paths and built-in names as given, folders replaced by the pipelines in them.
///
/// # Errors
/// When a folder has none, or a path is none.
pub fn pipelines(given: &[String]) -> Result<Vec<String>, Fail> {
    let mut found = vec![];
    for path in given {
        if !Path::new(path).is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        walk(Path::new(path), DEPTH, &mut found);
        if found.len() == before {
            let fail = Fail::new(Exit::NoInput, format!("there is no pipeline in the folder `{path}`"));
            return Err(fail.help("a pipeline is a `.toml` file that begins with `flow = 1`"));
        }
    }
    Ok(found)
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<String>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let hidden = name.starts_with('.') || name == "target" || name == "node_modules";
        if path.is_dir() {
            if depth > 0 && !hidden && !path.is_symlink() {
                walk(&path, depth - 1, found);
            }
        } else if is_pipeline(&path) {
            found.push(path.to_string_lossy().into_owned());
        }
    }
}

/// The text of stdin, up to a little more than a pipeline may have.
///
/// # Errors
/// When it cannot be read, or is no text.
pub fn read_stdin() -> Result<String, Fail> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(FILE_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| Fail::new(Exit::NoInput, format!("stdin cannot be read: {error}")))?;
    Ok(text)
}
