//! The other side of each pair: the same disk and the same `SQLite` with nothing of ours around it.

use super::pairs::timed;
use rusqlite::Connection;
use std::path::Path;

/// Seconds that `commits` transactions take, each of which writes these rows (key prefix and size in bytes).
pub fn commits(folder: &Path, commits: usize, rows: &[(&str, usize)]) -> f64 {
    let connection = open(folder);
    let values: Vec<(&str, Vec<u8>)> = rows.iter().map(|(key, size)| (*key, vec![b'x'; *size])).collect();
    let mut insert = connection.prepare("INSERT INTO bare (key, value) VALUES (?1, ?2)").expect("the table is there");
    let (took, ()) = timed(|| {
        for number in 0..commits {
            connection.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
            for (key, value) in &values {
                insert.execute((format!("{key}.{number:012}"), value)).expect("keys differ");
            }
            connection.execute_batch("COMMIT").expect("the disk has room");
        }
    });
    took.as_secs_f64()
}

/// A new database in the folder, with the settings of the store.
fn open(folder: &Path) -> Connection {
    let path = folder.join("bare.db");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.join(format!("bare.db{end}")));
    }
    let connection = Connection::open(path).expect("the folder is writable");
    connection
        .execute_batch(
            "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE bare (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB);
             CREATE UNIQUE INDEX bare_of_key ON bare (key, revision);",
        )
        .expect("a new database");
    connection
}
