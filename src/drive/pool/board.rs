//! What is posted in the pools of a worker, kept up to date by following their keys.

use crate::limits::BEAT_MS;
use crate::name::{Bucket, Key, Name};
use crate::store::{Enlisted, Entry, Offer, Posted, Revision, Store, StoreError, key, posted};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Batches of news that wait for the worker: it is slower than the store only for a moment.
const NEWS: usize = 16;

/// Something that is posted, and the revision of it.
#[derive(Clone, Debug)]
pub(super) struct Post<T> {
    pub pool: Name,
    pub revision: Revision,
    pub what: T,
}

/// The runs and the offers of some pools. The order is that of keys, and so of time.
pub(super) struct Board {
    store: Arc<dyn Store>,
    pub runs: BTreeMap<Key, Post<Enlisted>>,
    pub offers: BTreeMap<Key, Post<Offer>>,
    news: Receiver<(Name, Vec<Entry>)>,
    followers: tokio::task::JoinSet<()>,
}

impl Board {
    /// Reads what is posted, and follows it from then on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn open(store: &Arc<dyn Store>, pools: &[Name]) -> Result<Self, StoreError> {
        let (sender, news) = channel(NEWS);
        let followers = tokio::task::JoinSet::new();
        let mut board = Self { store: store.clone(), runs: BTreeMap::new(), offers: BTreeMap::new(), news, followers };
        for pool in pools {
            // First the end of what there is, then what there is: what comes in between is seen twice, and not missed.
            let head = store.head(&Bucket::engine()).await?;
            let there = store.scan(&Bucket::engine(), &key::pool(pool)).await?;
            board.take(pool, there);
            board.followers.spawn(follow(store.clone(), pool.clone(), head, sender.clone()));
        }
        Ok(board)
    }

    /// Waits for news, and takes them.
    pub(super) async fn news(&mut self) {
        match self.news.recv().await {
            Some((pool, entries)) => self.take(&pool, entries),
            None => std::future::pending().await,
        }
        while let Ok((pool, entries)) = self.news.try_recv() {
            self.take(&pool, entries);
        }
    }

    fn take(&mut self, pool: &Name, entries: Vec<Entry>) {
        let name = self.store.name();
        for entry in entries {
            let known = self.runs.get(&entry.key).map(|post| post.revision);
            let known = known.or(self.offers.get(&entry.key).map(|post| post.revision));
            if known.is_some_and(|known| known >= entry.revision) {
                continue;
            }
            let (pool, revision) = (pool.clone(), entry.revision);
            // What cannot be read is of a later version, and left to workers of that.
            match posted(&name, &entry) {
                Some(Ok(Posted::Run(what))) => drop(self.runs.insert(entry.key, Post { pool, revision, what })),
                Some(Ok(Posted::Offer(what))) => drop(self.offers.insert(entry.key, Post { pool, revision, what: *what })),
                _ => {
                    self.runs.remove(&entry.key);
                    self.offers.remove(&entry.key);
                }
            }
        }
    }
}

/// Follows a pool. A store that fails is asked again: whoever carries a run meets it by itself.
async fn follow(store: Arc<dyn Store>, pool: Name, head: Revision, news: Sender<(Name, Vec<Entry>)>) {
    let (engine, prefix, mut after) = (Bucket::engine(), key::pool(&pool), head);
    while !news.is_closed() {
        match store.watch(&engine, &prefix, after).await {
            Ok(entries) => {
                after = entries.iter().map(|entry| entry.revision).max().unwrap_or(after).max(after);
                if !entries.is_empty() && news.send((pool.clone(), entries)).await.is_err() {
                    return;
                }
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(BEAT_MS / 10)).await,
        }
    }
}
