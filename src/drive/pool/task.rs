//! The other side of an offer: performs an attempt of a run that another worker drives.

use crate::agent::Context;
use crate::drive::feed::{TurnFeed, keep_transcript};
use crate::drive::owner::{beat_every, myself};
use crate::drive::scratch;
use crate::drive::tasks::Word;
use crate::drive::{Observer, Services, Stop};
use crate::failpoint;
use crate::limits::{COMMIT_RESENDS, SELF_FENCE_MS, STORE_PAUSE_MS};
use crate::name::{Bucket, Key, Name};
use crate::run::{Outcome, Owner, Stimulus, Work};
use crate::store::{
    CommitError, Offer, Revision, Stage, Store, StoreError, Write, blob_writes, get_blob, offer_write, read_deep, read_offer,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;

/// The pause before what came of an attempt is written again.
const PAUSE: Duration = Duration::from_millis(STORE_PAUSE_MS / 4);

/// An offer that this worker has taken.
pub(super) struct Taken {
    store: Arc<dyn Store>,
    pool: Name,
    key: Key,
    by: Owner,
    offer: Offer,
    revision: Revision,
    last_beat: Instant,
}

/// Whose an offer is after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// Still this worker's.
    Mine,
    /// No longer: nobody waits for what is made of it.
    Lost,
}

impl Taken {
    /// Takes an offer; `None` when somebody else did.
    pub(super) async fn take(
        store: &Arc<dyn Store>,
        pool: &Name,
        key: &Key,
        offer: Offer,
        revision: Revision,
    ) -> Result<Option<Self>, StoreError> {
        let by = myself();
        let stage = Stage::Taken { by: by.clone(), beat: 0, session: None, stop: false };
        let offer = Offer { stage, ..offer };
        let (store, pool, key) = (store.clone(), pool.clone(), key.clone());
        let mut taken = Self { store, pool, key, by, offer, revision, last_beat: Instant::now() };
        Ok((taken.write(&[]).await? == Kept::Mine).then_some(taken))
    }

    /// Performs the attempt and leaves what came of it. Gives how it ended, for people.
    pub(super) async fn perform(
        mut self,
        services: &Services,
        observer: Arc<dyn Observer>,
        stop: watch::Receiver<Stop>,
    ) -> String {
        let (outcome, blobs) = match self.perform_here(services, observer.clone(), stop).await {
            Ok(Some(done)) => done,
            Ok(None) => return "nobody waits for it any more".to_owned(),
            Err(reason) => (Outcome::Lost { reason }, vec![]),
        };
        let word = match &outcome {
            Outcome::Reply(_) => "performed".to_owned(),
            Outcome::Failed { error, .. } => format!("failed: {}", error.message),
            Outcome::Lost { reason } => reason.clone(),
        };
        match self.leave(&outcome, blobs, &*observer).await {
            Ok(Kept::Mine) => word,
            Ok(Kept::Lost) => format!("{word}, and nobody waits for it any more"),
            Err(error) => format!("{word}, which could not be told: {error}"),
        }
    }

    /// What came of it, with its blobs; `None` when the offer was lost meanwhile.
    async fn perform_here(
        &mut self,
        services: &Services,
        observer: Arc<dyn Observer>,
        mut stop: watch::Receiver<Stop>,
    ) -> Result<Option<(Outcome, Vec<Write>)>, String> {
        let work = self.work().await?;
        let scratch = scratch::folder(&services.root, &self.offer.run);
        let failed = |error| format!("the folder {} cannot be made: {error}", scratch.display());
        std::fs::create_dir_all(&scratch).map_err(failed)?;
        let (words, mut said) = unbounded_channel();
        let feed = Arc::new(TurnFeed::new(work.attempt.clone(), work.turn, &scratch, observer, words));
        let (stops, stopped) = watch::channel(false);
        let context = Context {
            run: self.offer.run.clone(),
            project: services.root.clone(),
            agent: None,
            stop: stopped,
            feed: feed.clone(),
            scratch: scratch.clone(),
            store: services.store_url.text().to_owned(),
            hidden: services.store_url.secrets(),
        };
        let performance = services.performer.perform(&work, &context);
        tokio::pin!(performance);
        let mut beat = tokio::time::interval(beat_every());
        beat.tick().await;
        let mut kept = Kept::Mine;
        let outcome = loop {
            tokio::select! {
                outcome = &mut performance => break outcome,
                _ = beat.tick(), if kept == Kept::Mine => kept = self.beat(None).await,
                Some(Word::Happened(Stimulus::Session { session, .. }, _)) = said.recv() => kept = self.beat(Some(session)).await,
                () = news(&*self.store, &self.key, self.revision), if kept == Kept::Mine => kept = self.reread().await,
                () = hurry(&mut stop), if !*stops.borrow() => drop(stops.send(true)),
            }
            if kept == Kept::Lost || self.is_to_stop() {
                let _ = stops.send(true);
            }
        };
        let mut blobs = vec![];
        let outcome = keep_transcript(outcome, feed.take_transcript(), &mut blobs);
        Ok((kept == Kept::Mine).then_some((outcome, blobs)))
    }

