//! From a text to the same text in order.

use super::{order, read, write};
use crate::diag::Diagnostic;
use crate::limits::FILE_BYTES;
use crate::model::{parse, syntax};
use crate::text::FileId;

/// A byte order mark.
const MARK: &str = "\u{feff}";

/// Puts a pipeline file into form. Formatting what this gives changes nothing.
///
/// Line breaks become those of the first line (inside texts they stay), a byte order mark stays.
///
/// # Errors
/// When the text has syntax errors or is too large: nobody knows what belongs to what then.
pub fn format(file: FileId, text: &str) -> Result<String, Vec<Diagnostic>> {
    if text.len() as u64 <= FILE_BYTES {
        let found = syntax::read(file, text).found;
        if !found.is_empty() {
            return Err(found);
        }
    }
    let parsed = parse::read(file, text);
    if text.len() as u64 > FILE_BYTES {
        return Err(parsed.found);
    }
    let end = if text.lines().next().is_some_and(|line| text[line.len()..].starts_with("\r\n")) { "\r\n" } else { "\n" };
    let bare = text.strip_prefix(MARK).unwrap_or(text);
    let mut statements = read::read(bare);
    // First what stands on top now, then what does so afterwards.
    read::hoist(&mut statements);
    order::sort(&mut statements);
    read::hoist(&mut statements);
    let shift = text.len() - bare.len();
    let jq = parsed.jq.iter().map(|span| span.start as usize - shift).collect();
    Ok(format!("{}{}", &text[..shift], write::write(&statements, &jq, end)))
}
