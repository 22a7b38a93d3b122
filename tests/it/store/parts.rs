//! What stands on the store beside the journal: blobs, plans, series, leases, requests, documents, summaries.

use super::{Site, create, key, put};
use flow::limits::BLOB_CHUNK_BYTES;
use flow::name::{Bucket, Name};
use flow::run::{Digest, Owner, RunId, Time};
use flow::store::{
    CommitError, Cycle, Lease, Op, Request, Revision, RunHead, StoreError, beat, claim_write, consumed_write, cycle_write,
    cycles, export, get_blob, get_plan, head_write, list_runs, next_cycle, open_store, pending, post, put_blob, put_plan,
    read_document, read_head, read_lease, release_write,
};
use flow::value::Value;

pub(super) fn run(n: u32) -> RunId {
    RunId::parse(&format!("01J9ZQ4YV6T1N2M3P4Q5R6{n:04}")).unwrap()
}

#[tokio::test]
async fn content_of_any_size_comes_back_and_is_stored_once() {
    let store = Site::memory().connect().await;
    for size in [0, 1, BLOB_CHUNK_BYTES - 1, BLOB_CHUNK_BYTES, BLOB_CHUNK_BYTES + 1, 5 * BLOB_CHUNK_BYTES + 7] {
        let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        let (blob, plan) = (put_blob(&*store, &bytes).await.unwrap(), put_plan(&*store, &bytes).await.unwrap());
        let head = store.head(&Bucket::engine()).await.unwrap();
        put_blob(&*store, &bytes).await.unwrap();
        put_plan(&*store, &bytes).await.unwrap();
        assert_eq!(store.head(&Bucket::engine()).await.unwrap(), head, "{size} bytes were written twice");
        assert!(get_blob(&*store, &blob).await.unwrap() == Some(bytes.clone()), "{size} bytes");
        assert!(get_plan(&*store, &plan).await.unwrap() == Some(bytes), "{size} bytes");
    }
    assert_eq!(get_blob(&*store, &Digest::of(b"elsewhere")).await.unwrap(), None);
}

#[tokio::test]
async fn content_that_was_changed_is_not_given_out() {
    let store = Site::memory().connect().await;
    let digest = put_plan(&*store, b"plan").await.unwrap();
    let stored = store.scan(&Bucket::engine(), flow::store::key::PLANS).await.unwrap().remove(0);
    put(&*store, super::write(&Bucket::engine(), stored.key.as_str(), Op::Update(b"plot".to_vec(), stored.revision))).await;
    assert!(matches!(get_plan(&*store, &digest).await, Err(StoreError::Damaged { .. })));
}

fn cycle(n: u64, run: RunId, series: &str) -> Cycle {
    Cycle { run, pipeline: "team".to_owned(), series: series.to_owned(), cycle: n, rehearsal: false, at: Time(7) }
}

#[tokio::test]
async fn a_cycle_number_belongs_to_one_run() {
    let store = Site::embedded();
    let store = store.connect().await;
    assert_eq!(next_cycle(&cycles(&*store, "a.b").await.unwrap()), 1);
    for n in 1..=11 {
        put(&*store, cycle_write(&cycle(n, run(1), "a.b"))).await;
    }
    put(&*store, cycle_write(&cycle(1, run(2), "a"))).await;
    assert!(matches!(
        store.commit(vec![cycle_write(&cycle(11, run(3), "a.b"))]).await,
        Err(CommitError::Conflict { index: 0, .. })
    ));
    let there = cycles(&*store, "a.b").await.unwrap();
    assert_eq!(there.iter().map(|cycle| cycle.cycle).collect::<Vec<_>>(), (1..=11).collect::<Vec<_>>());
    assert_eq!(there[10], cycle(11, run(1), "a.b"));
    assert_eq!(next_cycle(&there), 12);
}

pub(super) fn owner(driver: &str) -> Owner {
    Owner { driver: driver.to_owned(), host: "here".to_owned(), boot_id: "b".to_owned(), pid: 7, pid_start: 70 }
}

#[tokio::test]
async fn a_lease_is_taken_beaten_lost_and_given_up() {
    let store = Site::memory().connect().await;
    let mut mine = Lease { owner: owner("me"), token: 2, beat: 0 };
    assert_eq!(read_lease(&*store, &run(1)).await.unwrap(), None);
    let first = put(&*store, claim_write(&run(1), &mine, None)).await;
    let second = beat(&*store, &run(1), &mut mine, first).await.unwrap();
    assert_eq!(read_lease(&*store, &run(1)).await.unwrap(), Some((mine.clone(), second)));
    assert_eq!(mine.beat, 1);
    let theirs = Lease { owner: owner("them"), token: 9, beat: 0 };
    let third = put(&*store, claim_write(&run(1), &theirs, Some(second))).await;
    assert!(matches!(beat(&*store, &run(1), &mut mine, second).await, Err(CommitError::Conflict { .. })));
    put(&*store, release_write(&run(1), third)).await;
    assert_eq!(read_lease(&*store, &run(1)).await.unwrap(), None);
    put(&*store, claim_write(&run(1), &mine, None)).await;
}

