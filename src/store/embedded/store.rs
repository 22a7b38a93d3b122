//! The store trait over the two threads.

use super::reader::{self, Job as Read};
use super::watches::Watches;
use super::writer::{Job as Order, Writer, identity, revision};
use super::{fault, open};
use crate::name::{Bucket, Key};
use crate::store::{BucketFacts, BucketSpec, CommitError, Entry, Facts, Future, Revision, Store, StoreError, Write, step};
use rusqlite::{Connection, OptionalExtension, Row};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// A store in a file. Dropping it finishes what was handed in. A `commit` whose future is dropped may still be
/// written: read back before writing again.
#[derive(Debug)]
pub struct Embedded {
    shown: String,
    path: PathBuf,
    writer: Worker<Order>,
    // After the writer: fields are dropped in this order, and the last connection that closes alone tidies up the log.
    reader: Worker<Read>,
    watches: Arc<Watches>,
    syncs: Arc<AtomicU64>,
}

/// A thread that ends, its work done, when this is dropped.
struct Worker<J> {
    jobs: Option<Sender<J>>,
    thread: Option<JoinHandle<()>>,
}

impl<J> fmt::Debug for Worker<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Worker").field(&self.thread).finish()
    }
}

impl<J> Worker<J> {
    fn spawn(name: &str, shown: &str, jobs: Sender<J>, work: impl FnOnce() + Send + 'static) -> Result<Self, StoreError> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        let thread = thread
            .map_err(|error| StoreError::Unreachable { store: shown.to_owned(), cause: format!("no thread for it: {error}") })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Whether the thread took the job.
    fn send(&self, job: J) -> bool {
        self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok())
    }
}

impl<J> Drop for Worker<J> {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

impl Embedded {
    /// Opens the file; with `create`, makes it first (and its folder) when there is none.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a later format; [`StoreError::Unreachable`] for everything else, saying what to do. A
    /// file that is not ours, or is damaged, is left as it is.
    pub fn open(path: &Path, create: bool) -> Result<Self, StoreError> {
        let shown = format!("sqlite:{}", path.display());
        let connection = open::open(path, &shown, create)?;
        let (reads, read_jobs) = mpsc::channel::<Read>();
        let (orders, write_jobs) = mpsc::channel::<Order>();
        let (watches, syncs) = (Arc::<Watches>::default(), Arc::<AtomicU64>::default());
        let path = absolute(path);
        let file = identity(&path);
        let writer =
            Writer { path: path.clone(), shown: shown.clone(), file, syncs: Arc::clone(&syncs), watches: Arc::clone(&watches) };
        let watched = Arc::clone(&watches);
        let writer = Worker::spawn("store-write", &shown, orders, move || writer.run(&write_jobs))?;
        let reader = Worker::spawn("store-read", &shown, reads, move || reader::run(&connection, &read_jobs, &watched))?;
        Ok(Self { shown, path, writer, reader, watches, syncs })
    }

    /// How many times this handle has synced to disk: fewer than commits, when they came together.
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    fn gone(&self) -> StoreError {
        StoreError::Failed { doing: "reach its own thread".to_owned(), cause: format!("the thread of {} has ended", self.shown) }
    }

    /// Runs a query on the reading thread.
    async fn read<T: Send + 'static>(
        &self,
        doing: impl FnOnce() -> String + Send,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Read = Box::new(move |connection| {
            let _ = reply.send(query(connection));
        });
        let answer = if self.reader.send(job) { answer.await.ok() } else { None };
        let result = answer.ok_or_else(|| self.gone())?;
        result.map_err(|error| fault::in_use(&self.shown, &doing(), &error))
    }

    fn order(&self, order: Order) -> Result<(), StoreError> {
        if self.writer.send(order) { Ok(()) } else { Err(self.gone()) }
    }
}

