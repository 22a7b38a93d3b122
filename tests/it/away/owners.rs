//! Drivers that are stopped, killed and come back, seen from what counts as another machine.

use super::{Driver, begun, complete_once, held, until};
use crate::nats::{Server, api};
use rustix::process::Signal;
use serde_json::json;

const RUN: [&str; 3] = ["run", "held.toml", "--yes"];
const RESUME: [&str; 3] = ["resume", "latest", "--yes"];
/// Two machines on one, which tell each other's silence within seconds.
const HERE: [(&str, &str); 2] = [("FLOW_HOST", "1"), ("FLOW_BEAT_MS", "200")];
const THERE: [(&str, &str); 3] = [("FLOW_HOST", "2"), ("FLOW_BEAT_MS", "200"), ("FLOW_LEASE_MS", "3000")];

/// The last writes of both buckets.
async fn last(server: &Server) -> Vec<serde_json::Value> {
    let mut last = vec![];
    for bucket in ["flow", "notes"] {
        last.push(api(server, &format!("STREAM.INFO.KV_{bucket}"), &json!({})).await["state"]["last_seq"].clone());
    }
    last
}

#[tokio::test]
async fn a_driver_that_comes_back_after_its_run_was_finished_writes_nothing() {
    let server = Server::start();
    let desk = held(&server);
    let mut zombie = Driver::start(&desk, &RUN, &HERE);
    until("the agent", || !begun(&desk).is_empty());
    zombie.signal(Signal::STOP);
    let mut other = Driver::start(&desk, &RESUME, &THERE);
    other.says("was carried on machine-1: watching for 3 s");
    until("the agent of the other", || begun(&desk).len() == 2);
    let desk = desk.file("go", "");
    other.ends_with(0);
    let before = last(&server).await;
    zombie.signal(Signal::CONT);
    let said = zombie.ends_with(7);
    assert!(said.contains("another driver took run"), "{said}");
    assert_eq!(last(&server).await, before, "it wrote something: {said}");
    let (_, run) = complete_once(server.url()).await;
    until("its agents to be gone", || crate::kill::marked(run.as_str()).is_empty());
    assert_eq!(begun(&desk), ["work", "work", "after"]);
}

#[tokio::test]
async fn a_driver_that_comes_back_while_another_carries_its_run_stops() {
    let server = Server::start();
    let desk = held(&server);
    let mut zombie = Driver::start(&desk, &RUN, &HERE);
    until("the agent", || !begun(&desk).is_empty());
    zombie.signal(Signal::STOP);
    let mut other = Driver::start(&desk, &RESUME, &THERE);
    until("the agent of the other", || begun(&desk).len() == 2);
    zombie.signal(Signal::CONT);
    let said = zombie.ends_with(7);
    assert!(said.contains("another driver took run") && said.contains("says who has it"), "{said}");
    // The one that has it goes on, and a third one is told who that is.
    let third = Driver::start(&desk, &RESUME, &[("FLOW_HOST", "3"), ("FLOW_LEASE_MS", "60000")]).ends_with(7);
    assert!(third.contains("on machine-2"), "{third}");
    let desk = desk.file("go", "");
    other.ends_with(0);
    complete_once(server.url()).await;
    assert_eq!(begun(&desk), ["work", "work", "after"]);
}

#[tokio::test]
async fn the_run_of_a_machine_that_is_gone_is_taken_after_its_lease() {
    let server = Server::start();
    let desk = held(&server);
    let mut first = Driver::start(&desk, &RUN, &HERE);
    until("the agent", || !begun(&desk).is_empty());
    first.signal(Signal::KILL);
    first.ends();
    let mut second = Driver::start(&desk, &RESUME, &THERE);
    second.says("was carried on machine-1: watching for 3 s");
    until("the agent of the other", || begun(&desk).len() == 2);
    second.signal(Signal::KILL);
    second.ends();
    // On the machine itself nothing is watched: it sees that the process is gone.
    let desk = desk.file("go", "");
    let said = Driver::start(&desk, &RESUME, &THERE).ends_with(0);
    assert!(!said.contains("watching"), "{said}");
    complete_once(server.url()).await;
    assert_eq!(begun(&desk), ["work", "work", "work", "after"]);
}
