//! What stands in the file: one table of writes for all buckets, numbered by one counter.
//!
//! A write's row id is its revision. The newest write of a key is never removed (a delete is a write without a
//! value), so the highest row id is always there and no revision is ever given out twice.

use rusqlite::Connection;
use std::time::Duration;

/// The version of this layout. A file with a higher one is refused.
pub const FORMAT: u32 = 1;

/// `flow` in ASCII: marks the file as ours in its header.
pub(super) const APPLICATION_ID: i32 = 0x666C_6F77;

/// Every table of a new store.
pub(super) const TABLES: &str = "
    CREATE TABLE buckets (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        history INTEGER NOT NULL,
        description TEXT NOT NULL
    );
    CREATE TABLE writes (
        revision INTEGER PRIMARY KEY,
        bucket INTEGER NOT NULL REFERENCES buckets (id),
        key TEXT NOT NULL,
        value BLOB
    );
    CREATE UNIQUE INDEX writes_of_key ON writes (bucket, key, revision);
";

/// How long a statement waits for the locks of other processes.
const BUSY: Duration = Duration::from_secs(10);
/// Statements kept ready per connection: more than there are.
const STATEMENTS: usize = 32;

/// Settings that each connection needs anew. The file may come with somebody else's checkout, so nothing in its
/// schema is trusted to run.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    use rusqlite::config::DbConfig;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // Plans do not depend on the values that are bound: else each statement would be prepared anew for each write.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "synchronous", "FULL")
}
