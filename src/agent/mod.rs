//! Performs one turn of one attempt: an agent's program, a plain process, a question, a rehearsal.
//!
//! A backend gets a [`Work`](crate::run::Work) that is complete, reports progress through a [`Feed`], and gives an
//! [`Outcome`](crate::run::Outcome). It decides nothing: retries, acceptance and limits are the engine's.

pub mod backend;
pub mod guard;
mod person;
pub mod process;
pub mod sweep;
pub mod tree;

pub use backend::{Backend, Context, Feed, Future};
pub use person::{Asked, Person};
pub use sweep::sweep;
