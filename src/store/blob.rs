//! Bytes by their content: big outputs, prompts, raw streams of agents, and plans.
//!
//! Written in chunks that fit one message of any backend. Writing what is there already is fine, so nothing here can
//! conflict. The digest is checked whenever something is read.

use super::journal::settle;
use super::{Entry, Op, Store, StoreError, Write, key};
use crate::limits::BLOB_CHUNK_BYTES;
use crate::name::{Bucket, Key};
use crate::run::Digest;
use std::collections::BTreeSet;

/// The name of some bytes, and the writes that store them; for a batch that also writes who names them.
pub fn blob_writes(bytes: &[u8]) -> (Digest, Vec<Write>) {
    let digest = Digest::of(bytes);
    let prefix = key::blob(&digest);
    let mut writes: Vec<Write> =
        bytes.chunks(BLOB_CHUNK_BYTES).enumerate().map(|(index, chunk)| ensure(key::chunk(&prefix, index + 1), chunk)).collect();
    if writes.is_empty() {
        writes.push(ensure(key::chunk(&prefix, 1), &[]));
    }
    (digest, writes)
}

fn ensure(key: Key, bytes: &[u8]) -> Write {
    Write { bucket: Bucket::engine(), key, op: Op::Ensure(bytes.to_vec()) }
}

/// Stores bytes under their digest.
pub async fn put_blob(store: &dyn Store, bytes: &[u8]) -> Result<Digest, StoreError> {
    let (digest, writes) = blob_writes(bytes);
    settle(store, writes).await?;
    Ok(digest)
}

/// The bytes of a digest; `None` when they are not there.
///
/// # Errors
/// [`StoreError::Damaged`] when what is there has another digest.
pub async fn get_blob(store: &dyn Store, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
    let prefix = key::blob(digest);
    let chunks = store.scan(&Bucket::engine(), &prefix).await?;
    joined(&prefix, digest, chunks)
}

/// Stores a plan under its digest. A small one is one value, so that people can read it with any tool.
pub async fn put_plan(store: &dyn Store, bytes: &[u8]) -> Result<Digest, StoreError> {
    let digest = Digest::of(bytes);
    let first = key::plan(&digest);
    let chunks = bytes.chunks(BLOB_CHUNK_BYTES).enumerate();
    let key_of = |index: usize| if index == 0 { first.clone() } else { key::chunk(first.as_str(), index + 1) };
    let mut writes: Vec<Write> = chunks.map(|(index, chunk)| ensure(key_of(index), chunk)).collect();
    if writes.is_empty() {
        writes.push(ensure(first, &[]));
    }
    settle(store, writes).await?;
    Ok(digest)
}

/// The bytes of a plan; `None` when it is not there.
///
/// # Errors
/// [`StoreError::Damaged`] when what is there has another digest.
pub async fn get_plan(store: &dyn Store, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
    let first = key::plan(digest);
    let chunks = store.scan(&Bucket::engine(), first.as_str()).await?;
    joined(first.as_str(), digest, chunks)
}

/// What stands under digests.
#[derive(Debug, Default)]
pub struct Contents {
    /// The plans that are what their digests say.
    pub plans: BTreeSet<Digest>,
    /// The blobs that are.
    pub blobs: BTreeSet<Digest>,
    /// Those of both that are not.
    pub faults: Vec<StoreError>,
}

/// Reads every plan and every blob, and compares it with the digest it is stored under.
pub async fn check_contents(store: &dyn Store) -> Result<Contents, StoreError> {
    let mut found = Contents::default();
    for digest in digests(store, key::PLANS).await? {
        match get_plan(store, &digest).await {
            Ok(_) => drop(found.plans.insert(digest)),
            Err(fault) => found.faults.push(fault),
        }
    }
    for digest in digests(store, key::BLOBS).await? {
        match get_blob(store, &digest).await {
            Ok(_) => drop(found.blobs.insert(digest)),
            Err(fault) => found.faults.push(fault),
        }
    }
    Ok(found)
}

/// The digests under a prefix.
async fn digests(store: &dyn Store, prefix: &str) -> Result<BTreeSet<Digest>, StoreError> {
    let keys = store.keys(&Bucket::engine(), prefix).await?;
    let digest = |key: &Key| Digest::parse(&format!("sha256:{}", key.as_str().split('.').nth(2)?));
    Ok(keys.iter().filter_map(|(key, _)| digest(key)).collect())
}

fn joined(prefix: &str, digest: &Digest, chunks: Vec<Entry>) -> Result<Option<Vec<u8>>, StoreError> {
    if chunks.is_empty() {
        return Ok(None);
    }
    let bytes: Vec<u8> = chunks.into_iter().filter_map(|chunk| chunk.value).flatten().collect();
    if Digest::of(&bytes) == *digest {
        return Ok(Some(bytes));
    }
    Err(StoreError::Damaged {
        key: format!("`{prefix}`"),
        cause: "its content does not have the digest it is stored under; bring back a copy of the store from before".to_owned(),
    })
}
