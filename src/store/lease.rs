//! The heartbeat of whoever carries a run.
//!
//! A lease makes nothing safe (entry numbers do that); it tells others whether the carrier is alive. A beat that does
//! not move on the watcher's own clock for long enough means that it is not.

use super::{CommitError, Op, Revision, Store, StoreError, Write, codec, key};
use crate::name::Bucket;
use crate::run::{Owner, RunId};
use serde::{Deserialize, Serialize};

/// Who carries a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The driver.
    pub owner: Owner,
    /// Number of the entry that claimed the run.
    pub token: u64,
    /// Grows with every beat.
    pub beat: u64,
}

/// The lease of a run and its revision; `None` when nobody carries it.
pub async fn read_lease(store: &dyn Store, run: &RunId) -> Result<Option<(Lease, Revision)>, StoreError> {
    codec::record(store, &key::lease(run)).await
}

/// Takes the lease: over what `before` is, or where there is none. Goes with the `Claimed` event.
pub fn claim_write(run: &RunId, lease: &Lease, before: Option<Revision>) -> Write {
    codec::over(key::lease(run), lease, before)
}

/// Gives the lease up. Goes with the `Released` event.
pub fn release_write(run: &RunId, revision: Revision) -> Write {
    Write { bucket: Bucket::engine(), key: key::lease(run), op: Op::Delete(revision) }
}

/// Writes the next beat and gives its revision. A beat of before whose outcome was not known may have come after all: a
/// lease that is still this driver's is no conflict.
///
/// # Errors
/// [`CommitError::Conflict`] when another driver took the run.
pub async fn beat(store: &dyn Store, run: &RunId, lease: &mut Lease, revision: Revision) -> Result<Revision, CommitError> {
    lease.beat += 1;
    match store.commit(vec![claim_write(run, lease, Some(revision))]).await {
        Ok(revisions) => Ok(revisions.first().copied().unwrap_or(revision)),
        Err(error @ CommitError::Conflict { .. }) => match read_lease(store, run).await? {
            Some((there, revision)) if there.owner == lease.owner && there.token == lease.token => Ok(revision),
            _ => Err(error),
        },
        Err(error) => Err(error),
    }
}
