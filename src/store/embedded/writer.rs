//! The thread that writes. Batches that arrive while a transaction is under way share the next one, each in a
//! savepoint of its own, so that many commits cost one disk sync and a conflicting one fails alone.

use super::store::head;
use super::watches::Watches;
use super::{fault, open};
use crate::failpoint;
use crate::limits::STORE_GROUP;
use crate::name::Bucket;
use crate::store::step::{self, Last, Step};
use crate::store::{BucketSpec, CommitError, Op, Revision, StoreError, Write};
use rusqlite::{Connection, OptionalExtension};
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use tokio::sync::oneshot;

/// What a batch gives.
pub(super) type Answer = Result<Vec<Revision>, CommitError>;

/// Something to write.
pub(super) enum Job {
    /// A batch.
    Batch(Vec<Write>, oneshot::Sender<Answer>),
    /// Settings of a bucket.
    Settings(BucketSpec, oneshot::Sender<Result<(), StoreError>>),
}

/// The writing side of a store.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) shown: String,
    /// Device and inode of the file that was opened.
    pub(super) file: Option<(u64, u64)>,
    pub(super) syncs: Arc<AtomicU64>,
    pub(super) watches: Arc<Watches>,
}

/// Why a whole transaction came to nothing.
enum Lost {
    /// Nothing was written.
    No(rusqlite::Error),
    /// Perhaps it was.
    Perhaps(rusqlite::Error),
}

/// Why one batch came to nothing.
enum Refusal {
    /// It does not fit what is stored; the others of the transaction are not touched.
    Alone(CommitError),
    /// The transaction cannot go on.
    Whole(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Whole(error)
    }
}

impl Writer {
    /// Serves jobs until the store is dropped. The connection is opened for the first of them.
    pub(super) fn run(&self, jobs: &Receiver<Job>) {
        let mut connection: Option<Connection> = None;
        while let Ok(first) = jobs.recv() {
            let mut group = Vec::new();
            let mut settings = Vec::new();
            for job in std::iter::once(first).chain(jobs.try_iter().take(STORE_GROUP - 1)) {
                match job {
                    Job::Batch(batch, reply) => group.push((batch, reply)),
                    Job::Settings(spec, reply) => settings.push((spec, reply)),
                }
            }
            let opened = match connection.take() {
                Some(opened) => Ok(opened),
                None => open::connect(&self.path),
            };
            match opened {
                Ok(opened) => {
                    for (spec, reply) in settings {
                        let _ = reply.send(self.settings(&opened, &spec));
                    }
                    self.serve(&opened, group);
                    connection = Some(opened);
                }
                Err(error) => {
                    for (_, reply) in settings {
                        let _ = reply.send(Err(fault::unreachable(&self.shown, &error)));
                    }
                    for (_, reply) in group {
                        let _ = reply.send(Err(fault::unreachable(&self.shown, &error).into()));
                    }
                }
            }
        }
    }

    /// One transaction for all; when it fails for a reason that may be one batch's own, one for each.
    pub(super) fn serve(&self, connection: &Connection, group: Vec<(Vec<Write>, oneshot::Sender<Answer>)>) {
        if group.is_empty() {
            return;
        }
        if !self.is_in_place() {
            for (_, reply) in group {
                let _ = reply.send(Err(self.removed().into()));
            }
            return;
        }
        let batches: Vec<&[Write]> = group.iter().map(|(batch, _)| batch.as_slice()).collect();
        let answers = match self.transaction(connection, &batches) {
            Err(Lost::No(_)) if batches.len() > 1 => batches.iter().map(|batch| self.alone(connection, batch)).collect(),
            Err(lost) => batches.iter().map(|batch| Err(self.lost(batch, &lost))).collect(),
            Ok(answers) => answers,
        };
        for ((_, reply), answer) in group.into_iter().zip(answers) {
            // Whoever asked may be gone; what was written stays.
            let _ = reply.send(answer);
        }
    }

    /// Whether the path still leads to the file that was opened: what is written to a removed one is lost.
    fn is_in_place(&self) -> bool {
        self.file.is_none() || identity(&self.path) == self.file
    }

