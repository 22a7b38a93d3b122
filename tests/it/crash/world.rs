//! One run in a folder of its own, from its start to its end, with a process of it that may die.

use crate::cli::Desk;
use crate::kill::marked;
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const PIPELINE: &str = r#"
flow = 1
name = "matrix"
description = "Two phases at once, a loop, a check, a question, a document, a series"
result = '[.phases[].output] | map(if type == "string" then length else . end)'

[params.topic]
required = true

[series]
key = "matrix.{{ params.topic }}"

[store]
bucket = "notes"
history = 3

[documents.state]
key = "{{ series }}.state"
view = '{ status, cycle, done: [.phases | to_entries[] | select(.value.status == "complete") | .key] }'

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
accept = [{ run = ["sh", "-c", "test -e state/left.done"] }]

[phases.right]
needs = ["plan"]
agent = "worker"
prompt = "Right"
workspace = "shared"

[phases.sure]
needs = ["plan"]
ask = "Sure?"
form = { yes = "boolean" }

[phases.review]
needs = ["left", "right", "sure"]
join = "all"
agent = "worker"
prompt = "Review"
output = { ok = "boolean" }
repeat = { from = "left", when = '.round < 2', max = 1 }
"#;

/// Says when it begins while another of its phase lives, leaves a child in a session of its own, and notes something
/// through a process that may die as well. The plan is too big for an entry of the journal.
const AGENT: &str = r#"
cat > /dev/null
mine="state/$FLOW_PHASE.pid"
if [ -f "$mine" ] && kill -0 "$(cat "$mine")" 2>/dev/null; then
  echo "two of $FLOW_PHASE at once" >> state/violations
fi
echo $$ > "$mine"
setsid sleep 30 &
if [ "$FLOW_PHASE" = plan ]; then
  export FLOW_CRASH_LOG="$PWD/note.log" FLOW_CRASH_AT="$(cat note.crash 2>/dev/null)"
  rm -f note.crash
  FLOW note half way
  FLOW_PHASE=nobody FLOW note is dropped
fi
[ "$FLOW_PHASE" = right ] && sleep 0.2
[ "$FLOW_PHASE" = plan ] && sleep 0.3
: > "state/$FLOW_PHASE.done"
rm -f "$mine"
if [ "$FLOW_PHASE" = plan ]; then head -c 70000 /dev/zero | tr '\0' x; else echo '{"ok": true}'; fi
"#;

/// A process that may die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// `flow run`, up to the question.
    Start,
    /// `flow note`, inside the first phase.
    Note,
    /// `flow answer`.
    Answer,
    /// `flow run --continue`, to the end.
    Continue,
}

impl Part {
    pub(super) const ALL: [Self; 4] = [Self::Start, Self::Note, Self::Answer, Self::Continue];

    /// What is typed.
    fn words(self) -> &'static str {
        match self {
            Self::Start | Self::Note => "run matrix.toml --topic a --yes",
            Self::Answer => "answer latest sure yes=true",
            Self::Continue => "run matrix.toml --continue --yes",
        }
    }
}

/// What is left of a run at its end, without ids, times and attempts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct End {
    /// The run document.
    document: Value,
    /// The newest value of each document.
    views: BTreeMap<String, Value>,
    /// What the journal says of each completed round of each phase.
    results: BTreeMap<String, Value>,
}

/// A folder with the pipeline.
pub(super) struct World {
    desk: Desk,
}

impl World {
    pub(super) fn new() -> Self {
        let agent = AGENT.replace("FLOW note", &format!("{} note", env!("CARGO_BIN_EXE_flow")));
        let desk = Desk::new().file("matrix.toml", PIPELINE).file("agent.sh", &agent).file("state/made", "");
        Self { desk }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.desk.project().join(name)
    }

    fn command(&self, words: &str) -> Command {
        self.desk.command(words.split(' '))
    }

