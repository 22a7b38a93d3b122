//! The store on a NATS server or cluster: each bucket is a JetStream key-value bucket that any client reads.
//!
//! JetStream is spoken as the JSON it is, over the client's plain requests: settings that this program does not know
//! survive a change, and every read is answered by the leader of its stream. Still no read decides anything, since a
//! leader that was paused may answer with what is old: only the write that expects a revision does.
//! Read `batch.rs` (what a batch comes to), then `commit.rs` (how it is written).

mod api;
mod batch;
mod bucket;
mod commit;
mod denied;
mod facts;
mod open;
mod read;
mod refusal;
mod sign;
mod store;
mod watch;

pub use store::Nats;