    fn removed(&self) -> StoreError {
        let cause =
            format!("the file of {} was removed or replaced while it was in use, so nothing more can be kept", self.shown);
        StoreError::Failed { doing: "write".to_owned(), cause }
    }

    fn alone(&self, connection: &Connection, batch: &[Write]) -> Answer {
        let mut answers = self.transaction(connection, &[batch]).map_err(|lost| self.lost(batch, &lost))?;
        answers.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    fn lost(&self, batch: &[Write], lost: &Lost) -> CommitError {
        match (lost, batch.first()) {
            (Lost::Perhaps(error), Some(first)) => CommitError::Unknown { key: first.key.clone(), cause: error.to_string() },
            (Lost::Perhaps(error) | Lost::No(error), _) => fault::in_use(&self.shown, "write", error).into(),
        }
    }

    fn transaction(&self, connection: &Connection, batches: &[&[Write]]) -> Result<Vec<Answer>, Lost> {
        let (answers, before) = self.durably(connection, Deed(batches), || {
            let before = head(connection).unwrap_or(Revision(0));
            let answers = fill(connection, batches)?;
            let keep = answers.iter().any(Result::is_ok);
            Ok(((answers, keep.then_some(before)), keep))
        })?;
        if let Some(before) = before {
            let newest = before.max(revision(connection.last_insert_rowid()));
            self.watches.wrote(before, newest, batches.iter().copied().flatten());
        }
        Ok(answers)
    }

    /// The one way into the file. Nothing else begins a transaction or commits one, so that each passes the points at
    /// which a test dies. `work` says whether what it did is to be kept.
    fn durably<T>(
        &self,
        connection: &Connection,
        deed: impl fmt::Display,
        work: impl FnOnce() -> rusqlite::Result<(T, bool)>,
    ) -> Result<T, Lost> {
        failpoint::pass!("{deed}.begin");
        run(connection, "BEGIN IMMEDIATE").map_err(Lost::No)?;
        let (done, keep) = work().map_err(|error| {
            undo(connection);
            Lost::No(error)
        })?;
        if !keep {
            undo(connection);
            return Ok(done);
        }
        failpoint::pass!("{deed}.written");
        if let Err(error) = run(connection, "COMMIT") {
            // The sync after the last frame may have failed with all frames in place.
            let lost = if fault::may_be_written(&error) { Lost::Perhaps(error) } else { Lost::No(error) };
            undo(connection);
            return Err(lost);
        }
        failpoint::pass!("{deed}.kept");
        self.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(done)
    }

    fn settings(&self, connection: &Connection, spec: &BucketSpec) -> Result<(), StoreError> {
        let changed = self.durably(connection, "bucket", || {
            connection.execute(
                "INSERT INTO buckets (name, history, description) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET history = excluded.history, description = excluded.description",
                (spec.bucket.as_str(), spec.history, &spec.description),
            )?;
            connection.execute(
                "DELETE FROM writes WHERE revision IN (
                     SELECT revision FROM (
                         SELECT revision, row_number() OVER (PARTITION BY key ORDER BY revision DESC) AS age
                         FROM writes WHERE bucket = (SELECT id FROM buckets WHERE name = ?1))
                     WHERE age > ?2)",
                (spec.bucket.as_str(), spec.history),
            )?;
            Ok(((), true))
        });
        changed.map_err(|(Lost::No(error) | Lost::Perhaps(error))| {
            fault::in_use(&self.shown, &format!("make the bucket `{}`", spec.bucket), &error)
        })
    }
}

/// Batches in two words: what their first write is about and what it does, `run.create`.
struct Deed<'a>(&'a [&'a [Write]]);

impl fmt::Display for Deed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.0.iter().find_map(|batch| batch.first()) else { return f.write_str("nothing") };
        let engine = first.bucket == Bucket::engine();
        let about = first.key.as_str().split('.').nth(1).filter(|_| engine).unwrap_or("document");
        let does = match first.op {
            Op::Create(_) => "create",
            Op::Ensure(_) => "ensure",
            Op::Update(..) => "update",
            Op::Delete(_) => "delete",
        };
        write!(f, "{about}.{does}")
    }
}

