//! Performs one turn of one attempt: an agent's program, a plain process, a question, a rehearsal.
//!
//! A backend gets a [`Work`](crate::run::Work) that is complete, reports progress through a [`Feed`], and gives an
//! [`Outcome`](crate::run::Outcome). It decides nothing: retries, acceptance and limits are the engine's.

pub mod ask;
pub mod backend;
pub mod capture;
pub mod claude;
pub mod command;
pub mod detect;
pub mod environment;
pub mod failure;
pub mod guard;
pub mod mask;
mod performer;
mod person;
pub mod process;
pub mod rehearse;
pub mod rehearsed;
pub mod reply;
pub mod run;
pub mod secret;
pub mod sweep;
pub mod tree;

pub use backend::{Backend, Channel, Context, Feed, Future};
pub use performer::Performer;
pub use person::{Asked, Person};
pub use sweep::sweep;
