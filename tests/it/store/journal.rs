//! The journal: what it refuses, what it finds out, what it notices.

use super::Site;
use flow::limits::{ENTRY_BYTES, INLINE_EVENT_BYTES};
use flow::name::{Bucket, Key, Name};
use flow::run::{Event, RunId, Stamped, Time};
use flow::store::{
    AppendError, BucketSpec, CommitError, Entry, Facts, Future, Head, Journal, Memory, Op, Revision, Store, StoreError, Write,
    key, put_blob,
};
use flow::value::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

fn run_id() -> RunId {
    RunId::parse("01J9ZQ4YV6T1N2M3P4Q5R6S7T8").unwrap()
}

fn noted(n: u64, note: Value) -> Stamped {
    Stamped { at: Time(1_790_000_000_000 + n), event: Event::Noted { phase: Name::new("plan").unwrap(), note, request: None } }
}

fn small(n: u64) -> Stamped {
    noted(n, Value::int(n))
}

fn journal(store: &Arc<dyn Store>) -> Journal {
    Journal::new(Arc::clone(store), run_id())
}

fn document(name: &str, op: Op) -> Write {
    Write { bucket: Bucket::engine(), key: Key::new(name).unwrap(), op }
}

/// A journal of `count` entries of one event each.
async fn written(store: &Arc<dyn Store>, count: u64) -> Head {
    let journal = journal(store);
    let mut head = journal.start();
    for n in 1..=count {
        head = journal.append(&head, "me", &[small(n)], Vec::new()).await.unwrap().head;
    }
    head
}

