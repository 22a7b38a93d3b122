//! Takes the lines of an export back into a store, without loss: every kept write of a key in its order, deletes included.
//!
//! Lines are gone through twice: [`Import::check`] writes nothing, so that a mistake in the last line is found before the
//! first is written; [`Import::write`] then writes. What is there already is passed over, so doing it again goes on where
//! it stopped; what is there and differs is refused. The writes of one key go one after the other, those of many at once.
//! Rows of runs come last: a run is listed once all of it is there. A row may be behind its journal, so it does not tell
//! whether that is whole; the line that ends an export does, and without it no row is written. Leases are left out: nobody
//! carries a run here.

use super::line::{self, Line};
use super::{BucketSpec, CommitError, Entry, Lease, Op, Revision, RunHead, Store, StoreError, Write, codec, key};
use crate::limits::{COMMIT_RESENDS, IMPORT_LINE_BYTES, IMPORT_WINDOW_BYTES, IMPORT_WRITES};
use crate::name::{Bucket, Key};
use crate::run::{Digest, RunId};
use futures_util::{StreamExt, TryStreamExt, stream};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{BufRead, Read};

/// Keys that differ and are named.
const NAMED: usize = 5;

/// Why nothing, or nothing more, was written.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A line is not one of an export, or does not fit this store.
    #[error("line {line}: {why}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// Keys are there with other values.
    #[error("{}", differ(.keys, *.more))]
    Differs {
        /// The first of them, with their lines and buckets.
        keys: Vec<(u64, Bucket, Key)>,
        /// How many others there are.
        more: usize,
    },
    /// The lines cannot be read.
    #[error("the lines cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn differ(keys: &[(u64, Bucket, Key)], more: usize) -> String {
    let named: Vec<_> =
        keys.iter().map(|(line, bucket, key)| format!("`{key}` of the bucket `{bucket}` (line {line})")).collect();
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    format!("the store has something else under {}{more}", named.join(", "))
}

/// A run that was being carried when it was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasCarried {
    /// The run.
    pub run: RunId,
    /// Its driver's lease.
    pub lease: Lease,
}

/// A run that is not listed, since some of its journal is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// The run.
    pub run: RunId,
    /// The first entry that is missing.
    pub missing: u64,
    /// How many there were.
    pub entries: u64,
}

/// Lines that are not those that their exports had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How many there should be after the ends among them, if there is an end.
    pub told: Option<u64>,
    /// How many came, without the ends.
    pub came: u64,
}

/// What came of the lines so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that were read.
    pub lines: u64,
    /// Writes that are now there; of a check, that would be.
    pub written: u64,
    /// Writes that were there already.
    pub there: u64,
    /// Leases, and attempts that were offered to workers: they mean nothing in another store.
    pub left_out: u64,
    /// Buckets that were made.
    pub made: Vec<BucketSpec>,
    /// Buckets that are there with other settings: as they were, and as they are here.
    pub other: Vec<(BucketSpec, BucketSpec)>,
    /// Why no run is listed: it cannot be known which of them are whole.
    pub cut: Option<Cut>,
    /// Runs that are not whole.
    pub partial: Vec<Partial>,
    /// Runs that somebody carried.
    pub carried: Vec<WasCarried>,
}

/// Lines on their way into a store.
#[derive(Debug)]
pub struct Import<'a> {
    store: &'a dyn Store,
    writes: bool,
    tally: Tally,
    /// The ends among the lines, and the lines that they tell of.
    ends: (u64, Option<u64>),
    racks: HashMap<Bucket, Rack>,
    differing: Vec<(u64, Bucket, Key)>,
    window: Window,
    /// What is written at the end.
    last: Window,
}

/// A bucket of the store.
#[derive(Debug)]
struct Rack {
    history: u32,
    /// Keys that were there before.
    before: HashSet<Key>,
    keys: HashMap<Key, Track>,
}

/// How far a key is.
#[derive(Debug)]
struct Track {
    /// Revision of its last line.
    line: u64,
    lines: u32,
    /// Writes that were there before, and that no line has told of yet.
    ahead: VecDeque<Digest>,
    /// The last write before; of a key that a line was sent for, the write of the last window.
    last: Revision,
    differs: bool,
}

