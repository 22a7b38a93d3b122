//! What ends the carrying of a run whose store is away, and how the run is taken up again when the store is back.
//!
//! A driver whose beat is not acknowledged stops its agents before others may take the run: nobody can tell it from one
//! that is gone. Afterwards the journal says whether somebody did take it.

use super::carrier::Carrier;
use super::carry::Stop;
use super::{DriveError, Observer, Services, load};
use crate::failpoint;
use crate::limits::{COMMIT_RESENDS, NATS_ANSWER_MS, SELF_FENCE_MS};
use crate::run::{Claim, RunId};
use crate::store::read_lease;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Waits until nobody has acknowledged a beat for too long, and gives for how many seconds.
pub(super) async fn unbeaten(mut beats: watch::Receiver<Instant>) -> u64 {
    let limit = failpoint::span!("FLOW_FENCE_MS", SELF_FENCE_MS);
    let answer = Duration::from_millis(NATS_ANSWER_MS);
    loop {
        let last = *beats.borrow_and_update();
        let end = last + limit;
        tokio::select! {
            changed = beats.changed() => if changed.is_err() { std::future::pending::<()>().await },
            () = tokio::time::sleep_until(end.into()) => {
                // A process that was stopped for a while comes here late, with its beat just under way: whether the run is
                // still its own is about to be known.
                let late = end.elapsed() > answer / 2;
                if late && matches!(tokio::time::timeout(answer, beats.changed()).await, Ok(Ok(()))) {
                    continue;
                }
                return last.elapsed().as_secs();
            }
        }
    }
}

/// Waits until the driver is asked to stop while it waits for the store, or is asked to stop at once and then waits.
pub(super) async fn stopped(mut stop: watch::Receiver<Stop>, mut waits: watch::Receiver<bool>) {
    loop {
        if *stop.borrow_and_update() >= Stop::Politely && *waits.borrow_and_update() {
            return;
        }
        let changed = tokio::select! {
            changed = stop.changed() => changed,
            changed = waits.changed() => changed,
        };
        if changed.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Carrier {
    /// Takes a run again that drivers of this process carried before, unless somebody else took it meanwhile.
    pub(super) async fn again(
        services: &Services,
        run: &RunId,
        drivers: &mut Vec<String>,
        observer: &Arc<dyn Observer>,
    ) -> Result<Self, DriveError> {
        let mut tries = 0;
        loop {
            // The lease before the journal: one that somebody wrote afterwards has another revision.
            let before = read_lease(&*services.store, run).await?.map(|(_, revision)| revision);
            let known = load(&services.store, run).await?;
            if !drivers.contains(&known.writer) {
                return Err(DriveError::Lost(run.clone()));
            }
            match Self::take_over(services, known, Claim::default(), before, observer.clone()).await {
                Ok(carrier) => {
                    drivers.push(carrier.owner.driver.clone());
                    return Ok(carrier);
                }
                // It may be a write of our own that was on its way for long, and came now.
                Err(DriveError::Lost(_)) if tries < COMMIT_RESENDS => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }
}
