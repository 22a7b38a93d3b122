//! The store: one contract for every backend, and what is the embedded store's and the journal's own.

#[cfg(feature = "nats")]
mod connect;
mod contract;
mod crash;
mod embedded;
mod import;
mod journal;
mod model;
#[cfg(feature = "nats")]
mod nats;
mod parts;
mod pool;

pub(crate) use journal::{Fate, Faulty};

use flow::name::{Bucket, Key};
use flow::store::{BucketSpec, Embedded, Entry, Memory, Op, Revision, Store, Write};
use std::sync::Arc;
use tempfile::TempDir;

/// A place that several connections can be made to.
pub struct Site {
    /// Whether several writes to a bucket are one.
    pub atomic: bool,
    memory: Option<Arc<Memory>>,
    folder: TempDir,
    #[cfg(feature = "nats")]
    nats: Option<crate::nats::Server>,
    /// Of an account in a cluster.
    #[cfg(feature = "nats")]
    cluster: Option<String>,
}

impl Site {
    pub fn memory() -> Self {
        Self { memory: Some(Arc::new(Memory::new())), ..Self::embedded() }
    }

    pub fn embedded() -> Self {
        Self {
            atomic: true,
            memory: None,
            folder: TempDir::new().unwrap(),
            #[cfg(feature = "nats")]
            nats: None,
            #[cfg(feature = "nats")]
            cluster: None,
        }
    }

    #[cfg(feature = "nats")]
    pub fn nats() -> Self {
        Self { nats: Some(crate::nats::Server::start()), ..Self::embedded() }
    }

    /// On a server of an older version.
    #[cfg(feature = "nats")]
    pub fn old(version: &str) -> Self {
        Self { nats: Some(crate::nats::Server::of(version)), atomic: version >= "2.12", ..Self::embedded() }
    }

    /// In a cluster, by itself in an account.
    #[cfg(feature = "nats")]
    pub fn account(cluster: &crate::nats::Cluster, account: usize) -> Self {
        Self { cluster: Some(cluster.url(account)), ..Self::embedded() }
    }

    /// The copies that a bucket can have.
    pub fn replicas(&self) -> Option<u32> {
        self.url().map(|url| if url.contains(',') { 3 } else { 1 })
    }

    /// Of a store on a server.
    fn url(&self) -> Option<&str> {
        #[cfg(feature = "nats")]
        return self.cluster.as_deref().or(self.nats.as_ref().map(crate::nats::Server::url));
        #[cfg(not(feature = "nats"))]
        None
    }

    /// One more connection: in the file's case, what another process would have.
    pub async fn connect(&self) -> Arc<dyn Store> {
        if let Some(url) = self.url() {
            return flow::store::open_store(url, true).await.unwrap();
        }
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
        let store = self.connect().await;
        let bucket = Bucket::new("team-state").unwrap();
        store.apply(&BucketSpec { replicas: self.replicas(), ..spec("team-state", 3) }).await.unwrap();
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
