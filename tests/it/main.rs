//! The integration tests: one binary, a module for each part.
#![allow(clippy::pedantic, reason = "a test compares floats and casts small numbers, and that is fine")]

mod agent;
#[cfg(feature = "nats")]
mod away;
mod book;
#[cfg(feature = "nats")]
mod chaos;
mod cli;
mod crash;
mod damage;
mod drive;
mod format;
mod fuzz;
mod jq;
mod kill;
mod lint;
#[cfg(feature = "lsp")]
mod lsp;
#[cfg(feature = "nats")]
mod nats;
mod original;
mod peer;
mod plan;
mod pool;
mod rules;
mod scenario;
mod schema;
mod secrets;
mod shipped;
mod simulate;
mod store;
mod tidy;
