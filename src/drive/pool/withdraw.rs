//! What a driver that died had offered is taken back before its run goes on: nothing of it may still be performed.

use super::watched::Watched;
use crate::drive::owner::lease_time;
use crate::drive::{DriveError, Observer};
use crate::name::{Bucket, Key, Name};
use crate::run::RunId;
use crate::store::{CommitError, Offer, Posted, Stage, Store, StoreError, key, offer_write, posted, strike_write};
use std::time::Duration;

/// How often it is looked whether a worker has stopped.
const LOOK: Duration = Duration::from_millis(200);

/// Takes the offers of a run back, whose journal ends at an entry. Whoever performs one is asked to stop, and waited for while
/// it lives.
///
/// # Errors
/// The store failed, or somebody took the run meanwhile: its offers are theirs.
pub(in crate::drive) async fn withdraw(
    store: &dyn Store,
    pool: &Name,
    run: &RunId,
    end: u64,
    observer: &dyn Observer,
) -> Result<(), DriveError> {
    let (engine, prefix) = (Bucket::engine(), key::offers(pool, run));
    let mut watched: Watched<Key, (String, u64)> = Watched::new();
    let mut told = false;
    loop {
        let mut performed = 0;
        let there = store.scan(&engine, &prefix).await?;
        // Asked after they were read, so that none of what is struck out below is of a driver that came since.
        if store.get(&engine, &key::entry(run, end + 1)).await?.is_some() {
            return Err(DriveError::Lost(run.clone()));
        }
        for entry in there {
            let stage = match posted(&store.name(), &entry) {
                Some(Ok(Posted::Offer(offer))) => Some(offer),
                _ => None,
            };
            if let Some(offer) = stage
                && let Stage::Taken { by, beat, session, stop } = &offer.stage
            {
                let stands_still = watched.is_dead(entry.key.clone(), (by.driver.clone(), *beat));
                let dead = crate::drive::lives(by) == Some(false) || stands_still;
                if !dead {
                    performed += 1;
                    if !stop {
                        let (by, beat, session) = (by.clone(), *beat, session.clone());
                        let stage = Stage::Taken { by, beat, session, stop: true };
                        settle(store.commit(vec![offer_write(pool, &Offer { stage, ..*offer }, Some(entry.revision))]).await)?;
                    }
                    continue;
                }
            }
            settle(store.commit(vec![strike_write(&entry.key, entry.revision)]).await)?;
        }
        if performed == 0 {
            return Ok(());
        }
        if !told {
            let most = lease_time().as_secs();
            observer
                .notice(&format!("waits until other workers have stopped what they perform of run `{run}`: {most} s at most"));
            told = true;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What somebody else wrote meanwhile, or may have been written, is looked at again.
fn settle<T>(result: Result<T, CommitError>) -> Result<(), StoreError> {
    match result {
        Ok(_) | Err(CommitError::Conflict { .. } | CommitError::Unknown { .. }) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
    }
}
