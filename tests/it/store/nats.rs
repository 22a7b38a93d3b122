//! What is the NATS store's own.

use super::{create, put, spec, write};
use crate::nats::{Cluster, OLD, Server, api, free_port, pretend};
use flow::name::Bucket;
use flow::store::{BucketSpec, CommitError, Op, Revision, Store, StoreError, open_store};
use std::sync::Arc;

async fn refused(url: &str) -> String {
    match open_store(url, true).await {
        Err(error @ StoreError::Unreachable { .. }) => error.to_string(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

async fn connect(server: &Server) -> (Arc<dyn Store>, Bucket) {
    let store = open_store(server.url(), true).await.unwrap();
    store.apply(&spec("team-state", 3)).await.unwrap();
    (store, Bucket::new("team-state").unwrap())
}

async fn number(store: &dyn Store, bucket: &Bucket, name: &str) -> u32 {
    let entry = store.get(bucket, &super::key(name)).await.unwrap().unwrap();
    String::from_utf8(entry.value.unwrap()).unwrap().parse().unwrap()
}

#[tokio::test]
async fn who_is_not_there_is_told_at_once() {
    let free = free_port();
    let error = refused(&format!("nats://me:secret@127.0.0.1:{free}")).await;
    assert!(error.contains(&format!("`nats://…@127.0.0.1:{free}` cannot be opened")), "{error}");
    assert!(error.contains("is a nats-server running there?") && !error.contains("secret"), "{error}");
    let error = refused("nats://").await;
    assert!(error.contains("nats://HOST:PORT"), "{error}");
}

#[tokio::test]
async fn a_server_without_jetstream_is_refused() {
    let error = refused(Server::with("").url()).await;
    assert!(error.contains("its JetStream is off: start the server with `-js`"), "{error}");
}

#[tokio::test]
async fn an_old_server_is_refused_in_one_sentence() {
    let url = pretend("2.9.10");
    let error = refused(&url).await;
    assert_eq!(error, format!("the store `{url}` cannot be opened: it is nats-server 2.9.10, and `flow` needs 2.10.25 or newer"));
}

#[tokio::test]
async fn one_server_keeps_no_copies_and_says_the_ways_out() {
    let server = Server::start();
    let (store, _) = connect(&server).await;
    let wanted = BucketSpec { replicas: Some(3), ..spec("wide", 1) };
    let error = store.apply(&wanted).await.unwrap_err().to_string();
    assert!(error.contains("10074") && error.contains("`replicas = 1`") && error.contains("cluster of at least 3"), "{error}");
    assert_eq!(store.describe(&wanted.bucket).await.unwrap(), None);
}

#[tokio::test]
async fn peers_bucket_in_a_cluster_is_as_it_is_declared() {
    let cluster = Cluster::start().await;
    let desk = crate::cli::Desk::new().env("FLOW_STORE", &cluster.url(0));
    desk.flow("run peer --instruction=create-spec --rehearse").ends(0).says_part("is complete");
    let store = open_store(&cluster.url(0), false).await.unwrap();
    let bucket = Bucket::new("agent-os-peer-state").unwrap();
    let description = "PEER pattern state storage for Agent OS".to_owned();
    let declared = BucketSpec { bucket: bucket.clone(), replicas: Some(3), history: 50, description };
    assert_eq!(store.describe(&bucket).await.unwrap(), Some(declared.clone()));
    store.apply(&BucketSpec { history: 5, ..declared }).await.unwrap();
    let said = desk.flow("run peer --instruction=create-spec --rehearse").ends(0);
    said.says_part("bucket `agent-os-peer-state` is not as declared: history: declared 50, found 5");
}

#[tokio::test]
async fn settings_that_the_program_does_not_know_survive_a_change() {
    let server = Server::start();
    let (store, bucket) = connect(&server).await;
    let mut config = api(&server, "STREAM.INFO.KV_team-state", &serde_json::json!({})).await["config"].clone();
    config["metadata"] = serde_json::json!({ "owner": "team" });
    config["max_bytes"] = 1_000_000.into();
    api(&server, "STREAM.UPDATE.KV_team-state", &config).await;
    store.apply(&spec("team-state", 5)).await.unwrap();
    let after = api(&server, "STREAM.INFO.KV_team-state", &serde_json::json!({})).await["config"].clone();
    assert_eq!(after["metadata"]["owner"], "team");
    assert_eq!((after["max_bytes"].as_u64(), after["max_msgs_per_subject"].as_u64()), (Some(1_000_000), Some(5)));
    assert_eq!(after["allow_atomic"], true);
    assert_eq!(store.describe(&bucket).await.unwrap().unwrap().history, 5);
}

#[tokio::test]
async fn readers_never_see_half_a_batch() {
    const ROUNDS: u32 = 150;
    let server = Server::start();
    let (store, bucket) = connect(&server).await;
    let both = |n: u32, last: &[Revision]| {
        let op = |at: usize| match last.get(at) {
            Some(revision) => Op::Update(n.to_string().into_bytes(), *revision),
            None => Op::Create(n.to_string().into_bytes()),
        };
        vec![write(&bucket, "cycle", op(0)), write(&bucket, "meta", op(1))]
    };
    let mut last = store.commit(both(0, &[])).await.unwrap();
    let (reader, there) = (open_store(server.url(), false).await.unwrap(), bucket.clone());
    let reads = tokio::spawn(async move {
        let mut seen = 0;
        while seen < ROUNDS {
            // Whichever is read later is at least as new, since both are written in one moment.
            let cycle = number(&*reader, &there, "cycle").await;
            let meta = number(&*reader, &there, "meta").await;
            seen = number(&*reader, &there, "cycle").await;
            assert!(cycle <= meta && meta <= seen, "{cycle} {meta} {seen}");
        }
    });
    for n in 1..=ROUNDS {
        last = store.commit(both(n, &last)).await.unwrap();
    }
    reads.await.unwrap();
}

#[tokio::test]
async fn without_batches_writes_go_in_order_and_the_first_decides() {
    let server = Server::start();
    let (_, bucket) = connect(&server).await;
    for name in ["flow", "team-state"] {
        let mut config = api(&server, &format!("STREAM.INFO.KV_{name}"), &serde_json::json!({})).await["config"].clone();
        config["allow_atomic"] = false.into();
        let after = api(&server, &format!("STREAM.UPDATE.KV_{name}"), &config).await;
        assert!(!after["config"]["allow_atomic"].as_bool().unwrap_or(false));
    }
    in_order(&server, &bucket).await;
}

#[tokio::test]
async fn servers_that_have_no_batches_get_writes_in_order_too() {
    for version in &OLD[..2] {
        let server = Server::of(version);
        let (_, bucket) = connect(&server).await;
        in_order(&server, &bucket).await;
    }
}

/// Nothing that another write refers to comes after it, and the first write decides.
async fn in_order(server: &Server, bucket: &Bucket) {
    let store = open_store(server.url(), true).await.unwrap();
    let facts = store.facts().await.unwrap();
    assert!(facts.buckets.len() == 2 && facts.buckets.iter().all(|found| !found.atomic), "{facts:?}");
    let engine = Bucket::engine();
    let blob = write(&engine, "blob", Op::Ensure(b"x".to_vec()));
    let batch = vec![create(&engine, "entry.1", "1"), blob.clone(), create(bucket, "doc", "1"), create(&engine, "row", "1")];
    let revisions = store.commit(batch).await.unwrap();
    assert!(revisions[1] < revisions[0] && revisions[0] < revisions[3], "what nothing refers to yet comes first: {revisions:?}");
    let late = vec![create(&engine, "entry.2", "2"), blob, write(bucket, "doc", Op::Update(b"2".to_vec(), Revision(99)))];
    assert!(matches!(store.commit(late).await, Err(CommitError::Conflict { index: 2, .. })));
    assert_eq!(store.get(&engine, &super::key("entry.2")).await.unwrap(), None, "noticed before anything was written");
    put(&*store, create(&engine, "entry.2", "2")).await;
}

#[tokio::test]
async fn a_value_that_no_message_holds_is_refused_before_anything_is_written() {
    let server = Server::start();
    let (store, bucket) = connect(&server).await;
    let batch = vec![create(&bucket, "small", "x"), create(&bucket, "big", &"x".repeat(2 << 20))];
    let error = store.commit(batch).await.unwrap_err().to_string();
    assert!(error.contains("it has 2097152 bytes"), "{error}");
    assert_eq!(store.scan(&bucket, "").await.unwrap(), []);
}

#[tokio::test]
async fn a_server_that_comes_back_is_gone_on_with() {
    let server = Server::start();
    let (store, bucket) = connect(&server).await;
    put(&*store, create(&bucket, "a", "before")).await;
    let server = server.again();
    let entry = store.get(&bucket, &super::key("a")).await.unwrap().unwrap();
    assert_eq!(entry.value.as_deref(), Some(&b"before"[..]), "{}", server.log());
    put(&*store, write(&bucket, "a", Op::Update(b"after".to_vec(), entry.revision))).await;
}
