//! A worker: takes runs of its pools and carries them, performs what other workers offer, and lets go when it is asked to.

use super::board::{Board, Post};
use super::offered::Pooled;
use super::task::Taken;
use super::terms::{Terms, Wanted};
use super::waiting::Waiting;
use super::watched::Watched;
use crate::drive::carrier::Carrier;
use crate::drive::{Carried, CarryOptions, DriveError, Known, Services, Stop, home, lives, load};
use crate::limits::{OFFERS, POOL_REFUSED_MS, POOL_SCAN_MS};
use crate::name::{Bucket, Key, Name};
use crate::plan::Plan;
use crate::run::{AttemptId, Claim, Digest, RunId, RunState};
use crate::store::{
    Enlisted, Home, Offer, Refusal, Revision, Stage, Store, StoreError, get_plan, note_refusal, pending, read_head, read_lease,
    strike_write,
};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};

const SCAN: Duration = Duration::from_millis(POOL_SCAN_MS);
const REFUSED: Duration = Duration::from_millis(POOL_REFUSED_MS);

/// A worker of some pools.
pub struct Worker {
    store: Arc<dyn Store>,
    pools: Vec<Name>,
    /// Runs that it carries at once, and attempts that it performs at once.
    capacity: usize,
    terms: Arc<dyn Terms>,
    /// How long it waits for a store that is away or full.
    store_timeout: Option<Duration>,
    home: Home,
    places: Arc<Semaphore>,
    offers: Arc<Semaphore>,
    carried: HashMap<RunId, Carries>,
    plans: HashMap<Digest, Arc<Plan>>,
    leases: Watched<RunId, Revision>,
    /// Runs of which it is not known from here whether their driver lives: they may yet fall to this worker.
    unsure: HashSet<Key>,
    waiting: Waiting,
    /// What cannot be taken now: in which revision, and when it is looked at again.
    later: HashMap<Key, (Revision, Instant)>,
    told: HashSet<(RunId, String)>,
    away: bool,
    tasks: JoinSet<Ended>,
}

/// A run that is carried here: by which task, and what was posted of it.
struct Carries {
    task: tokio::task::Id,
    key: Key,
    revision: Revision,
}

/// Something that this worker did and that has ended.
enum Ended {
    Run { run: RunId, result: Box<Result<Option<Carried>, DriveError>> },
    Offer { key: Key, revision: Revision, run: RunId, attempt: AttemptId, word: String },
}

/// What becomes of a run or an offer that was looked at.
enum Look {
    Taken,
    Later(Duration),
}

impl Worker {
    /// A worker that takes runs of some pools, and carries `capacity` of them and performs as many attempts at once. `root`
    /// is the project's folder; `store_timeout` says how long its runs wait for a store that is away or full.
    pub fn new(
        store: Arc<dyn Store>,
        root: &Path,
        pools: Vec<Name>,
        capacity: usize,
        terms: Arc<dyn Terms>,
        store_timeout: Option<Duration>,
    ) -> Self {
        Self {
            store,
            pools,
            capacity,
            terms,
            store_timeout,
            home: home(root),
            places: Arc::new(Semaphore::new(capacity)),
            offers: Arc::new(Semaphore::new(OFFERS)),
            carried: HashMap::new(),
            plans: HashMap::new(),
            leases: Watched::new(),
            unsure: HashSet::new(),
            waiting: Waiting::default(),
            later: HashMap::new(),
            told: HashSet::new(),
            away: false,
            tasks: JoinSet::new(),
        }
    }

