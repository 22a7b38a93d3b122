//! Why a run cannot be started or carried on.

use crate::engine::StartError;
use crate::run::{Illegal, RunId};
use crate::store::StoreError;

/// Why a run cannot be carried.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such run.
    #[error("there is no run `{0}` in {1}")]
    NoRun(RunId, String),
    /// The run's number was taken, and it never began.
    #[error("run `{0}` never began: its start was interrupted")]
    NeverBegan(RunId),
    /// Another driver carries it.
    #[error("run `{run}` is carried by process {pid} on {host}")]
    Carried {
        /// The run.
        run: RunId,
        /// The process.
        pid: u32,
        /// Its machine.
        host: String,
    },
    /// Its beat was not acknowledged for too long: another driver may take it.
    #[error("no beat of run `{run}` was acknowledged for {s} s: its agents were stopped")]
    Fenced {
        /// The run.
        run: RunId,
        /// For how many seconds.
        s: u64,
    },
    /// The driver was asked to stop while the store was away: nothing more could be written.
    #[error("run `{0}` was stopped while the store was away")]
    Stopped(RunId),
    /// Another driver took it over while this one carried it.
    #[error("another driver took run `{0}` over: this one stops")]
    Lost(RunId),
    /// It was over, and another run of its series is not.
    #[error("another run is in the way: {0}")]
    InTheWay(InTheWay),
    /// Its plan is not in the store.
    #[error("the plan {digest} of run `{run}` is not in the store")]
    NoPlan {
        /// The run.
        run: RunId,
        /// The plan's digest.
        digest: String,
    },
    /// Its plan is of a later version.
    #[error("the plan of run `{run}` cannot be read by this version: {cause}")]
    BadPlan {
        /// The run.
        run: RunId,
        /// Where it does not fit.
        cause: String,
    },
    /// An event or stimulus did not fit: a defect of the program, or a journal that it did not write.
    #[error("run `{run}`: {illegal}")]
    Illegal {
        /// The run.
        run: RunId,
        /// What did not fit.
        illegal: Illegal,
    },
    /// Nothing is under way and nothing can start: a defect of the program.
    #[error("run `{run}` is stuck: {what}")]
    Stuck {
        /// The run.
        run: RunId,
        /// The unsettled phases.
        what: String,
    },
    /// The project's folder is not there any more.
    #[error("the folder {0} is not there any more; `flow resume` from where the project is now")]
    NoFolder(String),
    /// The folder that attempts write their streams to cannot be made.
    #[error(
        "the folder {folder} cannot be made: {error}; make room for it, or it writable, and go on with `flow run --continue`"
    )]
    Scratch {
        /// Which.
        folder: String,
        /// Why.
        error: std::io::Error,
    },
}

/// Why a run does not start. Nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum StartRefusal {
    /// A variable, check or key says no.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A run of the same series is in the way.
    #[error("{0}")]
    InTheWay(InTheWay),
    /// The store or the journal.
    #[error(transparent)]
    Drive(#[from] DriveError),
}

/// A run that is in the way of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InTheWay {
    /// The run.
    pub run: RunId,
    /// The series that both belong to.
    pub series: String,
    /// Its number.
    pub cycle: u64,
    /// The word of its document.
    pub status: String,
}

impl std::fmt::Display for InTheWay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cycle {} of `{}` is {} (run `{}`)", self.cycle, self.series, self.status, self.run)
    }
}

impl From<StoreError> for StartRefusal {
    fn from(error: StoreError) -> Self {
        Self::Drive(error.into())
    }
}