#[tokio::test]
async fn what_is_appended_is_loaded_in_order() {
    for site in [Site::memory(), Site::embedded()] {
        let store = site.connect().await;
        let head = written(&store, 12).await;
        let loaded = journal(&site.connect().await).load().await.unwrap();
        assert_eq!(loaded.head, head);
        assert_eq!(loaded.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
        assert!(loaded.events().map(|(_, event)| event).eq(&(1..=12).map(small).collect::<Vec<_>>()));
        let before = Journal::new(store, RunId::parse("01J9ZQ4YV6T1N2M3P4Q5R6S7T9").unwrap()).load().await.unwrap();
        assert_eq!((before.entries.len(), before.head.seq), (0, 0), "a run that never began has an empty journal");
    }
}

#[tokio::test]
async fn a_follower_reads_only_what_is_new() {
    let store = Site::memory().connect().await;
    let head = written(&store, 3).await;
    let more = journal(&store).append(&head, "me", &[small(4), small(5)], Vec::new()).await.unwrap();
    let new = journal(&store).since(&head).await.unwrap();
    assert_eq!((new.entries.len(), new.entries[0].seq, new.entries[0].events.len()), (1, 4, 2));
    assert_eq!(new.head, more.head);
}

#[tokio::test]
async fn of_two_writers_one_is_fenced_and_leaves_nothing() {
    let site = Site::embedded();
    let store = site.connect().await;
    let head = written(&store, 1).await;
    journal(&store).append(&head, "me", &[small(2)], Vec::new()).await.unwrap();
    let mail = document("mail", Op::Create(b"x".to_vec()));
    let lost = journal(&site.connect().await).append(&head, "zombie", &[small(9)], vec![mail]).await.unwrap_err();
    let AppendError::Fenced { seq, nonce } = lost else { panic!("{lost}") };
    assert_eq!((seq, nonce.as_deref()), (2, Some("me")));
    assert_eq!(store.get(&Bucket::engine(), &Key::new("mail").unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn appending_the_same_again_is_fine() {
    let store = Site::memory().connect().await;
    let head = written(&store, 1).await;
    let first = journal(&store).append(&head, "me", &[small(2)], Vec::new()).await.unwrap();
    let again = journal(&store).append(&head, "me", &[small(2)], Vec::new()).await.unwrap();
    assert_eq!((first.head, None), (again.head, again.revisions));
}

#[tokio::test]
async fn a_document_in_the_way_is_named_and_the_entry_is_not_written() {
    let store = Site::memory().connect().await;
    let head = written(&store, 1).await;
    let more = |revision| {
        vec![document("a", Op::Ensure(b"x".to_vec())), document("meta", Op::Update(b"view".to_vec(), Revision(revision)))]
    };
    let there = store.commit(vec![document("meta", Op::Create(b"theirs".to_vec()))]).await.unwrap()[0];
    let big = noted(2, Value::text(&"x".repeat(INLINE_EVENT_BYTES * 5)));
    let error = journal(&store).append(&head, "me", std::slice::from_ref(&big), more(0)).await.unwrap_err();
    let AppendError::Conflict { index, key } = error else { panic!("{error}") };
    assert_eq!((index, key.as_str()), (1, "meta"));
    assert_eq!(journal(&store).load().await.unwrap().head, head);
    let appended = journal(&store).append(&head, "me", &[big], more(there.0)).await.unwrap();
    assert_eq!(appended.revisions.map(|revisions| revisions.len()), Some(2), "of the further writes only");
}

#[tokio::test]
async fn a_big_event_is_kept_in_a_blob_and_comes_back() {
    let store = Site::memory().connect().await;
    let big = noted(1, Value::text(&"ü".repeat(700_000)));
    let at = journal(&store);
    at.append(&at.start(), "me", &[small(0), big.clone(), big.clone(), small(2)], Vec::new()).await.unwrap();
    let loaded = at.load().await.unwrap();
    assert_eq!(loaded.entries.len(), 1);
    assert_eq!(loaded.entries[0].events, [small(0), big.clone(), big, small(2)]);
    let entry = store.get(&Bucket::engine(), &key::entry(&run_id(), 1)).await.unwrap().unwrap();
    assert!(entry.value.unwrap().len() < 1_000, "the entry only names it");
}

#[tokio::test]
async fn a_wide_append_becomes_several_entries_that_each_fit() {
    let store = Site::memory().connect().await;
    let events: Vec<Stamped> = (0..40).map(|n| noted(n, Value::text(&"x".repeat(INLINE_EVENT_BYTES - 200)))).collect();
    let at = journal(&store);
    let appended = at.append(&at.start(), "me", &events, vec![document("doc", Op::Create(b"x".to_vec()))]).await.unwrap();
    assert_eq!(appended.revisions.unwrap().len(), 1);
    let loaded = at.load().await.unwrap();
    assert_eq!(loaded.head, appended.head);
    assert!(loaded.entries.len() >= 5, "{} entries", loaded.entries.len());
    assert!(loaded.events().map(|(_, event)| event).eq(&events));
    for entry in store.scan(&Bucket::engine(), &key::entries(&run_id())).await.unwrap() {
        assert!(entry.value.unwrap().len() <= ENTRY_BYTES);
    }
}

#[tokio::test]
async fn an_output_as_deep_as_the_language_allows_comes_back() {
    let store = Site::memory().connect().await;
    let deep = Value::parse(format!("{}1{}", "[".repeat(128), "]".repeat(128)).as_bytes());
    let deep = deep.unwrap_or_else(|_| Value::parse(format!("{}1{}", "[".repeat(127), "]".repeat(127)).as_bytes()).unwrap());
    let at = journal(&store);
    at.append(&at.start(), "me", &[noted(1, deep.clone())], Vec::new()).await.unwrap();
    assert_eq!(at.load().await.unwrap().entries[0].events, [noted(1, deep.clone())]);
    let deeper = (0..40).fold(deep, |value, _| Value::list([value]));
    let error = at.append(&at.start(), "me", &[noted(1, deeper)], Vec::new()).await.unwrap_err();
    assert!(error.to_string().contains("levels deep"), "what cannot be read back is not written: {error}");
}

// What a damaged store looks like.

/// Replaces the bytes of an entry below the journal's back.
async fn tamper(store: &Arc<dyn Store>, seq: u64, bytes: Vec<u8>) {
    let key = key::entry(&run_id(), seq);
    let revision = store.get(&Bucket::engine(), &key).await.unwrap().unwrap().revision;
    store.commit(vec![Write { bucket: Bucket::engine(), key, op: Op::Update(bytes, revision) }]).await.unwrap();
}

async fn bytes_of(store: &Arc<dyn Store>, seq: u64) -> Vec<u8> {
    store.get(&Bucket::engine(), &key::entry(&run_id(), seq)).await.unwrap().unwrap().value.unwrap()
}

fn damaged(error: &StoreError) -> (&str, &str) {
    let StoreError::Damaged { key, cause } = error else { panic!("{error}") };
    (key, cause)
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_noticed() {
    let store = Site::memory().connect().await;
    written(&store, 3).await;
    let whole = bytes_of(&store, 2).await;
    for at in 0..whole.len() {
        for bit in [0, 3, 7] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            tamper(&store, 2, bytes).await;
            let error = journal(&store).load().await.unwrap_err();
            assert!(matches!(error, StoreError::Damaged { .. } | StoreError::Newer { .. }), "byte {at}, bit {bit}: {error}");
        }
    }
    for length in 0..whole.len() {
        tamper(&store, 2, whole[..length].to_vec()).await;
        assert!(journal(&store).load().await.is_err(), "cut to {length} bytes");
    }
    tamper(&store, 2, whole).await;
    journal(&store).load().await.unwrap();
}

#[tokio::test]
async fn damage_is_named_and_what_comes_before_it_is_saved() {
    let store = Site::memory().connect().await;
    written(&store, 5).await;
    let other = bytes_of(&store, 3).await;
    tamper(&store, 4, other).await;
    let (loaded, fault) = journal(&store).salvage().await.unwrap();
    assert_eq!(loaded.entries.len(), 3);
    let fault = fault.unwrap();
    let (key, cause) = damaged(&fault);
    assert_eq!(key, "`flow.run.01J9ZQ4YV6T1N2M3P4Q5R6S7T8.0000000004`");
    assert!(cause.starts_with("it says that it is entry 3; entries 1 to 3 are whole. Nothing was changed:"), "{cause}");
}

#[tokio::test]
async fn a_missing_entry_is_noticed() {
    let store = Site::memory().connect().await;
    written(&store, 4).await;
    let key = key::entry(&run_id(), 2);
    let revision = store.get(&Bucket::engine(), &key).await.unwrap().unwrap().revision;
    store.commit(vec![Write { bucket: Bucket::engine(), key, op: Op::Delete(revision) }]).await.unwrap();
    let error = journal(&store).load().await.unwrap_err();
    let (key, cause) = damaged(&error);
    assert!(
        key.ends_with("0000000002`") && cause.starts_with("it is missing, and later entries are there; entry 1 is whole"),
        "{error}"
    );
}

#[tokio::test]
async fn an_entry_of_another_run_does_not_fit() {
    let store = Site::memory().connect().await;
    written(&store, 1).await;
    let other = Journal::new(Arc::clone(&store), RunId::parse("01J9ZQ4YV6T1N2M3P4Q5R6S7T9").unwrap());
    other.append(&other.start(), "me", &[small(1)], Vec::new()).await.unwrap();
    let theirs = store.get(&Bucket::engine(), &key::entry(other.run(), 1)).await.unwrap().unwrap().value.unwrap();
    tamper(&store, 1, theirs).await;
    let error = journal(&store).load().await.unwrap_err();
    assert!(damaged(&error).1.starts_with("it does not follow the entry before it"), "{error}");
}

#[tokio::test]
async fn a_changed_or_missing_blob_is_noticed() {
    let store = Site::memory().connect().await;
    let at = journal(&store);
    at.append(&at.start(), "me", &[noted(1, Value::text(&"x".repeat(INLINE_EVENT_BYTES * 8)))], Vec::new()).await.unwrap();
    let chunk = store.scan(&Bucket::engine(), key::BLOBS).await.unwrap().remove(0);
    let op = |op| vec![Write { bucket: Bucket::engine(), key: chunk.key.clone(), op }];
    let changed = store.commit(op(Op::Update(b"other".to_vec(), chunk.revision))).await.unwrap()[0];
    assert!(damaged(&at.load().await.unwrap_err()).1.starts_with("its content does not have the digest"));
    store.commit(op(Op::Delete(changed))).await.unwrap();
    assert!(at.load().await.is_err());
}

#[tokio::test]
async fn an_entry_of_a_later_program_is_refused_as_such() {
    let store = Site::memory().connect().await;
    written(&store, 1).await;
    tamper(&store, 1, br#"{"v":2,"whatever":["it","says"]}"#.to_vec()).await;
    let error = journal(&store).load().await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 2, known: 1, .. }), "{error}");
}

// Writes whose outcome is not known.

/// What becomes of a commit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    /// Written and answered.
    Heard,
    /// Written, and the answer is lost.
    Late,
    /// Lost on the way.
    Lost,
    /// Only the first write came, and the answer is lost.
    First,
    /// Somebody else's entry is there first, and the answer is lost.
    Stolen,
    /// The same, and the answer comes.
    Beaten,
}

/// What [`Faulty`] cannot read the writes of.
pub(super) const UNREADABLE: &str = "flow.unreadable";

/// A store that loses answers.
#[derive(Debug)]
pub(crate) struct Faulty {
    inner: Memory,
    fates: Mutex<VecDeque<Fate>>,
}

impl Faulty {
    pub(crate) fn on_memory(fates: &[Fate]) -> Arc<dyn Store> {
        Arc::new(Self { inner: Memory::new(), fates: Mutex::new(fates.iter().copied().collect()) })
    }
}

impl Store for Faulty {
    fn name(&self) -> String {
        "faulty:".to_owned()
    }
    fn get<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Option<Entry>, StoreError>> {
        self.inner.get(bucket, key)
    }
    fn commit(&self, batch: Vec<Write>) -> Future<'_, Result<Vec<Revision>, CommitError>> {
        let fate = self.fates.lock().unwrap().pop_front();
        Box::pin(async move {
            let unknown = CommitError::Unknown { key: batch[0].key.clone(), cause: "timed out".to_owned() };
            match fate {
                None | Some(Fate::Heard) => return self.inner.commit(batch).await,
                Some(Fate::Lost) => {}
                Some(Fate::First) => drop(self.inner.commit(batch[..1].to_vec()).await),
                Some(Fate::Late) => drop(self.inner.commit(batch).await),
                Some(Fate::Stolen | Fate::Beaten) => {
                    let mut theirs = batch[0].clone();
                    if let Op::Create(bytes) | Op::Update(bytes, _) = &mut theirs.op {
                        *bytes = String::from_utf8(bytes.clone()).unwrap().replace("\"me\"", "\"other\"").into_bytes();
                    }
                    drop(self.inner.commit(vec![theirs]).await);
                    if matches!(fate, Some(Fate::Beaten)) {
                        return self.inner.commit(batch).await;
                    }
                }
            }
            Err(unknown)
        })
    }
    fn scan<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        self.inner.scan(bucket, prefix)
    }
    fn written<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Vec<Key>, StoreError>> {
        self.inner.written(bucket)
    }
    fn history<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        if key.as_str() == UNREADABLE {
            return Box::pin(async { Err(StoreError::Failed { doing: "read".to_owned(), cause: "timed out".to_owned() }) });
        }
        self.inner.history(bucket, key)
    }
    fn watch<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str, after: Revision) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        self.inner.watch(bucket, prefix, after)
    }
    fn head<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Revision, StoreError>> {
        self.inner.head(bucket)
    }
    fn describe<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Option<BucketSpec>, StoreError>> {
        self.inner.describe(bucket)
    }
    fn apply<'a>(&'a self, spec: &'a BucketSpec) -> Future<'a, Result<(), StoreError>> {
        self.inner.apply(spec)
    }
    fn buckets(&self) -> Future<'_, Result<Vec<Bucket>, StoreError>> {
        self.inner.buckets()
    }
    fn facts(&self) -> Future<'_, Result<Facts, StoreError>> {
        self.inner.facts()
    }
    fn check(&self) -> Future<'_, Result<Vec<String>, StoreError>> {
        self.inner.check()
    }
}

