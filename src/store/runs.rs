//! A summary row of each run, written beside its entries or soon after, so that listing thousands of runs reads no journal.
//!
//! A row is a view: when it and the journal differ, the journal is right.

use super::{Revision, Store, StoreError, Write, codec, key};
use crate::name::{Bucket, Name};
use crate::run::{RunId, Time};
use serde::{Deserialize, Serialize};

/// A run in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHead {
    /// The run.
    pub id: RunId,
    /// Name of its pipeline.
    pub pipeline: String,
    /// The series.
    #[serde(default)]
    pub series: Option<String>,
    /// The number in the series.
    #[serde(default)]
    pub cycle: Option<u64>,
    /// Whether no real agent works in it.
    pub rehearsal: bool,
    /// The word of the run document.
    pub status: String,
    /// The first phase that is neither complete nor skipped.
    #[serde(default)]
    pub current: Option<String>,
    /// When it began.
    pub started_at: Time,
    /// When something last happened.
    pub updated_at: Time,
    /// Number of the last journal entry.
    pub seq: u64,
    /// The pool whose workers carry it, if it was submitted to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Name>,
}

/// The row of a run and its revision.
pub async fn read_head(store: &dyn Store, run: &RunId) -> Result<Option<(RunHead, Revision)>, StoreError> {
    codec::record(store, &key::head(run)).await
}

/// All rows, in the order in which the runs began. Rows that cannot be read are left out and given as errors.
pub async fn list_runs(store: &dyn Store) -> Result<(Vec<RunHead>, Vec<StoreError>), StoreError> {
    let name = store.name();
    let (mut heads, mut faults) = (Vec::new(), Vec::new());
    for entry in store.scan(&Bucket::engine(), key::HEADS).await? {
        match codec::from_entry(&name, &entry) {
            Ok(head) => heads.push(head),
            Err(fault) => faults.push(fault),
        }
    }
    Ok((heads, faults))
}

/// Writes the row over what `before` is, or where there is none.
pub fn head_write(head: &RunHead, before: Option<Revision>) -> Write {
    codec::over(key::head(&head.id), head, before)
}
