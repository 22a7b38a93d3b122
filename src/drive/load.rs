//! What the store knows of a run.

use super::DriveError;
use crate::plan::Plan;
use crate::run::{RunId, RunState, Stamped};
use crate::store::{Head, Journal, Store, get_plan};
use std::sync::Arc;

/// A run as its journal tells it.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its state.
    pub state: RunState,
    /// All events, in order.
    pub events: Vec<Stamped>,
    /// The end of its journal.
    pub head: Head,
    /// The driver that wrote the last entry.
    pub writer: String,
}

/// Reads and checks the journal of a run.
///
/// # Errors
/// There is none, it is damaged, or it was written by a newer version.
pub async fn load(store: &Arc<dyn Store>, run: &RunId) -> Result<Known, DriveError> {
    let loaded = Journal::new(store.clone(), run.clone()).load().await?;
    let Some(last) = loaded.entries.last() else { return Err(DriveError::NoRun(run.clone(), store.name())) };
    let writer = last.nonce.clone();
    let head = loaded.head.clone();
    let events: Vec<Stamped> = loaded.events().map(|(_, event)| event.clone()).collect();
    let replayed = RunState::replay(events.iter().cloned());
    let state = replayed.map_err(|illegal| DriveError::Illegal { run: run.clone(), illegal })?;
    let state = state.ok_or_else(|| DriveError::NeverBegan(run.clone()))?;
    Ok(Known { state, events, head, writer })
}

/// The plan that governs a run.
///
/// # Errors
/// It is not there, or not of this version.
pub async fn load_plan(store: &Arc<dyn Store>, state: &RunState) -> Result<Plan, DriveError> {
    let run = state.id().clone();
    let bytes = get_plan(&**store, state.plan()).await?;
    let bytes = bytes.ok_or_else(|| DriveError::NoPlan { run: run.clone(), digest: state.plan().to_string() })?;
    Plan::from_bytes(&bytes).map_err(|error| DriveError::BadPlan { run, cause: error.to_string() })
}
