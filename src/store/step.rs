//! What one write of a batch does to a key: the rules of [`Op`], once, for every backend that applies batches itself.

use super::{BucketSpec, Op, Revision, StoreError};
use crate::limits::HISTORY_MAX;
use crate::name::{Bucket, Key};

/// The last write of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    /// Its revision; 0 when the key was never written.
    pub(super) revision: Revision,
    /// Whether it left a value (a delete does not).
    pub(super) present: bool,
}

impl Last {
    /// Of a key that was never written.
    pub(super) const NEVER: Self = Self { revision: Revision(0), present: false };
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// Store these bytes.
    Put(&'a [u8]),
    /// Store a delete.
    Remove,
    /// Nothing: it is there already, under this revision.
    Keep(Revision),
    /// Nothing, and the whole batch fails.
    Conflict,
}

/// What an operation does to a key whose last write is `last`. An expected revision is compared with the last write,
/// be it a delete, and revision 0 stands for "never written": what a NATS server does, so that backends agree.
pub(super) fn step(op: &Op, last: Last) -> Step<'_> {
    match op {
        Op::Create(_) if last.present => Step::Conflict,
        Op::Ensure(_) if last.present => Step::Keep(last.revision),
        Op::Update(_, expected) | Op::Delete(expected) if *expected != last.revision => Step::Conflict,
        Op::Create(value) | Op::Ensure(value) | Op::Update(value, _) => Step::Put(value),
        Op::Delete(_) => Step::Remove,
    }
}

/// The error of a write into a bucket that nobody made.
pub(super) fn no_bucket(bucket: &Bucket, key: &Key) -> StoreError {
    StoreError::Failed {
        doing: format!("write `{key}`"),
        cause: format!("there is no bucket `{bucket}`; the next `flow run` of its pipeline makes it"),
    }
}

/// Refuses settings that no backend could have.
pub(super) fn check_spec(spec: &BucketSpec) -> Result<(), StoreError> {
    let cause = if !(1..=HISTORY_MAX).contains(&spec.history) {
        format!("`history` is {}, and a bucket keeps 1 to {HISTORY_MAX} values of a key", spec.history)
    } else if spec.bucket == Bucket::engine() && spec.history != 1 {
        "the engine's own bucket keeps one value of a key".to_owned()
    } else {
        return Ok(());
    };
    Err(StoreError::Failed { doing: format!("make the bucket `{}`", spec.bucket), cause })
}

/// The settings of the engine's own bucket where there are no replicas.
pub(super) fn engine_spec() -> BucketSpec {
    BucketSpec { bucket: Bucket::engine(), replicas: None, history: 1, description: "runs of flow".to_owned() }
}