    /// Works until it is asked to stop and has let go of everything; with `until_idle`, until there is nothing for it to do.
    ///
    /// # Errors
    /// When the store cannot be read at the beginning. One that fails later is asked again.
    pub async fn work(mut self, until_idle: bool, mut stop: watch::Receiver<Stop>) -> Result<(), StoreError> {
        let mut board = Board::open(&self.store, &self.pools).await?;
        loop {
            let stopping = *stop.borrow_and_update() != Stop::No;
            let wake = if stopping { SCAN } else { self.look_around(&board, &stop).await };
            if self.tasks.is_empty() && (stopping || (until_idle && !self.away && self.unsure.is_empty())) {
                return Ok(());
            }
            tokio::select! {
                ended = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    match ended {
                        Some(Ok(ended)) => self.ended(ended).await,
                        Some(Err(error)) => self.broke(&error),
                        None => {}
                    }
                }
                () = board.news() => {}
                _ = stop.changed() => {}
                () = tokio::time::sleep(wake) => {}
            }
        }
    }

    /// Takes what there is room for. Gives when to look again.
    async fn look_around(&mut self, board: &Board, stop: &watch::Receiver<Stop>) -> Duration {
        let begun = Instant::now();
        self.later.retain(|key, _| board.runs.contains_key(key) || board.offers.contains_key(key));
        self.unsure.retain(|key| board.runs.contains_key(key));
        self.waiting.keep(|key| board.runs.contains_key(key));
        let looked = match self.take_runs(board, stop).await {
            Ok(()) => self.take_offers(board, stop).await,
            Err(error) => Err(error),
        };
        match looked {
            Ok(()) if self.away => {
                self.away = false;
                self.terms.notice("the store answers again");
            }
            Err(error) if !self.away => {
                self.away = true;
                self.terms.notice(&format!("{error}; trying on"));
            }
            Ok(()) | Err(_) => {}
        }
        // What was due and is still there waits for a place, and that is heard of.
        let ahead = self.later.values().filter_map(|(_, at)| at.checked_duration_since(begun));
        ahead.min().unwrap_or(SCAN).clamp(Duration::from_millis(20), SCAN)
    }

    /// Whether something is to be looked at, as far as is known without asking the store.
    fn is_due(&self, key: &Key, revision: Revision) -> bool {
        self.later.get(key).is_none_or(|(seen, at)| *seen < revision || *at <= Instant::now())
    }

    async fn take_runs(&mut self, board: &Board, stop: &watch::Receiver<Stop>) -> Result<(), StoreError> {
        while self.carried.len() < self.capacity {
            let free = |(key, post): &(&Key, &Post<Enlisted>)| {
                !self.carried.contains_key(&post.what.run) && self.is_due(key, post.revision)
            };
            // Workers that begin at different places of the queue meet less often.
            let first: Vec<_> = board.runs.iter().filter(free).take(self.capacity).collect();
            let Some((key, post)) = first.get(std::process::id() as usize % first.len().max(1)) else { return Ok(()) };
            let ((key, revision), post) = (((*key).clone(), post.revision), (*post).clone());
            let look = match self.consider(&key, &post, stop).await {
                Ok(look) => look,
                Err(error) => self.refuse(&post, of_one(error)?).await,
            };
            if let Look::Later(after) = look {
                self.later.insert(key, (revision, Instant::now() + after));
            }
        }
        Ok(())
    }

    /// Looks at a run, and carries it if it may and nobody else does.
    async fn consider(&mut self, key: &Key, post: &Post<Enlisted>, stop: &watch::Receiver<Stop>) -> Result<Look, DriveError> {
        let run = post.what.run.clone();
        self.unsure.remove(key);
        let Some((head, _)) = read_head(&*self.store, &run).await? else { return Ok(Look::Later(SCAN)) };
        match head.status.as_str() {
            "running" | "interrupted" | "waiting" => {}
            _ => {
                let _ = self.store.commit(vec![strike_write(key, post.revision)]).await;
                return Ok(Look::Later(SCAN));
            }
        }
        let lease = read_lease(&*self.store, &run).await?;
        let before = lease.as_ref().map(|(_, revision)| *revision);
        if let Some((lease, revision)) = lease {
            let alive = lives(&lease.owner);
            // Of a process that lives the driver may have died alone.
            let dead = alive == Some(false) || self.leases.is_dead(run.clone(), revision);
            if !dead {
                if alive.is_none() && !self.leases.has_moved(&run) {
                    self.unsure.insert(key.clone());
                }
                return Ok(Look::Later(SCAN));
            }
        }
        self.leases.forget(&run);
        // Whoever held its question may have died, and an answer lies in the box then. Otherwise who answers rings.
        let waits = head.status == "waiting" && before.is_none() && pending(&*self.store, &run).await?.is_empty();
        if waits && let Some(after) = self.waiting.left_alone(key, head.seq) {
            return Ok(Look::Later(after));
        }
        let known = load(&self.store, &run).await?;
        let Some(plan) = self.plan(known.state.plan()).await? else {
            return Ok(self.refuse(post, format!("its plan {} is not in the store", known.state.plan())).await);
        };
        if waits {
            self.waiting.learn(key.clone(), head.seq, &known, &plan);
            if let Some(after) = self.waiting.left_alone(key, head.seq) {
                return Ok(Look::Later(after));
            }
        }
        let wanted = Wanted::run(&known.state, &plan, post.what.home.clone());
        match self.terms.services(&plan, &wanted) {
            Ok(services) => {
                let services = self.pooled(services, &known.state, &plan, wanted, &post.pool, stop);
                self.carry(key.clone(), post.revision, services, known, before, stop.clone());
                Ok(Look::Taken)
            }
            Err(why) => Ok(self.refuse(post, why).await),
        }
    }

    /// Says why a run is not taken, here and to those who look at it.
    async fn refuse(&mut self, post: &Post<Enlisted>, why: String) -> Look {
        if self.told.insert((post.what.run.clone(), why.clone())) {
            self.terms.notice(&format!("run `{}` is left to others: {why}", post.what.run));
            let refusal = Refusal { by: self.home.clone(), why };
            let _ = note_refusal(&*self.store, &post.pool, &post.what.run, refusal).await;
        }
        Look::Later(REFUSED)
    }

    /// A plan, which is read once.
    async fn plan(&mut self, digest: &Digest) -> Result<Option<Arc<Plan>>, StoreError> {
        if let Some(plan) = self.plans.get(digest) {
            return Ok(Some(plan.clone()));
        }
        let Some(bytes) = get_plan(&*self.store, digest).await? else { return Ok(None) };
        let Ok(plan) = Plan::from_bytes(&bytes).map(Arc::new) else { return Ok(None) };
        self.plans.insert(digest.clone(), plan.clone());
        Ok(Some(plan))
    }

    /// Services that perform with the help of the pool. A rehearsal performs nothing, and needs none.
    fn pooled(
        &self,
        services: Services,
        state: &RunState,
        plan: &Plan,
        wanted: Wanted,
        pool: &Name,
        stop: &watch::Receiver<Stop>,
    ) -> Services {
        if wanted.rehearsal {
            return services;
        }
        let pooled = Pooled {
            local: services.performer,
            store: self.store.clone(),
            pool: pool.clone(),
            places: self.places.clone(),
            offers: self.offers.clone(),
            digest: state.plan().clone(),
            home: self.home.clone(),
            commit: wanted.commit,
            // Once something is offered, an agent of the run may have written already.
            changed: wanted.changed || plan.writes(),
            agents: wanted.agents,
            stop: stop.clone(),
        };
        Services { performer: Arc::new(pooled), ..services }
    }

    fn carry(
        &mut self,
        key: Key,
        revision: Revision,
        services: Services,
        known: Known,
        before: Option<Revision>,
        stop: watch::Receiver<Stop>,
    ) {
        let (run, terms) = (known.state.id().clone(), self.terms.clone());
        let carried = run.clone();
        let options = CarryOptions { store_timeout: self.store_timeout, ..CarryOptions::default() };
        let task = self.tasks.spawn(async move {
            let result = async {
                let observer = terms.observer(&run);
                let carrier = match Carrier::claim_free(&services, known, Claim::default(), before, observer).await {
                    Ok(carrier) => carrier,
                    // Another worker was faster.
                    Err(DriveError::Carried { .. } | DriveError::Lost(_)) => return Ok(None),
                    Err(error) => return Err(error),
                };
                carrier.carry(options, None, stop).await.map(Some)
            };
            let result = result.await;
            Ended::Run { run, result: Box::new(result) }
        });
        self.carried.insert(carried, Carries { task: task.id(), key, revision });
    }

    async fn take_offers(&mut self, board: &Board, stop: &watch::Receiver<Stop>) -> Result<(), StoreError> {
        for (key, post) in &board.offers {
            let offer = &post.what;
            let mine = self.carried.contains_key(&offer.run);
            if mine || offer.stage != Stage::Open || !self.is_due(key, post.revision) {
                continue;
            }
            let Ok(place) = self.places.clone().try_acquire_owned() else { return Ok(()) };
            let look = match self.accept(key, post, stop, place).await {
                Ok(look) => look,
                Err(error) => self.decline(&offer.run, &of_one(error.into())?),
            };
            let after = if let Look::Later(after) = look { after } else { REFUSED };
            self.later.insert(key.clone(), (post.revision, Instant::now() + after));
        }
        Ok(())
    }

    /// Performs an attempt that another worker offers, if it may and nobody else does.
    async fn accept(
        &mut self,
        key: &Key,
        post: &Post<Offer>,
        stop: &watch::Receiver<Stop>,
        place: tokio::sync::OwnedSemaphorePermit,
    ) -> Result<Look, StoreError> {
        let offer = post.what.clone();
        let Some(plan) = self.plan(&offer.plan).await? else { return Ok(Look::Later(REFUSED)) };
        let services = match self.terms.services(&plan, &Wanted::offer(&offer, &plan)) {
            Ok(services) => services,
            Err(why) => return Ok(self.decline(&offer.run, &why)),
        };
        let (run, attempt) = (offer.run.clone(), offer.attempt.clone());
        let Some(taken) = Taken::take(&self.store, &post.pool, key, offer, post.revision).await? else {
            return Ok(Look::Later(SCAN));
        };
        self.terms.helps(&run, &attempt, None);
        let (observer, stop, key, revision) = (self.terms.observer(&run), stop.clone(), key.clone(), post.revision);
        self.tasks.spawn(async move {
            let word = taken.perform(&services, observer, stop).await;
            drop(place);
            Ended::Offer { key, revision, run, attempt, word }
        });
        Ok(Look::Taken)
    }

    /// Says why what a run offers is not performed here.
    fn decline(&mut self, run: &RunId, why: &str) -> Look {
        if self.told.insert((run.clone(), why.to_owned())) {
            self.terms.notice(&format!("what run `{run}` offers is left to others: {why}"));
        }
        Look::Later(REFUSED)
    }

    async fn ended(&mut self, ended: Ended) {
        match ended {
            Ended::Offer { key, revision, run, attempt, word } => {
                self.later.insert(key, (revision, Instant::now() + REFUSED));
                self.terms.helps(&run, &attempt, Some(&word));
            }
            Ended::Run { run, result } => {
                let Some(carries) = self.carried.remove(&run) else { return };
                let word = match &*result {
                    Ok(None) => return self.put_off(carries, SCAN).await,
                    // Its last event was told.
                    Ok(Some(Carried::Ended(_))) => return self.strike(&carries.key).await,
                    Ok(Some(Carried::Waiting(_))) => "waits for an answer".to_owned(),
                    Ok(Some(Carried::Interrupted(_))) => "let go: another worker may take it".to_owned(),
                    Err(error) => error.to_string(),
                };
                self.terms.ended(&run, &word);
                match *result {
                    Ok(_) | Err(DriveError::Lost(_)) => {}
                    Err(error) => self.put_off(carries, if of_one(error).is_ok() { REFUSED } else { SCAN }).await,
                }
            }
        }
    }

    /// Leaves a run alone for a while. What this worker wrote of it itself is no news.
    async fn put_off(&mut self, of: Carries, after: Duration) {
        let there = self.store.get(&Bucket::engine(), &of.key).await.ok().flatten();
        let revision = there.map_or(of.revision, |entry| entry.revision);
        self.later.insert(of.key, (revision, Instant::now() + after));
    }

    /// A task broke off by a defect: its place is free again, and its run is taken again later, here or by another worker.
    fn broke(&mut self, error: &JoinError) {
        let run = self.carried.iter().find(|(_, carries)| carries.task == error.id()).map(|(run, _)| run.clone());
        let Some((run, carries)) = run.and_then(|run| self.carried.remove_entry(&run)) else {
            return self
                .terms
                .notice(&format!("an attempt that was performed here broke off, which is a defect of the program: {error}"));
        };
        self.terms.ended(&run, &format!("broke off, which is a defect of the program: {error}"));
        self.later.insert(carries.key, (carries.revision, Instant::now() + REFUSED));
    }

    /// Takes a run that is over out of the pool. Where that fails, whoever looks at it next does.
    async fn strike(&self, key: &Key) {
        if let Ok(Some(entry)) = self.store.get(&Bucket::engine(), key).await {
            let _ = self.store.commit(vec![strike_write(key, entry.revision)]).await;
        }
    }
}

/// What is wrong with one run or offer, in words. That a store is away or full concerns all of them.
fn of_one(error: DriveError) -> Result<String, StoreError> {
    match error {
        DriveError::Store(error @ (StoreError::Away { .. } | StoreError::Full { .. } | StoreError::Unreachable { .. })) => {
            Err(error)
        }
        error => Ok(error.to_string()),
    }
}