#[tokio::test]
async fn a_write_that_was_late_is_found_to_be_mine() {
    for fates in [&[Fate::Late][..], &[Fate::Lost, Fate::Late], &[Fate::Lost, Fate::Lost]] {
        let store = Faulty::on_memory(fates);
        let at = journal(&store);
        let mail = document("mail", Op::Create(b"x".to_vec()));
        let appended = at.append(&at.start(), "me", &[small(1)], vec![mail]).await.unwrap();
        let loaded = at.load().await.unwrap();
        assert_eq!((loaded.head, loaded.entries.len()), (appended.head, 1), "{fates:?}");
        assert!(store.get(&Bucket::engine(), &Key::new("mail").unwrap()).await.unwrap().is_some(), "{fates:?}");
    }
}

#[tokio::test]
async fn a_wide_append_of_which_the_first_entry_came_is_finished() {
    let events: Vec<Stamped> = (0..40).map(|n| noted(n, Value::text(&"x".repeat(INLINE_EVENT_BYTES - 200)))).collect();
    for fates in [&[Fate::First][..], &[Fate::First, Fate::First], &[Fate::First, Fate::Lost, Fate::Late]] {
        let store = Faulty::on_memory(fates);
        let at = journal(&store);
        let more = vec![document("doc", Op::Create(b"x".to_vec()))];
        let appended = at.append(&at.start(), "me", &events, more).await.unwrap();
        assert_eq!(appended.revisions, None, "what stands beside it is to be read");
        let loaded = at.load().await.unwrap();
        assert_eq!(loaded.head, appended.head, "{fates:?}");
        assert!(loaded.events().map(|(_, event)| event).eq(&events));
    }
}

