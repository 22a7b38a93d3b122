//! What goes wrong: servers and drivers that are killed, and such that stand still for a while and come back.

use super::Driver;
use crate::kill::Dice;
use crate::nats::Cluster;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Faults in all, unless more time is asked for.
const MOST: u32 = 60;

/// What is wrong now, and when it ends.
enum Wrong {
    /// A server is down.
    Down(usize),
    /// A server stands still.
    Still(usize),
    /// A driver stands still.
    Driver(u32),
}

/// What is wrong, and what was.
pub(super) struct Faults {
    dice: Dice,
    next: Instant,
    wrong: Vec<(Instant, Wrong)>,
    count: BTreeMap<&'static str, u32>,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        Self { dice: Dice(seed ^ 0x5eed), next: Instant::now() + Duration::from_secs(2), wrong: vec![], count: BTreeMap::new() }
    }

    /// Ends what is over, and does the next thing when its time has come. Gives the number of a driver that now stands still.
    pub(super) fn go_on(&mut self, cluster: &mut Cluster, drivers: &mut [Driver], for_long: bool) -> Option<u64> {
        let now = Instant::now();
        let (over, still): (Vec<_>, Vec<_>) = std::mem::take(&mut self.wrong).into_iter().partition(|(end, _)| *end <= now);
        self.wrong = still;
        for (_, wrong) in over {
            right(cluster, drivers, &wrong);
        }
        let all: u32 = self.count.values().sum();
        if now < self.next || (all >= MOST && !for_long) {
            return None;
        }
        self.next = now + Duration::from_millis(400 + self.dice.below(1_600));
        let node = self.dice.below(3) as usize;
        let bad =
            |node: usize| self.wrong.iter().any(|(_, wrong)| matches!(wrong, Wrong::Down(n) | Wrong::Still(n) if *n == node));
        let bad_nodes = (0..3).filter(|node| bad(*node)).count();
        let node_is_bad = bad(node);
        match self.dice.below(10) {
            // Two of three are wrong now and then, all three never.
            0..4 if node_is_bad || bad_nodes >= 2 || (bad_nodes == 1 && self.dice.below(4) > 0) => {}
            0 | 1 => {
                cluster.node(node).kill();
                self.wrong(Wrong::Down(node), "servers killed", 300, 4_000);
            }
            2 | 3 => {
                cluster.node(node).pause();
                self.wrong(Wrong::Still(node), "servers stopped", 500, 7_000);
            }
            dice => {
                let at = self.pick(drivers.len())?;
                if dice < 7 {
                    let _ = drivers[at].child.kill();
                    *self.count.entry("drivers killed").or_default() += 1;
                } else {
                    signal(drivers[at].child.id(), Signal::STOP);
                    self.wrong(Wrong::Driver(drivers[at].child.id()), "drivers stopped", 1_000, 25_000);
                    return Some(drivers[at].n);
                }
            }
        }
        None
    }

    fn pick(&mut self, of: usize) -> Option<usize> {
        (of > 0).then(|| self.dice.below(of as u64) as usize)
    }

    fn wrong(&mut self, wrong: Wrong, what: &'static str, least_ms: u64, most_ms: u64) {
        let ms = least_ms + self.dice.below(most_ms - least_ms);
        self.wrong.push((Instant::now() + Duration::from_millis(ms), wrong));
        *self.count.entry(what).or_default() += 1;
    }

    /// Puts everything right.
    pub(super) fn end(&mut self, cluster: &mut Cluster, drivers: &mut [Driver]) {
        for (_, wrong) in std::mem::take(&mut self.wrong) {
            right(cluster, drivers, &wrong);
        }
    }

    /// What was done, in words.
    pub(super) fn told(&self) -> String {
        let told: Vec<_> = self.count.iter().map(|(what, times)| format!("{times} {what}")).collect();
        told.join(", ")
    }
}

fn right(cluster: &mut Cluster, drivers: &[Driver], wrong: &Wrong) {
    match wrong {
        Wrong::Down(node) => cluster.node(*node).restart(),
        Wrong::Still(node) => cluster.node(*node).go_on(),
        // It may have been killed meanwhile, and its number is another's then.
        Wrong::Driver(pid) if drivers.iter().any(|driver| driver.child.id() == *pid) => signal(*pid, Signal::CONT),
        Wrong::Driver(_) => {}
    }
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}