/// Writes that are not sent yet, by key.
#[derive(Debug, Default)]
struct Window {
    chains: IndexMap<(Bucket, Key), Vec<Option<Vec<u8>>>>,
    bytes: usize,
}

impl<'a> Import<'a> {
    /// Nothing was read yet.
    pub fn into(store: &'a dyn Store) -> Self {
        Self {
            store,
            writes: false,
            tally: Tally::default(),
            ends: (0, None),
            racks: HashMap::new(),
            differing: vec![],
            window: Window::default(),
            last: Window::default(),
        }
    }

    /// What came of it, also after a failure.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Goes through the lines and writes nothing.
    ///
    /// # Errors
    /// A line that is none or does not fit, or keys that differ.
    pub async fn check(&mut self, lines: impl BufRead) -> Result<(), ImportError> {
        self.read(lines).await
    }

    /// Goes through the lines and writes what is not there yet.
    ///
    /// # Errors
    /// As [`Import::check`], and whatever the store says. What was written stays.
    pub async fn write(&mut self, lines: impl BufRead) -> Result<(), ImportError> {
        self.writes = true;
        self.read(lines).await
    }

    async fn read(&mut self, mut lines: impl BufRead) -> Result<(), ImportError> {
        let mut text = Vec::new();
        loop {
            text.clear();
            let line = self.tally.lines + 1;
            let most = IMPORT_LINE_BYTES as u64 + 1;
            if lines.by_ref().take(most).read_until(b'\n', &mut text)? == 0 {
                break;
            }
            let fault = |why: String| ImportError::Line { line, why };
            if text.len() > IMPORT_LINE_BYTES {
                return Err(fault(format!("it has more than {IMPORT_LINE_BYTES} bytes")));
            }
            self.tally.lines = line;
            match line::parse(&text).map_err(fault)? {
                Line::Settings(spec) => self.settings(line, spec).await?,
                Line::Write(bucket, entry) => self.entry(line, bucket, entry).await?,
                Line::End(lines) => {
                    // Exports may be joined, so there may be more than one, and lines after one.
                    self.ends = (self.ends.0 + 1, Some(self.ends.1.unwrap_or(0).saturating_add(lines)));
                }
            }
            if self.window.bytes >= IMPORT_WINDOW_BYTES {
                self.send(false).await?;
            }
        }
        if !self.differing.is_empty() {
            let more = self.differing.len().saturating_sub(NAMED);
            self.differing.truncate(NAMED);
            return Err(ImportError::Differs { keys: std::mem::take(&mut self.differing), more });
        }
        self.send(false).await?;
        self.hold_back();
        if self.writes {
            return self.send(true).await;
        }
        self.tally.written += self.last.chains.len() as u64;
        Ok(())
    }

    /// Takes the rows of runs whose journals are not whole out of what is written at the end: all of them when lines are
    /// missing.
    fn hold_back(&mut self) {
        let (came, told) = (self.tally.lines - self.ends.0, self.ends.1);
        if told != Some(came) {
            self.tally.cut = Some(Cut { told, came });
            self.last = Window::default();
            return;
        }
        let Some(rack) = self.racks.get(&Bucket::engine()) else { return };
        let there = |key: &Key| rack.keys.contains_key(key) || rack.before.contains(key);
        let mut partial = Vec::new();
        for ((_, key), values) in &self.last.chains {
            let entry = Entry { key: key.clone(), revision: Revision(0), value: values.last().cloned().flatten() };
            if !key.as_str().starts_with(key::HEADS) {
                continue;
            }
            // What is no row that this program knows is not its to judge.
            let Ok(row) = codec::from_entry::<RunHead>(&self.store.name(), &entry) else { continue };
            if let Some(missing) = (1..=row.seq).find(|seq| !there(&key::entry(&row.id, *seq))) {
                partial.push(Partial { run: row.id, missing, entries: row.seq });
            }
        }
        let run_of = |key: &Key| key.as_str().rsplit('.').next().map(str::to_owned);
        let held = |key: &Key| run_of(key).is_some_and(|run| partial.iter().any(|one| key::token(one.run.as_str()) == run));
        self.last.chains.retain(|(_, key), _| !held(key));
        self.tally.partial = partial;
    }

