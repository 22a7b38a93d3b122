//! Read models of what is stored: what a person asks of a run, answered from its events, its state and its plan.
//!
//! Nothing here writes or prints; texts are plain, and whoever prints them takes care of colour and of control
//! characters. Start with `timeline.rs` (one line an event).

pub mod graph;
pub mod list;
pub mod powers;
pub mod status;
pub mod timeline;
pub mod why;
pub mod words;