/// The path as it is now: the program may change its folder before the first write.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A key of a row. Keys are checked before they are written, so one that is none was damaged.
pub(super) fn key_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Key> {
    let text = row.get_ref(column)?.as_str()?;
    Key::new(text).map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into()))
}

/// A row of key, revision, value.
fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry { key: key_at(row, 0)?, revision: revision(row.get(1)?), value: row.get(2)? })
}

/// The newest revision.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Revision> {
    let mut head = connection.prepare_cached("SELECT coalesce(max(revision), 0) FROM writes")?;
    head.query_row([], |row| row.get(0)).map(revision)
}

/// The keys under a prefix: itself, and everything from `prefix.` up to, but without, `prefix/`. The queries ask for
/// one range and leave out what is between (`prefix-`), since two ranges joined by OR would walk the whole bucket.
struct Under {
    exact: String,
    from: String,
    to: String,
}

impl Under {
    fn new(prefix: &str) -> Self {
        if prefix.is_empty() {
            // `~` comes after every character of a key.
            return Self { exact: String::new(), from: String::new(), to: "~".to_owned() };
        }
        Self { exact: prefix.to_owned(), from: format!("{prefix}."), to: format!("{prefix}/") }
    }
}

/// The present keys under a prefix.
pub(super) const KEYS: &str = "SELECT key, max(revision), value IS NOT NULL FROM writes
    WHERE bucket = (SELECT id FROM buckets WHERE name = ?1) AND key >= ?2 AND key < ?4 AND (key = ?2 OR key >= ?3) GROUP BY key";

/// The same with their values, each read once however many writes of its key are kept.
pub(super) const SCAN: &str = "SELECT w.key, w.revision, w.value FROM (
        SELECT max(revision) AS newest FROM writes
        WHERE bucket = (SELECT id FROM buckets WHERE name = ?1) AND key >= ?2 AND key < ?4 AND (key = ?2 OR key >= ?3) GROUP BY key)
    JOIN writes w ON w.revision = newest WHERE w.value IS NOT NULL";

/// What was written after a revision: through the newest rows.
pub(super) const SINCE_BY_NUMBER: &str = "SELECT key, revision, value FROM writes
    WHERE revision > ?5 AND +bucket = (SELECT id FROM buckets WHERE name = ?1) AND (+key = ?2 OR (+key >= ?3 AND +key < ?4))
    ORDER BY revision";

/// The same, through the rows under the prefix.
pub(super) const SINCE_BY_KEY: &str = "SELECT w.key, w.revision, w.value FROM (
        SELECT revision AS found FROM writes
        WHERE bucket = (SELECT id FROM buckets WHERE name = ?1) AND key >= ?2 AND key < ?4 AND (key = ?2 OR key >= ?3) AND +revision > ?5)
    JOIN writes w ON w.revision = found";

fn keys(connection: &Connection, bucket: &str, prefix: &str) -> rusqlite::Result<Vec<(Key, Revision)>> {
    let under = Under::new(prefix);
    let mut query = connection.prepare_cached(KEYS)?;
    let present = |row: &Row<'_>| Ok(if row.get(2)? { Some((key_at(row, 0)?, revision(row.get(1)?))) } else { None });
    let rows = query.query_map((bucket, &under.exact, &under.from, &under.to), present)?;
    let mut found: Vec<_> = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    found.sort_unstable();
    Ok(found)
}

