//! The store: one contract for every backend, and what is the embedded store's and the journal's own.

mod contract;
mod crash;
mod embedded;
mod journal;
mod model;
mod parts;

use flow::name::{Bucket, Key};
use flow::store::{BucketSpec, Embedded, Entry, Memory, Op, Revision, Store, Write};
use std::sync::Arc;
use tempfile::TempDir;

/// A place that several connections can be made to.
pub struct Site {
    memory: Option<Arc<Memory>>,
    folder: TempDir,
}

impl Site {
    pub fn memory() -> Self {
        Self { memory: Some(Arc::new(Memory::new())), folder: TempDir::new().unwrap() }
    }

    pub fn embedded() -> Self {
        Self { memory: None, folder: TempDir::new().unwrap() }
    }

    /// One more connection: in the file's case, what another process would have.
    pub fn connect(&self) -> Arc<dyn Store> {
        match &self.memory {
            Some(memory) => Arc::clone(memory) as Arc<dyn Store>,
            None => Arc::new(Embedded::open(&self.path(), true).unwrap()),
        }
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.folder.path().join(".flow").join("state.db")
    }

    /// A connection, and a bucket that keeps three values.
    pub async fn with_bucket(&self) -> (Arc<dyn Store>, Bucket) {
        let store = self.connect();
        let bucket = Bucket::new("team-state").unwrap();
        store.apply(&spec("team-state", 3)).await.unwrap();
        (store, bucket)
    }
}

pub fn spec(bucket: &str, history: u32) -> BucketSpec {
    BucketSpec { bucket: Bucket::new(bucket).unwrap(), replicas: None, history, description: "tried out".to_owned() }
}

pub fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

pub fn write(bucket: &Bucket, name: &str, op: Op) -> Write {
    Write { bucket: bucket.clone(), key: key(name), op }
}

pub fn create(bucket: &Bucket, name: &str, value: &str) -> Write {
    write(bucket, name, Op::Create(value.into()))
}

/// Commits one write and gives its revision.
pub async fn put(store: &dyn Store, write: Write) -> Revision {
    store.commit(vec![write]).await.unwrap()[0]
}

/// Keys and values as text, deletes as `-`.
pub fn shown(entries: &[Entry]) -> Vec<String> {
    let text = |entry: &Entry| entry.value.as_ref().map_or("-".into(), |value| String::from_utf8_lossy(value).into_owned());
    entries.iter().map(|entry| format!("{}={}", entry.key, text(entry))).collect()
}
