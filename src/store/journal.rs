//! The journal of a run: numbered entries, each created once, chained by their hashes.
//!
//! Creating entry `n` decides who carries the run: of two writers one fails, and has then lost it. The outcome of a
//! write that is not known is found out by reading back, never guessed. Must never write entry `n + 1` before `n` is
//! known. Read `Journal::append` first, then `Journal::load`; the bytes are made in `codec.rs`.

use super::blob::{blob_writes, get_blob};
use super::codec::{self, Fault, Slot};
use super::{CommitError, Entry, Op, Revision, Store, StoreError, Write, key};
use crate::limits::{COMMIT_RESENDS, ENTRY_BYTES, INLINE_EVENT_BYTES};
use crate::name::{Bucket, Key};
use crate::run::{Digest, RunId, Stamped};
use std::sync::Arc;
use std::time::Duration;

/// The end of a journal, as somebody knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the last entry; 0 before the first.
    pub seq: u64,
    /// Hash of the last entry.
    pub hash: Digest,
}

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEntry {
    /// Its number, from 1. A `Claimed` event in it has this as its fencing token.
    pub seq: u64,
    /// Who wrote it.
    pub nonce: String,
    /// What happened, in order.
    pub events: Vec<Stamped>,
}

/// What was read of a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The entries, in order. None for a run that never began.
    pub entries: Vec<JournalEntry>,
    /// Where the next entry goes.
    pub head: Head,
}

impl Loaded {
    /// All events in order, each with the number of its entry.
    pub fn events(&self) -> impl Iterator<Item = (u64, &Stamped)> {
        self.entries.iter().flat_map(|entry| entry.events.iter().map(move |event| (entry.seq, event)))
    }
}

/// What an append gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The new end.
    pub head: Head,
    /// The revisions of the further writes, in their order; `None` when the outcome had to be read back: read them.
    pub revisions: Option<Vec<Revision>>,
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Entry `seq` is somebody else's (or an earlier write of our own, when the nonce is ours): the run is carried by
    /// another. Load the journal again before anything else.
    #[error("entry {seq} of the journal was written by another driver: this one no longer carries the run")]
    Fenced {
        /// The number that was taken.
        seq: u64,
        /// Who has it.
        nonce: Option<String>,
    },
    /// One of the further writes met a newer value. Read that key, make the write anew, and append again.
    #[error("{key} was written by somebody else")]
    Conflict {
        /// Index in the further writes.
        index: usize,
        /// The key.
        key: Key,
    },
    /// The store failed, and the entry may or may not be there: load the journal again before anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The journal of one run.
#[derive(Clone, Debug)]
pub struct Journal {
    store: Arc<dyn Store>,
    run: RunId,
}

/// Entries that are ready to be written.
struct Packed {
    entries: Vec<Write>,
    blobs: Vec<Write>,
    head: Head,
}

impl Journal {
    /// Of a run, which need not have begun.
    pub fn new(store: Arc<dyn Store>, run: RunId) -> Self {
        Self { store, run }
    }

    /// The run.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The store it is in.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The end of a journal without entries.
    pub fn start(&self) -> Head {
        Head { seq: 0, hash: codec::genesis(&self.run) }
    }

    /// Reads and checks all of it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] names the entry and says what can be saved; [`StoreError::Newer`] when a later program
    /// carried the run.
    pub async fn load(&self) -> Result<Loaded, StoreError> {
        let (loaded, fault) = self.salvage().await?;
        fault.map_or(Ok(loaded), Err)
    }

    /// Reads what is whole from the beginning, and says what is wrong with the first entry that is not.
    pub async fn salvage(&self) -> Result<(Loaded, Option<StoreError>), StoreError> {
        let stored = self.store.scan(&Bucket::engine(), &key::entries(&self.run)).await?;
        let mut loaded = Loaded { entries: Vec::with_capacity(stored.len()), head: self.start() };
        for entry in stored {
            match self.read_entry(&loaded.head, &entry).await {
                Ok((read, head)) => {
                    loaded.entries.push(read);
                    loaded.head = head;
                }
                Err(error) => return Ok((loaded, Some(error))),
            }
        }
        Ok((loaded, None))
    }

