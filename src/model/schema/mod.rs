//! The JSON Schema of pipeline files: what [`parse`](super::parse) accepts, as far as that is a matter of structure.
//!
//! Which keys a table has, and in which order, comes from the reader itself ([`keys`](super::keys())); words, bounds, verbs
//! and what goes with them come from the tables that the reader uses. What is said here is the kind of each value and a
//! sentence about it, which editors show. `tests/it/schema.rs` compares reader and schema.

mod kind;
mod phase;
mod sentence;
mod tables;
mod whole;

pub use sentence::sentence;
pub use whole::schema;
