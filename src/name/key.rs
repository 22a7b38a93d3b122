//! Keys and buckets of the store: one alphabet, checked by us, because clients and servers disagree about it.

use crate::limits::KEY_BYTES;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A key of the store: tokens of `[-/_=a-zA-Z0-9]` joined by single dots.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(Arc<str>);

/// A bucket of the store: `[-_a-zA-Z0-9]+`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bucket(Arc<str>);

/// Why a text is not a key or a bucket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// An empty token: nothing at all, a dot at an end, or two dots together.
    #[error("`{0}` has an empty part: write tokens joined by single dots")]
    EmptyToken(String),
    /// A character outside the alphabet.
    #[error("`{text}` has the character {found:?}, and keys are made of `[-/_=.a-zA-Z0-9]`; `| slug` makes any text safe")]
    Alphabet {
        /// The whole text.
        text: String,
        /// The first character that does not belong.
        found: char,
    },
    /// Longer than [`KEY_BYTES`].
    #[error("a key of {0} bytes is longer than {KEY_BYTES}")]
    Long(usize),
}

fn check(text: &str, allowed: fn(char) -> bool) -> Result<(), KeyError> {
    if text.len() > KEY_BYTES {
        return Err(KeyError::Long(text.len()));
    }
    if let Some(found) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !allowed(*c)) {
        return Err(KeyError::Alphabet { text: text.to_owned(), found });
    }
    if text.split('.').any(str::is_empty) {
        return Err(KeyError::EmptyToken(text.to_owned()));
    }
    Ok(())
}

impl Key {
    /// Checks a text.
    ///
    /// # Errors
    /// Names the first character that does not belong, or the empty token.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        check(text, |c| matches!(c, '-' | '/' | '_' | '=' | '.'))?;
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Bucket {
    /// Checks a text.
    ///
    /// # Errors
    /// Names the first character that does not belong.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        check(text, |c| matches!(c, '-' | '_'))?;
        Ok(Self(text.into()))
    }

    /// The engine's own bucket.
    pub fn engine() -> Self {
        Self("flow".into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_type {
    ($type:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
        impl TryFrom<String> for $type {
            type Error = KeyError;
            fn try_from(text: String) -> Result<Self, KeyError> {
                Self::new(&text)
            }
        }
        impl From<$type> for String {
            fn from(key: $type) -> Self {
                key.0.as_ref().to_owned()
            }
        }
    };
}
text_type!(Key);
text_type!(Bucket);
