//! What a damaged file still has: read row by row, around what cannot be read.
//!
//! The file is opened for reading only, and nothing of it is changed. The rows come from the table alone, in the order in
//! which they were written; the index, which may be whole where the table is not, tells which ones are lost.

use super::open::has_log;
use super::store::key_at;
use super::writer::revision;
use crate::name::Bucket;
use crate::store::Entry;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// Numbers of writes that are tried one by one after one that cannot be read; from then on in ever longer steps, since a
/// whole part of the file is gone, or nothing follows.
const PATIENCE: u32 = 4_096;
/// Lost writes that are named one by one.
const NAMED: usize = 50;

/// Gives each write that can be read to `found`, and says what could not be read.
///
/// # Errors
/// Only when `found` fails.
pub(in crate::store) fn salvage(
    path: &Path,
    mut found: impl FnMut(&Bucket, &Entry) -> io::Result<()>,
) -> io::Result<Vec<String>> {
    let broken = |error: &rusqlite::Error| Ok(vec![format!("nothing of it can be read: {error}")]);
    let connection = match open(path) {
        Ok(connection) => connection,
        Err(error) => return broken(&error),
    };
    let mut rows = match connection
        .prepare("SELECT key, revision, value, bucket FROM writes NOT INDEXED WHERE revision >= ?1 ORDER BY revision LIMIT 1")
    {
        Ok(rows) => rows,
        Err(error) => return broken(&error),
    };
    let buckets = Buckets::read(&connection);
    let mut read = BTreeSet::new();
    let (mut next, mut step, mut tries, mut last) = (1_i64, 1_i64, 0, 0_i64);
    let mut gaps: Vec<(i64, Option<i64>)> = Vec::new();
    loop {
        let entry = |row: &Row<'_>| Ok((row.get(1)?, whole(row), row.get(3)));
        match rows.query_row([next], entry).optional() {
            Ok(None) => break,
            Ok(Some((number, entry, bucket))) => {
                if let Some((_, open @ None)) = gaps.last_mut() {
                    *open = Some(number);
                }
                (next, step, tries, last) = (number + 1, 1, 0, number);
                match (entry, bucket) {
                    (Ok(entry), Ok(bucket)) => {
                        read.insert(number);
                        found(&buckets.name(bucket), &entry)?;
                    }
                    _ => gaps.push((number - 1, Some(number + 1))),
                }
            }
            Err(_) => {
                if tries == 0 {
                    gaps.push((last, None));
                }
                tries += 1;
                step = if tries > PATIENCE { step.saturating_mul(2) } else { 1 };
                let Some(later) = next.checked_add(step) else { break };
                next = later;
            }
        }
    }
    let whole = gaps.is_empty() && !buckets.lost;
    Ok(if whole { Vec::new() } else { lost(&connection, &buckets, &read, &gaps) })
}

/// Opens a file for looking only. What was written last may be in the log, which cannot be read without its companion;
/// a file without a log is read as it lies there.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if has_log(path) {
        Connection::open_with_flags(path, flags)?
    } else {
        flags |= OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(as_it_lies(path), flags)?
    };
    // Only then a file that is shorter than its header says is read at all; before anything else looks at it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
    super::schema::prepare(&connection)?;
    Ok(connection)
}

/// The path as a URI that says: nobody changes the file, so look for no companion of it.
fn as_it_lies(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"/-._~".contains(byte);
        let _ = if plain { write!(uri, "{}", char::from(*byte)) } else { write!(uri, "%{byte:02X}") };
    }
    uri + "?immutable=1"
}

/// A row, whose value may lie in a part of the file that is gone.
fn whole(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry { key: key_at(row, 0)?, revision: revision(row.get(1)?), value: row.get(2)? })
}

/// The names of buckets by their numbers, as far as they can be read.
struct Buckets {
    names: BTreeMap<i64, Bucket>,
    lost: bool,
}

impl Buckets {
    fn read(connection: &Connection) -> Self {
        let mut names = BTreeMap::new();
        let mut read = || -> rusqlite::Result<()> {
            let mut query = connection.prepare("SELECT id, name FROM buckets NOT INDEXED")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let name: String = row.get(1)?;
                names.extend(Bucket::new(&name).ok().map(|bucket| (row.get(0), bucket)).and_then(|(id, b)| Some((id.ok()?, b))));
            }
            Ok(())
        };
        let lost = read().is_err();
        Self { names, lost }
    }

    /// The engine's own bucket is the first that a store has.
    fn name(&self, number: i64) -> Bucket {
        let unknown = || if number == 1 { Some(Bucket::engine()) } else { Bucket::new(&format!("bucket-{number}")).ok() };
        self.names.get(&number).cloned().or_else(unknown).unwrap_or_else(Bucket::engine)
    }
}

/// What was not read: by name as far as the index knows it, else between which writes it stood.
fn lost(connection: &Connection, buckets: &Buckets, read: &BTreeSet<i64>, gaps: &[(i64, Option<i64>)]) -> Vec<String> {
    let mut lost = Vec::new();
    let mut more = 0_usize;
    let mut look = || -> rusqlite::Result<()> {
        let mut query =
            connection.prepare("SELECT bucket, key, revision FROM writes INDEXED BY writes_of_key ORDER BY bucket, key")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            if read.contains(&row.get(2)?) {
                continue;
            }
            if lost.len() == NAMED {
                more += 1;
            } else {
                lost.push(format!("lost: `{}` of bucket `{}`", key_at(row, 1)?, buckets.name(row.get(0)?)));
            }
        }
        Ok(())
    };
    let index = look();
    if more > 0 {
        lost.push(format!("lost: {more} more"));
    }
    if let Err(error) = index {
        lost.push(format!("the list of what there was cannot be read whole ({error})"));
        lost.extend(gaps.iter().take(NAMED).map(|gap| match gap {
            (before, Some(after)) => format!("lost: what was written between revisions {before} and {after}"),
            (before, None) => format!("lost: what was written after revision {before}"),
        }));
    }
    if buckets.lost {
        lost.push("the names of the buckets are lost: they are given by number".to_owned());
    }
    lost
}
