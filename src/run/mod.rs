//! The vocabulary of a run: what can happen ([`Event`]), what is known ([`RunState`]), what should be going on
//! ([`Action`]) and what the world reports ([`Stimulus`]).
//!
//! State changes only through [`RunState::apply`], which copies facts and never evaluates anything, so that a journal
//! gives the same state under every later version of the program. Start with `event.rs`, then `state.rs`.

mod agent;
mod apply;
mod document;
mod error;
mod event;
mod id;
mod state;
mod stimulus;
mod work;

pub use agent::{Access, AgentSpec, BackendKind};
pub use error::{ErrorClass, RunError};
pub use event::{
    AgentReport, Event, FinalStatus, Guard, LimitsRaised, Question, Stamped, Started, StartedFile, Usage, WorldCheck, WorldResult,
};
pub use id::{AttemptId, Digest, Owner, RequestId, RunId, Time};
pub use state::{Attempt, AttemptStage, Illegal, LoopState, PhaseState, PhaseStatus, RunState, RunStatus};
pub use stimulus::{Action, Claim, Outcome, Reply, Stimulus};
pub use work::{AgentWork, AskWork, EnvValue, Parse, ProcessWork, Program, SecretRef, Task, Work};

/// The version of stored events and entries. A store with a newer one is refused with the version that reads it.
pub const FORMAT: u32 = 1;
