//! Room and time: a disk that is full in the middle of a run, a file that may not grow, a clock that is set back.

use super::{begun, desk};
use crate::cli::Desk;
use std::process::{Command, Stdio};

#[test]
fn a_run_on_a_full_disk_stops_and_goes_on_when_there_is_room() {
    let mut moments = vec![];
    for pages in (6..72).step_by(6) {
        let desk = desk();
        let words = ["run", "steps.toml", "--yes"];
        let output = desk.command(words).env("FLOW_DISK_PAGES", pages.to_string()).output().unwrap();
        if output.status.success() {
            break;
        }
        let did = desk
            .did("run steps.toml", &output)
            .ends(5)
            .says_part("is full: the disk has no room for the next entry; make room, and go on with `flow run --continue`\n");
        let done = did.stderr.lines().filter(|line| line.ends_with(": complete")).count();
        moments.push(done);
        // There may be no room for the run itself.
        let words = if did.stderr.starts_with("run ") { "run steps.toml --continue --yes" } else { "run steps.toml --yes" };
        desk.flow("list").ends(0);
        desk.flow(words).ends(0);
        desk.flow("show latest --jq '.status, .result.three'").ends(0).prints("\"complete\"\n30000\n");
        let again = begun(&desk);
        for phase in ["one", "two", "three"].iter().take(done) {
            let times = again.iter().filter(|begun| begun == phase).count();
            assert_eq!(times, 1, "`{phase}` was complete, and ran again: {again:?}");
        }
        desk.flow("doctor").ends(0);
    }
    moments.dedup();
    assert_eq!(moments, [0, 1, 2], "it was full after each phase");
}

#[test]
fn a_request_that_finds_no_room_is_not_taken_for_done() {
    let desk = Desk::new().file(
        "ask.toml",
        "flow = 1\nname = \"ask\"\ndescription = \"Asks\"\n[phases.sure]\nask = \"Sure?\"\nform = { why = \"string\" }\n",
    );
    desk.flow("run ask.toml --yes").ends(4);
    let long = format!("why={}", "x".repeat(100_000));
    let answer = ["answer", "latest", "sure", &long];
    let full = desk.command(answer).env("FLOW_DISK_PAGES", "8").output().unwrap();
    desk.did("answer", &full).ends(5).says_part("is full: the disk has no room");
    let answered = desk.command(answer).output().unwrap();
    desk.did("answer", &answered).ends(0);
    desk.flow("show latest --jq '.status, (.phases.sure.output.why | length)'").ends(0).prints("\"complete\"\n100000\n");
}

#[test]
fn a_file_that_may_not_grow_is_an_error_that_says_what_to_do() {
    // With the signal ignored, the system refuses the write; the shell passes both on to the program.
    for (ignored, code) in [("trap '' XFSZ; ", Some(5)), ("", None)] {
        let desk = desk();
        let mut command = Command::new("sh");
        let script = format!("{ignored}ulimit -f 120; exec \"$FLOW\" run steps.toml --yes");
        command.args(["-c", &script]).current_dir(desk.project()).env_clear().env("PATH", "/usr/bin:/bin");
        command.env("HOME", desk.project().with_file_name("home")).env("FLOW", env!("CARGO_BIN_EXE_flow"));
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), code, "{}", String::from_utf8_lossy(&output.stderr));
        if code.is_some() {
            desk.did("run", &output).says_part("disk I/O error").says_part("`flow run --continue`");
        }
        desk.flow("run steps.toml --continue --yes").ends(0);
        desk.flow("show latest --jq .result.three").ends(0).prints("30000\n");
        desk.flow("doctor").ends(0);
    }
}

#[test]
fn a_clock_that_was_set_back_delays_nothing_and_puts_nothing_before_what_was() {
    let desk = Desk::new().file(
        "later.toml",
        "flow = 1\nname = \"later\"\ndescription = \"Tries again\"\n\
         [phases.work]\nrun = { shell = \"test -e ok\" }\nexit = [0]\ntimeout = \"1m\"\n\
         retry = { max = 5, delay = \"300ms\", on = [\"exit\"] }\n",
    );
    // It dies when it has just journaled at which moment it tries again.
    let died = desk.command(["run", "later.toml", "--yes"]).env("FLOW_CRASH_AT", "run.create.kept:2").output().unwrap();
    assert_eq!(died.status.code(), None);
    desk.flow("why latest work").ends(0).prints_part("tries again in");
    let desk = desk.file("ok", "").env("FLOW_CLOCK_MS", "-864000000");
    let begin = std::time::Instant::now();
    desk.flow("run later.toml --continue --yes").ends(0);
    assert!(begin.elapsed() < std::time::Duration::from_secs(20), "it waited for its old clock");
    let times = desk.command(["show", "latest", "--jq", "[.started_at, .updated_at] | . == sort"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&times.stdout), "true\n", "ten days before it began, something happened to it");
    desk.flow("list").ends(0).prints_part("complete  -        N s ago");
    desk.flow("show latest").ends(0);
}
