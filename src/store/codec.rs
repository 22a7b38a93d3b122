//! The bytes of a journal entry, and of the small values beside it.
//!
//! An entry is `{"v", "n", "nonce", "prev", "events", "hash"}`. Its hash is taken over its own bytes without the
//! `hash` field, and each entry names the hash of the one before, so that a changed, missing or foreign entry is
//! noticed whatever the store below believes. What was written is never written again in another form.

use super::{Entry, Op, Revision, Store, StoreError, Write};
use crate::limits::STORED_NESTING;
use crate::name::{Bucket, Key};
use crate::run::{Digest, Event, FORMAT, RunId, Stamped, Time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One event of an entry: here, or in a blob.
#[derive(Debug, Deserialize)]
pub(super) struct Slot {
    pub(super) at: Time,
    #[serde(default)]
    pub(super) event: Option<Event>,
    #[serde(default)]
    pub(super) blob: Option<Stub>,
}

/// Where a big event is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Stub {
    pub(super) digest: Digest,
    pub(super) bytes: usize,
}

/// An entry as it stands in the store.
#[derive(Debug, Deserialize)]
pub(super) struct Decoded {
    pub(super) n: u64,
    pub(super) nonce: String,
    pub(super) prev: Digest,
    pub(super) events: Vec<Slot>,
    pub(super) hash: Digest,
}

/// Why bytes are not an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A later program wrote it.
    Newer(u32),
    /// It is not what was written.
    Bad(String),
}

/// What stands for the hash before the first entry: bound to the run, so that entries do not fit another one.
pub(super) fn genesis(run: &RunId) -> Digest {
    Digest::of(format!("flow run {run}").as_bytes())
}

/// The text of an inline event.
pub(super) fn inline(stamped: &Stamped) -> Result<Vec<u8>, StoreError> {
    checked(serde_json::to_vec(stamped))
}

/// The text of an event's own blob.
pub(super) fn whole(event: &Event) -> Result<Vec<u8>, StoreError> {
    checked(serde_json::to_vec(event))
}

/// The text that stands for an event that is in a blob.
pub(super) fn stub(at: Time, digest: Digest, bytes: usize) -> Result<Vec<u8>, StoreError> {
    #[derive(Serialize)]
    struct Stubbed {
        at: Time,
        blob: Stub,
    }
    checked(serde_json::to_vec(&Stubbed { at, blob: Stub { digest, bytes } }))
}

fn checked(text: serde_json::Result<Vec<u8>>) -> Result<Vec<u8>, StoreError> {
    let failed = |cause: String| StoreError::Failed { doing: "write an event".to_owned(), cause };
    let text = text.map_err(|error| failed(error.to_string()))?;
    let levels = nesting(&text);
    if levels > STORED_NESTING {
        return Err(failed(format!("it nests {levels} levels deep, and {STORED_NESTING} can be read back")));
    }
    Ok(text)
}

/// An entry of events that are texts already, and its hash.
pub(super) fn encode(n: u64, nonce: &str, prev: &Digest, events: &[Vec<u8>]) -> (Vec<u8>, Digest) {
    let nonce = serde_json::Value::from(nonce);
    let mut text = format!("{{\"v\":{FORMAT},\"n\":{n},\"nonce\":{nonce},\"prev\":\"{prev}\",\"events\":[").into_bytes();
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(event);
    }
    text.extend_from_slice(b"]}");
    let hash = Digest::of(&text);
    text.pop();
    text.extend_from_slice(format!("{TAIL_KEY}{hash}{TAIL_END}").as_bytes());
    (text, hash)
}

const TAIL_KEY: &str = ",\"hash\":\"";
const TAIL_END: &str = "\"}";
/// `sha256:` and 64 digits.
const HASH_BYTES: usize = 71;
const HEAD_KEY: &[u8] = b"{\"v\":";

/// Reads an entry, and checks its version and its own hash.
pub(super) fn decode(text: &[u8]) -> Result<Decoded, Fault> {
    let bad = |why: &str| Fault::Bad(why.to_owned());
    let rest = text.strip_prefix(HEAD_KEY).ok_or_else(|| bad("it does not begin as an entry does"))?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let version = std::str::from_utf8(&rest[..digits]).ok().and_then(|digits| digits.parse::<u32>().ok());
    match version {
        Some(version) if version > FORMAT => return Err(Fault::Newer(version)),
        Some(1..) => {}
        _ => return Err(bad("it has no version")),
    }
    let tail = TAIL_KEY.len() + HASH_BYTES + TAIL_END.len();
    let cut = text.len().checked_sub(tail).ok_or_else(|| bad("it is cut short"))?;
    let body = [&text[..cut], b"}"].concat();
    let hash = Digest::of(&body);
    if text[cut..] != *format!("{TAIL_KEY}{hash}{TAIL_END}").as_bytes() {
        return Err(bad("its content does not have the hash that was written with it"));
    }
    read_deep(text).map_err(Fault::Bad)
}

/// Reads the blob of an event.
pub(super) fn decode_event(text: &[u8]) -> Result<Event, String> {
    read_deep(text)
}

/// JSON that may nest a little deeper than `serde_json` allows by itself: an output may use all of that depth, and
/// stands inside an event inside an entry.
///
/// # Errors
/// In words: it nests deeper than this program would have written it, or it is not what is expected.
pub fn read_deep<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let levels = nesting(text);
    if levels > STORED_NESTING {
        return Err(format!("it nests {levels} levels deep"));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit();
    let value = T::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// How deep lists and tables nest in a JSON text.
fn nesting(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A small value of the engine with its format version in front.
#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    v: u32,
    #[serde(flatten)]
    value: T,
}

/// The bytes of a small value.
pub(super) fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(&Versioned { v: FORMAT, value }).expect("plain records serialise")
}

/// The write of a small value: over what `before` is, or where there is none.
pub(super) fn over<T: Serialize>(key: Key, value: &T, before: Option<Revision>) -> Write {
    let bytes = to_bytes(value);
    let op = match before {
        Some(revision) => Op::Update(bytes, revision),
        None => Op::Create(bytes),
    };
    Write { bucket: Bucket::engine(), key, op }
}

/// The small value under a key, and its revision; `None` when there is none.
pub(super) async fn record<T: DeserializeOwned>(store: &dyn Store, key: &Key) -> Result<Option<(T, Revision)>, StoreError> {
    let stored = store.get(&Bucket::engine(), key).await?;
    stored.map(|entry| Ok((from_entry(&store.name(), &entry)?, entry.revision))).transpose()
}

/// Reads a small value.
pub(super) fn from_entry<T: DeserializeOwned>(store: &str, entry: &Entry) -> Result<T, StoreError> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    let text = entry.value.as_deref().unwrap_or_default();
    match serde_json::from_slice::<Versioned<T>>(text) {
        Ok(read) if read.v <= FORMAT => Ok(read.value),
        other => match serde_json::from_slice::<Version>(text) {
            Ok(Version { v }) if v > FORMAT => Err(StoreError::Newer { store: store.to_owned(), found: v, known: FORMAT }),
            _ => Err(StoreError::Damaged {
                key: format!("`{}`", entry.key),
                cause: other.err().map_or_else(|| "it has no version".to_owned(), |error| error.to_string()),
            }),
        },
    }
}
