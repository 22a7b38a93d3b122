//! The store in memory: for tests, for `flow test`, and as the plainest statement of what a store does.
//!
//! Nothing is kept when the last handle goes.

use super::step::{self, Last, Step};
use super::{BucketFacts, BucketSpec, CommitError, Entry, Facts, Future, Revision, Store, StoreError, Write};
use crate::name::{Bucket, Key};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A store that forgets everything. Share it with an `Arc`.
#[derive(Debug)]
pub struct Memory {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    head: u64,
    buckets: BTreeMap<Bucket, Rack>,
}

/// A bucket: the kept writes of each key, oldest first.
#[derive(Debug)]
struct Rack {
    spec: BucketSpec,
    keys: BTreeMap<String, VecDeque<Entry>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// An empty store with the engine's bucket.
    pub fn new() -> Self {
        let engine = Rack { spec: step::engine_spec(), keys: BTreeMap::new() };
        let state = State { head: 0, buckets: BTreeMap::from([(Bucket::engine(), engine)]) };
        Self { state: Mutex::new(state), changed: watch::Sender::new(()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn since(&self, bucket: &Bucket, prefix: &str, after: Revision) -> Vec<Entry> {
        let state = self.state();
        let rack = state.buckets.get(bucket);
        let mut found: Vec<Entry> = rack
            .into_iter()
            .flat_map(|rack| rack.under(prefix))
            .flat_map(|writes| writes.iter().filter(|write| write.revision > after).cloned())
            .collect();
        found.sort_by_key(|write| write.revision);
        found
    }
}

impl Rack {
    fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a VecDeque<Entry>> {
        let from = self.keys.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        let near = from.take_while(move |(key, _)| key.starts_with(prefix));
        near.filter(move |(key, _)| belongs(key, prefix)).map(|(_, writes)| writes)
    }

    fn facts(&self) -> BucketFacts {
        let writes = || self.keys.values().flatten();
        let bytes = |write: &Entry| write.key.as_str().len() + write.value.as_ref().map_or(0, Vec::len);
        BucketFacts {
            spec: self.spec.clone(),
            keys: self.keys.len() as u64,
            writes: writes().count() as u64,
            bytes: writes().map(bytes).sum::<usize>() as u64,
            room: None,
            atomic: true,
            copies: vec![],
        }
    }

    fn trim(&mut self) {
        let keep = self.spec.history as usize;
        for writes in self.keys.values_mut() {
            writes.drain(..writes.len().saturating_sub(keep));
        }
    }
}

/// Whether a key is the prefix itself or stands under it.
fn belongs(key: &str, prefix: &str) -> bool {
    prefix.is_empty() || key.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl State {
    fn last(&self, staged: &[Entry], buckets: &[&Bucket], write: &Write) -> Option<Last> {
        let rack = self.buckets.get(&write.bucket)?;
        let staged = staged.iter().zip(buckets).rev().find(|(entry, bucket)| entry.key == write.key && ***bucket == write.bucket);
        let last = staged.map(|(entry, _)| entry).or_else(|| rack.keys.get(write.key.as_str())?.back());
        Some(last.map_or(Last::NEVER, |entry| Last { revision: entry.revision, present: entry.value.is_some() }))
    }

    /// Applies a batch, or leaves everything as it was.
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Revision>, CommitError> {
        let mut staged: Vec<Entry> = Vec::new();
        let mut buckets: Vec<&Bucket> = Vec::new();
        let mut revisions = Vec::with_capacity(batch.len());
        for (index, write) in batch.iter().enumerate() {
            let last = self.last(&staged, &buckets, write).ok_or_else(|| step::no_bucket(&write.bucket, &write.key))?;
            let value = match step::step(&write.op, last) {
                Step::Put(value) => Some(value.to_vec()),
                Step::Remove => None,
                Step::Keep(revision) => {
                    revisions.push(revision);
                    continue;
                }
                Step::Conflict => return Err(CommitError::Conflict { index, key: write.key.clone() }),
            };
            let revision = Revision(self.head + 1 + staged.len() as u64);
            revisions.push(revision);
            buckets.push(&write.bucket);
            staged.push(Entry { key: write.key.clone(), revision, value });
        }
        for (entry, bucket) in staged.into_iter().zip(buckets) {
            self.head = entry.revision.0;
            let Some(rack) = self.buckets.get_mut(bucket) else { continue };
            let keep = rack.spec.history as usize;
            let writes = rack.keys.entry(entry.key.as_str().to_owned()).or_default();
            writes.push_back(entry);
            writes.drain(..writes.len().saturating_sub(keep));
        }
        Ok(revisions)
    }
}

/// A future that is ready.
fn now<'a, T: Send + 'a>(value: T) -> Future<'a, T> {
    Box::pin(std::future::ready(value))
}

impl Store for Memory {
    fn name(&self) -> String {
        "memory:".to_owned()
    }

    fn get<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Option<Entry>, StoreError>> {
        let state = self.state();
        let last = state.buckets.get(bucket).and_then(|rack| rack.keys.get(key.as_str())?.back());
        now(Ok(last.filter(|entry| entry.value.is_some()).cloned()))
    }

    fn commit(&self, batch: Vec<Write>) -> Future<'_, Result<Vec<Revision>, CommitError>> {
        Box::pin(async move {
            let result = self.state().commit(&batch);
            self.changed.send_replace(());
            result
        })
    }

    fn scan<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        let state = self.state();
        let present = |writes: &VecDeque<Entry>| writes.back().filter(|entry| entry.value.is_some()).cloned();
        now(Ok(state.buckets.get(bucket).into_iter().flat_map(|rack| rack.under(prefix)).filter_map(present).collect()))
    }

    fn written<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Vec<Key>, StoreError>> {
        let state = self.state();
        let last = |writes: &VecDeque<Entry>| writes.back().map(|entry| entry.key.clone());
        now(Ok(state.buckets.get(bucket).into_iter().flat_map(|rack| rack.keys.values()).filter_map(last).collect()))
    }

    fn history<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        let state = self.state();
        let writes = state.buckets.get(bucket).and_then(|rack| rack.keys.get(key.as_str()));
        now(Ok(writes.into_iter().flatten().cloned().collect()))
    }

