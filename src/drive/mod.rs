//! Carries a run: claims it, decides, commits, performs, and feeds back what happens.
//!
//! An event is durable before anything is done about it. Whatever can be said about a run is in its journal, so a
//! driver may die at any moment: the next one loads the journal, claims the run and asks what should be going on.
//! Start with `carry.rs` (the loop) and `carrier.rs` (commit).

mod again;
mod bucket;
mod carrier;
mod carry;
mod check;
mod claim;
mod clock;
mod error;
mod feed;
mod find;
mod load;
mod outage;
mod owner;
mod pool;
mod request;
mod row;
mod scratch;
mod start;
mod tasks;
mod way;

pub use bucket::{bucket_spec, differences};
pub use carrier::Carrier;
pub use carry::{Carried, CarryOptions, Stop};
pub use clock::now;
pub use error::{DriveError, InTheWay, StartRefusal};
pub use find::{Candidate, candidates};
pub use load::{Known, load, load_plan};
pub use owner::{home, lives};
pub use pool::{Terms, Wanted, Worker};
pub use request::{Requested, request};
pub use start::StartRequest;

use crate::agent::Backend;
use crate::name::Name;
use crate::run::{RunState, Stamped};
use crate::store::{Store, StoreUrl};
use std::path::PathBuf;
use std::sync::Arc;

/// What a driver works with.
#[derive(Clone, Debug)]
pub struct Services {
    /// Where runs are kept.
    pub store: Arc<dyn Store>,
    /// How the user named the store; processes of a phase get it as `FLOW_STORE`.
    pub store_url: StoreUrl,
    /// The project's folder, absolute.
    pub root: PathBuf,
    /// Performs attempts.
    pub performer: Arc<dyn Backend>,
}

/// Sees what happens while it happens. Called after it is durable.
pub trait Observer: Send + Sync {
    /// An event, and the state after the entry that holds it.
    fn event(&self, state: &RunState, event: &Stamped);

    /// The last thing a phase's agent did. Not kept.
    fn progress(&self, phase: &Name, line: &str);

    /// Something that people should know and that is no event.
    fn notice(&self, text: &str);
}
