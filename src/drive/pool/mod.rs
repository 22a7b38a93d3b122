//! Many machines: workers of a pool carry its runs, and perform attempts that another worker has no room for.
//!
//! The pool's keys are queue and doorbell (`store/pool.rs`). Nothing rests on them: a run is carried by whoever writes its
//! next journal entry, an offered attempt belongs to whoever wrote its offer last, and the driver alone journals what came
//! of it. Start with `worker.rs` (the loop of a worker), then `offered.rs` (the driver's side) and `task.rs` (the other's).

mod board;
mod offered;
mod task;
mod terms;
mod waiting;
mod watched;
mod withdraw;
mod worker;

pub use terms::{Terms, Wanted};
pub use worker::Worker;

pub(super) use withdraw::withdraw;