fn scan(connection: &Connection, bucket: &str, prefix: &str) -> rusqlite::Result<Vec<Entry>> {
    let under = Under::new(prefix);
    let mut query = connection.prepare_cached(SCAN)?;
    let rows = query.query_map((bucket, &under.exact, &under.from, &under.to), entry)?;
    let mut found: Vec<Entry> = rows.collect::<Result<_, _>>()?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

/// What is in each bucket. `length` reads no value.
fn facts(connection: &Connection) -> rusqlite::Result<Vec<BucketFacts>> {
    let mut query = connection.prepare_cached(
        "SELECT b.name, b.history, b.description, count(DISTINCT w.key), count(w.key),
             coalesce(sum(length(w.key) + coalesce(length(w.value), 0)), 0)
         FROM buckets b LEFT JOIN writes w ON w.bucket = b.id GROUP BY b.id ORDER BY b.name",
    )?;
    let number = |row: &Row<'_>, column: usize| row.get(column).map(|number: i64| u64::try_from(number).unwrap_or_default());
    let bucket = |row: &Row<'_>| {
        let Ok(bucket) = Bucket::new(row.get_ref(0)?.as_str()?) else { return Ok(None) };
        let spec = BucketSpec { bucket, replicas: None, history: row.get(1)?, description: row.get(2)? };
        let (keys, writes, bytes) = (number(row, 3)?, number(row, 4)?, number(row, 5)?);
        Ok(Some(BucketFacts { spec, keys, writes, bytes, room: None, atomic: true, copies: vec![] }))
    };
    query.query_map([], bucket)?.filter_map(Result::transpose).collect()
}

/// Writes that came after a revision, by whichever way touches fewer rows.
fn since(connection: &Connection, bucket: &str, prefix: &str, after: Revision) -> rusqlite::Result<Vec<Entry>> {
    /// Rows newer than `after` up to which they are simply looked through.
    const NEAR: u64 = 512;
    let newest = head(connection)?;
    if newest <= after {
        return Ok(Vec::new());
    }
    let under = Under::new(prefix);
    let near = newest.0 - after.0 <= NEAR || prefix.is_empty();
    let mut query = connection.prepare_cached(if near { SINCE_BY_NUMBER } else { SINCE_BY_KEY })?;
    let number = i64::try_from(after.0).unwrap_or(i64::MAX);
    let rows = query.query_map((bucket, &under.exact, &under.from, &under.to, number), entry)?;
    let mut found: Vec<Entry> = rows.collect::<Result<_, _>>()?;
    found.sort_by_key(|write| write.revision);
    Ok(found)
}

impl Store for Embedded {
    fn name(&self) -> String {
        self.shown.clone()
    }

    fn get<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Option<Entry>, StoreError>> {
        let (bucket, wanted) = (bucket.clone(), key.clone());
        Box::pin(self.read(
            move || format!("read `{key}`"),
            move |connection| {
                let mut query = connection.prepare_cached(
                    "SELECT key, revision, value FROM writes
                     WHERE bucket = (SELECT id FROM buckets WHERE name = ?1) AND key = ?2 ORDER BY revision DESC LIMIT 1",
                )?;
                let last = query.query_row((bucket.as_str(), wanted.as_str()), entry).optional()?;
                Ok(last.filter(|entry| entry.value.is_some()))
            },
        ))
    }

