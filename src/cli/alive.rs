//! Whether somebody carries a run at this moment.

use crate::agent::tree;
use crate::run::{Owner, RunState};
use crate::store::{Store, StoreError, read_lease};
use crate::view::status::Carried;

/// Whether somebody carries a run, as far as it can be known from here.
///
/// # Errors
/// When the store cannot be read.
pub async fn carried(store: &dyn Store, state: &RunState) -> Result<Carried, StoreError> {
    if state.owner.is_none() {
        return Ok(Carried::No);
    }
    Ok(match read_lease(store, state.id()).await? {
        None => Carried::No,
        Some((lease, _)) => lives(&lease.owner),
    })
}

fn lives(owner: &Owner) -> Carried {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    if !tree::CAN_LOOK || boot.ok().is_none_or(|boot| boot.trim() != owner.boot_id) {
        return Carried::Unknown;
    }
    let process = i32::try_from(owner.pid).ok().and_then(tree::look);
    if process.is_some_and(|process| process.started == owner.pid_start) { Carried::Yes } else { Carried::No }
}