    /// A bucket: made when it is not there, and never one that keeps less.
    async fn settings(&mut self, line: u64, spec: BucketSpec) -> Result<(), ImportError> {
        let fault = |why: String| Err(ImportError::Line { line, why });
        if self.racks.contains_key(&spec.bucket) {
            return fault(format!("the settings of the bucket `{}` come after writes of it, or twice", spec.bucket));
        }
        super::step::check_spec(&spec).or_else(|error| fault(error.to_string()))?;
        let bucket = spec.bucket.clone();
        let rack = match self.store.describe(&bucket).await? {
            Some(found) if found.history < spec.history => {
                let (here, there) = (found.history, spec.history);
                return fault(format!(
                    "the bucket `{bucket}` keeps {there} values of a key where this comes from, and {here} here"
                ));
            }
            Some(found) => {
                let before = self.store.written(&bucket).await?.into_iter().collect();
                let rack = Rack { history: found.history, before, keys: HashMap::new() };
                let copies = found.replicas.is_some() && spec.replicas.is_some() && found.replicas != spec.replicas;
                if copies || found.history != spec.history || found.description != spec.description {
                    self.tally.other.push((spec, found));
                }
                rack
            }
            None => {
                if self.writes {
                    self.store.apply(&spec).await?;
                }
                let rack = Rack { history: spec.history, before: HashSet::new(), keys: HashMap::new() };
                self.tally.made.push(spec);
                rack
            }
        };
        self.racks.insert(bucket, rack);
        Ok(())
    }

    /// The bucket of a write, looked at when it is met first.
    async fn open(&mut self, line: u64, bucket: &Bucket) -> Result<(), ImportError> {
        if self.racks.contains_key(bucket) {
            return Ok(());
        }
        let rack = match self.store.describe(bucket).await? {
            Some(found) => {
                let before = self.store.written(bucket).await?.into_iter().collect();
                Rack { history: found.history, before, keys: HashMap::new() }
            }
            // It is there as soon as anything is written.
            None if *bucket == Bucket::engine() => Rack { history: 1, before: HashSet::new(), keys: HashMap::new() },
            None => {
                let why = format!(
                    "there is no bucket `{bucket}` here, and no line before has its settings; `flow store apply PIPELINE` makes \
                     that of a pipeline"
                );
                return Err(ImportError::Line { line, why });
            }
        };
        self.racks.insert(bucket.clone(), rack);
        Ok(())
    }

    /// A write: passed over, left out, or put into the window.
    async fn entry(&mut self, line: u64, bucket: Bucket, entry: Entry) -> Result<(), ImportError> {
        self.open(line, &bucket).await?;
        if bucket == Bucket::engine() && self.is_left_out(&entry) {
            self.tally.left_out += 1;
            return Ok(());
        }
        let store = self.store;
        let fault = |why: String| Err(ImportError::Line { line, why });
        let Some(rack) = self.racks.get_mut(&bucket) else { return Ok(()) };
        if !rack.keys.contains_key(&entry.key) {
            let before = if rack.before.remove(&entry.key) { store.history(&bucket, &entry.key).await? } else { vec![] };
            rack.keys.insert(entry.key.clone(), Track::after(&before));
        }
        let history = rack.history;
        let Some(track) = rack.keys.get_mut(&entry.key) else { return Ok(()) };
        if entry.revision.0 <= track.line {
            return fault(format!(
                "`{}` is written after its revision {}: lines of a key must be in order",
                entry.key, track.line
            ));
        }
        track.line = entry.revision.0;
        track.lines += 1;
        if track.lines > history {
            let key = &entry.key;
            return fault(format!("`{key}` has more writes than the bucket `{bucket}` keeps here, which is {history}"));
        }
        match track.ahead.pop_front() {
            Some(there) if there == digest(entry.value.as_deref()) => self.tally.there += 1,
            Some(_) => {
                track.ahead.clear();
                if !std::mem::replace(&mut track.differs, true) {
                    self.differing.push((line, bucket, entry.key));
                }
            }
            None if track.differs => {}
            None if bucket == Bucket::engine() && is_late(&entry.key) => self.last.add(bucket, entry),
            None if self.writes => self.window.add(bucket, entry),
            None => self.tally.written += 1,
        }
        Ok(())
    }