    async fn work(&self) -> Result<Work, String> {
        let bytes = get_blob(&*self.store, &self.offer.work).await.map_err(|error| error.to_string())?;
        let bytes = bytes.ok_or_else(|| "its work is not in the store".to_owned())?;
        read_deep(&bytes).map_err(|error| format!("its work cannot be read: {error}"))
    }

    fn is_to_stop(&self) -> bool {
        matches!(self.offer.stage, Stage::Taken { stop: true, .. })
    }

    /// Shows the driver that this worker lives. One that could not for too long takes the offer for lost.
    async fn beat(&mut self, known: Option<String>) -> Kept {
        if let Stage::Taken { beat, session, .. } = &mut self.offer.stage {
            *beat += 1;
            if known.is_some() {
                *session = known;
            }
        }
        match self.write(&[]).await {
            Ok(kept) => kept,
            Err(_) if !self.is_given_up() => Kept::Mine,
            Err(_) => Kept::Lost,
        }
    }

    /// Whether no beat was acknowledged for so long that the driver may take this worker for dead.
    fn is_given_up(&self) -> bool {
        self.last_beat.elapsed() >= failpoint::span!("FLOW_FENCE_MS", SELF_FENCE_MS)
    }

    /// Looks at what the driver wrote.
    async fn reread(&mut self) -> Kept {
        match read_offer(&*self.store, &self.key).await {
            Ok(there) => self.adopt(there),
            Err(_) => Kept::Mine,
        }
    }

    /// Leaves what came of it for the driver. A store that is away or full may take it a moment later, so it is tried for as
    /// long as the driver counts on this worker.
    async fn leave(&mut self, outcome: &Outcome, mut blobs: Vec<Write>, observer: &dyn Observer) -> Result<Kept, StoreError> {
        let bytes = serde_json::to_vec(outcome).expect("its parts are stored in events too");
        let (digest, writes) = blob_writes(&bytes);
        blobs.extend(writes);
        self.offer.stage = Stage::Done { outcome: digest };
        let mut told = false;
        loop {
            match self.write(&blobs).await {
                Err(error) if !self.is_given_up() => {
                    if !std::mem::replace(&mut told, true) {
                        observer
                            .notice(&format!("what came of `{}` cannot be told: {error}; trying on", self.offer.attempt.phase));
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                left => return left,
            }
        }
    }

    /// Writes the offer as this worker sees it. The driver may have written meanwhile that the attempt is to stop.
    async fn write(&mut self, beside: &[Write]) -> Result<Kept, StoreError> {
        for _ in 0..COMMIT_RESENDS {
            let offer = offer_write(&self.pool, &self.offer, Some(self.revision));
            match self.store.commit(std::iter::once(offer).chain(beside.iter().cloned()).collect()).await {
                Ok(revisions) => {
                    self.revision = revisions[0];
                    self.last_beat = Instant::now();
                    return Ok(Kept::Mine);
                }
                Err(CommitError::Store(error)) => return Err(error),
                Err(CommitError::Conflict { .. } | CommitError::Unknown { .. }) => {}
            }
            let there = read_offer(&*self.store, &self.key).await?;
            if there.as_ref().is_some_and(|(_, revision)| *revision == self.revision) {
                continue;
            }
            if let Some((there, revision)) = &there
                && *there == self.offer
            {
                self.revision = *revision;
                return Ok(Kept::Mine);
            }
            if self.adopt(there) == Kept::Lost {
                return Ok(Kept::Lost);
            }
        }
        Err(StoreError::Failed { doing: "write an offer".to_owned(), cause: "its outcome stays unknown".to_owned() })
    }

    /// Takes over what the driver may write into an offer that is this worker's.
    fn adopt(&mut self, there: Option<(Offer, Revision)>) -> Kept {
        let Some((there, revision)) = there else { return Kept::Lost };
        let Stage::Taken { by, stop: wanted, .. } = there.stage else { return Kept::Lost };
        if by != self.by {
            return Kept::Lost;
        }
        self.revision = revision;
        if let Stage::Taken { stop, .. } = &mut self.offer.stage {
            *stop |= wanted;
        }
        Kept::Mine
    }
}

/// Waits until somebody wrote a key. A store that fails is met by the next beat.
async fn news(store: &dyn Store, key: &Key, after: Revision) {
    match store.watch(&Bucket::engine(), key.as_str(), after).await {
        Ok(_) => {}
        Err(_) => std::future::pending().await,
    }
}

/// Waits until the worker is to stop what it performs, which draining is not.
async fn hurry(stop: &mut watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop >= Stop::Politely).await.is_err() {
        std::future::pending::<()>().await;
    }
}