    /// Reads the entries after a known end: for those who follow a run.
    pub async fn since(&self, head: &Head) -> Result<Loaded, StoreError> {
        let mut loaded = Loaded { entries: Vec::new(), head: head.clone() };
        while let Some(entry) = self.store.get(&Bucket::engine(), &key::entry(&self.run, loaded.head.seq + 1)).await? {
            let (read, head) = self.read_entry(&loaded.head, &entry).await?;
            loaded.entries.push(read);
            loaded.head = head;
        }
        Ok(loaded)
    }

    /// Appends events, and with them `more` (documents, lease, consumed requests, a cycle number), all or nothing.
    /// Calling it again with the same arguments after an unknown outcome is safe.
    ///
    /// Must be given at least one event. When the future is dropped, the entry may or may not be there.
    pub async fn append(&self, head: &Head, nonce: &str, events: &[Stamped], more: Vec<Write>) -> Result<Appended, AppendError> {
        assert!(!events.is_empty(), "an entry has at least one event");
        let packed = self.pack(head, nonce, events)?;
        let (entries, blobs) = (packed.entries.len(), packed.blobs.len());
        let batch: Vec<Write> = packed.entries.into_iter().chain(packed.blobs).chain(more).collect();
        let mut last = String::new();
        // Entries that were found to be there: of a store that writes one by one, the first of a wide append may be alone.
        let mut there = 0;
        for turn in 0..COMMIT_RESENDS {
            pause(turn).await;
            let todo = if there == 0 { batch.clone() } else { batch[there..entries + blobs].to_vec() };
            match self.store.commit(todo).await {
                Ok(revisions) => {
                    let revisions = (there == 0).then(|| revisions.into_iter().skip(entries + blobs).collect());
                    return Ok(Appended { head: packed.head, revisions });
                }
                Err(CommitError::Conflict { index, key }) if there + index >= entries + blobs => {
                    return Err(AppendError::Conflict { index: index - entries - blobs, key });
                }
                Err(CommitError::Conflict { index, .. }) => {
                    let index = there + index;
                    let Some(found) = self.read_back(&batch[index]).await? else { continue };
                    return Self::judge(&batch[index], found, head.seq + 1 + index as u64, packed.head);
                }
                Err(CommitError::Unknown { cause, .. }) => {
                    last = cause;
                    // What is not there goes out once more, and can only become the same entries.
                    while let Some(found) = self.read_back(&batch[there]).await? {
                        let judged = Self::judge(&batch[there], found, head.seq + 1 + there as u64, packed.head.clone())?;
                        there += 1;
                        if there == entries {
                            return Ok(judged);
                        }
                    }
                }
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        let cause = format!("{COMMIT_RESENDS} times it was not known whether it was written ({last})");
        Err(AppendError::Store(never_known(&*self.store, format!("append to the journal of `{}`", self.run), &cause)))
    }

    async fn read_back(&self, write: &Write) -> Result<Option<Entry>, StoreError> {
        self.store.get(&write.bucket, &write.key).await
    }

    /// Whose entry is it that is there? The same bytes are ours, whenever they were written.
    fn judge(write: &Write, there: Entry, seq: u64, head: Head) -> Result<Appended, AppendError> {
        if let (Op::Create(mine), Some(theirs)) = (&write.op, &there.value)
            && mine == theirs
        {
            return Ok(Appended { head, revisions: None });
        }
        let nonce = there.value.and_then(|text| codec::decode(&text).ok()).map(|entry| entry.nonce);
        Err(AppendError::Fenced { seq, nonce })
    }

    /// Events as entries that each fit one message, big events as blobs.
    fn pack(&self, head: &Head, nonce: &str, events: &[Stamped]) -> Result<Packed, StoreError> {
        let mut packed = Packed { entries: Vec::new(), blobs: Vec::new(), head: head.clone() };
        let mut waiting: Vec<Vec<u8>> = Vec::new();
        let mut size = 0;
        for stamped in events {
            let mut text = codec::inline(stamped)?;
            if text.len() > INLINE_EVENT_BYTES {
                let whole = codec::whole(&stamped.event)?;
                let (digest, writes) = blob_writes(&whole);
                packed.blobs.extend(writes);
                text = codec::stub(stamped.at, digest, whole.len())?;
            }
            if size + text.len() > ENTRY_BYTES - ENTRY_FRAME && !waiting.is_empty() {
                self.close(&mut packed, nonce, &std::mem::take(&mut waiting));
                size = 0;
            }
            size += text.len() + 1;
            waiting.push(text);
        }
        self.close(&mut packed, nonce, &waiting);
        Ok(packed)
    }

    fn close(&self, packed: &mut Packed, nonce: &str, events: &[Vec<u8>]) {
        let seq = packed.head.seq + 1;
        let (text, hash) = codec::encode(seq, nonce, &packed.head.hash, events);
        packed.entries.push(Write { bucket: Bucket::engine(), key: key::entry(&self.run, seq), op: Op::Create(text) });
        packed.head = Head { seq, hash };
    }

    /// Checks an entry against the one before, and fetches what it keeps in blobs.
    async fn read_entry(&self, before: &Head, entry: &Entry) -> Result<(JournalEntry, Head), StoreError> {
        let seq = before.seq + 1;
        let expected = key::entry(&self.run, seq);
        if entry.key != expected {
            return Err(Self::damaged(&expected, before, "it is missing, and later entries are there"));
        }
        let decoded = codec::decode(entry.value.as_deref().unwrap_or_default()).map_err(|fault| match fault {
            Fault::Newer(found) => StoreError::Newer { store: self.store.name(), found, known: crate::run::FORMAT },
            Fault::Bad(why) => Self::damaged(&expected, before, &why),
        })?;
        if decoded.n != seq {
            return Err(Self::damaged(&expected, before, &format!("it says that it is entry {}", decoded.n)));
        }
        if decoded.prev != before.hash {
            return Err(Self::damaged(&expected, before, "it does not follow the entry before it"));
        }
        let mut events = Vec::with_capacity(decoded.events.len());
        for slot in decoded.events {
            events.push(self.resolve(slot).await?.ok_or_else(|| Self::damaged(&expected, before, "an event of it is missing"))?);
        }
        Ok((JournalEntry { seq, nonce: decoded.nonce, events }, Head { seq, hash: decoded.hash }))
    }

    async fn resolve(&self, slot: Slot) -> Result<Option<Stamped>, StoreError> {
        let at = slot.at;
        if let Some(event) = slot.event {
            return Ok(Some(Stamped { at, event }));
        }
        let Some(stub) = slot.blob else { return Ok(None) };
        let Some(text) = get_blob(&*self.store, &stub.digest).await? else { return Ok(None) };
        let damaged = |cause| StoreError::Damaged { key: format!("`{}`", key::blob(&stub.digest)), cause };
        let event = codec::decode_event(&text).map_err(damaged)?;
        Ok(Some(Stamped { at, event }))
    }

    fn damaged(key: &Key, before: &Head, why: &str) -> StoreError {
        let rest = match before.seq {
            0 => "no entry before it".to_owned(),
            1 => "entry 1 is whole".to_owned(),
            last => format!("entries 1 to {last} are whole"),
        };
        StoreError::Damaged {
            key: format!("`{key}`"),
            cause: format!(
                "{why}; {rest}. Nothing was changed: bring back a copy of the store from before, or save what there is with `flow \
                 store export` and start the run anew"
            ),
        }
    }
}

/// What an entry needs besides its events: far more than its fields take.
const ENTRY_FRAME: usize = 1 << 10;

/// Commits writes that cannot conflict, again while the outcome is not known.
pub(super) async fn settle(store: &dyn Store, batch: Vec<Write>) -> Result<(), StoreError> {
    let mut last = String::new();
    for turn in 0..COMMIT_RESENDS {
        pause(turn).await;
        match store.commit(batch.clone()).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Store(error)) => return Err(error),
            Err(error) => last = error.to_string(),
        }
    }
    Err(never_known(store, "write".to_owned(), &last))
}

/// Before a write is sent again, the store gets a moment; longer each time, some seconds in all.
async fn pause(turn: usize) {
    if turn > 0 {
        tokio::time::sleep(Duration::from_millis(10 << turn)).await;
    }
}

/// A write was sent again and again, and its outcome was never known.
fn never_known(store: &dyn Store, doing: String, cause: &str) -> StoreError {
    if store.is_elsewhere() {
        return StoreError::Away { store: store.name(), cause: format!("{cause} (to {doing})") };
    }
    StoreError::Failed { doing, cause: format!("{cause}; see to the disk, and go on with `flow run --continue`") }
}