#[tokio::test]
async fn a_write_that_was_stolen_meanwhile_is_not_mine() {
    let store = Faulty::on_memory(&[Fate::Lost, Fate::Stolen]);
    let at = journal(&store);
    let error = at.append(&at.start(), "me", &[small(1)], Vec::new()).await.unwrap_err();
    assert!(matches!(error, AppendError::Fenced { seq: 1, .. }), "{error}");
}

#[tokio::test]
async fn a_store_that_never_answers_is_an_error_in_the_end() {
    let store = Faulty::on_memory(&[Fate::Lost; 100]);
    let at = journal(&store);
    assert!(matches!(at.append(&at.start(), "me", &[small(1)], Vec::new()).await, Err(AppendError::Store(_))));
    assert!(put_blob(&*store, b"x").await.is_err());
}

// The stored format.

#[tokio::test]
async fn entries_are_written_and_read_as_the_golden_file_says() {
    let golden = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/format/v1/entry.json")).unwrap();
    let golden = golden.strip_suffix(b"\n").unwrap();
    let store = Site::memory().connect().await;
    let at = journal(&store);
    let events = [
        small(1),
        noted(2, Value::parse(r#"{"z": [1, 2.5, null, true], "a": "quote \" and ü"}"#.as_bytes()).unwrap()),
        Stamped { at: Time(3), event: Event::Released { reason: "waits for an answer".to_owned() } },
        noted(4, Value::text(&"x".repeat(INLINE_EVENT_BYTES))),
    ];
    at.append(&at.start(), "01J9ZQ4YV6AAAAAAAAAAAAAAAA", &events, Vec::new()).await.unwrap();
    assert_eq!(String::from_utf8(bytes_of(&store, 1).await).unwrap(), String::from_utf8_lossy(golden));
    tamper(&store, 1, golden.to_vec()).await;
    assert_eq!(at.load().await.unwrap().entries[0].events, events);
}
