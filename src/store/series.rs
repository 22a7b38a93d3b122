//! Cycle numbers of a series: each number belongs to one run, whoever creates it first.
//!
//! The write goes into the batch of the run's first entry, so that number and run begin together.

use super::{Op, Store, StoreError, Write, codec, key};
use crate::name::Bucket;
use crate::run::{RunId, Time};
use serde::{Deserialize, Serialize};

/// Who has a cycle number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// The run.
    pub run: RunId,
    /// Name of its pipeline.
    pub pipeline: String,
    /// The series, as it was rendered.
    pub series: String,
    /// The number, from 1.
    pub cycle: u64,
    /// Whether no real agent works in it.
    pub rehearsal: bool,
    /// When the number was taken.
    pub at: Time,
}

/// The cycles of a series by number, oldest first.
pub async fn cycles(store: &dyn Store, series: &str) -> Result<Vec<Cycle>, StoreError> {
    read(store, &key::series(series)).await
}

/// The cycles of all series.
pub async fn all_cycles(store: &dyn Store) -> Result<Vec<Cycle>, StoreError> {
    read(store, key::SERIES).await
}

async fn read(store: &dyn Store, prefix: &str) -> Result<Vec<Cycle>, StoreError> {
    let stored = store.scan(&Bucket::engine(), prefix).await?;
    stored.iter().map(|entry| codec::from_entry(&store.name(), entry)).collect()
}

/// The number after the last of a series.
pub fn next_cycle(cycles: &[Cycle]) -> u64 {
    cycles.iter().map(|cycle| cycle.cycle).max().unwrap_or(0) + 1
}

/// Takes a number; conflicts when another run has it.
pub fn cycle_write(cycle: &Cycle) -> Write {
    Write { bucket: Bucket::engine(), key: key::cycle(&cycle.series, cycle.cycle), op: Op::Create(codec::to_bytes(cycle)) }
}