    fn watch<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str, after: Revision) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(async move {
            let mut changed = self.changed.subscribe();
            loop {
                let found = self.since(bucket, prefix, after);
                if !found.is_empty() || changed.changed().await.is_err() {
                    return Ok(found);
                }
            }
        })
    }

    fn head<'a>(&'a self, _: &'a Bucket) -> Future<'a, Result<Revision, StoreError>> {
        now(Ok(Revision(self.state().head)))
    }

    fn describe<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Option<BucketSpec>, StoreError>> {
        now(Ok(self.state().buckets.get(bucket).map(|rack| rack.spec.clone())))
    }

    fn apply<'a>(&'a self, spec: &'a BucketSpec) -> Future<'a, Result<(), StoreError>> {
        if let Err(error) = step::check_spec(spec) {
            return now(Err(error));
        }
        let spec = BucketSpec { replicas: None, ..spec.clone() };
        let mut state = self.state();
        let rack = state.buckets.entry(spec.bucket.clone()).or_insert_with(|| Rack { spec: spec.clone(), keys: BTreeMap::new() });
        rack.spec = spec;
        rack.trim();
        now(Ok(()))
    }

    fn buckets(&self) -> Future<'_, Result<Vec<Bucket>, StoreError>> {
        now(Ok(self.state().buckets.keys().cloned().collect()))
    }

    fn facts(&self) -> Future<'_, Result<Facts, StoreError>> {
        let buckets = self.state().buckets.values().map(Rack::facts).collect();
        now(Ok(Facts { keeper: "memory".to_owned(), buckets, ..Facts::default() }))
    }

    fn check(&self) -> Future<'_, Result<Vec<String>, StoreError>> {
        now(Ok(Vec::new()))
    }
}
