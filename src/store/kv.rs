//! The store trait: what every backend can do, and nothing more.

use super::Facts;
use crate::name::{Bucket, Key};
use std::pin::Pin;

/// A future of a store, boxed so that backends are objects.
pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;

/// A number that grows with every write of a bucket; 0 stands for "never written". Those of two buckets are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Revision(pub u64);

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// The write that made it.
    pub revision: Revision,
    /// The bytes; `None` when the write was a delete (only [`Store::history`] and [`Store::watch`] show these).
    pub value: Option<Vec<u8>>,
}

/// One write of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which bucket.
    pub bucket: Bucket,
    /// Which key.
    pub key: Key,
    /// What to do with it.
    pub op: Op,
}

impl Write {
    /// The same write once more, where nobody knows whether it happened; `None` for one that changes or removes something.
    pub fn once_more(&self) -> Option<Self> {
        match &self.op {
            Op::Create(value) | Op::Ensure(value) => Some(Self { op: Op::Ensure(value.clone()), ..self.clone() }),
            Op::Update(..) | Op::Delete(_) => None,
        }
    }
}

/// What a write does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// The key must not exist (deleted counts as not existing).
    Create(Vec<u8>),
    /// Like `Create`, and fine if the key is there already: for content-addressed values. A backend whose batches are
    /// not atomic writes these first, since nothing refers to them yet.
    Ensure(Vec<u8>),
    /// The key's last write (be it a delete) must be this revision; 0 is a key that was never written.
    Update(Vec<u8>, Revision),
    /// Removes the key, if its last write is this revision.
    Delete(Revision),
}

/// Settings of a bucket, as a pipeline declares them or as the store has them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BucketSpec {
    /// Its name.
    pub bucket: Bucket,
    /// Copies in a cluster; `None` where the store has no such thing.
    pub replicas: Option<u32>,
    /// Values kept per key, 1 to 64.
    pub history: u32,
    /// For people.
    pub description: String,
}

/// Why a store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be reached or opened.
    #[error("the store {store} cannot be opened: {cause}")]
    Unreachable {
        /// Which, without secrets.
        store: String,
        /// Why, and what to do.
        cause: String,
    },
    /// It was written by a newer version of the program.
    #[error("the store {store} has format {found}, and this program reads up to {known}: use a newer `flow`")]
    Newer {
        /// Which.
        store: String,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// What it lies in is not as it should be.
    #[error(
        "the file of the store {store} is damaged: {cause}; nothing was changed: `flow store export` saves what can still be \
         read, then move the file away or bring back a copy of it"
    )]
    Broken {
        /// Which.
        store: String,
        /// How it was noticed.
        cause: String,
    },
    /// Something in it is not what was written.
    #[error("{key} in the store is damaged: {cause}")]
    Damaged {
        /// What.
        key: String,
        /// How it was noticed, and what can be done.
        cause: String,
    },
    /// It has no room.
    #[error("the store {store} is full: {cause}")]
    Full {
        /// Which.
        store: String,
        /// What it said.
        cause: String,
    },
    /// It gives no answer; it may be back after a while.
    #[error("the store {store} does not answer: {cause}")]
    Away {
        /// Which.
        store: String,
        /// What was tried.
        cause: String,
    },
    /// It answered with an error.
    #[error("the store failed to {doing}: {cause}")]
    Failed {
        /// What was being done.
        doing: String,
        /// What it said.
        cause: String,
    },
}

/// Why a batch was not committed. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A key was not as the batch expected it.
    #[error("{key} was written by somebody else")]
    Conflict {
        /// Index of the write in the batch.
        index: usize,
        /// The key.
        key: Key,
    },
    /// The outcome is not known: read back before anything else is written.
    #[error("it is not known whether {key} was written: {cause}")]
    Unknown {
        /// The first key of the batch, which decides.
        key: Key,
        /// What happened.
        cause: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keys, values, revisions. "Not there" is `None`, "could not be read" is an error.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// How people know it, without secrets: `sqlite:.flow/state.db`.
    fn name(&self) -> String;

    /// Whether it is on another machine, or as if it were: it may be away and come back, and others make room in it.
    fn is_elsewhere(&self) -> bool {
        false
    }

    /// The bytes that one value may have, where there is a bound.
    fn room(&self) -> Option<usize> {
        None
    }

    /// The value of a key.
    fn get<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Option<Entry>, StoreError>>;

    /// Writes all or nothing, durably, in order, each write seeing those before it. Gives the revision of each write
    /// (of an [`Op::Ensure`] that found its key, the one it found). A bucket must have been made by [`Store::apply`].
    /// When the future is dropped, the batch may still be written.
    ///
    /// Where a backend cannot write all at once, the first write decides: once that is there and the rest is not, the
    /// outcome is [`CommitError::Unknown`], and who reads back finds the first write.
    fn commit(&self, batch: Vec<Write>) -> Future<'_, Result<Vec<Revision>, CommitError>>;

    /// All present keys that are `prefix` or begin with `prefix.`, sorted; the empty prefix is the whole bucket.
    fn scan<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str) -> Future<'a, Result<Vec<Entry>, StoreError>>;

    /// The keys that [`Store::scan`] would give, with their revisions and without their values.
    fn keys<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str) -> Future<'a, Result<Vec<(Key, Revision)>, StoreError>> {
        Box::pin(
            async move { Ok(self.scan(bucket, prefix).await?.into_iter().map(|entry| (entry.key, entry.revision)).collect()) },
        )
    }

    /// All keys of which a write is kept, be it a delete, sorted.
    fn written<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Vec<Key>, StoreError>>;

    /// The kept writes of a key, oldest first, deletes included.
    fn history<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Vec<Entry>, StoreError>>;

    /// Waits until something under the prefix was written after `after`, and gives those writes in order, as far as the
    /// bucket still keeps them: of a value that was overwritten and dropped since, only the newer one is seen. May
    /// give an empty list after a while, so that the caller can look at other things.
    fn watch<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str, after: Revision) -> Future<'a, Result<Vec<Entry>, StoreError>>;

    /// The newest revision of a bucket (or a later one): where a watch begins.
    fn head<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Revision, StoreError>>;

    /// The settings of a bucket; `None` when there is no such bucket.
    fn describe<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Option<BucketSpec>, StoreError>>;

    /// Makes the bucket, or changes its settings as far as the store can.
    fn apply<'a>(&'a self, spec: &'a BucketSpec) -> Future<'a, Result<(), StoreError>>;

    /// All buckets.
    fn buckets(&self) -> Future<'_, Result<Vec<Bucket>, StoreError>>;

    /// What it is and how much is in it, for people.
    fn facts(&self) -> Future<'_, Result<Facts, StoreError>>;

    /// Looks for damage below the level of keys. Gives one sentence a finding.
    fn check(&self) -> Future<'_, Result<Vec<String>, StoreError>>;
}
