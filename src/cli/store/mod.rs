//! `flow store`: what is in the store, its buckets, and moving all of it.
//!
//! `args.rs` has the commands, a file each; `declared.rs` is what pipelines declare of buckets.

mod apply;
mod args;
pub mod declared;
mod export;
mod import;
mod status;

pub use args::{StoreArgs, command};
