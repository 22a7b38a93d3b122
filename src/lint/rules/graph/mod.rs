//! Phases and how they hang together, as far as the graph itself does not tell.

pub mod impossible_join;
pub mod unknown_phase;