#[tokio::test]
async fn requests_wait_in_order_until_they_are_consumed() {
    let store = Site::memory().connect().await;
    let phase = Name::new("ask").unwrap();
    let requests = [
        Request::Note { phase: phase.clone(), note: Value::text("half way") },
        Request::Answer { phase: phase.clone(), answers: Value::table([("go", Value::from(true))]), by: "me".to_owned() },
        Request::Retry { phase: None },
        Request::Cancel { reason: "enough".to_owned() },
    ];
    let mut ids = Vec::new();
    for request in &requests {
        ids.push(post(&*store, &run(1), request).await.unwrap());
    }
    post(&*store, &run(2), &Request::Retry { phase: Some(phase) }).await.unwrap();
    let waiting = pending(&*store, &run(1)).await.unwrap();
    assert_eq!(waiting.len(), 4);
    assert!(waiting.is_sorted_by_key(|mail| mail.id.clone()));
    for mail in &waiting {
        let posted = ids.iter().position(|id| *id == mail.id).unwrap();
        assert_eq!(mail.request.as_ref().unwrap(), &requests[posted]);
        put(&*store, consumed_write(&run(1), mail)).await;
    }
    assert_eq!(pending(&*store, &run(1)).await.unwrap(), []);
}

#[tokio::test]
async fn a_request_that_cannot_be_read_does_not_hide_the_others() {
    let store = Site::memory().connect().await;
    let id = post(&*store, &run(1), &Request::Retry { phase: None }).await.unwrap();
    let odd = "01J9ZQ4YV6T1N2M3P4Q5R6S7T8";
    for (n, text) in [r#"{"v":9,"type":"later"}"#, "not json"].iter().enumerate() {
        put(&*store, create(&Bucket::engine(), &format!("flow.mail.{}.{}{n}", run(1), &odd[..25]), text)).await;
    }
    let waiting = pending(&*store, &run(1)).await.unwrap();
    assert_eq!(waiting.iter().filter(|mail| mail.request.is_err()).count(), 2);
    assert!(waiting.iter().any(|mail| mail.id == id && mail.request.is_ok()));
}

#[tokio::test]
async fn a_document_is_written_only_when_it_differs_and_over_what_was_read() {
    let (store, bucket) = Site::memory().with_bucket().await;
    let name = key("meta");
    let empty = read_document(&*store, &bucket, &name).await.unwrap();
    assert_eq!((&empty.value, empty.revision), (&Value::NULL, Revision(0)));
    let one = Value::table([("n", Value::int(1))]);
    let revision = put(&*store, empty.change(&bucket, &name, &one).unwrap()).await;
    let stored = read_document(&*store, &bucket, &name).await.unwrap();
    assert_eq!((&stored.value, stored.revision), (&one, revision));
    assert_eq!(stored.change(&bucket, &name, &one), None);
    let two = Value::table([("n", Value::int(2))]);
    put(&*store, stored.change(&bucket, &name, &two).unwrap()).await;
    assert!(store.commit(vec![stored.change(&bucket, &name, &two).unwrap()]).await.is_err(), "it was changed meanwhile");
}

#[tokio::test]
async fn a_document_that_is_no_json_is_told_and_can_be_replaced() {
    let (store, bucket) = Site::memory().with_bucket().await;
    put(&*store, create(&bucket, "meta", "by hand")).await;
    let there = read_document(&*store, &bucket, &key("meta")).await.unwrap();
    assert!(there.unreadable.is_some() && there.value.is_null());
    put(&*store, there.change(&bucket, &key("meta"), &Value::NULL).unwrap()).await;
}

#[tokio::test]
async fn runs_are_listed_in_the_order_of_their_beginning() {
    let store = Site::memory().connect().await;
    let head = |n: u32, seq| RunHead {
        id: run(n),
        pipeline: "team".to_owned(),
        series: None,
        cycle: None,
        rehearsal: false,
        status: "running".to_owned(),
        current: Some("plan".to_owned()),
        started_at: Time(1),
        updated_at: Time(2),
        seq,
        pool: None,
    };
    for n in [3, 1, 2] {
        put(&*store, head_write(&head(n, 1), None)).await;
    }
    let (read, revision) = read_head(&*store, &run(2)).await.unwrap().unwrap();
    assert_eq!(read, head(2, 1));
    put(&*store, head_write(&head(2, 8), Some(revision))).await;
    put(&*store, create(&Bucket::engine(), "flow.head.odd", "{}")).await;
    let (runs, faults) = list_runs(&*store).await.unwrap();
    assert_eq!(runs, [head(1, 1), head(2, 8), head(3, 1)]);
    assert_eq!(faults.len(), 1);
}

