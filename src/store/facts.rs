//! What a store is and how much is in it: facts for people, on which nothing else depends.

use super::BucketSpec;

/// What keeps a store, and what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The program that keeps it, with its version: `SQLite 3.50.4`, `nats-server 2.15.1`.
    pub keeper: String,
    /// The server that answered; `None` where there is none.
    pub server: Option<String>,
    /// The cluster that the server belongs to.
    pub cluster: Option<String>,
    /// Bytes that still fit, as far as that is limited and known.
    pub room: Option<u64>,
    /// Its buckets, sorted.
    pub buckets: Vec<BucketFacts>,
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketFacts {
    /// Its settings.
    pub spec: BucketSpec,
    /// Keys of which a write is kept, be it a delete.
    pub keys: u64,
    /// Kept writes.
    pub writes: u64,
    /// What they take, as the store counts it.
    pub bytes: u64,
    /// Bytes that the bucket still takes; `None` when it has no limit of its own.
    pub room: Option<u64>,
    /// Whether several writes to it are one.
    pub atomic: bool,
    /// The servers that keep a copy, the leader first.
    pub copies: Vec<CopyFacts>,
}

/// A copy of a bucket on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyFacts {
    /// The server.
    pub server: String,
    /// Whether it has all that the leader has.
    pub current: bool,
}
