//! Makes and opens the file.
//!
//! A new store is built whole under another name and then moved into place, so that nobody ever sees half of one, and
//! two processes that make it at once end with the same file. What is there already is never overwritten.

use super::schema::{self, APPLICATION_ID, FORMAT, TABLES};
use super::{fault, place};
use crate::failpoint;
use crate::store::{StoreError, step};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::io;
use std::path::Path;

/// A connection to a file of ours, of a format that we read.
pub(super) fn open(path: &Path, shown: &str, create: bool) -> Result<Connection, StoreError> {
    let refuse = |cause: String| StoreError::Unreachable { store: shown.to_owned(), cause };
    let folder = place::folder(path);
    if folder.exists() && !folder.is_dir() {
        let what = format!("`{}` is a file, where the folder of the store should be", folder.display());
        return Err(refuse(format!("{what}: move it away, or name another store with `--store`")));
    }
    let there = path.try_exists();
    if let Err(error) = &there
        && !create
    {
        return Err(refuse(format!(
            "it cannot be looked at ({error}); `{}` must be a folder that may be read",
            folder.display()
        )));
    }
    if !there.unwrap_or(false) {
        if !create {
            return Err(refuse("there is no such file yet; `flow run` makes it".to_owned()));
        }
        place::make_folder(&folder).map_err(|error| refuse(cannot_make(&folder, &error)))?;
        place::check_local(shown, &folder)?;
        make(path, &folder).map_err(|error| refuse(cannot_make(path, &error)))?;
    } else if path.is_dir() {
        return Err(refuse("it is a folder; name a file in it, such as `state.db`".to_owned()));
    }
    place::check_local(shown, &folder)?;
    let failed = |error| fault::unreachable(shown, &error);
    let logged = has_log(path);
    let connection = bare(path).map_err(failed)?;
    // A file that is refused stays as it is, also when there is a log that would be moved into it.
    let keep_log = |keep| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep);
    keep_log(logged).and_then(|_| prepare(&connection)).map_err(failed)?;
    check(&connection, path, shown)?;
    // Asked twice, since another process may be at work.
    if ends_within_a_page(path) && ends_within_a_page(path) {
        return Err(StoreError::Broken { store: shown.to_owned(), cause: "it was cut short, and ends within a page".to_owned() });
    }
    keep_log(false).map_err(failed)?;
    failpoint::pass!("file.opened");
    Ok(connection)
}

/// One more connection to a file that [`open`] accepted.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = bare(path)?;
    prepare(&connection)?;
    Ok(connection)
}

fn bare(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    schema::prepare(connection)?;
    if let Some(pages) = failpoint::number!("FLOW_DISK_PAGES") {
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    }
    Ok(())
}

/// Whether the file ends in the middle of a page with no log that would mend it. (`SQLite` notices whole pages that
/// are missing, but reads the rest of a torn one as zeros.)
fn ends_within_a_page(path: &Path) -> bool {
    let Ok(length) = std::fs::metadata(path).map(|file| file.len()) else { return false };
    !has_log(path) && !length.is_multiple_of(u64::from(PAGE_BYTES))
}

/// Whether there is something in the log of last writes beside the file.
pub(super) fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// The page size of every file that [`make`] makes, in bytes.
const PAGE_BYTES: u32 = 4096;

/// Whether the file is ours, and of a format that we read. The first read also finds a file that was cut short.
fn check(connection: &Connection, path: &Path, shown: &str) -> Result<(), StoreError> {
    let read = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let failed = |error| fault::unreachable(shown, &error);
    let (mark, format) = (read("application_id").map_err(failed)?, read("user_version").map_err(failed)?);
    if mark != APPLICATION_ID {
        let empty = std::fs::metadata(path).is_ok_and(|file| file.len() == 0);
        let cause = if empty {
            "the file is empty: it was not made by `flow`, or it was emptied; bring back a copy of it, or move it away"
        } else {
            "the file was not made by `flow`; it was left as it is: name another with `--store`"
        };
        return Err(StoreError::Unreachable { store: shown.to_owned(), cause: cause.to_owned() });
    }
    let format = u32::try_from(format).unwrap_or(u32::MAX);
    if format > FORMAT {
        return Err(StoreError::Newer { store: shown.to_owned(), found: format, known: FORMAT });
    }
    Ok(())
}

fn cannot_make(what: &Path, error: &io::Error) -> String {
    format!("`{}` cannot be made: {error}; make its folder writable, or name another store with `--store`", what.display())
}

/// Builds an empty store beside `path` and moves it there, unless somebody else was first.
fn make(path: &Path, folder: &Path) -> io::Result<()> {
    failpoint::pass!("file.make");
    let unfinished = tempfile::Builder::new().prefix(".new-store-").tempfile_in(folder)?;
    build(unfinished.path()).map_err(io::Error::other)?;
    unfinished.as_file().sync_all()?;
    failpoint::pass!("file.made");
    match unfinished.persist_noclobber(path) {
        Ok(_) => {
            failpoint::pass!("file.placed");
            std::fs::File::open(folder)?.sync_all()
        }
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

/// Writes the tables. Nothing needs to be safe before the move, so nothing is synced on the way.
fn build(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    connection.execute_batch(TABLES)?;
    let engine = step::engine_spec();
    connection.execute(
        "INSERT INTO buckets (name, history, description) VALUES (?1, ?2, ?3)",
        (engine.bucket.as_str(), engine.history, &engine.description),
    )?;
    // Kept in the file's header; set last, so that the file is whole without its log.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)
}
