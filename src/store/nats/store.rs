//! The store trait over a connection.

use super::api::Api;
use crate::limits::NATS_HEADERS;
use crate::name::{Bucket, Key};
use crate::store::{BucketSpec, CommitError, Entry, Facts, Future, Revision, Store, StoreError, Write};
use std::collections::HashMap;
use std::sync::Mutex;

/// A store on a NATS server or cluster. Revisions are those of the bucket's stream: they grow within a bucket, and say
/// nothing across buckets.
#[derive(Debug)]
pub struct Nats {
    pub(super) api: Api,
    pub(super) shown: String,
    /// Whether a bucket takes atomic batches, of those that were asked.
    pub(super) atomic: Mutex<HashMap<Bucket, bool>>,
}

/// The stream of a bucket.
pub(super) fn stream(bucket: &Bucket) -> String {
    format!("KV_{bucket}")
}

/// The subject of a key or of a pattern of keys.
pub(super) fn subject(bucket: &Bucket, key: &str) -> String {
    format!("$KV.{bucket}.{key}")
}

impl Store for Nats {
    fn name(&self) -> String {
        self.shown.clone()
    }

    fn is_elsewhere(&self) -> bool {
        true
    }

    fn room(&self) -> Option<usize> {
        Some(self.api.client.max_payload().saturating_sub(NATS_HEADERS))
    }

    fn get<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Option<Entry>, StoreError>> {
        Box::pin(async move { Ok(self.last(bucket, key.as_str()).await?.filter(|entry| entry.value.is_some())) })
    }

    fn commit(&self, batch: Vec<Write>) -> Future<'_, Result<Vec<Revision>, CommitError>> {
        Box::pin(async move { self.write(&batch).await })
    }

    fn scan<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(async move {
            let mut found = self.lasts(bucket, prefix).await?;
            found.retain(|entry| entry.value.is_some());
            Ok(found)
        })
    }

    fn written<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Vec<Key>, StoreError>> {
        Box::pin(async move {
            let subjects = self.subjects(bucket, ">").await?;
            // What another client wrote under a name that is no key of ours is not ours to read.
            let mut keys: Vec<Key> = subjects.iter().filter_map(|subject| Key::new(subject).ok()).collect();
            keys.sort();
            Ok(keys)
        })
    }

    fn history<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(self.from(bucket, key.as_str(), Revision(0), usize::MAX))
    }

    fn watch<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str, after: Revision) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(self.wait(bucket, prefix, after))
    }

    fn head<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Revision, StoreError>> {
        Box::pin(async move {
            let info = self.info(bucket).await?;
            Ok(Revision(info.and_then(|info| info["state"]["last_seq"].as_u64()).unwrap_or(0)))
        })
    }

    fn describe<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Option<BucketSpec>, StoreError>> {
        Box::pin(async move { Ok(self.info(bucket).await?.map(|info| super::bucket::spec(bucket, &info["config"]))) })
    }

    fn apply<'a>(&'a self, spec: &'a BucketSpec) -> Future<'a, Result<(), StoreError>> {
        Box::pin(self.settle(spec))
    }

    fn buckets(&self) -> Future<'_, Result<Vec<Bucket>, StoreError>> {
        Box::pin(self.names())
    }

    fn facts(&self) -> Future<'_, Result<Facts, StoreError>> {
        Box::pin(self.count())
    }

    fn check(&self) -> Future<'_, Result<Vec<String>, StoreError>> {
        // What lies under the keys is the server's own: it has checksums, and copies to mend from.
        Box::pin(async move { self.info(&Bucket::engine()).await.map(|_| Vec::new()) })
    }
}
