//! What must hold of everything that the servers kept, in the order in which it was written.
//!
//! No entry of a journal was written twice; entries are dense and chained; nothing was completed twice; a series has
//! one run; the two documents of a run agree at every moment, except between two writes of one batch; they never go
//! back; and at the end they are what the journal gives.

use crate::nats::ask;
use base64::Engine as _;
use flow::drive::{load, load_plan};
use flow::engine::{Program, document_view};
use flow::expr::on_big_stack;
use flow::name::{Bucket, Key, Name};
use flow::run::{Event, RunId, RunStatus};
use flow::store::{Journal, Store, list_runs};
use flow::value::Value;
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A message of a stream.
struct Kept {
    seq: u64,
    key: String,
    value: Vec<u8>,
}

/// All messages of a bucket, in their order.
async fn kept(client: &async_nats::Client, bucket: &str) -> Vec<Kept> {
    let info = ask(client, &format!("STREAM.INFO.KV_{bucket}"), &json!({})).await;
    let last = info["state"]["last_seq"].as_u64().unwrap();
    let message = |seq: u64| async move {
        let answer = ask(client, &format!("STREAM.MSG.GET.KV_{bucket}"), &json!({ "seq": seq })).await;
        if answer["error"]["err_code"] == 10037 {
            return Ok(None);
        }
        let message = &answer["message"];
        let subject = message["subject"].as_str().ok_or_else(|| format!("message {seq} of {bucket}: {answer}"))?;
        let key = subject.strip_prefix(&format!("$KV.{bucket}.")).unwrap().to_owned();
        let data = message["data"].as_str().unwrap_or_default();
        Ok(Some(Kept { seq, key, value: base64::prelude::BASE64_STANDARD.decode(data).unwrap() }))
    };
    let all: Result<Vec<Option<Kept>>, String> =
        futures_util::stream::iter(1..=last).map(message).buffered(32).try_collect().await;
    all.unwrap().into_iter().flatten().collect()
}

/// A connection of its own.
async fn client(url: &str) -> async_nats::Client {
    let (user, address) = url.split(',').next().unwrap().trim_start_matches("nats://").split_once('@').unwrap();
    let (name, password) = user.split_once(':').unwrap();
    let options = async_nats::ConnectOptions::with_user_and_password(name.to_owned(), password.to_owned());
    options.connect(address).await.unwrap()
}

/// Keeps every write of a key from now on, so that a second one cannot hide.
pub(super) async fn keep_all(url: &str) {
    let client = client(url).await;
    let mut config = ask(&client, "STREAM.INFO.KV_flow", &json!({})).await["config"].clone();
    config["max_msgs_per_subject"] = 64.into();
    let after = ask(&client, "STREAM.UPDATE.KV_flow", &config).await;
    assert_eq!(after["config"]["max_msgs_per_subject"], 64, "{after}");
}

/// Checks all of it.
pub(super) async fn check(url: &str, store: &Arc<dyn Store>, runs: u64, executions: &str) {
    let client = client(url).await;
    let engine = kept(&client, "flow").await;
    let mut entries = BTreeSet::new();
    for message in engine.iter().filter(|message| message.key.starts_with("flow.run.")) {
        assert!(entries.insert(message.key.clone()), "{} was written twice, the second time at {}", message.key, message.seq);
    }
    let (heads, faults) = list_runs(&**store).await.unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    let series: BTreeSet<_> = heads.iter().filter_map(|head| head.series.clone()).collect();
    assert_eq!(series.len() as u64, runs, "each series has a run");
    let numbers: BTreeSet<_> = heads.iter().map(|head| (head.series.clone(), head.cycle)).collect();
    assert_eq!(numbers.len(), heads.len(), "each run of a series has a number of its own");
    let mut finished = 0;
    for head in &heads {
        finished += check_run(store, &head.id, head.seq).await;
    }
    let journaled = heads.iter().map(|head| head.seq).sum::<u64>();
    assert_eq!(entries.len() as u64, journaled, "there is no entry that no journal has");
    let batches = store.describe(&Bucket::engine()).await.is_ok() && atomic(&client).await;
    check_documents(&kept(&client, "notes").await, batches);
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for line in executions.lines() {
        *counted.entry(line).or_default() += 1;
    }
    assert_eq!(counted.len() as u64, finished, "what is complete was executed, and nothing else");
    println!("{finished} phases complete, {} executed, {} writes", executions.lines().count(), engine.len());
}

async fn atomic(client: &async_nats::Client) -> bool {
    ask(client, "STREAM.INFO.KV_notes", &json!({})).await["config"]["allow_atomic"] == true
}

/// The journal of a run and its documents; gives how many phases it completed.
async fn check_run(store: &Arc<dyn Store>, run: &RunId, last: u64) -> u64 {
    // Numbers without a hole, and each entry with the hash of the one before.
    let loaded = Journal::new(store.clone(), run.clone()).load().await.unwrap();
    assert_eq!(loaded.head.seq, last, "the row of {run} tells of the last entry");
    let mut complete = BTreeSet::new();
    for (seq, stamped) in loaded.events() {
        match &stamped.event {
            Event::PhaseCompleted { phase, .. } => {
                assert!(complete.insert(phase.clone()), "`{phase}` of {run} was completed again by entry {seq}");
            }
            Event::AttemptStarted { work, .. } => {
                let phase = &work.attempt.phase;
                assert!(!complete.contains(phase), "`{phase}` of {run} began after it was complete");
            }
            _ => {}
        }
    }
    let state = load(store, run).await.unwrap().state;
    assert_eq!(state.status, RunStatus::Complete);
    let program = Arc::new(Program::new(Arc::new(load_plan(store, &state).await.unwrap())));
    let bucket = Bucket::new("notes").unwrap();
    for (name, key) in &state.started.documents {
        let stored = store.get(&bucket, &Key::new(key).unwrap()).await.unwrap().unwrap();
        let stored = Value::parse(&stored.value.unwrap()).unwrap();
        let (document, name, program) = (state.document().clone(), Name::new(name).unwrap(), program.clone());
        let wanted = on_big_stack(move || document_view(&program, &document, &name, Value::NULL)).unwrap();
        assert_eq!(stored.to_string(), wanted.to_string(), "document {key} is what the journal gives");
    }
    complete.len() as u64
}

/// At every write, the two documents of a run tell of the same number of phases; where they do not, the very next write
/// is the other one.
fn check_documents(kept: &[Kept], batches: bool) {
    let mut steps: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    let mut half: Option<(&str, u64)> = None;
    for message in kept {
        let (series, document) = message.key.rsplit_once('.').unwrap();
        let value: serde_json::Value = serde_json::from_slice(&message.value).unwrap();
        let now = value["steps"].as_u64().unwrap();
        let of = steps.entry(series).or_default();
        let before = of.insert(document, now).unwrap_or(0);
        assert!(before <= now, "{} goes back from {before} to {now} at {}", message.key, message.seq);
        if let Some((other, seq)) = half.take() {
            assert!(!batches || (other == series && seq + 1 == message.seq), "{other} is half written at {seq}");
        }
        let agree = of.len() == 2 && of.values().all(|steps| *steps == now);
        half = (!agree).then_some((series, message.seq));
    }
    assert!(!batches || half.is_none(), "the last write is half of two");
}
