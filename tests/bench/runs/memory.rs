//! The memory that a large run takes.

use super::house::{House, chain, runtime};
use super::pairs::{Bench, Target, scratch};
use std::process::Command;

/// Set in the process that is measured.
const ROLE: &str = "FLOW_BENCH_MEMORY";

/// The peak of a process that carries a run of a thousand phases: this program, started again.
pub fn thousand_phases(bench: &mut Bench) {
    let name = "memory of a run of 1,000 phases";
    if std::env::var_os(ROLE).is_some() {
        let folder = scratch();
        let house = House::new(folder.path(), &chain(1_000, ""));
        runtime().block_on(house.run());
        println!("peak {}", peak());
        return;
    }
    if !bench.wants(name) {
        return;
    }
    let me = std::env::current_exe().expect("this program");
    let output = Command::new(me).arg("memory").env(ROLE, "1").output().expect("it starts again");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let peak = text.lines().find_map(|line| line.strip_prefix("peak ")?.parse::<f64>().ok()).expect("it told its peak");
    bench.tell(name, peak / 1_024.0, "MiB", Target::AtMost(64.0), "peak of the whole process");
}

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel tells it");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
