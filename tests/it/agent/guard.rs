//! Nothing that an attempt started outlives it, whatever dies first.

use super::hand::{Kept, argv, block_on, carriers, guard, launch, unbounded, wait_until};
use flow::agent::guard::{FailureKind, GUARD_WORD, Order, Word};
use flow::agent::process::{Bounds, Cause, End, How, Launch, not_started, run};
use flow::agent::{sweep, tree};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::watch;

fn start(launch: Launch, bounds: Bounds) -> (End, Kept) {
    let mut kept = Kept::default();
    let end = block_on(run(launch, bounds, &mut kept));
    (end, kept)
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL).expect("it lives and is ours");
}

#[test]
fn a_program_gives_its_outputs_and_its_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut launch = launch("cat; echo told >&2; pwd; exit 3", folder.path());
    launch.stdin = b"said\n".to_vec();
    let (end, kept) = start(launch, unbounded());
    assert_eq!(end, End { how: How::Code(3), cause: None });
    let here = folder.path().canonicalize().expect("it is there");
    assert_eq!(kept.out(), format!("said\n{}\n", here.display()));
    assert_eq!(kept.err, b"told\n");
}

#[test]
fn a_program_has_exactly_the_environment_of_the_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = argv(&["env"], folder.path());
    let mut wanted: Vec<String> = launch.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let (end, kept) = start(launch, unbounded());
    assert_eq!(end.how, How::Code(0));
    let mut got: Vec<String> = kept.out().lines().map(str::to_owned).collect();
    wanted.sort();
    got.sort();
    assert_eq!(got, wanted);
}

#[test]
fn a_signal_is_told_from_an_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(start(launch("kill -SEGV $$", folder.path()), unbounded()).0.how, How::Signal(11));
    assert_eq!(start(launch("exit 139", folder.path()), unbounded()).0.how, How::Code(139));
}

#[test]
fn a_missing_program_is_told_from_exit_code_127() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(start(launch("exit 127", folder.path()), unbounded()).0.how, How::Code(127));
    let (end, _) = start(argv(&["no-such-program-anywhere"], folder.path()), unbounded());
    let How::NotStarted(failure) = end.how else { panic!("started: {end:?}") };
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(
        not_started("no-such-program-anywhere", folder.path(), Some("/usr/bin:/bin"), &failure),
        "`no-such-program-anywhere` was not found on PATH (/usr/bin:/bin): install it, or write its full path"
    );
    let file = folder.path().join("plain");
    std::fs::write(&file, "text").expect("writes");
    let (end, _) = start(argv(&["./plain"], folder.path()), unbounded());
    assert!(matches!(end.how, How::NotStarted(failure) if failure.kind == FailureKind::Denied));
    let long = "x".repeat(140 << 10);
    let (end, _) = start(argv(&["echo", &long], folder.path()), unbounded());
    assert!(matches!(end.how, How::NotStarted(failure) if failure.kind == FailureKind::TooLarge));
}

#[test]
fn two_megabytes_of_standard_input_arrive_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut launch = launch("wc -c", folder.path());
    launch.stdin = vec![b'x'; 2 << 20];
    let (end, kept) = start(launch, unbounded());
    assert_eq!(end.how, How::Code(0));
    assert_eq!(kept.out().trim(), (2 << 20).to_string());
}

#[test]
fn a_program_that_never_reads_its_input_ends_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut launch = launch("echo done", folder.path());
    launch.stdin = vec![b'x'; 2 << 20];
    let (end, kept) = start(launch, unbounded());
    assert_eq!((end.how, kept.out().as_str()), (How::Code(0), "done\n"));
}

#[test]
fn what_a_program_leaves_behind_is_ended_and_its_outputs_close() {
    let folder = tempfile::tempdir().expect("a folder");
    // A child of the group, one in a session of its own, and a double fork: all hold both outputs open.
    let script = "sleep 600 & setsid sleep 600 & (setsid sh -c 'sleep 600 & sleep 600' &); echo out";
    let launch = launch(script, folder.path());
    let run = launch.run.clone();
    let begin = Instant::now();
    let (end, kept) = start(launch, unbounded());
    assert_eq!((end.how, kept.out().as_str()), (How::Code(0), "out\n"));
    assert_eq!(carriers(&run), [] as [i32; 0]);
    assert!(begin.elapsed() < Duration::from_secs(30), "it waited for what it should have ended");
}

