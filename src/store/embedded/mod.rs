//! The store in one file: `SQLite` with a write-ahead log, each commit synced to disk before it is acknowledged.
//!
//! Several processes may have it open at once. Two threads own a connection each, so that no runtime is ever blocked:
//! `writer.rs` groups batches that wait into one transaction, `reader.rs` reads and notices what others wrote.
//! `open.rs` makes and opens the file, and never overwrites one that it does not understand; `salvage.rs` reads one that is damaged. Start with `schema.rs`.

mod fault;
mod open;
mod place;
mod reader;
mod salvage;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod watches;
mod writer;

pub(super) use salvage::salvage;
pub use store::Embedded;
