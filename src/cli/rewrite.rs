//! Changes of the user's own files: shown as a difference, or written as a whole.

use super::exit::Exit;
use super::fail::Fail;
use similar::TextDiff;
use std::io::Write as _;
use std::path::Path;

/// The difference between two texts of a file in the unified form; empty when there is none.
pub fn difference(path: &str, old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().header(path, path).to_string()
}

/// Puts a text in the place of a file's: all of it or, when something goes wrong, none. Links and permissions stay.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn rewrite(path: &Path, text: &str) -> Result<(), Fail> {
    let write = || -> std::io::Result<()> {
        let path = path.canonicalize()?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(std::fs::metadata(&path)?.permissions())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| Fail::new(Exit::NoInput, format!("`{}` cannot be written: {error}", path.display())))
}
