//! The engine's own keys: one function a kind, all in [`Bucket::engine`].
//!
//! Numbers are padded so that the order of a scan is the order of numbers. Whatever is not safe in a key is escaped by
//! [`token`], so that two different texts never share a key.

use crate::limits::KEY_TOKEN_BYTES;
use crate::name::{Key, Name};
use crate::run::{AttemptId, Digest, RequestId, RunId};
use std::fmt::Write as _;

#[cfg(doc)]
use crate::name::Bucket;

/// Prefix of the summary rows of all runs.
pub const HEADS: &str = "flow.head";
/// Prefix of all cycle numbers.
pub const SERIES: &str = "flow.series";
/// Prefix of all journals.
pub const RUNS: &str = "flow.run";
/// Prefix of all blobs.
pub const BLOBS: &str = "flow.blob";
/// Prefix of all plans.
pub const PLANS: &str = "flow.plan";

fn key(text: &str) -> Key {
    Key::new(text).expect("made of bounded tokens of the key alphabet")
}

/// Any text as one token of a key. Different texts give different tokens: letters, digits, `-` and `_` stay, each
/// other byte becomes `=` and two hexadecimal digits; what gets too long becomes `=x` and its SHA-256.
pub fn token(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "={byte:02X}");
        }
    }
    if out.is_empty() {
        out.push('=');
    }
    if out.len() > KEY_TOKEN_BYTES { format!("=x{}", Digest::of(text.as_bytes()).hex()) } else { out }
}

/// Prefix of the journal of a run.
pub fn entries(run: &RunId) -> String {
    format!("{RUNS}.{}", token(run.as_str()))
}

/// Entry `seq` of a run's journal, from 1.
pub fn entry(run: &RunId, seq: u64) -> Key {
    key(&format!("{}.{seq:010}", entries(run)))
}

/// A plan, whole or its first chunk.
pub fn plan(digest: &Digest) -> Key {
    key(&format!("{PLANS}.{}", token(digest.hex())))
}

/// Prefix of the chunks of a blob.
pub fn blob(digest: &Digest) -> String {
    format!("{BLOBS}.{}", token(digest.hex()))
}

/// Chunk `n`, from 1, of what is stored under a prefix.
pub fn chunk(prefix: &str, n: usize) -> Key {
    key(&format!("{prefix}.{n:06}"))
}

/// Prefix of the cycle numbers of a series.
pub fn series(series: &str) -> String {
    format!("{SERIES}.{}", token(series))
}

/// A number of a series, from 1.
pub fn cycle(name: &str, cycle: u64) -> Key {
    key(&format!("{}.{cycle:010}", series(name)))
}

/// Who carries a run.
pub fn lease(run: &RunId) -> Key {
    key(&format!("flow.lease.{}", token(run.as_str())))
}

/// Prefix of the requests to a run.
pub fn mailbox(run: &RunId) -> String {
    format!("flow.mail.{}", token(run.as_str()))
}

/// A request to a run.
pub fn mail(run: &RunId, request: &RequestId) -> Key {
    key(&format!("{}.{}", mailbox(run), token(request.as_str())))
}

/// Prefix of what waits for the workers of a pool.
pub fn pool(pool: &Name) -> String {
    format!("flow.pool.{pool}")
}

/// A run that a pool carries.
pub fn enlisted(pool: &Name, run: &RunId) -> Key {
    key(&format!("flow.pool.{pool}.run.{}", token(run.as_str())))
}

/// Prefix of the attempts of a run that its driver offers to a pool.
pub fn offers(pool: &Name, run: &RunId) -> String {
    format!("flow.pool.{pool}.task.{}", token(run.as_str()))
}

/// A turn of an attempt that is offered to a pool.
pub fn offer(pool: &Name, run: &RunId, attempt: &AttemptId, turn: u32) -> Key {
    key(&format!("{}.{}.{turn}", offers(pool, run), token(&attempt.to_string())))
}

/// The summary row of a run.
pub fn head(run: &RunId) -> Key {
    key(&format!("{HEADS}.{}", token(run.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn a_series_is_one_token_and_a_cycle_sorts_by_number() {
        assert_eq!(cycle("team.create-spec", 3).as_str().matches('.').count(), 3);
        assert_eq!(cycle("a.b", 3).as_str(), "flow.series.a=2Eb.0000000003");
        assert!(cycle("a", 9) < cycle("a", 10));
    }

    #[test]
    fn the_longest_texts_still_make_keys() {
        let long = "ü".repeat(5_000);
        assert!(cycle(&long, u64::MAX).as_str().len() <= crate::limits::KEY_BYTES);
        assert_ne!(token(&long), token(&format!("{long}.")));
    }

    /// Takes a short token back.
    fn text(token: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut rest = token.as_bytes();
        while let Some((&first, after)) = rest.split_first() {
            if first == b'=' && !after.is_empty() {
                out.push(u8::from_str_radix(std::str::from_utf8(after.get(..2)?).ok()?, 16).ok()?);
                rest = &after[2..];
            } else if first == b'=' {
                rest = after;
            } else {
                out.push(first);
                rest = after;
            }
        }
        Some(out)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        // Thirteen characters of four bytes still fit without becoming a digest.
        #[test]
        fn a_token_can_be_taken_back(name in "(?s).{0,13}") {
            let made = token(&name);
            prop_assert!(Key::new(&made).is_ok() && !made.contains(['.', '/']));
            prop_assert_eq!(text(&made), Some(name.into_bytes()));
        }
    }
}
