//! The thread that reads. While somebody watches, it also asks `SQLite` whether another process wrote.

use super::store::head;
use super::watches::Watches;
use crate::limits::STORE_POLL_MS;
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Something to read.
pub(super) type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Runs jobs until the store is dropped.
pub(super) fn run(connection: &Connection, jobs: &Receiver<Job>, watches: &Watches) {
    let pause = Duration::from_millis(STORE_POLL_MS);
    let mut asked = Instant::now();
    let mut version = data_version(connection);
    loop {
        let watched = watches.any();
        let job = if watched { jobs.recv_timeout(pause) } else { jobs.recv().map_err(|_| RecvTimeoutError::Disconnected) };
        match job {
            Ok(job) => job(connection),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if watched && asked.elapsed() >= pause {
            asked = Instant::now();
            let now = data_version(connection);
            if now.is_none() || now != version {
                match head(connection) {
                    Ok(head) => watches.found(head),
                    // A failing question wakes the watchers too: their own read reports what is wrong.
                    Err(_) => watches.wake_all(),
                }
            }
            version = now;
        }
    }
}

/// A number that differs after any other connection wrote.
fn data_version(connection: &Connection) -> Option<i64> {
    connection.prepare_cached("PRAGMA data_version").and_then(|mut ask| ask.query_row([], |row| row.get(0))).ok()
}