#[tokio::test]
async fn stores_are_opened_by_their_url() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    for url in [format!("sqlite:{}", path.display()), format!("sqlite://{}", path.display()), "memory:".to_owned()] {
        put(&*open_store(&url, true).await.unwrap(), create(&Bucket::engine(), &format!("k{}", url.len()), "x")).await;
    }
    for (url, said) in [
        ("state.db", "a file is written `sqlite:state.db`"),
        ("redis://me:secret@host", "`redis://…@host` cannot be opened: this form is not known; known are `sqlite:PATH`"),
        ("me:secret@host:4222", "`…@host:4222` cannot be opened: this form is not known; known are `sqlite:PATH`"),
        ("secret@host", "`…@host` cannot be opened: this form is not known; known are `sqlite:PATH`"),
        ("sqlite:", "it names no file"),
        ("", "this form is not known"),
    ] {
        let error = open_store(url, true).await.unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_store_is_exported_as_the_golden_file_says() {
    let golden = include_str!("../../format/v1/export-settings.jsonl");
    for site in [Site::memory(), Site::embedded()] {
        let (store, bucket) = site.with_bucket().await;
        let one = put(&*store, create(&bucket, "meta", "{\"n\":1}")).await;
        let two = put(&*store, super::write(&bucket, "meta", Op::Update(b"{ \"n\": 2 }".to_vec(), one))).await;
        put(&*store, super::write(&Bucket::engine(), "raw", Op::Create(vec![0, 255, 10]))).await;
        let gone = put(&*store, super::write(&bucket, "meta", Op::Delete(two))).await;
        put(&*store, create(&bucket, "meta", "null")).await;
        put(&*store, create(&bucket, "gone", "x")).await;
        put(&*store, super::write(&bucket, "gone", Op::Delete(Revision(gone.0 + 2)))).await;
        let mut text = String::new();
        let mut keep = |line: &str| {
            text.push_str(line);
            text.push('\n');
            Ok(())
        };
        let exported = export(&*store, &[], &mut keep).await.unwrap();
        assert_eq!(text, golden);
        assert_eq!((exported.lines, exported.faults.len()), (7, 0));
        let refused = export(&*store, &[], |_| Err(std::io::Error::other("the pipe is closed"))).await;
        assert!(refused.is_err());
    }
}

#[tokio::test]
async fn records_are_written_and_read_as_the_golden_file_says() {
    let golden = include_str!("../../format/v1/records.jsonl");
    let phase = Name::new("ask").unwrap();
    let head = RunHead {
        id: run(1),
        pipeline: "team".to_owned(),
        series: Some("a.b".to_owned()),
        cycle: Some(3),
        rehearsal: true,
        status: "waiting".to_owned(),
        current: Some("ask".to_owned()),
        started_at: Time(1),
        updated_at: Time(2),
        seq: 9,
        pool: None,
    };
    let lease = Lease { owner: owner("me"), token: 2, beat: 5 };
    let requests = [
        Request::Cancel { reason: "enough".to_owned() },
        Request::Answer { phase: phase.clone(), answers: Value::table([("go", Value::from(true))]), by: "me".to_owned() },
        Request::Retry { phase: Some(phase.clone()) },
        Request::Note { phase, note: Value::text("half way") },
    ];
    let store = Site::memory().connect().await;
    let engine = Bucket::engine();
    let mut text = String::new();
    let writes = vec![cycle_write(&cycle(3, run(1), "a.b")), claim_write(&run(1), &lease, None), head_write(&head, None)];
    for write in writes {
        text.push_str(&format!("{} ", write.key));
        let (Op::Create(value) | Op::Update(value, _)) = &write.op else { panic!("{write:?}") };
        text.push_str(std::str::from_utf8(value).unwrap());
        text.push('\n');
        put(&*store, write).await;
    }
    for request in &requests {
        let id = post(&*store, &run(1), request).await.unwrap();
        let entry = store.get(&engine, &flow::store::key::mail(&run(1), &id)).await.unwrap().unwrap();
        text.push_str(&format!("mail {}\n", String::from_utf8(entry.value.unwrap()).unwrap()));
    }
    assert_eq!(text, golden);
    assert_eq!(cycles(&*store, "a.b").await.unwrap(), [cycle(3, run(1), "a.b")]);
    assert_eq!(read_lease(&*store, &run(1)).await.unwrap().unwrap().0, lease);
    assert_eq!(read_head(&*store, &run(1)).await.unwrap().unwrap().0, head);
}
