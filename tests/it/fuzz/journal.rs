//! The journal target: whatever stands under a key of the store is read, or named as damaged.
//!
//! The bytes are put under the key of every kind of thing, as they are, and once more as the events of an entry whose
//! hash is right. What was read is written and read again, and is the same.

use flow::name::{Bucket, Key};
use flow::plan::Plan;
use flow::run::{Digest, RequestId, RunId, RunState, Stamped, Time};
use flow::store::{self, Journal, Loaded, Memory, Op, Store, Write, key};
use flow::view;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Every decoder of the store.
pub fn journal(data: &[u8]) -> bool {
    let run = RunId::parse("01J9ZQ4YV6T1N2M3P4Q5R60001").expect("an id");
    let entry = Shelf::with(&key::entry(&run, 1), data).journal(&run);
    let sealed = Shelf::with(&key::entry(&run, 1), &sealed(&run, data)).journal(&run);
    for loaded in [&entry, &sealed] {
        let events: Vec<Stamped> = loaded.events().map(|(_, event)| event.clone()).collect();
        replayed(&run, &events);
    }
    let read = [records(&run, data), plan(data), document(data)];
    exported(data);
    !entry.entries.is_empty() || !sealed.entries.is_empty() || read.contains(&true)
}

/// Waits for what is there already.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("the store in memory waits for nothing"),
    }
}

/// A store with one value.
struct Shelf(Arc<dyn Store>);

impl Shelf {
    fn with(key: &Key, bytes: &[u8]) -> Self {
        Self::after(vec![Write { bucket: Bucket::engine(), key: key.clone(), op: Op::Create(bytes.to_vec()) }])
    }

    fn after(batch: Vec<Write>) -> Self {
        let store = Memory::new();
        ready(store.commit(batch)).expect("the store is empty");
        Self(Arc::new(store))
    }

    /// What is whole of a journal; the fault says something.
    fn journal(&self, run: &RunId) -> Loaded {
        let (loaded, fault) = ready(Journal::new(self.0.clone(), run.clone()).salvage()).expect("memory does not fail");
        assert_eq!(loaded.entries.is_empty(), fault.is_some(), "an entry is read, or it is said why not");
        assert!(fault.is_none_or(|fault| !fault.to_string().is_empty()));
        loaded
    }
}

/// An entry with these events whose hash is right, written down by hand as the book of the format has it.
fn sealed(run: &RunId, events: &[u8]) -> Vec<u8> {
    let start = Journal::new(Arc::new(Memory::new()), run.clone()).start().hash;
    let events = String::from_utf8_lossy(events);
    let events = events.trim().trim_start_matches('[').trim_end_matches(']');
    let open = format!("{{\"v\":1,\"n\":1,\"nonce\":\"x\",\"prev\":\"{start}\",\"events\":[{events}]");
    let hash = Digest::of(format!("{open}}}").as_bytes());
    format!("{open},\"hash\":\"{hash}\"}}").into_bytes()
}

/// Events make a state, or are refused; written again they are the same events.
fn replayed(run: &RunId, events: &[Stamped]) {
    if events.is_empty() {
        return;
    }
    let journal = Journal::new(Arc::new(Memory::new()), run.clone());
    match ready(journal.append(&journal.start(), "y", events, vec![])) {
        Ok(appended) => {
            let loaded = ready(journal.load()).expect("what was written is read");
            assert_eq!(loaded.head, appended.head);
            assert!(loaded.events().map(|(_, event)| event).eq(events), "other events came back");
        }
        Err(error) => assert!(error.to_string().contains("levels deep"), "{error}"),
    }
    let _ = view::timeline::lines(events);
    let Ok(Some(state)) = RunState::replay(events.iter().cloned()) else { return };
    let again = RunState::replay(events.iter().cloned());
    assert!(again.is_ok_and(|again| again.is_some_and(|again| again.document() == state.document())));
    let _ = view::status::glance(&state, Time(u64::MAX), view::status::Carried::Unknown);
    let _ = (view::status::questions(&state), view::why::stories(None, &state, events, None, view::status::Carried::No));
}