    /// The points that a log has, in order; a point at which the process died is there with a mark.
    pub(super) fn log(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Runs a part, which may die at a point. Gives how it ended and what it passed.
    pub(super) fn run(&self, part: Part, dies: Option<&str>) -> (Output, Vec<String>) {
        for name in ["main.log", "note.log"] {
            let _ = std::fs::remove_file(self.path(name));
        }
        let mut command = self.command(part.words());
        command.env("FLOW_CRASH_LOG", self.path("main.log"));
        match (part, dies) {
            (_, None) => {}
            (Part::Note, Some(point)) => std::fs::write(self.path("note.crash"), point).unwrap(),
            (_, Some(point)) => drop(command.env("FLOW_CRASH_AT", point)),
        }
        let output = command.output().unwrap();
        (output, self.log(if part == Part::Note { "note.log" } else { "main.log" }))
    }

    /// Every commit that reached the file was announced by a point: nothing writes past them. Only right after a death,
    /// which leaves the log of the database as it was.
    pub(super) fn all_commits_passed_a_point(&self) -> Result<(), String> {
        let Some(commits) = commits_in_log(&self.path(".flow/state.db-wal")) else { return Ok(()) };
        let count = |log: &str, end: &str| self.log(log).iter().filter(|p| p.trim_end_matches(" †").ends_with(end)).count();
        let points = count("main.log", ".kept") + count("note.log", ".kept");
        // Whoever noted something when the driver died was ended as well, perhaps before it could say what it had done.
        let untold = count("note.log", ".written") - count("note.log", ".kept");
        let fits = (points..=points + untold).contains(&commits);
        ensure(fits, || format!("{commits} commits are in the log of the database, and {points} passed a point"))
    }

    /// What a person does until the run is complete, who does not know what had happened. `answered` says that an
    /// answer was given, which must not be asked for again.
    pub(super) fn finish(&self, answered: bool) -> Result<(), String> {
        let mut part = Part::Continue;
        for _ in 0..6 {
            let (output, _) = self.run(part, None);
            part = match (part, output.status.code()) {
                (Part::Answer, Some(0)) => Part::Continue,
                (_, Some(0)) => return Ok(()),
                (_, Some(4)) if answered => return Err("it asks again what was answered".to_owned()),
                (_, Some(4)) => Part::Answer,
                (Part::Continue, Some(3)) if self.is_over()? => return Ok(()),
                (Part::Continue, Some(3)) => Part::Start,
                (part, code) => {
                    return Err(format!("`flow {}` ended with {code:?}: {}", part.words(), text(&output.stderr)));
                }
            };
        }
        Err("it is not complete after six commands".to_owned())
    }

    /// Whether there is a run, and it is complete.
    pub(super) fn is_over(&self) -> Result<bool, String> {
        let runs: Value = serde_json::from_slice(&self.ask("list --json")?).map_err(|error| error.to_string())?;
        Ok(runs[0]["status"] == "complete")
    }

    fn ask(&self, words: &str) -> Result<Vec<u8>, String> {
        let output = self.command(words).output().unwrap();
        ensure(output.status.success(), || format!("`flow {words}`: {}{}", text(&output.stdout), text(&output.stderr)))?;
        Ok(output.stdout)
    }

    /// What is left at the end, after a look at all that must hold. `over` says that the run was over when a process of
    /// it died: then nobody came after it to give its lease up, which is one of a driver that is dead.
    pub(super) fn end(&self, over: bool) -> Result<End, String> {
        let document: Value = serde_json::from_slice(&self.ask("show latest --json")?).unwrap();
        let run = document["id"].as_str().unwrap().to_owned();
        let export = text(&self.ask("store export")?);
        let rows = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        // What buckets are like comes back as it is, and the end is no row.
        let rows: Vec<Value> = rows.filter(|row| row["key"].is_string()).collect();
        let under = |prefix: &str| rows.iter().filter(|row| row["key"].as_str().unwrap().starts_with(prefix)).count();
        let violations = std::fs::read_to_string(self.path("state/violations")).unwrap_or_default();
        ensure(violations.is_empty(), || violations.clone())?;
        ensure(under("flow.head.") == 1, || format!("there are {} runs", under("flow.head.")))?;
        ensure(under("flow.series.") == 1, || format!("{} numbers of the series are taken", under("flow.series.")))?;
        ensure(under("flow.mail.") == 0, || "a request was left in the box".to_owned())?;
        ensure(over || under("flow.lease.") == 0, || "the lease was not given up".to_owned())?;
        ensure(std::fs::read_to_string(self.path(".flow/.gitignore")).unwrap() == "*\n", || "no .gitignore".to_owned())?;
        // A store that was made and not put into its place is litter of a millisecond that nobody looks for.
        let known = |name: &String| [".gitignore", "state.db", "tmp"].contains(&&**name) || name.starts_with(".new-store-");
        let litter: Vec<String> = names(&self.path(".flow")).into_iter().filter(|name| !known(name)).collect();
        ensure(litter.is_empty(), || format!("left in .flow: {litter:?}"))?;
        ensure(over || names(&self.path(".flow/tmp")).is_empty(), || "left in .flow/tmp".to_owned())?;
        let file = rusqlite::Connection::open(self.path(".flow/state.db")).unwrap();
        let whole: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        ensure(whole == "ok", || whole.clone())?;
        let results = results(&rows, &format!("flow.run.{run}."))?;
        let views = rows.iter().filter(|row| row["bucket"] == "notes");
        let views = views.map(|row| (row["key"].as_str().unwrap().to_owned(), row["value"].clone())).collect();
        nobody_lives(&run)?;
        Ok(End { document: plain(document), views, results })
    }

    /// Whether the note of the first phase is there.
    pub(super) fn noted(&self) -> bool {
        text(&self.ask("show latest --jq .phases.plan.notes").unwrap()).contains("half way")
    }
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Whether a process was ended by `kill -9`.
pub(super) fn died(output: &Output) -> bool {
    output.status.signal() == Some(9)
}

pub(super) fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The output of each completed round by phase and round; an error when a phase began again after its round was done.
fn results(rows: &[Value], prefix: &str) -> Result<BTreeMap<String, Value>, String> {
    let mut done: BTreeMap<String, u64> = BTreeMap::new();
    let mut results = BTreeMap::new();
    // An export is sorted by key, so the entries of a journal come in their order.
    let entries = rows.iter().filter(|row| row["key"].as_str().unwrap().starts_with(prefix));
    let events = entries.flat_map(|row| row["value"]["events"].as_array().unwrap());
    for event in events.map(|stamped| &stamped["event"]) {
        match event["type"].as_str() {
            Some("phase_completed") => {
                let phase = event["phase"].as_str().unwrap().to_owned();
                let round = done.entry(phase.clone()).or_default();
                *round += 1;
                results.insert(format!("{phase} {round}"), event["output"].clone());
            }
            Some("attempt_started") => {
                let attempt = &event["work"]["attempt"];
                let (phase, round) = (attempt["phase"].as_str().unwrap(), attempt["round"].as_u64().unwrap());
                let done = done.get(phase).copied().unwrap_or_default();
                ensure(done < round, || format!("`{phase}` began round {round} after {done} had been completed"))?;
            }
            // A big event is in a blob: only the plan's is.
            None => {
                results.insert("plan 1".to_owned(), Value::Null);
            }
            _ => {}
        }
    }
    Ok(results)
}

/// A run document without what differs from run to run.
fn plain(mut value: Value) -> Value {
    const DIFFERENT: [&str; 6] = ["id", "started_at", "updated_at", "completed_at", "attempts", "notes"];
    match &mut value {
        Value::Object(fields) => {
            if fields.get("reason").is_some_and(|reason| reason == "its driver died while it was under way") {
                fields.insert("reason".to_owned(), Value::Null);
            }
            fields.retain(|key, _| !DIFFERENT.contains(&key.as_str()));
            fields.values_mut().for_each(|field| *field = plain(field.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = plain(item.take())),
        _ => {}
    }
    value
}

pub(super) fn nobody_lives(run: &str) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let left = marked(run);
        if left.is_empty() {
            return Ok(());
        }
        ensure(Instant::now() < deadline, || format!("still alive: {}", left.join("; ")))?;
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How many transactions are in the write-ahead log of a database; `None` when there is no log.
fn commits_in_log(path: &Path) -> Option<usize> {
    let log = std::fs::read(path).ok().filter(|log| log.len() > 32)?;
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().expect("four bytes"));
    let frame = 24 + number(8) as usize;
    let frames = (32..).step_by(frame).take_while(|at| at + frame <= log.len());
    // Frames of an earlier use of the log carry other salts; the last of a transaction says how large the file is then.
    Some(frames.take_while(|at| log[at + 8..at + 16] == log[16..24]).filter(|at| number(at + 4) != 0).count())
}

/// The lines that only one of two texts has.
pub(super) fn differences(wanted: &str, found: &str) -> String {
    let lines = |of: &str, without: &str, mark: char| -> Vec<String> {
        let known: Vec<&str> = without.lines().collect();
        of.lines().filter(|line| !known.contains(line)).map(|line| format!("{mark} {}", line.trim())).collect()
    };
    [lines(wanted, found, '-'), lines(found, wanted, '+')].concat().join("\n")
}
