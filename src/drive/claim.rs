//! Taking a run that began earlier. Whether its driver lives is asked of the machine, or watched on our own clock; what
//! keeps two drivers apart is the next journal entry, which only one of them can write.

use super::carrier::{Carrier, Held, views};
use super::clock::Clock;
use super::owner::{home, lease_time, lives, myself};
use super::pool::withdraw;
use super::row::Row;
use super::{DriveError, Known, Observer, Services, load, load_plan, way};
use crate::agent;
use crate::engine::Program;
use crate::failpoint;
use crate::limits::BEAT_MS;
use crate::run::{Claim, Owner, RunId, RunState, Stimulus};
use crate::store::{Enlisted, Home, Journal, Lease, Revision, Write, change, claim_write, enlist_write, read_head, read_lease};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Times that the lease of a driver that has just claimed is looked for.
const LEASE_LOOKS: usize = 10;

impl Carrier {
    /// Takes a run: loads it, makes sure that nobody carries it, stops what a dead driver left, claims it.
    ///
    /// # Errors
    /// Somebody carries it, or it cannot be loaded.
    pub(super) async fn claim(
        services: &Services,
        run: &RunId,
        how: Claim,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, DriveError> {
        let before = free_lease(services, run, how.idle, &*observer).await?;
        let known = load(&services.store, run).await?;
        Self::claim_free(services, known, how, before, observer).await
    }

    /// Takes a run as it was read after its lease was found to be free, at this revision.
    ///
    /// # Errors
    /// Somebody took it since then, or its plan cannot be loaded.
    pub(super) async fn claim_free(
        services: &Services,
        known: Known,
        how: Claim,
        before: Option<Revision>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, DriveError> {
        still_free(services, known.state.id(), &known.state, before).await?;
        Self::take_over(services, known, how, before, observer).await
    }

    /// Takes a run whose lease, if there is one, is free to be taken at this revision.
    ///
    /// # Errors
    /// Somebody else took it, or its plan cannot be loaded.
    pub(super) async fn take_over(
        services: &Services,
        known: Known,
        how: Claim,
        before: Option<Revision>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, DriveError> {
        let run = &known.state.id().clone();
        let plan = load_plan(&services.store, &known.state).await?;
        let program = Arc::new(Program::new(Arc::new(plan)));
        if how.retry && known.state.status.is_over() {
            way::refuse(services, &program.plan, &known.state.started).await?;
        }
        let left_something = known.state.owner.is_some();
        let was_over = known.state.status.is_over();
        let row = read_head(&*services.store, run).await?;
        let pool = row.as_ref().and_then(|(head, _)| head.pool.clone());
        if let Some(pool) = &pool {
            withdraw(&*services.store, pool, run, known.head.seq, &*observer).await?;
        }
        let owner = myself();
        let lease = Lease { owner: owner.clone(), token: known.head.seq + 1, beat: 0 };
        let claim = claim_write(run, &lease, before);
        let mut carrier = Self {
            services: services.clone(),
            views: views(services, &program, &known.state, &*observer).await?,
            program,
            journal: Journal::new(services.store.clone(), run.clone()),
            head: known.head,
            clock: Clock::after(known.state.updated_at),
            state: Held::new(known.state),
            owner: owner.clone(),
            lease,
            lease_revision: Revision(0),
            row: Row::read(row.map(|(_, revision)| revision)),
            pool,
            observer,
        };
        let events = carrier.decide(vec![Stimulus::Claim { owner, how }])?;
        let more = Vec::from_iter(carrier.enlisted_again(was_over, (!how.idle).then(|| home(&services.root))));
        carrier.commit(&events, Some(claim), more).await?;
        // What a driver that died left behind is ended by whoever has its run now, before anything is performed: whoever came
        // too late would end what is not his.
        if left_something {
            failpoint::pass!("sweep.begin");
            sweep(run).await;
            failpoint::pass!("sweep.ended");
        }
        if let Some(pool) = &carrier.pool
            && !how.idle
        {
            let here = home(&services.root);
            change(&*services.store, pool, run, |enlisted| enlisted.home = here.clone()).await?;
        }
        carrier.show(&events);
        Ok(carrier)
    }

    /// Enlists a run with its pool once more that was over and goes on again: it was struck out.
    /// Where nobody knows its home any more, only workers take it for which that does not matter.
    pub(super) fn enlisted_again(&self, was_over: bool, home: Option<Home>) -> Option<Write> {
        let pool = self.pool.as_ref().filter(|_| was_over && !self.state.status.is_over())?;
        let nowhere = Home { host: "an unknown machine".to_owned(), root: "an unknown folder".to_owned() };
        let (run, at, home) = (self.state.id().clone(), self.state.started_at, home.unwrap_or(nowhere));
        enlist_write(pool, &Enlisted { run, at, home, rings: 0, refused: vec![] }).once_more()
    }
}

async fn sweep(run: &RunId) {
    let run = run.clone();
    let _ = tokio::task::spawn_blocking(move || agent::sweep(&run)).await;
}

/// Makes sure that nobody took the run after its lease was read: what is swept of a dead driver would be theirs. Where
/// entry and lease are not written at once, the lease of a driver that lives comes a moment after its entry.
async fn still_free(services: &Services, run: &RunId, state: &RunState, before: Option<Revision>) -> Result<(), DriveError> {
    let carried = |owner: &Owner| DriveError::Carried { run: run.clone(), pid: owner.pid, host: owner.host.clone() };
    for _ in 0..LEASE_LOOKS {
        let lease = read_lease(&*services.store, run).await?;
        if let Some((lease, _)) = lease.as_ref().filter(|(_, revision)| Some(*revision) != before) {
            return Err(carried(&lease.owner));
        }
        let is_new = |owner: &&Owner| lease.as_ref().is_none_or(|(lease, _)| lease.owner != **owner);
        if state.owner.as_ref().filter(is_new).is_none_or(|owner| lives(owner) != Some(true)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(BEAT_MS / 100)).await;
    }
    Ok(())
}

/// The revision of the lease to take over, once nobody holds it. Who is impatient does not wait for a driver that may live
/// on another machine.
async fn free_lease(
    services: &Services,
    run: &RunId,
    impatient: bool,
    observer: &dyn Observer,
) -> Result<Option<Revision>, DriveError> {
    let Some((lease, revision)) = read_lease(&*services.store, run).await? else { return Ok(None) };
    let carried = || DriveError::Carried { run: run.clone(), pid: lease.owner.pid, host: lease.owner.host.clone() };
    match lives(&lease.owner) {
        Some(false) => return Ok(Some(revision)),
        Some(true) => return Err(carried()),
        None if impatient => return Err(carried()),
        None => {}
    }
    observer.notice(&format!(
        "run `{run}` was carried on {}: watching for {} s whether it still is",
        lease.owner.host,
        lease_time().as_secs()
    ));
    let (seen, since) = (revision, Instant::now());
    while since.elapsed() < lease_time() {
        tokio::time::sleep(Duration::from_millis(BEAT_MS / 10)).await;
        match read_lease(&*services.store, run).await? {
            None => return Ok(None),
            Some((_, revision)) if revision != seen => return Err(carried()),
            Some(_) => {}
        }
    }
    Ok(Some(seen))
}
