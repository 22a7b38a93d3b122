//! Keys and values with revisions, and the journal on top of them.
//!
//! [`Store`] is small so that its backends cannot drift apart; all meaning (journal, series, leases, requests, blobs,
//! documents) stands above it, once. Start with `kv.rs` (the trait), then `journal.rs`.

pub mod address;
mod blob;
mod codec;
mod document;
mod embedded;
mod export;
mod facts;
mod import;
mod journal;
pub mod key;
pub mod kv;
mod lease;
mod line;
mod mail;
mod memory;
#[cfg(feature = "nats")]
mod nats;
mod open;
mod pool;
mod runs;
mod series;
mod step;
mod url;

pub use blob::{Contents, blob_writes, check_contents, get_blob, get_plan, put_blob, put_plan};
pub use codec::read_deep;
pub use document::{Document, read_document};
pub use embedded::Embedded;
pub use export::{Exported, export, salvage};
pub use facts::{BucketFacts, CopyFacts, Facts};
pub use import::{Cut, Import, ImportError, Partial, Tally, WasCarried};
pub use journal::{AppendError, Appended, Head, Journal, JournalEntry, Loaded};
pub use kv::{BucketSpec, CommitError, Entry, Future, Op, Revision, Store, StoreError, Write};
pub use lease::{Lease, beat, claim_write, read_lease, release_write};
pub use mail::{Mail, Request, consumed_write, pending, post};
pub use memory::Memory;
#[cfg(feature = "nats")]
pub use nats::Nats;
pub use open::{STORE_FORMS, file_of, is_forgotten, open_store};
pub use pool::{
    Enlisted, Home, Offer, Posted, Refusal, Stage, change, enlist_write, enlisted, note_refusal, offer_write, posted, read_offer,
    ring, strike_write,
};
pub use runs::{RunHead, head_write, list_runs, read_head};
pub use series::{Cycle, all_cycles, cycle_write, cycles, next_cycle};
pub use url::StoreUrl;
