//! Identifiers and times, each a type of its own.

use crate::name::Name;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A moment in UTC, in milliseconds since 1970. Shown to people and documents in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(pub u64);

impl Time {
    /// This moment plus a span in milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since an earlier moment; 0 when the clock went back.
    pub fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads `2026-01-02T03:04:05Z`.
    pub fn parse(text: &str) -> Option<Self> {
        let stamp: jiff::Timestamp = text.parse().ok()?;
        u64::try_from(stamp.as_millisecond()).ok().map(Self)
    }
}

/// `2026-01-02T03:04:05Z`: whole seconds, because jq's `fromdate` refuses fractions.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0 / 1000).unwrap_or(i64::MAX);
        match jiff::Timestamp::from_second(seconds) {
            Ok(stamp) => write!(f, "{stamp}"),
            Err(_) => write!(f, "{seconds}s"),
        }
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

text_id! {
    /// A run: a ULID in its canonical 26 characters, so that ids sort by start.
    RunId
}
text_id! {
    /// A request from another process (cancel, answer, retry, note): a ULID.
    RequestId
}
text_id! {
    /// `sha256:` and 64 hexadecimal digits: the name of a plan or a blob by its content.
    Digest
}

impl RunId {
    /// From a ULID.
    pub fn from_ulid(ulid: ulid::Ulid) -> Self {
        Self(ulid.to_string().into())
    }

    /// Checks a text: 26 characters of a ULID, upper or lower case.
    pub fn parse(text: &str) -> Option<Self> {
        ulid::Ulid::from_string(text).ok().map(Self::from_ulid)
    }
}

impl RequestId {
    /// From a ULID.
    pub fn from_ulid(ulid: ulid::Ulid) -> Self {
        Self(ulid.to_string().into())
    }
}

impl Digest {
    /// The digest of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        use std::fmt::Write as _;
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for byte in sha2::Sha256::digest(bytes) {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text.into())
    }

    /// Checks a text.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        let good = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        good.then(|| Self(text.into()))
    }

    /// The hexadecimal digits: the part that is safe in a key.
    pub fn hex(&self) -> &str {
        self.0.strip_prefix("sha256:").unwrap_or(&self.0)
    }
}

/// One attempt of one phase. Its text is stable over repeats of the attempt and safe as a key token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// The phase.
    pub phase: Name,
    /// Which run of the phase, from 1, over all loops.
    pub round: u32,
    /// The item of a `for_each` phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Which attempt of that round, from 1.
    pub number: u32,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.phase, self.round)?;
        if let Some(item) = &self.item {
            write!(f, ".{}", crate::name::slug(item))?;
        }
        write!(f, ".{}", self.number)
    }
}

/// The process that carries a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// A ULID of this driver's life: two drivers of one process differ.
    pub driver: String,
    /// The machine's name.
    pub host: String,
    /// Changes at every boot, so that a pid means something.
    pub boot_id: String,
    /// The process.
    pub pid: u32,
    /// When the process started, in the kernel's ticks since boot: a pid that was given out again differs.
    pub pid_start: u64,
}
