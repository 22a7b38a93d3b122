//! Documents: views of runs in a pipeline's own bucket, for people and other tools.
//!
//! They are never trusted. Others may write them too, so each write names the revision that its view was computed from.

use super::{Op, Revision, Store, StoreError, Write};
use crate::name::{Bucket, Key};
use crate::value::Value;

/// A document as it is stored: what a view sees as `$previous`.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its last write; 0 when there is none.
    pub revision: Revision,
    /// Its value; null when it is not there, or when what is there is no JSON.
    pub value: Value,
    /// Why what is there could not be read. It will be replaced; say so.
    pub unreadable: Option<String>,
    bytes: Option<Vec<u8>>,
}

/// Reads a document.
pub async fn read_document(store: &dyn Store, bucket: &Bucket, key: &Key) -> Result<Document, StoreError> {
    let Some(entry) = store.get(bucket, key).await? else {
        return Ok(Document { revision: Revision(0), value: Value::NULL, unreadable: None, bytes: None });
    };
    let bytes = entry.value.unwrap_or_default();
    let (value, unreadable) = match Value::parse(&bytes) {
        Ok(value) => (value, None),
        Err(error) => (Value::NULL, Some(error.to_string())),
    };
    Ok(Document { revision: entry.revision, value, unreadable, bytes: Some(bytes) })
}

impl Document {
    /// The write that makes the document `value`; `None` when it is that already, byte for byte.
    pub fn change(&self, bucket: &Bucket, key: &Key, value: &Value) -> Option<Write> {
        let bytes = serde_json::to_vec(value).unwrap_or_default();
        let op = match &self.bytes {
            Some(there) if *there == bytes => return None,
            Some(_) => Op::Update(bytes, self.revision),
            None => Op::Create(bytes),
        };
        Some(Write { bucket: bucket.clone(), key: key.clone(), op })
    }

    /// The document after its write, for the next change without reading it again.
    #[must_use]
    pub fn written(value: Value, revision: Revision) -> Self {
        let bytes = serde_json::to_vec(&value).unwrap_or_default();
        Self { revision, value, unreadable: None, bytes: Some(bytes) }
    }
}
