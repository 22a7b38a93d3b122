//! Reading a file as text: bounded, UTF-8, and not outside the folder it must stay in.

use crate::limits::FILE_BYTES;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Why a file cannot be read as text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is none.
    #[error("there is no such file")]
    Missing,
    /// It leads out of the folder it must stay in, by `..` or by a link.
    #[error("it leads outside `{0}`")]
    Outside(String),
    /// It is a folder, a pipe or a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// It is larger than [`FILE_BYTES`].
    #[error("it is larger than {} MiB", FILE_BYTES >> 20)]
    Large,
    /// It is not text.
    #[error("it is not UTF-8 text: byte {0} does not fit")]
    Encoding(usize),
    /// The system says no.
    #[error("{0}")]
    Io(String),
}

impl ReadError {
    fn of(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Io(error.to_string()),
        }
    }
}

/// Reads a file as text.
///
/// # Errors
/// When it is missing, no regular file, too large, or not UTF-8 (NUL bytes included).
pub fn read(path: &Path) -> Result<String, ReadError> {
    let meta = std::fs::metadata(path).map_err(|e| ReadError::of(&e))?;
    if !meta.is_file() {
        return Err(ReadError::NotAFile);
    }
    let file = std::fs::File::open(path).map_err(|e| ReadError::of(&e))?;
    let mut bytes = vec![];
    file.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|e| ReadError::of(&e))?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(ReadError::Large);
    }
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        return Err(ReadError::Encoding(at));
    }
    String::from_utf8(bytes).map_err(|e| ReadError::Encoding(e.utf8_error().valid_up_to()))
}

/// Reads a file that must stay in a folder, links followed.
///
/// # Errors
/// As [`read`], and when it leads outside.
pub fn read_within(folder: &Path, path: &Path) -> Result<String, ReadError> {
    read(&within(folder, path)?)
}

/// The real path of a file that must stay in a folder.
///
/// # Errors
/// When it is missing or leads outside.
pub fn within(folder: &Path, path: &Path) -> Result<PathBuf, ReadError> {
    let real = path.canonicalize().map_err(|e| ReadError::of(&e))?;
    let folder = folder.canonicalize().map_err(|e| ReadError::of(&e))?;
    if real.starts_with(&folder) { Ok(real) } else { Err(ReadError::Outside(folder.display().to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_bounded_text_within_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir(at("in")).unwrap();
        std::fs::write(at("in/ok"), "fine").unwrap();
        std::fs::write(at("in/latin"), b"caf\xe9").unwrap();
        std::fs::write(at("in/nul"), b"a\0b").unwrap();
        std::fs::write(at("out"), "secret").unwrap();
        std::os::unix::fs::symlink(at("out"), at("in/link")).unwrap();
        std::fs::File::create(at("in/large")).unwrap().set_len(FILE_BYTES + 1).unwrap();
        let read = |name: &str| read_within(&at("in"), &at("in").join(name));
        assert_eq!(read("ok"), Ok("fine".to_owned()));
        assert_eq!(read("none"), Err(ReadError::Missing));
        assert_eq!(read("ok/below"), Err(ReadError::Missing));
        assert_eq!(read("."), Err(ReadError::NotAFile));
        assert_eq!(read("latin"), Err(ReadError::Encoding(3)));
        assert_eq!(read("nul"), Err(ReadError::Encoding(1)));
        assert_eq!(read("large"), Err(ReadError::Large));
        assert!(matches!(read("link"), Err(ReadError::Outside(_))));
        assert!(matches!(read("../out"), Err(ReadError::Outside(_))));
    }
}
