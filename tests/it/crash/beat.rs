//! What a run of the matrix is too short for: the beat of the lease, and what is left by one that died on its way out.

use super::world::{died, nobody_lives, text};
use crate::cli::{Desk, GREET};
use crate::kill::{HELD, wait_for};
use std::collections::BTreeSet;

/// A run whose agent waits until the file `go` is there, and whose driver beats all the time.
fn held() -> Desk {
    Desk::new().file("held.toml", HELD).env("FLOW_BEAT_MS", "20")
}

/// The points that a beat passes.
fn points_of_a_beat() -> BTreeSet<String> {
    let desk = held();
    let log = desk.project().join("log");
    let mut child = desk.command(["run", "held.toml", "--yes"]).env("FLOW_CRASH_LOG", &log).spawn().unwrap();
    let beats = || -> Vec<String> {
        let passed = std::fs::read_to_string(&log).unwrap_or_default();
        passed.lines().filter(|point| point.starts_with("lease.update.")).map(str::to_owned).collect()
    };
    wait_for(&desk.project().join("begun"));
    while beats().len() < 6 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it beat");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::fs::write(desk.project().join("go"), "").unwrap();
    assert!(child.wait().unwrap().success());
    beats().into_iter().collect()
}

#[test]
fn a_driver_that_dies_while_it_beats_is_followed_by_another() {
    let points = points_of_a_beat();
    assert_eq!(points.len(), 3, "{points:?}");
    for point in points {
        let desk = held();
        let command = desk.command(["run", "held.toml", "--yes"]).env("FLOW_CRASH_AT", format!("{point}:2")).output().unwrap();
        assert!(died(&command), "{point}: {}", text(&command.stderr));
        let desk = desk.file("go", "");
        desk.flow("run held.toml --continue --yes").ends(0);
        desk.flow("show latest --jq '.status, .phases.work.attempts'").ends(0).prints("\"complete\"\n2\n");
        let id = text(&desk.command(["show", "latest", "--jq", ".id"]).output().unwrap().stdout);
        nobody_lives(id.trim().trim_matches('"')).unwrap();
    }
}

#[test]
fn what_a_run_left_that_died_on_its_way_out_is_swept_by_the_next() {
    let desk = Desk::new().file("greet.toml", GREET);
    let left = || std::fs::read_dir(desk.project().join(".flow/tmp")).unwrap().count();
    let words = ["run", "greet.toml", "--who", "world", "--yes"];
    assert!(died(&desk.command(words).env("FLOW_CRASH_AT", "run.let-go:1").output().unwrap()));
    assert_eq!(left(), 1);
    desk.flow("run greet.toml --who me --yes").ends(0);
    assert_eq!(left(), 0);
}
