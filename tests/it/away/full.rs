//! A bucket without room, in the middle of a run.

use super::{Driver, begun, complete_once, held, state_of, until};
use crate::cli::Desk;
use crate::nats::{Server, api};
use serde_json::json;

/// Lets a bucket hold this many bytes more than it holds now; -1 takes the bound away.
async fn bound(server: &Server, bucket: &str, more: i64) {
    let info = api(server, &format!("STREAM.INFO.KV_{bucket}"), &json!({})).await;
    let mut config = info["config"].clone();
    config["max_bytes"] = if more < 0 { -1 } else { info["state"]["bytes"].as_i64().unwrap() + more }.into();
    let after = api(server, &format!("STREAM.UPDATE.KV_{bucket}"), &config).await;
    assert_eq!(after["error"], json!(null), "{after}");
}

#[tokio::test]
async fn a_full_bucket_pauses_the_run_until_there_is_room() {
    for (bucket, atomic) in [("notes", true), ("flow", true), ("notes", false), ("flow", false)] {
        let server = Server::start();
        let desk = held(&server);
        let mut driver = Driver::start(&desk, &["run", "held.toml", "--yes"], &[]);
        until("the agent", || !begun(&desk).is_empty());
        if !atomic {
            without_batches(&server).await;
        }
        bound(&server, bucket, 8).await;
        let desk = desk.file("go", "");
        let line = driver.says("is full: ");
        assert!(line.contains("10077") && line.contains("the run is paused: make room"), "{bucket}: {line}");
        bound(&server, bucket, -1).await;
        driver.says("the store has room again, after");
        let said = driver.ends_with(0);
        assert_eq!(said.matches("is full: ").count(), 1, "it is said once: {said}");
        assert_eq!(begun(&desk), ["work", "after"], "{bucket}");
        let (store, _) = complete_once(server.url()).await;
        assert_eq!(state_of(&*store).await, r#"{"status":"complete","done":["work","after"]}"#, "{bucket}");
    }
}

/// Two phases that end once both are let go.
const PAIR: &str = r#"
flow = 1
name = "pair"
description = "Two at once"

[phases.left]
run = { shell = "echo left >> begun; while [ ! -e go ]; do sleep 0.02; done" }
timeout = "5m"

[phases.right]
run = { shell = "echo right >> begun; while [ ! -e go ]; do sleep 0.02; done" }
timeout = "5m"
"#;

#[tokio::test]
async fn what_a_helper_performed_is_told_when_there_is_room_again() {
    let server = Server::start();
    let desk = Desk::new().file("pair.toml", PAIR).env("FLOW_STORE", server.url());
    // However slow the machine is, nobody is taken for dead.
    let patient = [("FLOW_FENCE_MS", "600000"), ("FLOW_LEASE_MS", "900000")];
    let words = ["worker", "--capacity", "1", "--allow", "pair.toml"];
    desk.flow("submit pair.toml --yes").ends(0);
    let _driver = Driver::start(&desk, &words, &patient);
    until("the first phase", || begun(&desk).len() == 1);
    let mut helper = Driver::start(&desk, &words, &patient);
    until("the second phase", || begun(&desk).len() == 2);
    bound(&server, "flow", 8).await;
    let desk = desk.file("go", "");
    let line = helper.says("; trying on");
    assert!(line.contains("cannot be told: ") && line.contains("is full: "), "{line}");
    bound(&server, "flow", -1).await;
    until("the end of the run", || desk.flow("list").stdout.contains(" complete "));
    assert_eq!(begun(&desk).len(), 2, "none of them began twice");
    complete_once(server.url()).await;
}

/// Makes of a server what one before 2.12 is.
async fn without_batches(server: &Server) {
    for bucket in ["flow", "notes"] {
        let mut config = api(server, &format!("STREAM.INFO.KV_{bucket}"), &json!({})).await["config"].clone();
        config["allow_atomic"] = false.into();
        let after = api(server, &format!("STREAM.UPDATE.KV_{bucket}"), &config).await;
        assert!(!after["config"]["allow_atomic"].as_bool().unwrap_or(false));
    }
}
