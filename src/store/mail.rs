//! Requests from other processes to the driver of a run.
//!
//! A request stays until its event is in the journal: the driver deletes it in that event's batch, and the event
//! carries its id, so that it is never applied twice.

use super::{Op, Revision, Store, StoreError, Write, codec, key};
use crate::name::{Bucket, Name};
use crate::run::{RequestId, RunId};
use crate::value::Value;
use serde::{Deserialize, Serialize};

/// What is asked of a driver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// End the run.
    Cancel {
        /// Why, in words.
        reason: String,
    },
    /// Here are the answers that a phase waits for.
    Answer {
        /// The phase.
        phase: Name,
        /// The answers.
        answers: Value,
        /// Who, in words.
        by: String,
    },
    /// Run what failed again.
    Retry {
        /// One phase; `None` is everything that failed.
        phase: Option<Name>,
    },
    /// Progress of a phase.
    Note {
        /// The phase.
        phase: Name,
        /// The note.
        note: Value,
    },
}

/// A request that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// Its id; ids sort by time.
    pub id: RequestId,
    /// What is asked; or why it cannot be read, so that one such letter does not stop the run: drop it, and say so.
    pub request: Result<Request, String>,
    /// For [`consumed_write`].
    pub revision: Revision,
}

/// Leaves a request for the driver of a run, and gives its id.
pub async fn post(store: &dyn Store, run: &RunId, request: &Request) -> Result<RequestId, StoreError> {
    let id = RequestId::from_ulid(ulid::Ulid::generate());
    // An id is never given twice, so being there already can only mean that an unknown outcome was a success.
    let write = Write { bucket: Bucket::engine(), key: key::mail(run, &id), op: Op::Ensure(codec::to_bytes(request)) };
    super::journal::settle(store, vec![write]).await?;
    Ok(id)
}

/// The requests that wait, oldest first.
pub async fn pending(store: &dyn Store, run: &RunId) -> Result<Vec<Mail>, StoreError> {
    let stored = store.scan(&Bucket::engine(), &key::mailbox(run)).await?;
    let name = store.name();
    let mail = stored.iter().filter_map(|entry| {
        let ulid = ulid::Ulid::from_string(entry.key.as_str().rsplit('.').next()?).ok()?;
        let request = codec::from_entry(&name, entry).map_err(|error| error.to_string());
        Some(Mail { id: RequestId::from_ulid(ulid), request, revision: entry.revision })
    });
    Ok(mail.collect())
}

/// Removes a request. Goes with the event that it became.
pub fn consumed_write(run: &RunId, mail: &Mail) -> Write {
    Write { bucket: Bucket::engine(), key: key::mail(run, &mail.id), op: Op::Delete(mail.revision) }
}
