//! Chaos: fifty runs on a cluster of three, while its servers and the drivers are killed and stopped at random.
//!
//! At the end all runs are complete, and what the servers kept is replayed write by write: see `replay.rs` for what must
//! hold. What is bounded is work, not time: so many faults, and then everything is left in peace until it is done.
//! `FLOW_CHAOS_RUNS` and `FLOW_CHAOS_SECONDS` (runs are started that long, and faults go on as well) make it longer, and
//! `FLOW_CHAOS_SEED` makes other things happen.

mod faults;
mod replay;

use crate::cli::Desk;
use crate::kill::Dice;
use crate::nats::Cluster;
use faults::Faults;
use flow::store::{Store, list_runs, open_store};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Drivers at once: enough to keep the machine busy, few enough for a small one.
const DRIVERS: usize = 5;
/// Machines that drivers believe to be on.
const MACHINES: u64 = 3;
/// When to give up: several times what a busy machine takes.
const CAP: Duration = Duration::from_secs(900);

/// Two documents that are written together, and phases that say outside that they ran.
const PIPELINE: &str = r#"
flow = 1
name = "chaos"
description = "Four phases that say that they ran, and two documents"

[params.n]
required = true

[series]
key = "chaos.{{ params.n }}"

[store]
bucket = "notes"
replicas = 3
history = 64

[documents.meta]
key = "{{ series }}.{{ cycle }}.meta"
view = '{ run: .id, status, steps: [.phases[] | select(.status == "complete")] | length }'

[documents.cycle]
key = "{{ series }}.{{ cycle }}.cycle"
view = '{ run: .id, steps: [.phases[] | select(.status == "complete")] | length, phases: (.phases | map_values(.status)) }'

[phases.one]
run = { shell = "sleep 0.2; echo $FLOW_RUN one >> begun" }
workspace = "shared"
timeout = "5m"

[phases.left]
needs = ["one"]
run = { shell = "sleep 0.2; echo $FLOW_RUN left >> begun" }
workspace = "shared"
timeout = "5m"

[phases.right]
needs = ["one"]
run = { shell = "sleep 0.3; echo $FLOW_RUN right >> begun" }
workspace = "shared"
timeout = "5m"

[phases.four]
needs = ["left", "right"]
run = { shell = "sleep 0.2; echo $FLOW_RUN four >> begun" }
workspace = "shared"
timeout = "5m"
"#;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// What a driver is about.
struct Driver {
    child: Child,
    n: u64,
    log: std::path::PathBuf,
}

/// The runs, by their numbers, and who carries them.
struct World {
    desk: Desk,
    store: Arc<dyn Store>,
    dice: Dice,
    drivers: Vec<Driver>,
    /// Numbers that are to be looked at.
    waiting: Vec<u64>,
    /// How drivers ended, for people.
    ends: BTreeMap<String, u32>,
    started: u64,
    done: BTreeSet<u64>,
}

impl World {
    /// Starts, or goes on with, what a number stands for.
    async fn take(&mut self, n: u64) {
        let series = format!("chaos.{n}");
        // Whoever waits here for the servers keeps them from being put right.
        let Ok(Ok((heads, _))) = tokio::time::timeout(Duration::from_secs(3), list_runs(&*self.store)).await else {
            return self.waiting.push(n);
        };
        // One that stood still before its start may begin a second run of a series whose first is over.
        let known: Vec<_> = heads.iter().filter(|head| head.series.as_ref() == Some(&series)).collect();
        let words: Vec<String> = match known.iter().find(|head| head.status != "complete") {
            Some(head) => ["resume", head.id.as_str(), "--yes"].map(str::to_owned).to_vec(),
            None if !known.is_empty() => {
                self.done.insert(n);
                return;
            }
            None => ["run", "chaos.toml", "--n", &n.to_string(), "--yes"].map(str::to_owned).to_vec(),
        };
        let host = (1 + self.dice.below(MACHINES)).to_string();
        let log = self.desk.project().join(format!("log.{n}.{}", self.started));
        let env = [("FLOW_HOST", host.as_str()), ("FLOW_BEAT_MS", "500"), ("FLOW_LEASE_MS", "8000"), ("FLOW_FENCE_MS", "5000")];
        let mut command = self.desk.command(&words);
        let errors = std::fs::File::create(&log).unwrap();
        let child = command.envs(env).stdout(Stdio::null()).stderr(errors).spawn().unwrap();
        self.started += 1;
        self.drivers.push(Driver { child, n, log });
    }

