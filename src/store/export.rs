//! A whole store as JSON lines: `{bucket, key, revision, value}`, one for each kept write.
//!
//! `value` is there when writing the parsed JSON again gives the same bytes, else `value_base64`; a delete has
//! `deleted`. Reads one key at a time, so a big store needs little memory. It is no snapshot: what is written meanwhile
//! may or may not be in it. [`salvage`] is for a store whose file is damaged.

use super::codec::{self, Fault};
use super::{Entry, Store, StoreError, embedded, key};
use crate::name::Bucket;
use std::io;
use std::path::Path;

/// What an export gave.
#[derive(Debug, Default)]
pub struct Exported {
    /// Lines written.
    pub lines: u64,
    /// What could not be read and is left out, or is there and is not what was written.
    pub faults: Vec<String>,
}

/// Writes the kept writes of some buckets, or of all when none is named: by bucket, then key, oldest first.
///
/// # Errors
/// Only when `line` fails; it gets each line without its end.
pub async fn export(store: &dyn Store, buckets: &[Bucket], mut line: impl FnMut(&str) -> io::Result<()>) -> io::Result<Exported> {
    let mut exported = Exported::default();
    let buckets = match buckets {
        [] => store.buckets().await.unwrap_or_else(|fault| {
            exported.faults.push(left_out(&fault));
            vec![Bucket::engine()]
        }),
        named => named.to_vec(),
    };
    for bucket in &buckets {
        let keys = store.keys(bucket, "").await.unwrap_or_else(|fault| {
            exported.faults.push(left_out(&fault));
            Vec::new()
        });
        for (key, _) in keys {
            match store.history(bucket, &key).await {
                Ok(writes) => {
                    for entry in &writes {
                        line(&line_of(bucket, entry))?;
                        exported.lines += 1;
                    }
                }
                Err(fault) => exported.faults.push(left_out(&fault)),
            }
        }
    }
    Ok(exported)
}

fn left_out(fault: &StoreError) -> String {
    format!("left out: {fault}")
}

/// The same of a file that is damaged, as far as it can be read, in the order of writing. Nothing of it is changed.
/// Entries of journals that are there and are not what was written are printed and told.
///
/// # Errors
/// Only when `line` fails.
pub fn salvage(file: &Path, mut line: impl FnMut(&str) -> io::Result<()>) -> io::Result<Exported> {
    let mut exported = Exported::default();
    let lost = embedded::salvage(file, |bucket, entry| {
        exported.lines += 1;
        let journal =
            *bucket == Bucket::engine() && entry.key.as_str().strip_prefix(key::RUNS).is_some_and(|rest| rest.starts_with('.'));
        if journal && let Err(Fault::Bad(cause)) = codec::decode(entry.value.as_deref().unwrap_or_default()) {
            exported.faults.push(format!("printed, and not to be trusted: `{}`: {cause}", entry.key));
        }
        line(&line_of(bucket, entry))
    })?;
    exported.faults.extend(lost);
    Ok(exported)
}

fn line_of(bucket: &Bucket, entry: &Entry) -> String {
    let Entry { key, revision, value } = entry;
    let start = format!("{{\"bucket\":\"{bucket}\",\"key\":\"{key}\",\"revision\":{}", revision.0);
    match value {
        None => format!("{start},\"deleted\":true}}"),
        Some(bytes) => match as_json(bytes) {
            Some(text) => format!("{start},\"value\":{text}}}"),
            None => format!("{start},\"value_base64\":\"{}\"}}", base64(bytes)),
        },
    }
}

/// The text, if it is JSON that would be written just so again.
fn as_json(bytes: &[u8]) -> Option<&str> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let again = serde_json::to_vec(&value).ok()?;
    (again == bytes).then(|| std::str::from_utf8(bytes).ok())?
}

/// Base64 of RFC 4648 with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_usize, |group, byte| group << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = char::from(ALPHABET[group >> (18 - 6 * place) & 63]);
            out.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{as_json, base64};

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xFB, 0xFF]), "+/8=");
    }

    #[test]
    fn only_json_that_survives_is_shown_as_json() {
        for same in ["null", "{\"b\":1,\"a\":[2.5,\"ü\"]}"] {
            assert_eq!(as_json(same.as_bytes()), Some(same));
        }
        for other in ["{ }", "1e3", "1.50", "{\"a\":1,\"a\":2}", "\"\\u00fc\"", "123456789012345678901234567890", "", "{}\n"] {
            assert_eq!(as_json(other.as_bytes()), None, "{other}");
        }
    }
}
