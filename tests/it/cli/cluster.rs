//! The cluster of the book, as its page sets it up.

use super::Desk;
use crate::nats::{Server, free_port};
use std::path::Path;
use std::time::{Duration, Instant};

const PAGE: &str = "book/src/running/nats-cluster.md";

/// The configuration of the page for the server with this number, on this machine.
fn config(number: usize, ports: &[u16]) -> String {
    let page = crate::book::blocks(Path::new(PAGE));
    let block = page.iter().find(|block| block.text.contains("cluster {")).expect("the page has a configuration");
    let replace = |text: String, from: &str, to: &str| {
        assert!(text.contains(from), "`{from}` is not in {text}");
        text.replace(from, to)
    };
    let mut text = replace(block.text.clone(), "server_name: nats-1", &format!("server_name: nats-{number}"));
    text = replace(text, "listen: \"0.0.0.0:4222\"\n", "");
    text = replace(text, "\"/var/lib/nats\"", "STATE");
    text = replace(text, "\"0.0.0.0:6222\"", &format!("\"127.0.0.1:{}\"", ports[number - 1]));
    for (at, port) in ports.iter().enumerate() {
        text = replace(text, &format!("nats-{}.example:6222", at + 1), &format!("127.0.0.1:{port}"));
    }
    text
}

#[test]
fn the_cluster_of_the_book_keeps_three_copies() {
    let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
    let servers: Vec<Server> = (1..=3).map(|number| Server::with(&config(number, &ports))).collect();
    let urls: Vec<&str> = servers.iter().map(Server::url).collect();
    let desk = Desk::new().env("FLOW_STORE", &urls.join(","));
    let begun = Instant::now();
    // Until the servers have found each other and a leader, there is nobody who could make a bucket.
    while !desk.command(["store", "apply", "peer"]).output().unwrap().status.success() {
        assert!(begun.elapsed() < Duration::from_secs(90), "{}", servers[0].log());
    }
    desk.flow("run peer --instruction=create-spec --rehearse").ends(0).says_part("is complete");
    let status = desk.flow("store status --json").ends(0);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    let copies = |bucket: &str| {
        let found = status["buckets"].as_array().unwrap().iter().find(|found| found["bucket"] == bucket);
        found.unwrap_or_else(|| panic!("{bucket} is not in {status}"))["found"]["replicas"].clone()
    };
    assert_eq!(copies("agent-os-peer-state"), 3);
    assert_eq!(copies("flow"), 3);
}
