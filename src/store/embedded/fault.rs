//! What `SQLite` reports, in words that say what to do.

use crate::store::StoreError;
use rusqlite::{Error, ErrorCode};

/// An error while the store was in use.
pub(super) fn in_use(store: &str, doing: &str, error: &Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Broken { store: store.to_owned(), cause: error.to_string() }
        }
        Some(ErrorCode::DiskFull) => StoreError::Full {
            store: store.to_owned(),
            cause: "the disk has no room for the next entry; make room, and go on with `flow run --continue`".to_owned(),
        },
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => unreachable(store, error),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Failed {
            doing: doing.to_owned(),
            cause: "another process has kept the store locked for 10 seconds; `flow list` shows who carries which run".to_owned(),
        },
        _ => StoreError::Failed { doing: doing.to_owned(), cause: error.to_string() },
    }
}

/// An error while the store was being opened.
pub(super) fn unreachable(store: &str, error: &Error) -> StoreError {
    let cause = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            format!(
                "the file is no SQLite database; it was left as it is: move it away, or name another with `--store` ({error})"
            )
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            let cause = format!("something in it was changed, or it was cut short ({error})");
            return StoreError::Broken { store: store.to_owned(), cause };
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => format!(
            "the file and its folder must be writable, also for reading it ({error}); change the permissions, or name another store with \
             `--store`"
        ),
        _ => error.to_string(),
    };
    StoreError::Unreachable { store: store.to_owned(), cause }
}

/// Whether a failed COMMIT may still have reached the disk: a failed sync after the last frame was handed over.
pub(super) fn may_be_written(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
}
