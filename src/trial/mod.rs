//! A pipeline's own tests, without agents, stores or clocks: the engine decides, stubs answer, time is virtual.
//!
//! [`run`] plays one test; [`Coverage`](crate::engine::Coverage) of all of them says which guards were never seen both
//! ways. Start with `play.rs`.

mod guards;
mod play;
mod world;

pub use guards::{GuardPlace, unseen};
pub use play::{Outcome, Prepared, run};
pub use world::World;
