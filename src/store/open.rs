//! From the text of `--store` to a store.

use super::address::{is_nats, redacted};
use super::{Embedded, Memory, Store, StoreError};
use std::path::Path;
use std::sync::Arc;

/// The forms that are known, for messages and help.
pub const STORE_FORMS: &str = "`sqlite:PATH` (a file on this machine, such as `sqlite:.flow/state.db`), `nats://HOST:PORT` (a \
                               NATS server or cluster) and `memory:` (forgotten at the end)";

/// The file of a store that lies in one.
pub fn file_of(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    // `sqlite:///abs` is how other programs write an absolute path.
    Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
}

/// Whether a store is forgotten with the process that opened it.
pub fn is_forgotten(url: &str) -> bool {
    matches!(url, "memory:" | "memory")
}

/// Opens a store. With `create`, a file that is not there is made.
///
/// # Errors
/// [`StoreError::Unreachable`] for a form that is not known and whatever keeps a store from being opened.
pub async fn open_store(url: &str, create: bool) -> Result<Arc<dyn Store>, StoreError> {
    if let Some(path) = file_of(url) {
        if path.as_os_str().is_empty() {
            return Err(unknown(url, "it names no file"));
        }
        return Ok(Arc::new(Embedded::open(path, create)?));
    }
    if is_nats(url) {
        return open_nats(url, create).await;
    }
    if is_forgotten(url) {
        return Ok(Arc::new(Memory::new()));
    }
    if !url.contains([':', '@']) && !url.is_empty() {
        return Err(unknown(url, &format!("a file is written `sqlite:{url}`")));
    }
    Err(unknown(url, "this form is not known"))
}

#[cfg(feature = "nats")]
async fn open_nats(url: &str, create: bool) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(super::Nats::open(url, create).await?))
}

#[cfg(not(feature = "nats"))]
async fn open_nats(url: &str, _: bool) -> Result<Arc<dyn Store>, StoreError> {
    Err(unknown(url, "this program was built without its feature `nats`"))
}

fn unknown(url: &str, why: &str) -> StoreError {
    StoreError::Unreachable { store: format!("`{}`", redacted(url)), cause: format!("{why}; known are {STORE_FORMS}") }
}