/// Device and inode of a file; `None` when it is not there.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Leaves a transaction; `SQLite` may have left it already.
fn undo(connection: &Connection) {
    if !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
}

/// Runs a statement that takes and gives nothing.
fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

/// Applies each batch in a savepoint of its own; one that is alone has the transaction for it.
fn fill(connection: &Connection, batches: &[&[Write]]) -> rusqlite::Result<Vec<Answer>> {
    if let [batch] = batches {
        return match apply(connection, batch) {
            Ok(revisions) => Ok(vec![Ok(revisions)]),
            Err(Refusal::Whole(error)) => Err(error),
            Err(Refusal::Alone(error)) => Ok(vec![Err(error)]),
        };
    }
    let mut answers = Vec::with_capacity(batches.len());
    for batch in batches {
        run(connection, "SAVEPOINT batch")?;
        match apply(connection, batch) {
            Ok(revisions) => answers.push(Ok(revisions)),
            Err(Refusal::Whole(error)) => return Err(error),
            Err(Refusal::Alone(error)) => {
                run(connection, "ROLLBACK TO batch")?;
                answers.push(Err(error));
            }
        }
        run(connection, "RELEASE batch")?;
    }
    Ok(answers)
}

fn apply(connection: &Connection, batch: &[Write]) -> Result<Vec<Revision>, Refusal> {
    let mut bucket_of = connection.prepare_cached("SELECT id, history FROM buckets WHERE name = ?1")?;
    let mut last_of = connection.prepare_cached(
        "SELECT revision, value IS NOT NULL FROM writes WHERE bucket = ?1 AND key = ?2 ORDER BY revision DESC LIMIT 1",
    )?;
    let mut insert = connection.prepare_cached("INSERT INTO writes (bucket, key, value) VALUES (?1, ?2, ?3)")?;
    let mut revisions = Vec::with_capacity(batch.len());
    for (index, write) in batch.iter().enumerate() {
        let key = write.key.as_str();
        let found = bucket_of.query_row([write.bucket.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
        let Some((bucket, history)) = found.optional()? else {
            return Err(Refusal::Alone(step::no_bucket(&write.bucket, &write.key).into()));
        };
        let last = last_of.query_row((bucket, key), |row| Ok(Last { revision: revision(row.get(0)?), present: row.get(1)? }));
        let last = last.optional()?.unwrap_or(Last::NEVER);
        let value = match step::step(&write.op, last) {
            Step::Put(value) => Some(value),
            Step::Remove => None,
            Step::Keep(revision) => {
                revisions.push(revision);
                continue;
            }
            Step::Conflict => return Err(Refusal::Alone(CommitError::Conflict { index, key: write.key.clone() })),
        };
        insert.execute((bucket, key, value))?;
        revisions.push(revision(connection.last_insert_rowid()));
        match (last.revision, history) {
            (Revision(0), _) => {}
            (before, 1) => forget(connection, before)?,
            _ => trim(connection, bucket, key, history)?,
        }
    }
    Ok(revisions)
}

/// Removes one write: the one before the newest, where only one is kept.
fn forget(connection: &Connection, before: Revision) -> rusqlite::Result<()> {
    let mut forget = connection.prepare_cached("DELETE FROM writes WHERE revision = ?1")?;
    forget.execute([i64::try_from(before.0).unwrap_or(i64::MAX)]).map(|_| ())
}

/// Removes the writes of a key that its bucket does not keep.
fn trim(connection: &Connection, bucket: i64, key: &str, history: i64) -> rusqlite::Result<()> {
    let mut trim = connection.prepare_cached(
        "DELETE FROM writes WHERE bucket = ?1 AND key = ?2 AND revision <= (
             SELECT revision FROM writes WHERE bucket = ?1 AND key = ?2 ORDER BY revision DESC LIMIT 1 OFFSET ?3)",
    )?;
    trim.execute((bucket, key, history)).map(|_| ())
}

/// A row id as a revision.
pub(super) fn revision(row: i64) -> Revision {
    Revision(u64::try_from(row).unwrap_or_default())
}
