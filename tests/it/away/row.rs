//! The row of a run, which is written a moment after the entries of one that just goes on.

use super::{Driver, complete_once, until};
use crate::cli::Desk;
use crate::nats::Server;
use flow::name::{Bucket, Key};
use flow::store::{Journal, Op, RunHead, Store, Write, list_runs, open_store};
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Quick phases, then two that wait for a file.
const PIPELINE: &str = r#"
flow = 1
name = "rows"
description = "Quick phases, then two that wait for a file"

[phases.a]
run = ["true"]
timeout = "1m"

[phases.b]
needs = ["a"]
run = ["true"]
timeout = "1m"

[phases.c]
needs = ["b"]
run = ["true"]
timeout = "1m"

[phases.d]
needs = ["c"]
run = ["true"]
timeout = "1m"

[phases.first]
needs = ["d"]
run = { shell = "while [ ! -e first ]; do sleep 0.02; done" }
timeout = "5m"

[phases.second]
needs = ["first"]
run = { shell = "while [ ! -e second ]; do sleep 0.02; done" }
timeout = "5m"
"#;

/// Messages on these subjects, counted from now on.
async fn counted(server: &Server, subjects: &str) -> Arc<AtomicU64> {
    let client = async_nats::connect(server.url()).await.unwrap();
    let mut messages = client.subscribe(subjects.to_owned()).await.unwrap();
    client.flush().await.unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let counting = count.clone();
    tokio::spawn(async move {
        let _client = client;
        while messages.next().await.is_some() {
            counting.fetch_add(1, Ordering::SeqCst);
        }
    });
    count
}

/// Waits until the row tells that this phase is under way, and of the last entry.
async fn tells(store: &Arc<dyn Store>, phase: &str) -> RunHead {
    let end = Instant::now() + super::LONG;
    loop {
        let (heads, _) = list_runs(&**store).await.unwrap();
        if let Some(head) = heads.into_iter().next_back()
            && head.current.as_deref() == Some(phase)
        {
            let journal = Journal::new(store.clone(), head.id.clone()).load().await.unwrap();
            if journal.head.seq == head.seq {
                assert_eq!(head.status, "running");
                return head;
            }
        }
        assert!(Instant::now() < end, "the row never tells of `{phase}`");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

fn start(desk: &Desk) -> Driver {
    Driver::start(desk, &["run", "rows.toml", "--yes"], &[])
}

fn desk(server: &Server) -> Desk {
    Desk::new().file("rows.toml", PIPELINE).env("FLOW_STORE", server.url())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quick_phases_write_their_entries_and_the_row_now_and_then() {
    let server = Server::start();
    let desk = desk(&server).file("first", "").file("second", "");
    let rows = counted(&server, "$KV.flow.flow.head.>").await;
    let begun = Instant::now();
    start(&desk).ends_with(0);
    let took = begun.elapsed();
    let (store, run) = complete_once(server.url()).await;
    let entries = Journal::new(store, run).load().await.unwrap().head.seq;
    assert!(entries >= 7, "each phase has an entry: {entries}");
    // With the first entry and the last, and four times a second at most.
    let most = 2 + took.as_millis() / 250;
    until("the rows to be counted", || rows.load(Ordering::SeqCst) >= 2);
    let rows = rows.load(Ordering::SeqCst);
    assert!(u128::from(rows) <= most, "{rows} rows beside {entries} entries in {} ms", took.as_millis());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_row_tells_of_a_phase_that_is_under_way() {
    let server = Server::start();
    let desk = desk(&server);
    let mut driver = start(&desk);
    let store = open_store(server.url(), true).await.unwrap();
    let head = tells(&store, "first").await;
    // Somebody else writes it: the driver writes it again, from what it knows.
    let key = Key::new(&format!("flow.head.{}", head.id.as_str())).unwrap();
    let entry = store.get(&Bucket::engine(), &key).await.unwrap().unwrap();
    let other = String::from_utf8(entry.value.unwrap()).unwrap().replace(r#""current":"first""#, r#""current":"nobody""#);
    let write = Write { bucket: Bucket::engine(), key, op: Op::Update(other.into_bytes(), entry.revision) };
    store.commit(vec![write]).await.unwrap();
    let desk = desk.file("first", "");
    tells(&store, "second").await;
    // What is killed here leaves no row that keeps the next driver from going on.
    driver.child.kill().unwrap();
    driver.ends();
    let desk = desk.file("second", "");
    Driver::start(&desk, &["resume", "latest", "--yes"], &[]).ends_with(0);
    complete_once(server.url()).await;
}
