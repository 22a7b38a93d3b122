//! Decides what happens next, purely: a plan, a state and a stimulus in, events out.
//!
//! [`decide`] is the only place where guards, checks and templates of a run are evaluated; what they gave stands in the
//! events. [`actions`] derives from a state what should be going on in the world. Start with `decide.rs`; each kind of
//! decision has its file beside it.

mod accept;
mod actions;
mod attempt;
mod context;
mod crash;
mod decide;
mod document;
mod ending;
mod eval;
mod finish;
mod program;
mod question;
mod ready;
mod repeat;
mod retry;
mod start;
mod turn;

pub use actions::actions;
pub use context::phase_view;
pub use decide::decide;
pub use document::{DocumentError, document_view};
pub use eval::Problem;
pub use program::{Coverage, Program, Seen};
pub use start::{StartError, check_before_start, document_keys, series_key, variables};
