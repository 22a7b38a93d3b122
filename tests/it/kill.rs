//! `kill -9` of the real binary at random moments: the run can always be gone on with, nothing complete runs again, no
//! phase ever has two agents alive, and none is left at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FLOW: &str = env!("CARGO_BIN_EXE_flow");

const PIPELINE: &str = r#"
flow = 1
name = "killed"
description = "Four phases, two of them at once"
result = '[.phases[].output]'

[agents.worker]
use = "command"
command = ["sh", "agent.sh"]

[defaults]
retry = { max = 0 }

[phases.plan]
agent = "worker"
prompt = "Plan"

[phases.left]
needs = ["plan"]
agent = "worker"
prompt = "Left"
workspace = "shared"

[phases.right]
needs = ["plan"]
agent = "worker"
prompt = "Right"
workspace = "shared"

[phases.review]
needs = ["left", "right"]
agent = "worker"
prompt = "Review"
output = { ok = "boolean" }
repeat = { from = "left", when = '.round < 2', max = 1 }
"#;

/// Says when it begins while another of its phase lives, and leaves a child in a session of its own.
const AGENT: &str = r#"
cat > /dev/null
mine="state/$FLOW_PHASE.pid"
if [ -f "$mine" ] && kill -0 "$(cat "$mine")" 2>/dev/null; then
  echo "two of $FLOW_PHASE at once" >> state/violations
fi
echo $$ > "$mine"
echo "$FLOW_RUN $FLOW_PHASE $FLOW_ROUND" >> state/begun
setsid sleep 30 &
sleep 0.05
rm -f "$mine"
echo '{"ok": true}'
"#;

/// Numbers that look random and are the same in every run of the test.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn flow(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(FLOW);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.env("XDG_STATE_HOME", folder.join("home")).env_remove("FLOW_STORE").env_remove("FLOW_AGENT");
    command
}

fn output(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = flow(folder, arguments).stdout(Stdio::piped()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// Waits for the process to end by itself until the moment comes, then kills it. True when it was killed.
fn kill_after(child: &mut Child, moment: Duration) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < moment {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

/// Processes that carry the mark of a run.
pub(crate) fn marked(run: &str) -> Vec<String> {
    let mark = format!("FLOW_RUN={run}");
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(environ) = std::fs::read(entry.path().join("environ")) else { continue };
        if environ.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()) {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&line).replace('\0', " "));
        }
    }
    found
}

fn runs(folder: &Path) -> Vec<serde_json::Value> {
    let (code, text, errors) = output(folder, &["list", "--json"]);
    assert_eq!(code, 0, "{errors}");
    serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap()
}