#[test]
fn a_time_limit_ends_a_program_that_ignores_the_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = launch("trap '' TERM; echo begun; setsid sleep 600 & while :; do sleep 1; done", folder.path());
    let run = launch.run.clone();
    let timeout = Duration::from_millis(700);
    let (end, kept) = start(launch, Bounds { timeout: Some(timeout), ..unbounded() });
    assert_eq!(end, End { how: How::Signal(9), cause: Some(Cause::Timeout(timeout)) });
    assert_eq!(kept.out(), "begun\n", "what was said before is kept");
    assert_eq!(carriers(&run), [] as [i32; 0]);
}

#[test]
fn silence_ends_a_program_and_words_do_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let talks = launch("for i in 1 2 3 4 5 6; do echo $i >&2; sleep 1; done", folder.path());
    let (end, _) = start(talks, Bounds { idle: Some(Duration::from_secs(5)), ..unbounded() });
    assert_eq!(end, End { how: How::Code(0), cause: None });
    let idle = Duration::from_secs(1);
    let silent = launch("echo one; sleep 600", folder.path());
    let (end, kept) = start(silent, Bounds { idle: Some(idle), ..unbounded() });
    assert_eq!(end, End { how: How::Signal(15), cause: Some(Cause::Idle(idle)) });
    assert_eq!(kept.out(), "one\n");
}

#[test]
fn a_stop_is_an_interrupt_first_where_that_is_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (stop, stopped) = watch::channel(false);
    let mut kept = Kept::default();
    let launch = launch("trap 'echo interrupted; exit 0' INT; echo ready; while :; do sleep 0.1; done", folder.path());
    let bounds = Bounds { interrupt_first: true, stop: stopped, ..unbounded() };
    let marker = launch.run.clone();
    let end = block_on(async {
        let asked = tokio::task::spawn_blocking(move || {
            // The guard, the shell and its sleep: then the trap stands.
            wait_until("the loop", || carriers(&marker).len() >= 3);
            stop.send(true).expect("somebody listens");
            stop
        });
        let end = run(launch, bounds, &mut kept).await;
        drop(asked.await);
        end
    });
    assert_eq!(end, End { how: How::Code(0), cause: Some(Cause::Stopped) });
    assert_eq!(kept.out(), "ready\ninterrupted\n");
}

#[test]
fn a_listener_that_has_enough_ends_a_program_that_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut kept = Kept { enough: Some("result"), ..Kept::default() };
    let end = block_on(run(launch("echo result; sleep 600", folder.path()), unbounded(), &mut kept));
    assert_eq!(end, End { how: How::Signal(15), cause: None });
}

#[test]
fn a_stranger_that_holds_the_output_open_is_not_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = launch("echo $$ > pid; while [ ! -e go ]; do sleep 0.02; done; echo said", folder.path());
    let (pid, go) = (folder.path().join("pid"), folder.path().join("go"));
    let mut kept = Kept::default();
    let (end, took) = block_on(async {
        // This test is the stranger: it opens the program's standard output for itself and never closes it.
        let stranger = tokio::task::spawn_blocking(move || {
            let read = || std::fs::read_to_string(&pid).unwrap_or_default();
            wait_until("the pid", || read().ends_with('\n'));
            let out = std::fs::OpenOptions::new().write(true).open(format!("/proc/{}/fd/1", read().trim()));
            std::fs::write(go, "").expect("writes");
            (out.expect("opens"), Instant::now())
        });
        let end = run(launch, unbounded(), &mut kept).await;
        let (_held, begin) = stranger.await.expect("the stranger holds");
        (end, begin.elapsed())
    });
    assert_eq!((end.how, kept.out().as_str()), (How::Code(0), "said\n"));
    assert!(took < Duration::from_secs(30), "{took:?}");
}

/// A guard whose driver is another process: all that the driver does is to hold its end of the socket.
struct Abandoned {
    driver: Child,
    guard: Child,
    run: flow::run::RunId,
    folder: tempfile::TempDir,
}

fn guarded_by_another(script: &str, grace_ms: u64) -> Abandoned {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = launch(script, folder.path());
    let (mut ours, theirs) = UnixStream::pair().expect("a pair");
    let guard = Command::new(guard().program())
        .arg(GUARD_WORD)
        .env_clear()
        .env("FLOW_RUN", launch.run.as_str())
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .spawn()
        .expect("a guard");
    let order = Order {
        argv: launch.argv,
        env: launch.env,
        dir: launch.dir,
        marker: format!("FLOW_IDEMPOTENCY_KEY={}", launch.key),
        grace_ms,
        stdin_bytes: 0,
        failure: folder.path().join("failure"),
    };
    writeln!(ours, "{}", serde_json::to_string(&order).expect("is JSON")).expect("the guard listens");
    let driver = Command::new("sleep").arg("1000").stdin(Stdio::from(OwnedFd::from(ours))).spawn().expect("a driver");
    Abandoned { driver, guard, run: launch.run, folder }
}

