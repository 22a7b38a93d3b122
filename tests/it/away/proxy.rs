//! A line between driver and server on which answers are lost, late, or the last that comes.

use super::{Driver, complete_once, state_of};
use crate::cli::Desk;
use crate::nats::Server;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What becomes of an answer that acknowledges a write.
#[derive(Clone, Copy)]
enum Fate {
    /// It is lost, and the line is cut.
    Cut,
    /// It is late.
    Late,
    /// It is lost, and so is all that follows, for longer than an answer may take.
    Silence,
}

/// The fates of some answers, a few good ones between them.
const FATES: [Fate; 9] =
    [Fate::Cut, Fate::Late, Fate::Silence, Fate::Cut, Fate::Cut, Fate::Late, Fate::Silence, Fate::Late, Fate::Cut];
/// Of each so many answers one has a fate, the first of all among them.
const EACH: usize = 3;

/// Five phases that each say that they ran, two of them at once, and a document of all.
const FIVE: &str = r#"
flow = 1
name = "five"
description = "Five that say that they ran"

[series]
key = "five"

[store]
bucket = "notes"
history = 5

[documents.state]
key = "held.state"
view = '{ status, done: [.phases | to_entries[] | select(.value.status == "complete") | .key] }'

[phases.one]
run = { shell = "echo one >> begun" }
timeout = "2m"

[phases.left]
needs = ["one"]
run = { shell = "echo left >> begun" }
workspace = "shared"
timeout = "2m"

[phases.right]
needs = ["one"]
run = { shell = "echo right >> begun" }
workspace = "shared"
timeout = "2m"

[phases.four]
needs = ["left", "right"]
run = { shell = "echo four >> begun" }
timeout = "2m"

[phases.five]
needs = ["four"]
run = { shell = "echo five >> begun" }
timeout = "2m"
"#;

/// Listens, and gives its address; each connection goes to the server.
fn proxy(to: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let (acks, counted) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let hit = counted.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(&to).unwrap();
            let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut up, &mut down);
                let _ = down.shutdown(Shutdown::Both);
            });
            let (acks, hit) = (acks.clone(), hit.clone());
            std::thread::spawn(move || answers(server, client, &acks, &hit));
        }
    });
    (url, counted)
}

/// Passes what the server says, each acknowledgement with its fate.
fn answers(mut server: TcpStream, mut client: TcpStream, acks: &AtomicUsize, hit: &AtomicUsize) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        let bytes = &buffer[..read];
        let is_ack =
            bytes.windows(10).any(|part| part == b"\"stream\":\"") && !bytes.windows(9).any(|part| part == b"\"config\":");
        let fate = if is_ack {
            let n = acks.fetch_add(1, Ordering::Relaxed);
            if n.is_multiple_of(EACH) { FATES.get(n / EACH).copied() } else { None }
        } else {
            None
        };
        hit.fetch_add(usize::from(fate.is_some()), Ordering::Relaxed);
        match fate {
            Some(Fate::Cut) => break,
            Some(Fate::Late) => std::thread::sleep(Duration::from_millis(1_500)),
            Some(Fate::Silence) => {
                server.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
                let end = Instant::now() + Duration::from_millis(5_500);
                while Instant::now() < end {
                    let _ = server.read(&mut buffer);
                }
                break;
            }
            None => {}
        }
        if client.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
}

#[tokio::test]
async fn answers_that_are_lost_or_late_make_nothing_happen_twice() {
    let server = Server::start();
    // The buckets are made over a line that is whole: what is tried here is the run.
    Desk::new().file("five.toml", FIVE).env("FLOW_STORE", server.url()).flow("run five.toml --yes").ends(0);
    let (url, hit) = proxy(server.url().trim_start_matches("nats://").to_owned());
    let desk = Desk::new().file("five.toml", FIVE).env("FLOW_STORE", &url);
    Driver::start(&desk, &["run", "five.toml", "--yes"], &[("FLOW_BEAT_MS", "300")]).ends_with(0);
    assert!(hit.load(Ordering::Relaxed) >= 5, "too few answers had a fate");
    let mut begun = super::begun(&desk);
    begun[1..3].sort();
    assert_eq!(begun, ["one", "left", "right", "four", "five"]);
    let (store, _) = complete_once(server.url()).await;
    let (runs, _) = flow::store::list_runs(&*store).await.unwrap();
    assert_eq!(runs.iter().filter_map(|run| run.cycle).collect::<Vec<_>>(), [1, 2], "no number was given twice");
    assert_eq!(state_of(&*store).await, r#"{"status":"complete","done":["one","left","right","four","five"]}"#);
}