#[test]
fn a_hundred_kills_lose_nothing_and_leave_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join("state")).unwrap();
    std::fs::write(here.join("killed.toml"), PIPELINE).unwrap();
    std::fs::write(here.join("agent.sh"), AGENT).unwrap();
    let mut dice = Dice(20_260_102);
    let mut kills = 0;
    while kills < 100 {
        let unfinished = runs_or_none(here).iter().any(|run| run["status"] != "complete");
        let arguments: &[&str] =
            if unfinished { &["run", "killed.toml", "--continue", "--yes"] } else { &["run", "killed.toml", "--yes"] };
        let mut child = flow(here, arguments).spawn().unwrap();
        if kill_after(&mut child, Duration::from_millis(dice.below(260))) {
            kills += 1;
        } else {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    if runs(here).iter().any(|run| run["status"] != "complete") {
        let (code, _, errors) = output(here, &["run", "killed.toml", "--continue", "--yes"]);
        assert_eq!(code, 0, "{errors}");
    }
    assert_eq!(std::fs::read_to_string(here.join("state/violations")).unwrap_or_default(), "");
    for run in runs(here) {
        check_run(here, run["id"].as_str().unwrap());
    }
}

/// Before the first run there may be no store.
fn runs_or_none(folder: &Path) -> Vec<serde_json::Value> {
    if folder.join(".flow/state.db").exists() { runs(folder) } else { vec![] }
}

fn check_run(folder: &Path, run: &str) {
    let (code, text, errors) = output(folder, &["show", run, "--json"]);
    assert_eq!(code, 0, "{errors}");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["status"], "complete", "{text}");
    // Each completed round of each phase stands in the journal once; nothing began after its phase was complete.
    let (code, lines, errors) = output(folder, &["store", "export"]);
    assert_eq!(code, 0, "{errors}");
    let mut complete: BTreeMap<String, u32> = BTreeMap::new();
    let prefix = format!("flow.run.{run}.");
    for line in lines.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        if row["key"].as_str().is_none_or(|key| !key.starts_with(&prefix)) {
            continue;
        }
        for stamped in row["value"]["events"].as_array().unwrap() {
            let event = &stamped["event"];
            match event["type"].as_str().unwrap() {
                "phase_completed" => *complete.entry(event["phase"].as_str().unwrap().to_owned()).or_default() += 1,
                "attempt_started" => {
                    let attempt = &event["work"]["attempt"];
                    let (phase, round) = (attempt["phase"].as_str().unwrap(), attempt["round"].as_u64().unwrap());
                    let done = complete.get(phase).copied().unwrap_or(0);
                    assert!(u64::from(done) < round, "`{phase}` began round {round} after it had been completed {done} times");
                }
                _ => {}
            }
        }
    }
    let expected =
        BTreeMap::from([("left".to_owned(), 2), ("plan".to_owned(), 1), ("review".to_owned(), 2), ("right".to_owned(), 1)]);
    assert_eq!(complete, expected);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let left = marked(run);
        if left.is_empty() {
            break;
        }
        let mut names = String::new();
        for line in left {
            let _ = writeln!(names, "{line}");
        }
        assert!(Instant::now() < deadline, "still alive:\n{names}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) const HELD: &str = r#"
flow = 1
name = "held"
description = "One agent that waits until it is let go"

[series]
key = "held.one"

[agents.worker]
use = "command"
command = ["sh", "-c", "cat > /dev/null; : > begun; while [ ! -e go ]; do sleep 0.02; done; echo done"]

[phases.work]
agent = "worker"
prompt = "Wait"
timeout = "2m"
"#;

pub(crate) fn wait_for(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !path.exists() {
        assert!(Instant::now() < deadline, "waited a minute for {}", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn of_two_processes_that_start_at_once_one_runs_and_others_can_watch_it() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("held.toml"), HELD).unwrap();
    let both = [0, 1].map(|_| flow(here, &["run", "held.toml", "--yes"]).spawn().unwrap());
    wait_for(&here.join("begun"));
    // A third process looks at it, and a fourth follows it to its end.
    let (code, text, errors) = output(here, &["show", "latest", "--json"]);
    assert_eq!(code, 0, "{errors}");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((document["status"].as_str(), document["current"].as_str()), (Some("running"), Some("work")));
    let follower = flow(here, &["logs", "latest", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    std::fs::write(here.join("go"), "").unwrap();
    let followed = follower.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&followed.stdout).contains("complete in"), "{followed:?}");
    let mut codes = both.map(|child| {
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    });
    codes.sort();
    assert_eq!((codes[0].0, codes[1].0), (Some(0), Some(7)), "{codes:?}");
    assert!(codes[1].1.contains("--continue"), "the refusal says what to type: {}", codes[1].1);
    assert_eq!(runs(here).len(), 1, "the refused start left nothing behind");
}

#[test]
fn a_store_that_is_removed_during_a_run_is_noticed_and_nothing_is_called_done() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("held.toml"), HELD).unwrap();
    let child = flow(here, &["run", "held.toml", "--yes"]).spawn().unwrap();
    wait_for(&here.join("begun"));
    std::fs::remove_dir_all(here.join(".flow")).unwrap();
    std::fs::write(here.join("go"), "").unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{errors}");
    assert!(errors.contains("was removed or replaced while it was in use"), "{errors}");
}
