//! The integration tests: one binary, a module for each part.

mod agent;
mod book;
mod cli;
mod drive;
mod kill;
mod lint;
mod original;
mod peer;
mod plan;
mod scenario;
mod simulate;
mod store;
mod tidy;