    /// Whether it means nothing in another store. Notes who carried a run.
    fn is_left_out(&mut self, entry: &Entry) -> bool {
        let mut tokens = entry.key.as_str().split('.').skip(1);
        match (tokens.next(), tokens.next(), tokens.next()) {
            (Some("pool"), Some(_), Some("task")) => true,
            (Some("lease"), Some(run), None) => {
                let lease = codec::from_entry::<Lease>(&self.store.name(), entry);
                if let (Some(run), Ok(lease)) = (RunId::parse(run), lease) {
                    self.tally.carried.push(WasCarried { run, lease });
                }
                true
            }
            _ => false,
        }
    }

    /// Sends a window, and waits until all of it is there.
    async fn send(&mut self, late: bool) -> Result<(), ImportError> {
        let window = std::mem::take(if late { &mut self.last } else { &mut self.window });
        let (store, racks) = (self.store, &self.racks);
        let sends = window.chains.into_iter().map(|((bucket, key), values)| {
            let last = racks.get(&bucket).and_then(|rack| rack.keys.get(&key)).map_or(Revision(0), |track| track.last);
            async move {
                let end = chain(store, &bucket, &key, values, last).await;
                Ok::<_, ImportError>((bucket, key, end?))
            }
        });
        let mut sends = stream::iter(sends).buffer_unordered(IMPORT_WRITES);
        let mut ends = Vec::new();
        let ended = loop {
            match sends.try_next().await {
                Ok(Some(end)) => ends.push(end),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        drop(sends);
        for (bucket, key, (revision, written)) in ends {
            self.tally.written += written;
            if let Some(track) = self.racks.get_mut(&bucket).and_then(|rack| rack.keys.get_mut(&key)) {
                track.last = revision;
            }
        }
        ended
    }
}

impl Window {
    fn add(&mut self, bucket: Bucket, entry: Entry) {
        self.bytes += entry.value.as_ref().map_or(0, Vec::len) + entry.key.as_str().len();
        self.chains.entry((bucket, entry.key)).or_default().push(entry.value);
    }
}

impl Track {
    fn after(before: &[Entry]) -> Self {
        let ahead = before.iter().map(|entry| digest(entry.value.as_deref())).collect();
        let last = before.last().map_or(Revision(0), |entry| entry.revision);
        Self { line: 0, lines: 0, ahead, last, differs: false }
    }
}

/// What a write is compared by: its bytes, or that it is a delete.
fn digest(value: Option<&[u8]>) -> Digest {
    value.map_or_else(|| Digest::of(b"deleted"), |bytes| Digest::of(&[b"=", bytes].concat()))
}

/// Rows of runs, and runs that a pool of workers takes as soon as it sees them.
fn is_late(key: &Key) -> bool {
    let mut tokens = key.as_str().split('.').skip(1);
    matches!((tokens.next(), tokens.next(), tokens.next()), (Some("head"), ..) | (Some("pool"), _, Some("run")))
}

/// Writes values of a key, one after the other; gives the revision of the last, and how many there were.
async fn chain(
    store: &dyn Store,
    bucket: &Bucket,
    key: &Key,
    values: Vec<Option<Vec<u8>>>,
    mut last: Revision,
) -> Result<(Revision, u64), ImportError> {
    let mut written = 0;
    for value in values {
        last = put(store, bucket, key, value, last).await?;
        written += 1;
    }
    Ok((last, written))
}

/// One write over the last one. An outcome that is not known is read back.
async fn put(
    store: &dyn Store,
    bucket: &Bucket,
    key: &Key,
    value: Option<Vec<u8>>,
    last: Revision,
) -> Result<Revision, ImportError> {
    let op = value.clone().map_or(Op::Delete(last), |value| Op::Update(value, last));
    let write = Write { bucket: bucket.clone(), key: key.clone(), op };
    let mut said = String::new();
    for _ in 0..COMMIT_RESENDS {
        match store.commit(vec![write.clone()]).await {
            Ok(revisions) => return Ok(revisions.first().copied().unwrap_or(last)),
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(error) => said = error.to_string(),
        }
        let found = store.history(bucket, key).await?.pop();
        if let Some(found) = found.filter(|found| found.revision > last) {
            return if found.value == value { Ok(found.revision) } else { Err(moved(key)) };
        }
    }
    Err(StoreError::Failed { doing: format!("write `{key}`"), cause: said }.into())
}

fn moved(key: &Key) -> ImportError {
    let cause = "somebody else wrote it at the same time".to_owned();
    StoreError::Failed { doing: format!("write `{key}`"), cause }.into()
}
