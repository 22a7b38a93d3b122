//! Workers as processes: they share runs and the phases of one run, replace each other, and let go when they are asked to.

mod inside;

use crate::cli::{Desk, Did};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// Two phases that end only once both are under way at the same time.
const PAIR: &str = r#"flow = 1
name = "pair"
description = "Two that meet"

[defaults]
retry = { max = 0 }

[phases.left]
run = ["sh", "$PROJECT/meet.sh"]
timeout = "5m"

[phases.right]
run = ["sh", "$PROJECT/meet.sh"]
timeout = "5m"
"#;

const MEET: &str = r#"
pwd >> "$0.folders"
echo $$ > "$0.$FLOW_PHASE.pid"
until [ -f "$0.left.pid" ] && [ -f "$0.right.pid" ]; do sleep 0.05; done
echo "$FLOW_PHASE" >> "$0.done"
"#;

/// One phase that says when it begins and ends once somebody lets it.
const LONG: &str = r#"flow = 1
name = "long"
description = "One that waits to be let go"
result = '.phases.wait.output.stdout'

[phases.wait]
run = ["sh", "$PROJECT/wait.sh"]
timeout = "5m"
"#;

const WAIT: &str = r#"
echo begun >> "$0.log"
until [ -f "$0.go" ]; do sleep 0.05; done
echo ended >> "$0.log"
echo done
"#;

/// A worker that is running; killed with its test.
struct Hand(Child);

impl Drop for Hand {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Hand {
    fn start(desk: &Desk, line: &str) -> Self {
        Self::with(desk, &["worker"].into_iter().chain(line.split_whitespace()).collect::<Vec<_>>())
    }

