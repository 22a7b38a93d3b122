//! Looks at the processes of this machine: who descends from whom, who carries a marker in its environment.
//!
//! Linux tells it under `/proc`. Elsewhere nothing is seen and [`CAN_LOOK`] is false, so that callers can say so
//! instead of reporting that nothing is left. A process is known by pid and start time: a pid that was given out
//! again is another process, and is never signalled.

use rustix::process::{Pid, Signal};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Whether this platform shows its processes.
pub const CAN_LOOK: bool = cfg!(target_os = "linux");

/// How often a sweep looks again.
const LOOK_EVERY: Duration = Duration::from_millis(15);

/// A living process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// The number of its parent.
    pub parent: i32,
    /// When it started, in the kernel's ticks since boot.
    pub started: u64,
}

/// All living processes; dead ones that nobody collected are not among them.
pub fn snapshot() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter_map(look).collect()
}

/// One process, if it lives.
pub fn look(pid: i32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything, so fields are counted from the last one.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(Process { pid, parent, started })
}

/// This process.
pub fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// Those of `all` that descend from one of `roots`, without the roots.
pub fn descendants(roots: &[i32], all: &[Process]) -> Vec<Process> {
    let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
    for process in all {
        children.entry(process.parent).or_default().push(*process);
    }
    let mut found = Vec::new();
    let mut seen: HashSet<i32> = roots.iter().copied().collect();
    let mut open = roots.to_vec();
    while let Some(pid) = open.pop() {
        for child in children.get(&pid).into_iter().flatten() {
            if seen.insert(child.pid) {
                found.push(*child);
                open.push(child.pid);
            }
        }
    }
    found
}

/// The process itself and its ancestors.
pub fn ancestors_and_self(pid: i32, all: &[Process]) -> HashSet<i32> {
    let parents: HashMap<i32, i32> = all.iter().map(|p| (p.pid, p.parent)).collect();
    let mut line = HashSet::new();
    let mut at = pid;
    while at > 0 && line.insert(at) {
        at = parents.get(&at).copied().unwrap_or(0);
    }
    line
}

/// Whether the process was started with this `NAME=value` in its environment. Processes of other users tell nothing.
pub fn carries(pid: i32, marker: &str) -> bool {
    let Ok(environment) = std::fs::read(PathBuf::from(format!("/proc/{pid}/environ"))) else { return false };
    environment.split(|b| *b == 0).any(|entry| entry == marker.as_bytes())
}

/// Sends a signal to exactly this process; a pid that was given out again is left alone.
pub fn signal(process: &Process, signal: Signal) {
    let Some(pid) = Pid::from_raw(process.pid) else { return };
    #[cfg(target_os = "linux")]
    {
        // The descriptor pins the process; whoever has the pid now is looked at only after that.
        let Ok(handle) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) else { return };
        if look(process.pid).is_some_and(|now| now.started == process.started) {
            let _ = rustix::process::pidfd_send_signal(&handle, signal);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = rustix::process::kill_process(pid, signal);
}

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// False where the platform does not show its processes: then the rest says nothing.
    pub looked: bool,
    /// Processes that were found and are gone.
    pub stopped: usize,
    /// Processes that could not be ended (stuck in the kernel, or not ours), by pid.
    pub left: Vec<i32>,
}

/// Ends whatever `find` finds: asks, waits `grace`, kills, and looks again until nothing is found, at most
/// [`SWEEP_MS`](crate::limits::SWEEP_MS) after the first kill. Blocks.
pub fn stop_all(find: impl Fn() -> Vec<Process>, grace: Duration) -> SweepReport {
    let mut report = SweepReport { looked: CAN_LOOK, ..SweepReport::default() };
    let mut met = HashSet::new();
    let begin = Instant::now();
    let end = grace + Duration::from_millis(crate::limits::SWEEP_MS);
    loop {
        let found = find();
        let spent = begin.elapsed();
        if found.is_empty() || spent > end {
            report.left = found.iter().map(|p| p.pid).collect();
            report.stopped = met.len().saturating_sub(found.len());
            return report;
        }
        for process in found {
            let new = met.insert(process);
            if spent >= grace {
                signal(&process, Signal::KILL);
            } else if new {
                signal(&process, Signal::TERM);
                // A stopped process takes the request only when it goes on.
                signal(&process, Signal::CONT);
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32) -> Process {
        Process { pid, parent, started: 1 }
    }

    #[test]
    fn descendants_are_found_through_every_generation() {
        let all = [process(1, 0), process(5, 1), process(6, 5), process(7, 6), process(8, 1)];
        let mut found: Vec<i32> = descendants(&[5], &all).iter().map(|p| p.pid).collect();
        found.sort_unstable();
        assert_eq!(found, [6, 7]);
        assert_eq!(ancestors_and_self(7, &all), HashSet::from([7, 6, 5, 1]));
    }

    #[test]
    fn this_process_sees_itself() {
        if CAN_LOOK {
            let me = look(own_pid()).expect("we live");
            assert!(snapshot().contains(&me));
        }
    }
}