    fn commit(&self, batch: Vec<Write>) -> Future<'_, Result<Vec<Revision>, CommitError>> {
        Box::pin(async move {
            let Some(first) = batch.first().map(|write| write.key.clone()) else { return Ok(Vec::new()) };
            let (reply, answer) = oneshot::channel();
            self.order(Order::Batch(batch, reply))?;
            let unknown = |_| CommitError::Unknown { key: first, cause: "the writing thread ended".to_owned() };
            answer.await.map_err(unknown)?
        })
    }

    fn scan<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        let (bucket, wanted) = (bucket.clone(), prefix.to_owned());
        Box::pin(self.read(move || format!("read `{prefix}`"), move |connection| scan(connection, bucket.as_str(), &wanted)))
    }

    fn keys<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str) -> Future<'a, Result<Vec<(Key, Revision)>, StoreError>> {
        let (bucket, wanted) = (bucket.clone(), prefix.to_owned());
        Box::pin(self.read(move || format!("list `{prefix}`"), move |connection| keys(connection, bucket.as_str(), &wanted)))
    }

    fn written<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Vec<Key>, StoreError>> {
        let wanted = bucket.clone();
        Box::pin(self.read(
            move || format!("list the bucket `{bucket}`"),
            move |connection| {
                let mut query = connection.prepare_cached(
                    "SELECT DISTINCT key FROM writes WHERE bucket = (SELECT id FROM buckets WHERE name = ?1) ORDER BY key",
                )?;
                query.query_map([wanted.as_str()], |row| key_at(row, 0))?.collect()
            },
        ))
    }

    fn history<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        let (bucket, wanted) = (bucket.clone(), key.clone());
        Box::pin(self.read(
            move || format!("read `{key}`"),
            move |connection| {
                let mut query = connection.prepare_cached(
                    "SELECT key, revision, value FROM writes
                     WHERE bucket = (SELECT id FROM buckets WHERE name = ?1) AND key = ?2 ORDER BY revision",
                )?;
                query.query_map((bucket.as_str(), wanted.as_str()), entry)?.collect()
            },
        ))
    }

    fn watch<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str, after: Revision) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(async move {
            let mut watching = self.watches.watch(bucket, prefix);
            let mut after = after;
            loop {
                let (bucket, wanted) = (bucket.clone(), prefix.to_owned());
                let doing = || format!("watch `{prefix}`");
                let (found, newest) = self
                    .read(doing, move |connection| {
                        // The newest is read first: what comes between the two reads is then seen twice, never missed.
                        let newest = head(connection)?;
                        Ok((since(connection, bucket.as_str(), &wanted, after)?, newest))
                    })
                    .await?;
                if !found.is_empty() {
                    return Ok(found);
                }
                after = after.max(newest);
                watching.changed().await;
            }
        })
    }

    fn head<'a>(&'a self, _: &'a Bucket) -> Future<'a, Result<Revision, StoreError>> {
        Box::pin(self.read(|| "read the newest revision".to_owned(), head))
    }

    fn describe<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Option<BucketSpec>, StoreError>> {
        let wanted = bucket.clone();
        Box::pin(self.read(
            move || format!("read the settings of `{bucket}`"),
            move |connection| {
                let mut query = connection.prepare_cached("SELECT history, description FROM buckets WHERE name = ?1")?;
                let name = wanted.clone();
                let settings = query.query_row([wanted.as_str()], |row| {
                    Ok(BucketSpec { bucket: name, replicas: None, history: row.get(0)?, description: row.get(1)? })
                });
                settings.optional()
            },
        ))
    }

    fn apply<'a>(&'a self, spec: &'a BucketSpec) -> Future<'a, Result<(), StoreError>> {
        Box::pin(async move {
            step::check_spec(spec)?;
            let (reply, answer) = oneshot::channel();
            self.order(Order::Settings(spec.clone(), reply))?;
            answer.await.map_err(|_| self.gone())?
        })
    }

    fn buckets(&self) -> Future<'_, Result<Vec<Bucket>, StoreError>> {
        Box::pin(self.read(
            || "list the buckets".to_owned(),
            |connection| {
                let mut query = connection.prepare_cached("SELECT name FROM buckets ORDER BY name")?;
                let names: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
                // A name that is none was damaged; `check` is where such things are told.
                Ok(names.iter().filter_map(|name| Bucket::new(name).ok()).collect())
            },
        ))
    }

    fn facts(&self) -> Future<'_, Result<Facts, StoreError>> {
        Box::pin(async move {
            let buckets = self.read(|| "count what is kept".to_owned(), facts).await?;
            let disk = rustix::fs::statvfs(&self.path).ok();
            let room = disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
            Ok(Facts { keeper: format!("SQLite {}", rusqlite::version()), room, buckets, ..Facts::default() })
        })
    }

    fn check(&self) -> Future<'_, Result<Vec<String>, StoreError>> {
        Box::pin(self.read(
            || "check the file".to_owned(),
            |connection| {
                let mut query = connection.prepare("PRAGMA integrity_check")?;
                let lines: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
                Ok(lines.into_iter().filter(|line| line != "ok").collect())
            },
        ))
    }
}
