//! What the tests of this folder share: a guard, a listener that keeps everything, and a look at what lives.

use flow::agent::guard::Guard;
use flow::agent::process::{Bounds, Launch, Listener, Want};
use flow::agent::tree;
use flow::run::{Digest, RunId};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Guards come from the program under test.
pub fn guard() -> Guard {
    Guard::at(env!("CARGO_BIN_EXE_flow"))
}

/// A run id that no other test has.
pub fn run_id() -> RunId {
    RunId::from_ulid(ulid::Ulid::generate())
}

/// Keeps what a program says.
#[derive(Debug, Default)]
pub struct Kept {
    pub out: Vec<u8>,
    pub err: Vec<u8>,
    /// Wants no more once standard output holds this.
    pub enough: Option<&'static str>,
}

impl Kept {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

impl Listener for Kept {
    fn stdout(&mut self, bytes: &[u8]) -> Want {
        self.out.extend_from_slice(bytes);
        match self.enough {
            Some(word) if self.out().contains(word) => Want::Enough,
            _ => Want::More,
        }
    }

    fn stderr(&mut self, bytes: &[u8]) {
        self.err.extend_from_slice(bytes);
    }
}

/// A script under a guard.
pub fn launch(script: &str, folder: &Path) -> Launch {
    argv(&["sh", "-c", script], folder)
}

/// A program under a guard.
pub fn argv(argv: &[&str], folder: &Path) -> Launch {
    let run = run_id();
    let key = Digest::of(run.as_str().as_bytes()).hex()[..32].to_owned();
    Launch {
        guard: guard(),
        argv: argv.iter().map(|&word| word.to_owned()).collect(),
        env: vec![
            ("PATH".to_owned(), std::env::var("PATH").expect("tests have a PATH")),
            ("FLOW_RUN".to_owned(), run.to_string()),
            ("FLOW_IDEMPOTENCY_KEY".to_owned(), key.clone()),
        ],
        dir: folder.to_owned(),
        stdin: Vec::new(),
        run,
        key,
        scratch: folder.to_owned(),
    }
}

/// No limits and nobody who stops it.
pub fn unbounded() -> Bounds {
    Bounds { timeout: None, idle: None, interrupt_first: false, stop: watch::channel(false).1 }
}

/// Pids of what carries a run's marker.
pub fn carriers(run: &RunId) -> Vec<i32> {
    let marker = format!("FLOW_RUN={run}");
    tree::snapshot().iter().map(|p| p.pid).filter(|pid| tree::carries(*pid, &marker)).collect()
}

/// Waits for something of the outside world, and fails the test when it does not come.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(60), "waited a minute for: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs a future to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime").block_on(future)
}
