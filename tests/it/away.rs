//! A store on other machines that is away, full or slow, and drivers that are: what people are told, and that nothing is
//! done twice.

mod big;
mod full;
mod outage;
mod owners;
mod proxy;
mod row;

use crate::cli::Desk;
use crate::nats::Server;
use flow::name::Bucket;
use flow::run::{Event, RunId};
use flow::store::{Journal, Store, list_runs, open_store};
use std::io::{BufRead, BufReader};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// What anything in these tests may take at most: far more than it takes on a busy machine.
const LONG: Duration = Duration::from_secs(120);

/// A run of one agent that waits until it is let go, with a document, in a small bucket of its own.
const HELD: &str = r#"
flow = 1
name = "held"
description = "One agent that waits until it is let go"

[store]
bucket = "notes"
history = 1

[documents.state]
key = "held.state"
view = '{ status, done: [.phases | to_entries[] | select(.value.status == "complete") | .key] }'

[agents.worker]
use = "command"
command = ["sh", "agent.sh"]

[phases.work]
agent = "worker"
prompt = "Wait"
timeout = "5m"

[phases.after]
needs = ["work"]
run = { shell = "echo after >> begun" }
timeout = "1m"
"#;

/// Notes that it began, and waits for the file `go`.
const AGENT: &str = "cat > /dev/null; echo work >> begun; while [ ! -e go ]; do sleep 0.02; done; echo done\n";

/// A project with the held run.
fn held(server: &Server) -> Desk {
    Desk::new().file("held.toml", HELD).file("agent.sh", AGENT).env("FLOW_STORE", server.url())
}

/// How often each phase began.
fn begun(desk: &Desk) -> Vec<String> {
    let text = std::fs::read_to_string(desk.project().join("begun")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// A running program, and what it says.
struct Driver {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Driver {
    fn start(desk: &Desk, words: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = desk.command(words);
        let mut child = command.envs(env.iter().copied()).stdout(Stdio::null()).spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, said: vec![] }
    }

    /// Waits until it says something.
    #[track_caller]
    fn says(&mut self, part: &str) -> String {
        let end = Instant::now() + LONG;
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.said.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
        panic!("it never says `{part}`: {}", self.said.join("\n"));
    }

    /// Waits for its end.
    #[track_caller]
    fn ends(&mut self) -> (ExitStatus, String) {
        let end = Instant::now() + LONG;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        self.said.extend(self.lines.iter());
        (status, self.said.join("\n"))
    }

    /// It ends with this code, and what it said is given.
    #[track_caller]
    fn ends_with(&mut self, code: i32) -> String {
        let (status, said) = self.ends();
        assert_eq!(status.code(), Some(code), "{said}");
        said
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something to become true.
#[track_caller]
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !is() {
        assert!(Instant::now() < end, "waited long for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The newest run of a store is complete; no phase was completed twice, and its row tells of its last entry.
async fn complete_once(url: &str) -> (Arc<dyn Store>, RunId) {
    let store = open_store(url, false).await.unwrap();
    let (heads, faults) = list_runs(&*store).await.unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    let head = heads.last().unwrap();
    assert_eq!(head.status, "complete");
    let run = head.id.clone();
    let loaded = Journal::new(store.clone(), run.clone()).load().await.unwrap();
    let mut done = std::collections::BTreeMap::<String, u32>::new();
    for (_, stamped) in loaded.events() {
        if let Event::PhaseCompleted { phase, .. } = &stamped.event {
            *done.entry(phase.to_string()).or_default() += 1;
        }
    }
    assert!(done.values().all(|times| *times == 1) && !done.is_empty(), "{done:?}");
    assert_eq!(head.seq, loaded.head.seq, "the row tells of the last entry");
    (store, run)
}

/// The document of the held run at its end.
async fn state_of(store: &dyn Store) -> String {
    let (bucket, key) = (Bucket::new("notes").unwrap(), flow::name::Key::new("held.state").unwrap());
    let entry = store.get(&bucket, &key).await.unwrap().unwrap();
    String::from_utf8(entry.value.unwrap()).unwrap()
}