/// The small values beside the journal.
fn records(run: &RunId, data: &[u8]) -> bool {
    let lease = Shelf::with(&key::lease(run), data).0;
    let lease = ready(store::read_lease(&*lease, run)).ok().flatten().map(|(lease, _)| lease);
    if let Some(lease) = &lease {
        let again = Shelf::after(vec![store::claim_write(run, lease, None)]).0;
        assert_eq!(ready(store::read_lease(&*again, run)).expect("a lease").expect("is there").0, *lease);
    }
    let head = Shelf::with(&key::head(run), data).0;
    let (heads, faults) = ready(store::list_runs(&*head)).expect("memory does not fail");
    assert_eq!(heads.len() + faults.len(), 1);
    assert_eq!(ready(store::read_head(&*head, run)).ok().flatten().map(|(head, _)| head).as_ref(), heads.first());
    for head in heads.iter().filter(|head| head.id == *run) {
        let again = Shelf::after(vec![store::head_write(head, None)]).0;
        assert_eq!(ready(store::read_head(&*again, run)).expect("a row").expect("is there").0, *head);
    }
    let cycle = Shelf::with(&key::cycle("s", 1), data).0;
    let cycles = ready(store::all_cycles(&*cycle));
    for cycle in cycles.iter().flatten() {
        let again = Shelf::after(vec![store::cycle_write(cycle)]).0;
        assert_eq!(ready(store::cycles(&*again, &cycle.series)).expect("a cycle"), std::slice::from_ref(cycle));
    }
    let id = RequestId::from_ulid(ulid::Ulid::from_parts(1, 1));
    let mail = ready(store::pending(&*Shelf::with(&key::mail(run, &id), data).0, run)).expect("memory does not fail");
    assert_eq!(mail.len(), 1, "a letter that cannot be read is there all the same");
    if let Ok(request) = &mail[0].request {
        let again: Arc<dyn Store> = Arc::new(Memory::new());
        ready(store::post(&*again, run, request)).expect("posted");
        let again = ready(store::pending(&*again, run)).expect("memory does not fail");
        assert_eq!(again[0].request.as_ref(), Ok(request));
    }
    lease.is_some() || !heads.is_empty() || cycles.is_ok() || mail[0].request.is_ok()
}

/// The bytes of a plan, whatever their digest promises.
fn plan(data: &[u8]) -> bool {
    let digest = Digest::of(data);
    let store = Shelf::with(&key::plan(&digest), data).0;
    assert_eq!(ready(store::get_plan(&*store, &digest)).expect("the digest is right").as_deref(), Some(data));
    let other = Shelf::with(&key::plan(&Digest::of(b"another")), data).0;
    assert_eq!(ready(store::get_plan(&*other, &Digest::of(b"another"))).is_err(), data != b"another");
    let Ok(plan) = Plan::from_bytes(data) else { return false };
    assert_eq!(Plan::from_bytes(&plan.bytes()).expect("the bytes of a plan are a plan"), plan);
    true
}

/// A document of another bucket, which anybody may have written.
fn document(data: &[u8]) -> bool {
    let (bucket, key) = (Bucket::engine(), Key::new("any.document").expect("a key"));
    let store = Shelf::with(&key, data).0;
    let read = ready(store::read_document(&*store, &bucket, &key)).expect("memory does not fail");
    assert!(read.unreadable.is_none() || read.value.is_null());
    if let Some(write) = read.change(&bucket, &key, &read.value) {
        ready(store.commit(vec![write])).expect("nobody else writes");
        let again = ready(store::read_document(&*store, &bucket, &key)).expect("memory does not fail");
        assert_eq!((again.value.clone(), again.change(&bucket, &key, &read.value)), (read.value.clone(), None));
    }
    read.unreadable.is_none()
}

/// An export is JSON, a line a value.
fn exported(data: &[u8]) {
    let store = Shelf::with(&Key::new("any").expect("a key"), data).0;
    let mut lines = 0;
    let exported = ready(store::export(&*store, &[], |line| {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        lines += u64::from(line["end"].is_null());
        assert!(line["key"] == "any" || line["end"]["lines"] == lines, "{line}");
        Ok(())
    }));
    assert_eq!(exported.expect("nothing is in the way").lines, lines);
}
