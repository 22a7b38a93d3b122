//! Whether somebody carries a run at this moment.

use super::go::resume;
use super::out::Out;
use crate::drive::lives;
use crate::name::Name;
use crate::run::{RunId, RunState, RunStatus};
use crate::store::{RunHead, Store, StoreError, read_head, read_lease};
use crate::view::status::{Carried, NOBODY};

/// Whether somebody carries a run, as far as it can be known from here.
///
/// # Errors
/// When the store cannot be read.
pub async fn carried(store: &dyn Store, state: &RunState) -> Result<Carried, StoreError> {
    let carried = if state.owner.is_some() { lease(store, state.id()).await? } else { Carried::No };
    if carried != Carried::No || state.status.is_over() {
        return Ok(carried);
    }
    Ok(if pool(store, state.id()).await?.is_some() { Carried::Queued } else { Carried::No })
}

/// The pool whose workers carry a run, if it was submitted to one.
///
/// # Errors
/// When the store cannot be read.
pub async fn pool(store: &dyn Store, run: &RunId) -> Result<Option<Name>, StoreError> {
    Ok(read_head(store, run).await?.and_then(|(head, _)| head.pool))
}

/// The same by the row of a run, and its lease.
///
/// # Errors
/// When the store cannot be read.
pub async fn by_row(store: &dyn Store, head: &RunHead) -> Result<Carried, StoreError> {
    let carried = lease(store, &head.id).await?;
    Ok(if carried == Carried::No && head.pool.is_some() { Carried::Queued } else { carried })
}

async fn lease(store: &dyn Store, run: &RunId) -> Result<Carried, StoreError> {
    Ok(match read_lease(store, run).await? {
        None => Carried::No,
        Some((lease, _)) => match lives(&lease.owner) {
            Some(true) => Carried::Yes,
            Some(false) => Carried::No,
            None => Carried::Unknown,
        },
    })
}

/// What there is to say of a run that should go on and does not.
pub fn standstill(state: &RunState, carried: Carried) -> Option<&'static str> {
    (state.status == RunStatus::Running && carried == Carried::No).then_some(NOBODY)
}

/// Says so, and how it goes on.
pub fn tell(run: &RunId, standstill: &str, out: Out) {
    out.note(&format!("{standstill}; `{}` goes on with it", resume(run)));
}
