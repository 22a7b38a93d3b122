//! The driver's side of an attempt: performed here while there is room, and offered to the pool while there is none.
//!
//! An offer is one key. Who takes it, beats, and says what came of it writes over what it read, so that whoever lost it
//! can write nothing any more. The driver strikes it out when it has the outcome, or performs the attempt after all.

use super::watched::Watched;
use crate::agent::failure::{error, failed};
use crate::agent::{Backend, Context, Future};
use crate::drive::{Stop, lives};
use crate::limits::GRACE_MS;
use crate::name::{Bucket, Key, Name};
use crate::run::{Digest, ErrorClass, Outcome, Work};
use crate::store::{
    CommitError, Home, Offer, Revision, Stage, Store, StoreError, blob_writes, get_blob, key, offer_write, read_deep, read_offer,
    strike_write,
};
use indexmap::IndexMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How often an offer is looked at when nothing was heard of it.
const LOOK: Duration = Duration::from_secs(1);

/// Performs the attempts of one run with the help of a pool.
#[derive(Debug)]
pub(super) struct Pooled {
    pub local: Arc<dyn Backend>,
    pub store: Arc<dyn Store>,
    pub pool: Name,
    /// Places of this worker.
    pub places: Arc<Semaphore>,
    /// Offers that this worker may have open.
    pub offers: Arc<Semaphore>,
    pub digest: Digest,
    pub home: Home,
    pub commit: Option<String>,
    /// Whether the tree was changed when the run was taken, or may be changed by the run.
    pub changed: bool,
    pub agents: IndexMap<String, String>,
    /// Whether the worker is to stop: then nothing begins any more.
    pub stop: watch::Receiver<Stop>,
}

impl Backend for Pooled {
    fn name(&self) -> &'static str {
        "pool"
    }

    fn perform<'a>(&'a self, work: &'a Work, context: &'a Context) -> Future<'a, Outcome> {
        Box::pin(async move {
            // A check belongs to an attempt that has ended, and is made where the driver is.
            if work.turn == 0 {
                return self.local.perform(work, context).await;
            }
            if let Ok(_place) = self.places.clone().try_acquire_owned() {
                return self.local.perform(work, context).await;
            }
            if let Ok(_offer) = self.offers.clone().try_acquire_owned() {
                return self.offer(work, context).await;
            }
            self.wait_for_a_place(work, context).await
        })
    }
}

/// What is known of an open offer.
struct Open {
    key: Key,
    offer: Offer,
    revision: Revision,
    /// Until when whoever performs it may take to stop; set once it is to stop.
    stops: Option<Instant>,
    watched: Watched<(), (String, u64)>,
    session: Option<String>,
}

impl Pooled {
    async fn wait_for_a_place(&self, work: &Work, context: &Context) -> Outcome {
        let (mut stop, mut worker) = (context.stop.clone(), self.stop.clone());
        tokio::select! {
            biased;
            () = stopped(&mut stop) => never_began(),
            () = stops(&mut worker) => never_began(),
            place = self.places.clone().acquire_owned() => {
                let _place = place;
                self.local.perform(work, context).await
            }
        }
    }

