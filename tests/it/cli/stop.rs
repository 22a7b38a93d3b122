//! Stopping a run from outside, and going on with it.

use super::Desk;
use crate::kill::wait_for;
use rustix::process::{Pid, Signal, kill_process};
use std::process::Child;

const SLOW: &str = r#"flow = 1
name = "slow"
description = "Works until it may end"

[phases.before]
description = "Done before"
set = '1'

[phases.work]
description = "Work"
needs = ["before"]
timeout = "5m"
run = { shell = "touch began; until test -e end; do sleep 0.05; done" }
"#;

/// Starts the run, and waits until its process works.
fn begin(desk: &Desk) -> Child {
    let child = desk.command(["run", "slow.toml", "--yes"]).spawn().unwrap();
    wait_for(&desk.project().join("began"));
    child
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[test]
fn ctrl_c_keeps_the_run_and_says_how_to_go_on() {
    for asked in [Signal::INT, Signal::TERM] {
        let desk = Desk::new().file("slow.toml", SLOW);
        let child = begin(&desk);
        signal(&child, asked);
        let output = child.wait_with_output().unwrap();
        desk.did("run slow.toml", &output)
            .ends(130)
            .says_part("stopping: agents are asked to finish what they say; once more stops at once. `flow resume ID` goes on\n")
            .says_part("interrupted: `flow resume ID` goes on where it was\n");
        desk.flow("show latest --jq '.status, .phases.before.status, .phases.work.status'")
            .ends(0)
            .prints("\"interrupted\"\n\"complete\"\n\"interrupted\"\n");
        let desk = desk.file("end", "");
        desk.flow("run slow.toml --continue --yes")
            .ends(0)
            .says_part("  done: before; next: work\n")
            .says_part("slow ID is complete");
    }
}

#[test]
fn a_run_that_somebody_carries_is_left_alone_and_hears_requests() {
    let desk = Desk::new().file("slow.toml", SLOW);
    let child = begin(&desk);
    desk.flow("resume latest --yes").ends(7).says_part("is carried by process PID on HOST");
    desk.flow("run slow.toml --continue --yes").ends(7).says_part("is carried by process");
    desk.flow("list").ends(0).prints_part("running");
    desk.flow("cancel latest").ends(0).says("its driver is told; `flow logs ID -f` follows it\n");
    let output = child.wait_with_output().unwrap();
    desk.did("run slow.toml", &output).ends(8).says_part("slow ID was cancelled after");
}

#[test]
fn who_follows_a_run_hears_that_its_process_died_and_of_the_one_that_goes_on() {
    let desk = Desk::new().file("slow.toml", SLOW);
    let mut child = begin(&desk);
    desk.flow("list --json").ends(0).prints_part("\"carried\": true");
    let follower = desk.command(["logs", "latest", "-f"]).spawn().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let output = follower.wait_with_output().unwrap();
    desk.did("logs latest -f", &output).ends(0).says_part("nobody carries it: its process died");
    let follower = || desk.command(["logs", "latest", "-f"]).spawn().unwrap();
    std::fs::remove_file(desk.project().join("began")).unwrap();
    let again = desk.command(["resume", "latest", "--yes"]).spawn().unwrap();
    wait_for(&desk.project().join("began"));
    let follower = follower();
    std::fs::write(desk.project().join("end"), "").unwrap();
    desk.did("logs latest -f", &follower.wait_with_output().unwrap()).ends(0).prints_part("complete in N s\n");
    desk.did("resume", &again.wait_with_output().unwrap()).ends(0);
}

#[test]
fn a_killed_driver_leaves_a_run_that_goes_on() {
    let desk = Desk::new().file("slow.toml", SLOW);
    let mut child = begin(&desk);
    child.kill().unwrap();
    child.wait().unwrap();
    let said = "running, and nobody carries it: its process died";
    desk.flow("show latest").ends(0).prints_part(said);
    desk.flow("list").ends(0).prints_part(&format!("slow      -       {said}  work"));
    desk.flow("list --json").ends(0).prints_part("\"status\": \"running\"").prints_part("\"carried\": false");
    desk.flow("why latest work").ends(0).prints_part(&format!("  now {said}; `flow resume ID` goes on\n"));
    desk.flow("graph latest --format text").ends(0).prints_part(&format!("{said}\nbefore  complete"));
    desk.flow("graph latest").ends(0).prints_part(&format!("---\ntitle: \"{said}\"\n---\nflowchart TD\n"));
    desk.flow("graph latest --format dot").ends(0).prints_part(&format!("    label=\"{said}\";\n"));
    desk.flow("logs latest -f").ends(0).says(&format!("{said}; `flow resume ID` goes on with it\n"));
    let desk = desk.file("end", "");
    desk.flow("resume latest --yes").ends(0).says_part("work: interrupted: its driver died while it was under way\n");
    desk.flow("show latest --jq '.phases.work.attempts'").ends(0).prints("2\n");
}
