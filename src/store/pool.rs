//! Work for a pool of workers: runs that want a driver, and attempts that a driver offers to others.
//!
//! Both are keys of the engine's bucket, so that one key is the place in the queue and the doorbell at once: whoever
//! watches the pool hears of it. What keeps two workers apart is never the queue: of a run it is the next journal entry, of
//! an attempt the revision of its offer. A run stays enlisted until it is over, so that a worker that dies is replaced.

use super::{CommitError, Entry, Op, Revision, Store, StoreError, Write, codec, key};
use crate::limits::COMMIT_RESENDS;
use crate::name::{Bucket, Key, Name};
use crate::run::{AttemptId, Digest, Owner, RunId, Time};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Reasons of workers that an enlisted run remembers.
const REFUSALS: usize = 8;

/// Where the working tree of a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// The machine's name.
    pub host: String,
    /// The project's folder, absolute.
    pub root: String,
}

/// A run that the workers of a pool carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enlisted {
    /// The run.
    pub run: RunId,
    /// When it was submitted.
    pub at: Time,
    /// Where it was worked on last; at first where it was submitted.
    pub home: Home,
    /// Grows when something happened to the run that a worker should look at.
    #[serde(default)]
    pub rings: u64,
    /// Workers that did not take it, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
}

/// Why a worker does not take a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which worker: its machine and folder.
    pub by: Home,
    /// Why, for people.
    pub why: String,
}

/// A turn of an attempt that its driver has no room for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: AttemptId,
    /// Which turn of it.
    pub turn: u32,
    /// The plan that it comes from.
    pub plan: Digest,
    /// Blob of the work, rendered.
    pub work: Digest,
    /// The tree it is meant for.
    pub home: Home,
    /// The commit of that tree when the run began, if it is one of git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether that tree is not what the commit says, or may not be by now: then it is only performed there.
    pub changed: bool,
    /// How the run's agents are performed, by agent.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub agents: IndexMap<String, String>,
    /// How far it is.
    pub stage: Stage,
}

/// How far an offer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Anybody may take it.
    Open,
    /// A worker performs it.
    Taken {
        /// Which.
        by: Owner,
        /// Grows while that worker lives.
        beat: u64,
        /// The agent's session, once it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<String>,
        /// Whether the driver wants it stopped.
        #[serde(default)]
        stop: bool,
    },
    /// It was performed.
    Done {
        /// Blob of the outcome.
        outcome: Digest,
    },
}

/// What stands under a key of a pool.
#[derive(Clone, Debug, PartialEq)]
pub enum Posted {
    /// A run.
    Run(Enlisted),
    /// An attempt.
    Offer(Box<Offer>),
}

/// Reads what is posted in a pool; `None` when the key was deleted or is of no kind that this program knows.
pub fn posted(store: &str, entry: &Entry) -> Option<Result<Posted, StoreError>> {
    entry.value.as_ref()?;
    match entry.key.as_str().split('.').nth(3)? {
        "run" => Some(codec::from_entry(store, entry).map(Posted::Run)),
        "task" => Some(codec::from_entry(store, entry).map(|offer| Posted::Offer(Box::new(offer)))),
        _ => None,
    }
}

/// Enlists a run. Goes with its first entry.
pub fn enlist_write(pool: &Name, run: &Enlisted) -> Write {
    codec::over(key::enlisted(pool, &run.run), run, None)
}

/// Writes an offer over what `before` is, or where there is none.
pub fn offer_write(pool: &Name, offer: &Offer, before: Option<Revision>) -> Write {
    codec::over(key::offer(pool, &offer.run, &offer.attempt, offer.turn), offer, before)
}

/// Takes a key out of a pool.
pub fn strike_write(key: &Key, revision: Revision) -> Write {
    Write { bucket: Bucket::engine(), key: key.clone(), op: Op::Delete(revision) }
}

/// An offer as it is now; `None` when it is no longer there.
pub async fn read_offer(store: &dyn Store, key: &Key) -> Result<Option<(Offer, Revision)>, StoreError> {
    codec::record(store, key).await
}

/// Has the workers of a pool look at a run.
pub async fn ring(store: &dyn Store, pool: &Name, run: &RunId) -> Result<(), StoreError> {
    change(store, pool, run, |enlisted| enlisted.rings += 1).await
}

/// Notes why a worker does not take a run: the newest reason of each.
pub async fn note_refusal(store: &dyn Store, pool: &Name, run: &RunId, refusal: Refusal) -> Result<(), StoreError> {
    change(store, pool, run, |enlisted| {
        enlisted.refused.retain(|known| known.by != refusal.by);
        enlisted.refused.push(refusal.clone());
        let over = enlisted.refused.len().saturating_sub(REFUSALS);
        enlisted.refused.drain(..over);
    })
    .await
}

/// Changes what is said of an enlisted run, if it still is one. Others may say something of it at the same moment, so it is
/// tried some times; a store that fails is not waited for.
pub async fn change(store: &dyn Store, pool: &Name, run: &RunId, how: impl Fn(&mut Enlisted)) -> Result<(), StoreError> {
    let key = key::enlisted(pool, run);
    let mut sent = None;
    for _ in 0..COMMIT_RESENDS {
        let Some((there, revision)) = codec::record::<Enlisted>(store, &key).await? else { return Ok(()) };
        let mut enlisted = there.clone();
        how(&mut enlisted);
        // It says so already: nobody need hear of it. Or it was written, and only the answer was lost.
        if enlisted == there || sent.as_ref() == Some(&there) {
            return Ok(());
        }
        match store.commit(vec![codec::over(key.clone(), &enlisted, Some(revision))]).await {
            Err(CommitError::Conflict { .. } | CommitError::Unknown { .. }) => sent = Some(enlisted),
            Ok(_) | Err(CommitError::Store(_)) => return Ok(()),
        }
    }
    Ok(())
}

/// What is said of an enlisted run; `None` when it is not, or no longer, one.
pub async fn enlisted(store: &dyn Store, pool: &Name, run: &RunId) -> Result<Option<Enlisted>, StoreError> {
    Ok(codec::record(store, &key::enlisted(pool, run)).await?.map(|(enlisted, _)| enlisted))
}
