//! Checked names: whatever becomes part of a key, a path or a jq path is one of these types.
//!
//! A name is checked once, where it enters; from then on its type says that it is safe.

mod key;
mod slug;

pub use key::{Bucket, Key, KeyError};
pub use slug::slug;

use crate::limits::NAME_BYTES;
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A name of a phase, parameter, variable or agent: `[a-z][a-z0-9_]*`, safe in a jq path and in a key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Arc<str>);

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("a name must not be empty")]
    Empty,
    /// Longer than [`NAME_BYTES`].
    #[error("`{0}` is longer than {NAME_BYTES} bytes")]
    Long(String),
    /// A character outside the alphabet.
    #[error("`{0}` is not a name: use `[a-z][a-z0-9_]*`, for example `{1}`")]
    Alphabet(String, String),
}

impl Name {
    /// Checks a text.
    ///
    /// # Errors
    /// Says what is wrong and, where one can be made, a name that would do.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > NAME_BYTES {
            return Err(NameError::Long(text.to_owned()));
        }
        let mut bytes = text.bytes();
        let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
        if first && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Ok(Self(text.into()));
        }
        Err(NameError::Alphabet(text.to_owned(), suggestion(text)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The nearest name to a text that is none.
fn suggestion(text: &str) -> String {
    let cleaned = slug(text).replace('-', "_");
    let cleaned = cleaned.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    if cleaned.is_empty() { "name".to_owned() } else { cleaned.to_owned() }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0.as_ref().to_owned()
    }
}