/// Two that ignore the request, one of them in a session of its own, and one that was forked twice.
const STUBBORN: &str = "trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' & (setsid sleep 600 &); \
                        touch begun; while :; do sleep 1; done";

#[test]
fn nothing_is_left_when_the_driver_is_killed() {
    let mut all = guarded_by_another(STUBBORN, 300);
    wait_until("the script", || all.folder.path().join("begun").exists());
    kill(i32::try_from(all.driver.id()).expect("a pid"));
    all.driver.wait().expect("it died");
    assert!(all.guard.wait().expect("it ends").success());
    assert_eq!(carriers(&all.run), [] as [i32; 0]);
}

#[test]
fn the_program_dies_with_its_guard_and_the_sweep_finds_the_rest() {
    let mut all = guarded_by_another(STUBBORN, 300);
    wait_until("the script", || all.folder.path().join("begun").exists());
    let before = carriers(&all.run).len();
    kill(i32::try_from(all.guard.id()).expect("a pid"));
    all.guard.wait().expect("it died");
    wait_until("the program's death", || carriers(&all.run).len() < before);
    let report = sweep(&all.run);
    assert!(report.looked && report.stopped >= 2 && report.left.is_empty(), "{report:?}");
    assert_eq!(carriers(&all.run), [] as [i32; 0]);
    all.driver.kill().expect("kills");
    all.driver.wait().expect("it died");
}

#[test]
fn a_sweep_ends_guards_too_and_leaves_other_runs_alone() {
    let mut swept = guarded_by_another("touch begun; exec sleep 600", 300);
    let mut other = guarded_by_another("touch begun; exec sleep 600", 300);
    for all in [&swept, &other] {
        wait_until("the script", || all.folder.path().join("begun").exists());
    }
    let report = sweep(&swept.run);
    assert!(report.looked && report.stopped >= 2 && report.left.is_empty(), "{report:?}");
    swept.guard.wait().expect("it ends");
    assert_eq!(carriers(&other.run).len(), 2, "the guard and the program of the other run");
    for all in [&mut swept, &mut other] {
        all.driver.kill().expect("kills");
        all.driver.wait().expect("it died");
    }
    other.guard.wait().expect("it ends");
}

#[test]
fn a_sweep_spares_the_process_that_asks_and_its_ancestors() {
    // This test carries no marker of its own, so one that it certainly carries is taken.
    let path = format!("PATH={}", std::env::var("PATH").expect("tests have a PATH"));
    assert!(tree::carries(tree::own_pid(), &path));
    let all = tree::snapshot();
    let spared = tree::ancestors_and_self(tree::own_pid(), &all);
    assert!(spared.contains(&tree::own_pid()) && spared.contains(&1));
}

#[test]
fn a_guard_that_is_killed_is_reported_and_takes_its_program_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = launch("echo $PPID > guard; exec sleep 600", folder.path());
    let (run_id, file) = (launch.run.clone(), folder.path().join("guard"));
    let end = block_on(async {
        let killer = tokio::task::spawn_blocking(move || {
            let read = || std::fs::read_to_string(&file).unwrap_or_default();
            wait_until("the guard's pid", || read().ends_with('\n'));
            kill(read().trim().parse().expect("a pid"));
        });
        let end = run(launch, unbounded(), &mut Kept::default()).await;
        killer.await.expect("it killed");
        end
    });
    assert_eq!(end, End { how: How::GuardLost, cause: None });
    assert_eq!(carriers(&run_id), [] as [i32; 0]);
}

#[test]
fn a_guard_says_one_word_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = launch("exit 4", folder.path());
    let (mut ours, theirs) = UnixStream::pair().expect("a pair");
    let mut child =
        Command::new(guard().program()).arg(GUARD_WORD).stdin(Stdio::from(OwnedFd::from(theirs))).spawn().expect("a guard");
    let order = Order {
        argv: launch.argv,
        env: launch.env,
        dir: launch.dir,
        marker: "FLOW_IDEMPOTENCY_KEY=none".to_owned(),
        grace_ms: 100,
        stdin_bytes: 3,
        failure: folder.path().join("failure"),
    };
    writeln!(ours, "{}", serde_json::to_string(&order).expect("is JSON")).expect("the guard listens");
    ours.write_all(b"abc").expect("the guard listens");
    let mut line = String::new();
    BufReader::new(&ours).read_line(&mut line).expect("a word");
    let word: Word = serde_json::from_str(&line).expect("is a word");
    assert_eq!(word, Word::Ended { code: Some(4), signal: None, swept: 0, left: Vec::new() });
    child.wait().expect("it ends");
}
