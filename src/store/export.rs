//! A whole store as JSON lines: `{bucket, key, revision, value}`, one for each kept write.
//!
//! `value` is there when writing the parsed JSON again gives the same bytes, else `value_base64`; a delete has
//! `deleted`. Reads one key at a time, so a big store needs little memory, and leaves out what cannot be read, so that
//! a damaged store gives what it still has. It is no snapshot: what is written meanwhile may or may not be in it.

use super::{Entry, Store, StoreError};
use crate::name::Bucket;
use std::io;

/// What an export gave.
#[derive(Debug, Default)]
pub struct Exported {
    /// Lines written.
    pub lines: u64,
    /// What could not be read, and was left out.
    pub faults: Vec<StoreError>,
}

/// Writes the kept writes of some buckets, or of all when none is named: by bucket, then key, oldest first.
///
/// # Errors
/// Only when `line` fails; it gets each line without its end.
pub async fn export(store: &dyn Store, buckets: &[Bucket], mut line: impl FnMut(&str) -> io::Result<()>) -> io::Result<Exported> {
    let mut exported = Exported::default();
    let buckets = match buckets {
        [] => store.buckets().await.unwrap_or_else(|fault| {
            exported.faults.push(fault);
            vec![Bucket::engine()]
        }),
        named => named.to_vec(),
    };
    for bucket in &buckets {
        let keys = store.keys(bucket, "").await.unwrap_or_else(|fault| {
            exported.faults.push(fault);
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
                Err(fault) => exported.faults.push(fault),
            }
        }
    }
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