    /// Another command, which is running as well.
    fn with(desk: &Desk, words: &[&str]) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(desk.project().join("worker.log")).unwrap();
        let mut command = desk.command(words);
        Self(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    fn signal(&self, signal: &str) {
        let pid = self.0.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    fn ends(mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "the worker does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn desk(pipeline: &str, script: (&str, &str)) -> Desk {
    let desk = Desk::new();
    let project = desk.project().display().to_string();
    let text = pipeline.replace("$PROJECT", &project);
    let store = format!("sqlite:{project}/.flow/state.db");
    desk.file("it.toml", &text).file(script.0, script.1).env("FLOW_STORE", &store).env("FLOW_BEAT_MS", "200")
}

/// Another folder, which works on the same store.
fn beside(desk: &Desk) -> Desk {
    let store = format!("sqlite:{}/.flow/state.db", desk.project().display());
    let text = std::fs::read_to_string(desk.project().join("it.toml")).unwrap();
    Desk::new().file("it.toml", &text).env("FLOW_STORE", &store).env("FLOW_BEAT_MS", "200")
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[track_caller]
fn until(what: &str, desk: &Desk, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what} does not come: {}", read(desk.project().join("worker.log")));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[track_caller]
fn until_complete(desk: &Desk) -> Did {
    until("the end of the run", desk, || desk.flow("list").stdout.contains(" complete "));
    desk.flow("show latest")
}

#[test]
fn a_run_that_was_submitted_waits_for_a_worker() {
    let desk = desk(LONG, ("wait.sh", WAIT));
    desk.flow("submit it.toml --yes")
        .ends(0)
        .prints("RUN\n")
        .says_part("waits for a worker of pool `default`")
        .says_part("--allow it.toml");
    desk.flow("list").ends(0).prints_part("waits for a worker of its pool");
    desk.flow("show latest").ends(0).prints_part("pool       default").prints_part("waits for a worker of its pool");
    let other = Hand::start(&desk, "--pool other --allow it.toml --until-idle");
    assert_eq!(other.ends(), Some(0));
    assert_eq!(read(desk.project().join("wait.sh.log")), "", "it belongs to another pool");
    std::fs::write(desk.project().join("wait.sh.go"), "").unwrap();
    desk.flow("worker --allow it.toml --until-idle").ends(0).says_part("carries `long`").says_part("wait: complete");
    desk.flow("list").ends(0).prints_part(" complete ");
    desk.flow("store export").ends(0);
    assert!(!desk.flow("store export").stdout.contains("flow.pool"), "a run that is over is in no pool");
}

#[test]
fn a_store_that_nobody_else_sees_is_refused() {
    let desk = desk(LONG, ("wait.sh", WAIT));
    for words in ["submit it.toml --yes", "worker --until-idle"] {
        desk.flow(&format!("{words} --store memory:"))
            .ends(2)
            .prints("")
            .says("error: the store `memory:` is forgotten when this command ends: no other process sees it\n  help: give one that is shared: `--store sqlite:PATH` or `--store nats://HOST:PORT`\n");
    }
}

#[test]
fn what_nobody_allowed_is_left_alone_and_says_so() {
    let desk = desk(LONG, ("wait.sh", WAIT));
    std::fs::write(desk.project().join("wait.sh.go"), "").unwrap();
    let row = desk.flow("submit it.toml --yes --json").ends(0);
    let row: serde_json::Value = serde_json::from_str(&row.stdout).unwrap();
    desk.flow("worker --until-idle").ends(0).says_part("is left to others: its pipeline `it.toml` is not allowed here");
    desk.flow("list").ends(0).prints_part("waits for a worker").says_part("was left alone by 1 worker: `flow show ");
    desk.flow("show latest").ends(0).prints_part("left by").prints_part("is not allowed here");
    assert_eq!(read(desk.project().join("wait.sh.log")), "");
    desk.flow(&format!("worker --until-idle --allow {}", row["plan"].as_str().unwrap())).ends(0).says_part("complete");
    let changed = read(desk.project().join("it.toml")).replace("/wait.sh", "/other.sh");
    std::fs::write(desk.project().join("other.toml"), changed).unwrap();
    desk.flow("submit other.toml --yes").ends(0);
    desk.flow("worker --until-idle --allow it.toml").ends(0).says_part("is not allowed here");
    desk.flow("worker --allow sha256:12").ends(2).says_part("is no digest");
    desk.flow("worker --allow nothing.toml").ends(3);
}

#[test]
fn a_folder_that_is_not_the_runs_is_refused() {
    let desk = desk(LONG, ("wait.sh", WAIT));
    std::fs::write(desk.project().join("wait.sh.go"), "").unwrap();
    desk.flow("submit it.toml --yes").ends(0);
    let other = beside(&desk);
    other.flow("worker --until-idle --allow it.toml").ends(0).says_part("without a commit").says_part("--any-tree");
    other.flow("worker --until-idle --allow it.toml --any-tree").ends(0).says_part("wait: complete");
}

#[test]
fn a_folder_with_changes_of_its_own_takes_no_run_from_elsewhere() {
    let desk = desk(LONG, ("wait.sh", WAIT)).file(".gitignore", "wait.sh*\nworker.log\n");
    let other = cloned(&desk).file(".flow/tmp/of-a-run", "");
    desk.flow("submit it.toml --yes").ends(0);
    std::fs::write(desk.project().join("wait.sh.go"), "").unwrap();
    std::fs::write(other.project().join("left"), "").unwrap();
    other.flow("worker --until-idle --allow it.toml").ends(0).says_part("has changes of its own, such as `left`");
    std::fs::remove_file(other.project().join("left")).unwrap();
    other.flow("worker --until-idle --allow it.toml").ends(0).says_part("wait: complete");
}

#[test]
fn two_workers_perform_the_phases_of_one_run() {
    let desk = desk(PAIR, ("meet.sh", MEET));
    let other = beside(&desk);
    let _hands = [
        Hand::start(&desk, "--capacity 1 --allow it.toml --any-tree"),
        Hand::start(&other, "--capacity 1 --allow it.toml --any-tree"),
    ];
    desk.flow("submit it.toml --yes").ends(0);
    until_complete(&desk).prints_part("complete");
    let folders = read(desk.project().join("meet.sh.folders"));
    let mut folders: Vec<_> = folders.lines().collect();
    folders.sort_unstable();
    folders.dedup();
    assert_eq!(folders.len(), 2, "each worker performed one: {folders:?}");
    assert_eq!(read(desk.project().join("meet.sh.done")).lines().count(), 2);
}

/// Offers a phase of a pipeline to a worker of a clone at the same commit, and says whether that one performs it.
fn is_performed_in_a_clone(pipeline: &str, dirty: bool) -> bool {
    let begin = "pwd >> \"$0.folders\"\nuntil [ -f \"$0.go\" ]; do sleep 0.05; done\n";
    let desk = desk(pipeline, ("meet.sh", begin)).file(".gitignore", ".flow\nmeet.sh*\nworker.log\n");
    let other = cloned(&desk);
    if dirty {
        std::fs::write(desk.project().join("new"), "").unwrap();
    }
    desk.flow("submit it.toml --yes").ends(0);
    let _driver = Hand::start(&desk, "--capacity 1 --allow it.toml");
    let folders = desk.project().join("meet.sh.folders");
    until("the first phase", &desk, || read(&folders).lines().count() == 1);
    let _helper = Hand::start(&other, "--capacity 1 --allow it.toml");
    let refused = || read(other.project().join("worker.log")).contains("offers is left to others: files of ");
    until("what becomes of the second", &desk, || refused() || read(&folders).lines().count() == 2);
    std::fs::write(desk.project().join("meet.sh.go"), "").unwrap();
    until_complete(&desk);
    let performed = read(&folders).lines().any(|folder| Path::new(folder) == other.project());
    assert_ne!(performed, refused());
    performed
}

/// All of a project in a commit, and a clone of it that works on the same store.
fn cloned(desk: &Desk) -> Desk {
    git(&desk.project(), "init -q");
    git(&desk.project(), "add .");
    git(&desk.project(), "-c user.name=a -c user.email=a@example.com commit -q -m all");
    let other = beside(desk);
    std::fs::remove_file(other.project().join("it.toml")).unwrap();
    git(&other.project(), &format!("clone -q {} .", desk.project().display()));
    other
}

fn git(folder: &Path, line: &str) {
    assert!(std::process::Command::new("git").current_dir(folder).args(line.split(' ')).status().unwrap().success());
}

#[test]
fn an_attempt_is_offered_to_a_clone_while_nothing_changes_the_tree() {
    let writes = "\n[agents.fixer]\nuse = \"command\"\ncommand = [\"touch\", \"fixed\"]\n\n[phases.fix]\nagent = \"fixer\"\nprompt = \"Fix it\"\ntimeout = \"1m\"\n";
    let reads = writes.replace("\n\n[phases", "\naccess = \"read\"\n\n[phases");
    let after = |agent: &str| PAIR.replace("timeout", "needs = [\"fix\"]\ntimeout") + agent;
    assert!(is_performed_in_a_clone(PAIR, false));
    assert!(is_performed_in_a_clone(&after(&reads), false));
    assert!(!is_performed_in_a_clone(PAIR, true), "the clone lacks what was not committed");
    assert!(!is_performed_in_a_clone(&after(writes), false), "the clone lacks what the agent wrote");
}

/// Two workers perform a pair of phases; the one that helps gets these signals. What it performed is performed again.
fn a_helper_that_gets(signals: &[&str], told: &str) {
    let desk = desk(PAIR, ("meet.sh", "sleep 0\n"));
    let meet = r#"
echo "$FLOW_PHASE $(pwd)" >> "$0.begun"
until [ -f "$0.go" ]; do sleep 0.05; done
echo "$FLOW_PHASE" >> "$0.done"
"#;
    std::fs::write(desk.project().join("meet.sh"), meet).unwrap();
    let other = beside(&desk);
    let _driver = Hand::start(&desk, "--capacity 1 --allow it.toml");
    desk.flow("submit it.toml --yes").ends(0);
    let begun = desk.project().join("meet.sh.begun");
    until("the first phase", &desk, || read(&begun).lines().count() == 1);
    let helper = Hand::start(&other, "--capacity 1 --allow it.toml --any-tree");
    until("the second phase", &other, || read(&begun).lines().count() == 2);
    for signal in signals {
        helper.signal(signal);
        // Two at once would be heard as one.
        until("an answer", &other, || *signal == "-9" || read(other.project().join("worker.log")).contains("takes nothing new"));
    }
    helper.ends();
    std::fs::write(desk.project().join("meet.sh.go"), "").unwrap();
    until_complete(&desk);
    assert_eq!(read(&begun).lines().count(), 3, "one of them began twice");
    desk.flow("logs latest").ends(0).prints_part(told).prints_part("complete");
}

#[test]
fn an_attempt_whose_worker_is_killed_is_performed_again() {
    a_helper_that_gets(&["-9"], "that performed it died");
}

#[test]
fn an_attempt_whose_worker_is_hurried_away_is_performed_again() {
    a_helper_that_gets(&["-TERM", "-TERM"], "the worker that performed it was asked to stop");
}

#[test]
fn a_run_that_failed_and_is_tried_again_goes_back_to_its_pool() {
    let fails_first = r#"
echo begun >> "$0.log"
[ -f "$0.go" ] || exit 1
until [ -f "$0.end" ]; do sleep 0.05; done
echo done
"#;
    let desk = desk(&LONG.replace("[phases.wait]", "[phases.wait]\nretry = { max = 0 }"), ("wait.sh", fails_first));
    desk.flow("submit it.toml --yes").ends(0);
    desk.flow("worker --allow it.toml --until-idle").ends(0).says_part("failed");
    assert!(!desk.flow("store export").stdout.contains("flow.pool"), "a run that is over is in no pool");
    std::fs::write(desk.project().join("wait.sh.go"), "").unwrap();
    let person = Hand::with(&desk, &["retry", "latest", "--yes"]);
    until("the second attempt", &desk, || read(desk.project().join("wait.sh.log")).lines().count() == 2);
    person.signal("-9");
    person.ends();
    desk.flow("list").ends(0).prints_part("waits for a worker of its pool");
    std::fs::write(desk.project().join("wait.sh.end"), "").unwrap();
    desk.flow("worker --allow it.toml --until-idle").ends(0).says_part("wait: complete");
    assert!(!desk.flow("store export").stdout.contains("flow.pool"), "it is over again");
}

#[test]
fn a_run_whose_worker_is_killed_is_taken_by_another() {
    let desk = desk(LONG, ("wait.sh", WAIT));
    let log = desk.project().join("wait.sh.log");
    desk.flow("submit it.toml --yes").ends(0);
    let first = Hand::start(&desk, "--allow it.toml");
    until("the phase", &desk, || read(&log) == "begun\n");
    let _second = Hand::start(&desk, "--allow it.toml");
    first.signal("-9");
    until("the second attempt", &desk, || read(&log) == "begun\nbegun\n");
    std::fs::write(desk.project().join("wait.sh.go"), "").unwrap();
    until_complete(&desk);
    assert_eq!(read(&log), "begun\nbegun\nended\n", "the first attempt did not go on beside the second");
}

/// A run that a worker of another machine carries, seen from here, and that worker.
fn carried_far_away(desk: Desk) -> (Desk, Hand) {
    desk.flow("submit it.toml --yes").ends(0);
    let far = desk.env("FLOW_HOST", "1");
    let worker = Hand::start(&far, "--allow it.toml --any-tree");
    until("the phase", &far, || read(far.project().join("wait.sh.log")) == "begun\n");
    (far.env("FLOW_HOST", "2"), worker)
}

#[test]
fn a_worker_of_another_machine_is_watched_before_its_run_is_taken() {
    let (desk, first) = carried_far_away(desk(LONG, ("wait.sh", WAIT)).env("FLOW_LEASE_MS", "1500"));
    let log = desk.project().join("wait.sh.log");
    let _second = Hand::start(&desk, "--allow it.toml --any-tree");
    // A worker that lives keeps its run, however long the other one looks.
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(read(&log), "begun\n");
    first.signal("-9");
    until("the second attempt", &desk, || read(&log) == "begun\nbegun\n");
    std::fs::write(desk.project().join("wait.sh.go"), "").unwrap();
    until_complete(&desk);
}

#[test]
fn a_worker_is_not_idle_while_a_run_may_yet_fall_to_it() {
    let (desk, first) = carried_far_away(desk(LONG, ("wait.sh", WAIT)));
    let log = desk.project().join("wait.sh.log");
    let second = Hand::start(&desk, "--allow it.toml --any-tree --until-idle");
    assert_eq!(second.ends(), Some(0), "the beat of the first one moves");
    assert_eq!(read(&log), "begun\n");
    first.signal("-9");
    let desk = desk.env("FLOW_LEASE_MS", "1500");
    let third = Hand::start(&desk, "--allow it.toml --any-tree --until-idle");
    std::fs::write(desk.project().join("wait.sh.go"), "").unwrap();
    assert_eq!(third.ends(), Some(0));
    desk.flow("list").ends(0).prints_part(" complete ");
    assert_eq!(read(&log).matches("begun").count(), 2);
}

#[test]
fn a_worker_that_is_asked_to_stop_lets_what_it_performs_end() {
    let desk = desk(LONG, ("wait.sh", WAIT));
    let two = "\n[phases.after]\nneeds = [\"wait\"]\nrun = [\"sh\", \"-c\", \"echo after >> $PROJECT/wait.sh.log\"]\ntimeout = \"1m\"\n";
    let text = read(desk.project().join("it.toml")) + &two.replace("$PROJECT", &desk.project().display().to_string());
    let desk = desk.file("it.toml", &text);
    let log = desk.project().join("wait.sh.log");
    desk.flow("submit it.toml --yes").ends(0);
    let first = Hand::start(&desk, "--allow it.toml");
    until("the phase", &desk, || read(&log) == "begun\n");
    first.signal("-TERM");
    until("the word of the worker", &desk, || read(desk.project().join("worker.log")).contains("takes nothing new"));
    std::fs::write(desk.project().join("wait.sh.go"), "").unwrap();
    assert_eq!(first.ends(), Some(0));
    assert_eq!(read(&log), "begun\nended\n", "the phase ended, and the next one did not begin");
    desk.flow("list").ends(0).prints_part("waits for a worker of its pool").says("");
    desk.flow("worker --until-idle").ends(0).says_part("is not allowed here");
    desk.flow("list").ends(0).prints_part("waits for a worker of its pool").says_part("was left alone by 1 worker: `flow show ");
    let _second = Hand::start(&desk, "--allow it.toml");
    until_complete(&desk);
    assert_eq!(read(&log), "begun\nended\nafter\n");
}

#[test]
fn a_worker_that_is_asked_to_stop_begins_nothing_that_waits_for_a_place() {
    let begin = "echo \"$FLOW_PHASE\" >> \"$0.log\"\nuntil [ -f \"$0.go\" ]; do sleep 0.05; done\n";
    let desk = desk(PAIR, ("meet.sh", begin));
    let log = desk.project().join("meet.sh.log");
    desk.flow("submit it.toml --yes").ends(0);
    let first = Hand::start(&desk, "--capacity 1 --allow it.toml");
    until("the offer", &desk, || desk.flow("store export").stdout.contains("flow.pool.default.task"));
    first.signal("-TERM");
    until("the end of the offer", &desk, || !desk.flow("store export").stdout.contains("\"stage\":\"open\""));
    std::fs::write(desk.project().join("meet.sh.go"), "").unwrap();
    assert_eq!(first.ends(), Some(0));
    assert_eq!(read(&log).lines().count(), 1, "one was performed, and the other not begun");
    let _second = Hand::start(&desk, "--allow it.toml");
    until_complete(&desk);
    assert_eq!(read(&log).lines().count(), 2);
}

#[test]
fn an_answer_from_elsewhere_sends_a_run_back_to_its_pool() {
    let ask = "flow = 1\nname = \"asked\"\ndescription = \"Asks\"\nresult = '.phases.gate.output.ok'\n\n[phases.gate]\nask = \"Ship it?\"\n\
               form = { ok = \"boolean\" }\n";
    let desk = desk(ask, ("none.sh", ""));
    let _hand = Hand::start(&desk, "");
    desk.flow("submit it.toml --yes").ends(0);
    let _allowed = Hand::start(&desk, "--allow it.toml");
    until("the question", &desk, || desk.flow("list").stdout.contains(" waiting "));
    desk.flow("answer latest gate ok=true").ends(0);
    until_complete(&desk).prints_part("gate");
}

#[test]
fn of_a_run_of_a_pool_it_is_said_that_its_workers_go_on() {
    let ask = "flow = 1\nname = \"asked\"\ndescription = \"Asks\"\n\n[phases.gate]\nask = \"Ship it?\"\nform = { ok = \"boolean\" }\n\n\
               [phases.clean]\nneeds = [\"gate\"]\njoin = \"always\"\nset = '\"swept\"'\n";
    let desk = desk(ask, ("none.sh", ""));
    let works = "worker --until-idle --allow it.toml";
    desk.flow("submit it.toml --yes").ends(0);
    desk.flow(works).ends(0).says_part("waits for an answer");
    desk.flow("answer latest gate ok=true").ends(0).says("answered: a worker of pool `default` goes on\n");
    desk.flow(works).ends(0);
    desk.flow("list").ends(0).prints_part(" complete ");
    desk.flow("submit it.toml --yes").ends(0);
    desk.flow("cancel latest").ends(0).says("cancelled; cleanup phases are left: a worker of pool `default` runs them\n");
    desk.flow(works).ends(0);
    desk.flow("list").ends(0).prints_part(" cancelled ");
}

#[test]
fn an_attempt_on_another_worker_is_stopped_with_its_run() {
    let desk = desk(PAIR, ("meet.sh", "echo $$ >> \"$0.pids\"; exec sleep 300\n"));
    let other = beside(&desk);
    let _hands = [
        Hand::start(&desk, "--capacity 1 --allow it.toml --any-tree"),
        Hand::start(&other, "--capacity 1 --allow it.toml --any-tree"),
    ];
    desk.flow("submit it.toml --yes").ends(0);
    let pids = desk.project().join("meet.sh.pids");
    until("both phases", &desk, || read(&pids).lines().count() == 2);
    desk.flow("cancel latest").ends(0);
    until("the end", &desk, || desk.flow("list").stdout.contains(" cancelled "));
    for pid in read(&pids).lines() {
        until("the end of a process", &desk, || !Path::new("/proc").join(pid).exists());
    }
    until("an empty pool", &desk, || !desk.flow("store export").stdout.contains("\"flow.pool"));
}

#[cfg(feature = "nats")]
#[test]
fn many_runs_are_shared_by_three_workers_of_a_server() {
    let server = crate::nats::Server::start();
    let text = "flow = 1\nname = \"many\"\ndescription = \"Counts\"\n\n[phases.count]\nrun = [\"sh\", \"$PROJECT/count.sh\"]\ntimeout = \"1m\"\n\n\
                [phases.again]\nneeds = [\"count\"]\nrun = [\"sh\", \"$PROJECT/count.sh\"]\ntimeout = \"1m\"\n";
    let desk = desk(text, ("count.sh", "echo \"$FLOW_RUN $FLOW_PHASE\" >> \"$0.log\"\n")).env("FLOW_STORE", server.url());
    for _ in 0..12 {
        desk.flow("submit it.toml --yes").ends(0);
    }
    let hands = [0; 3].map(|_| Hand::start(&desk, "--capacity 2 --allow it.toml"));
    until("the end of all runs", &desk, || desk.flow("list").stdout.matches(" complete ").count() == 12);
    let log = read(desk.project().join("count.sh.log"));
    let mut lines: Vec<_> = log.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!((lines.len(), log.lines().count()), (24, 24), "each phase of each run was performed once");
    for hand in hands {
        hand.signal("-TERM");
        assert_eq!(hand.ends(), Some(0));
    }
}