    /// Offers an attempt; whoever is first performs it, this worker included.
    async fn offer(&self, work: &Work, context: &Context) -> Outcome {
        let mut open = match self.post(work, context).await {
            Ok(open) => open,
            Err(error) => {
                context.feed.progress(&format!("waits for a place: it could not be offered ({error})"));
                return self.wait_for_a_place(work, context).await;
            }
        };
        context.feed.progress("waits for a place here or with another worker");
        let (engine, mut stop, mut worker) = (Bucket::engine(), context.stop.clone(), self.stop.clone());
        let place = self.places.clone().acquire_owned();
        tokio::pin!(place);
        let mut got: Option<OwnedSemaphorePermit> = None;
        loop {
            let is_open = matches!(open.offer.stage, Stage::Open);
            tokio::select! {
                biased;
                () = stops(&mut worker), if is_open && open.stops.is_none() => {
                    if self.strike(&open).await { return never_began(); }
                    // Somebody took it at the same moment, or the store is away.
                    tokio::time::sleep(LOOK / 10).await;
                }
                permit = &mut place, if is_open && got.is_none() => got = permit.ok(),
                () = stopped(&mut stop), if open.stops.is_none() => {
                    if let Some(outcome) = self.stop(&mut open).await { return outcome; }
                }
                _ = self.store.watch(&engine, open.key.as_str(), open.revision) => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            if got.is_some() && matches!(open.offer.stage, Stage::Open) {
                if self.strike(&open).await {
                    return self.local.perform(work, context).await;
                }
                // Somebody took it at the same moment: the place is for another attempt.
                got = None;
                place.set(self.places.clone().acquire_owned());
            }
            if let Some(outcome) = self.look(&mut open, context).await {
                return outcome;
            }
        }
    }

    async fn post(&self, work: &Work, context: &Context) -> Result<Open, StoreError> {
        let bytes = serde_json::to_vec(work).expect("work is stored in events too");
        let (digest, blobs) = blob_writes(&bytes);
        let offer = Offer {
            run: context.run.clone(),
            attempt: work.attempt.clone(),
            turn: work.turn,
            plan: self.digest.clone(),
            work: digest,
            home: self.home.clone(),
            commit: self.commit.clone(),
            changed: self.changed,
            agents: self.agents.clone(),
            stage: Stage::Open,
        };
        let key = key::offer(&self.pool, &offer.run, &offer.attempt, offer.turn);
        let batch = std::iter::once(offer_write(&self.pool, &offer, None)).chain(blobs).collect();
        let written = self.store.commit(batch).await;
        let revision = match written {
            Ok(revisions) => revisions[0],
            Err(CommitError::Store(error)) => return Err(error),
            // Not known whether it is there; or, of an attempt that was interrupted just now, still there.
            Err(error @ (CommitError::Unknown { .. } | CommitError::Conflict { .. })) => {
                match read_offer(&*self.store, &key).await? {
                    Some((there, revision)) if there == offer => revision,
                    _ => return Err(StoreError::Failed { doing: "offer an attempt".to_owned(), cause: error.to_string() }),
                }
            }
        };
        Ok(Open { key, offer, revision, stops: None, watched: Watched::new(), session: None })
    }

    /// Takes the offer back, if it is as it was last seen.
    async fn strike(&self, open: &Open) -> bool {
        match self.store.commit(vec![strike_write(&open.key, open.revision)]).await {
            Ok(_) => true,
            // Whoever drives the run is the only one who strikes its offers out.
            Err(CommitError::Unknown { .. }) => matches!(read_offer(&*self.store, &open.key).await, Ok(None)),
            Err(_) => false,
        }
    }

    /// The attempt is to stop: an offer that nobody took is struck out, and whoever performs it is told.
    async fn stop(&self, open: &mut Open) -> Option<Outcome> {
        open.stops = Some(Instant::now() + Duration::from_millis(3 * GRACE_MS));
        if matches!(open.offer.stage, Stage::Open) && self.strike(open).await {
            return Some(never_began());
        }
        None
    }

    /// Looks at the offer, and gives the outcome once there is one.
    async fn look(&self, open: &mut Open, context: &Context) -> Option<Outcome> {
        // The driver meets a store that fails by itself.
        let Ok(read) = read_offer(&*self.store, &open.key).await else { return None };
        let Some((offer, revision)) = read else {
            return Some(Outcome::Lost {
                reason: "what was offered to other workers was struck out by somebody else".to_owned(),
            });
        };
        let news = open.revision != revision;
        (open.offer, open.revision) = (offer, revision);
        match open.offer.stage.clone() {
            Stage::Open if open.stops.is_some() => self.strike(open).await.then(never_began),
            Stage::Open => None,
            Stage::Done { outcome } => {
                let outcome = self.outcome(&outcome).await?;
                self.strike(open).await;
                Some(if open.stops.is_none() { unless_stopped(outcome) } else { outcome })
            }
            Stage::Taken { by, beat, session, stop } => {
                if news && let Some(session) = session.clone().filter(|_| open.session != session) {
                    context.feed.session(&session);
                    open.session = Some(session);
                }
                if news && beat == 0 {
                    context.feed.progress(&format!("is performed on {}", by.host));
                }
                let stands_still = open.watched.is_dead((), (by.driver.clone(), beat));
                let late = open.stops.is_some_and(|at| Instant::now() > at);
                let died = lives(&by) == Some(false) || stands_still;
                if late || died {
                    let what = if died { "died" } else { "did not stop in time" };
                    let reason = format!("the worker on {} that performed it {what}", by.host);
                    return self.strike(open).await.then_some(Outcome::Lost { reason });
                }
                if open.stops.is_some() && !stop {
                    let offer = Offer { stage: Stage::Taken { by, beat, session, stop: true }, ..open.offer.clone() };
                    let _ = self.store.commit(vec![offer_write(&self.pool, &offer, Some(open.revision))]).await;
                }
                None
            }
        }
    }

    /// What came of it; `None` while the store does not say.
    async fn outcome(&self, digest: &Digest) -> Option<Outcome> {
        let bytes = match get_blob(&*self.store, digest).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Some(Outcome::Lost { reason: "what another worker made of it is not in the store".to_owned() }),
            Err(StoreError::Damaged { cause, .. }) => return Some(Outcome::Lost { reason: cause }),
            Err(_) => return None,
        };
        let odd = |error| Outcome::Lost { reason: format!("what another worker made of it cannot be read: {error}") };
        Some(read_deep(&bytes).unwrap_or_else(odd))
    }
}

/// An attempt that its own worker stopped, and not its driver, is one whose performer is gone: it may have done half of it.
fn unless_stopped(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Failed { error, .. } if error.class == ErrorClass::Cancelled => {
            Outcome::Lost { reason: "the worker that performed it was asked to stop".to_owned() }
        }
        outcome => outcome,
    }
}

fn never_began() -> Outcome {
    failed(error(ErrorClass::Cancelled, "it was stopped before it began"))
}

/// Waits until the worker takes nothing new; for ever when nobody is left who could say it.
async fn stops(worker: &mut watch::Receiver<Stop>) {
    if worker.wait_for(|stop| *stop != Stop::No).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits until the attempt is to stop; for ever when nobody is left who could say it.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
