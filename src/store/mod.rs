//! Keys and values with revisions, and the journal on top of them.
//!
//! [`Store`] is small so that its backends cannot drift apart; all meaning (journal, series, leases, requests, blobs,
//! documents) stands above it, once. Start with `kv.rs` (the trait), then `journal.rs`.

mod embedded;
pub mod kv;
mod memory;
mod step;

pub use embedded::Embedded;
pub use memory::Memory;

pub use kv::{BucketSpec, CommitError, Entry, Future, Op, Revision, Store, StoreError, Write};