    /// Looks which drivers ended; their numbers are looked at again.
    fn reap(&mut self) {
        let mut at = 0;
        while at < self.drivers.len() {
            let Some(status) = self.drivers[at].child.try_wait().unwrap() else {
                at += 1;
                continue;
            };
            let driver = self.drivers.swap_remove(at);
            let said = std::fs::read_to_string(&driver.log).unwrap_or_default();
            // Done, the store is away, somebody else has it, killed; or another ended it before this one had begun to look.
            let late = status.code() == Some(3) && said.contains("is complete: there is nothing left to do");
            assert!(late || matches!(status.code(), Some(0 | 5 | 7) | None), "run {} ends with {status}:\n{said}", driver.n);
            *self.ends.entry(status.to_string()).or_default() += 1;
            self.waiting.push(driver.n);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_survive_servers_and_drivers_that_die_and_stand_still() {
    let runs = number("FLOW_CHAOS_RUNS").unwrap_or(50);
    let seconds = Duration::from_secs(number("FLOW_CHAOS_SECONDS").unwrap_or(0));
    let seed = number("FLOW_CHAOS_SEED").unwrap_or(20_260_103);
    println!("FLOW_CHAOS_SEED={seed}");
    let mut cluster = Cluster::start().await;
    let url = cluster.url(0);
    let store = open_store(&url, true).await.unwrap();
    replay::keep_all(&url).await;
    let desk = Desk::new().file("chaos.toml", PIPELINE).env("FLOW_STORE", &url);
    let (dice, drivers, waiting) = (Dice(seed), vec![], vec![]);
    let mut world = World { desk, store, dice, drivers, waiting, ends: BTreeMap::new(), started: 0, done: BTreeSet::new() };
    let mut faults = Faults::new(seed);
    let (begun, mut next) = (Instant::now(), 0);
    loop {
        world.reap();
        let more = next < runs || begun.elapsed() < seconds;
        if world.drivers.len() < DRIVERS {
            let at = world.dice.below(world.waiting.len().max(1) as u64) as usize;
            // What was interrupted is mixed with what is new.
            let n = if !world.waiting.is_empty() && (!more || world.dice.below(2) == 0) {
                world.waiting.swap_remove(at)
            } else if more {
                next += 1;
                next
            } else {
                0
            };
            if n > 0 {
                world.take(n).await;
            }
        }
        if world.done.len() as u64 == next && !more {
            break;
        }
        // While one stands still, another may take its run.
        let rival = faults.go_on(&mut cluster, &mut world.drivers, begun.elapsed() < seconds || next < runs);
        world.waiting.extend(rival);
        assert!(begun.elapsed() < CAP + seconds, "{:?} of {next} runs are complete, after {:?}", world.done, world.ends);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    faults.end(&mut cluster, &mut world.drivers);
    while !(world.drivers.is_empty() && world.waiting.is_empty()) {
        world.reap();
        if world.drivers.len() < DRIVERS
            && let Some(n) = world.waiting.pop()
        {
            world.take(n).await;
        }
        assert!(begun.elapsed() < CAP + seconds, "a driver does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("{next} runs by {} drivers that ended {:?}, in {} s", world.started, world.ends, begun.elapsed().as_secs());
    println!("{}", faults.told());
    let executions = std::fs::read_to_string(world.desk.project().join("begun")).unwrap();
    replay::check(&url, &world.store, next, &executions).await;
}
