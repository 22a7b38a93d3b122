//! What is said of a store, what is changed in it, and how all of it is moved.

use super::{Desk, Did, GREET};
use crate::kill::wait_for;
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;

/// Keeps a document in a bucket with settings of its own.
const NOTED: &str = r#"flow = 1
name = "noted"
description = "Keeps a document"

[params.who]
required = true

[store]
bucket = "notes"
replicas = 3
history = 5
description = "What was noted"

[documents.note]
key = "note.{{ params.who }}"
view = '{ status, done: [.phases[].status] }'

[phases.say]
description = "Say it"
run = ["echo", "hello {{ params.who }}"]
parse = "text"
timeout = "1m"

[phases.count]
description = "Count the letters"
needs = ["say"]
set = '.phases.say.output | length'
"#;

fn desk() -> Desk {
    Desk::new().file("noted.toml", NOTED).file("greet.toml", GREET)
}

fn json_of(did: Did) -> Value {
    serde_json::from_str(&did.stdout).unwrap_or_else(|error| panic!("{error}: {}", did.stdout))
}

#[test]
fn a_store_that_is_not_there_has_no_status() {
    desk().flow("store status").ends(3).says_part("there is no run in $PROJECT yet");
    desk().flow("store status noted.toml --store sqlite:none.db").ends(5).says_part("none.db");
    desk().flow("store status nothing.toml").ends(3);
}

#[test]
fn a_status_says_what_is_there_and_what_differs() {
    let desk = desk();
    desk.flow("run greet.toml --who world --yes").ends(0);
    let said = desk.flow("store status").ends(0);
    let said = said.prints_part("runs: 1 complete\n").prints_part("store sqlite:").prints_part(": SQLite ");
    assert!(said.stdout.contains("\nbucket flow: ") && said.stdout.contains(", history 1, atomic batches\n"), "{}", said.stdout);
    desk.flow("store status greet.toml").ends(0).says("`greet.toml` keeps no documents, so it has no bucket\n");
    let said = desk.flow("store status noted.toml").ends(1);
    said.prints_part("bucket notes: none\n  ✗ not as `noted` declares it: it is not there\n")
        .says("`flow store apply PIPELINE` makes a bucket as its pipeline declares it\n");
    desk.flow("run noted.toml --who world --yes").ends(0);
    desk.flow("store status").ends(0).prints_part("\n  ✓ as `noted` declares it\n").prints_part("runs: 2 complete\n");
    // What is named counts in place of what its newest run declared.
    let desk = desk.file("noted.toml", &NOTED.replace("history = 5", "history = 7").replace("What was", "All that was"));
    let said = desk.flow("store status noted.toml").ends(1);
    said.prints_part("✗ not as `noted` declares it: history: declared 7, found 5\n")
        .prints_part("✗ not as `noted` declares it: description: declared \"All that was noted\", found \"What was noted\"\n");
    let status = json_of(desk.flow("store status noted.toml --json").ends(1));
    assert_eq!(
        (&status["version"], &status["as_declared"], &status["runs"]),
        (&json!(1), &json!(false), &json!({ "complete": 2 }))
    );
    let notes = &status["buckets"][1];
    assert_eq!((&notes["bucket"], &notes["found"]["history"], &notes["found"]["keys"]), (&json!("notes"), &json!(5), &json!(1)));
    assert_eq!(notes["declared"][0]["differences"].as_array().map(Vec::len), Some(2));
    assert_eq!((&notes["found"]["replicas"], &notes["found"]["atomic"]), (&Value::Null, &json!(true)));
    assert!(notes["found"]["bytes"].as_u64() > Some(0) && status["room"].as_u64() > Some(0), "{status}");
}

#[test]
fn buckets_are_made_and_changed_as_their_pipelines_declare_them() {
    let desk = desk();
    let made = "replicas 3, history 5, description \"What was noted\"\n";
    desk.flow("store apply noted.toml --dry-run").ends(0).prints(&format!("bucket notes: would be made: {made}"));
    desk.flow("store status").ends(3);
    let said = desk.flow("store apply noted.toml").ends(0).prints(&format!("bucket notes: made: {made}"));
    said.says("bucket `notes` is in one file: `replicas = 3` does not apply\n");
    desk.flow("store apply noted.toml greet.toml")
        .ends(0)
        .prints("bucket notes: as `noted` declares it\n")
        .says_part("has no bucket");
    desk.flow("store status noted.toml").ends(0).prints_part("no runs\n").prints_part("✓ as `noted` declares it");
    let less = desk.flow("store apply noted.toml --history 2").ends(0);
    let less = less.prints("bucket notes: changed: history: declared 2, found 5\n");
    less.says_part("warning: bucket `notes` keeps 2 values of each key then: older ones are dropped");
    desk.flow("store status noted.toml").ends(1).prints_part("history: declared 5, found 2");
    desk.flow("store apply noted.toml --bucket other --history 9").ends(0).prints_part("bucket other: made");
}

#[test]
fn what_cannot_be_applied_is_refused() {
    let desk = desk().file("also.toml", &NOTED.replace("history = 5", "history = 6").replace("\"noted\"", "\"also\""));
    desk.flow("store apply").ends(2).says_part("PIPELINE");
    desk.flow("store apply greet.toml --history 4").ends(2).says_part("`greet.toml` has no [store]");
    let said = desk.flow("store apply noted.toml also.toml").ends(2);
    said.says_part("`also.toml` wants the bucket `notes` in another way than `noted`: history: declared 6, found 5");
    desk.flow("store status").ends(3);
}

#[test]
fn a_store_is_moved_through_a_file_or_a_pipe() {
    let desk = desk();
    desk.flow("run noted.toml --who world --yes").ends(0);
    desk.flow("run noted.toml --who me --yes").ends(0);
    let export = desk.flow("store export").ends(0).stdout;
    let whole = desk.command(["store", "export"]).output().unwrap().stdout;
    std::fs::write(desk.project().join("all.jsonl"), &whole).unwrap();
    let writes = export.lines().filter(|line| line.contains("\"key\"")).count();
    let other = "--store sqlite:other.db";
    let would = format!("{writes} writes would be written\n");
    desk.flow(&format!("store import all.jsonl --dry-run {other}")).ends(0).prints(&would).says("");
    assert!(!desk.project().join("other.db").exists(), "a look makes nothing");
    desk.flow(&format!("store import all.jsonl {other}")).ends(0).prints(&format!("{writes} writes written\n"));
    desk.flow(&format!("store import all.jsonl {other}")).ends(0).prints(&format!("0 writes written, {writes} there already\n"));
    desk.flow(&format!("doctor {other}")).ends(0);
    assert_eq!(desk.flow(&format!("list {other}")).stdout, desk.flow("list").stdout);
    assert_eq!(desk.flow(&format!("show latest --json {other}")).stdout, desk.flow("show latest --json").stdout);
    desk.flow(&format!("store status noted.toml {other}")).ends(0);
    // The next run has the next number, and its documents are in the same bucket.
    desk.flow(&format!("run noted.toml --who world --yes {other}")).ends(0);
    let mut import = desk.command(["store", "import", "--store", "sqlite:third.db"]).stdin(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(&whole).unwrap();
    let output = import.wait_with_output().unwrap();
    desk.did("store import", &output).ends(0).prints(&format!("{writes} writes written\n"));
}

#[test]
fn what_cannot_be_imported_ends_with_a_code_and_a_way_on() {
    let desk = desk();
    desk.flow("run noted.toml --who world --yes").ends(0);
    let whole = String::from_utf8(desk.command(["store", "export"]).output().unwrap().stdout).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let desk = desk
        .file("bad.jsonl", "{\"bucket\":\"flow\",\"key\":\"a\",\"revision\":1,\"value\":1}\n{\"bucket\":")
        .file("none.jsonl", "");
    let unknown = lines.iter().find(|line| line.contains("\"key\":\"note.world\"")).unwrap();
    let desk = desk.file("unknown.jsonl", unknown);
    for dry in [" --dry-run", ""] {
        let said = desk.flow(&format!("store import bad.jsonl{dry} --store sqlite:other.db")).ends(2);
        said.says("error: line 2: EOF while parsing a value at line 1 column 10\n");
    }
    desk.flow("store import none.jsonl").ends(3).says_part("there is nothing to import");
    desk.flow("store import").ends(3).says_part("there is nothing to import");
    desk.flow("store import missing.jsonl").ends(3).says_part("`missing.jsonl` cannot be read");
    let said = desk.flow("store import unknown.jsonl --store sqlite:other.db").ends(2);
    said.says_part("line 1: there is no bucket `notes` here, and no line before has its settings; `flow store apply PIPELINE`");
    assert!(!desk.project().join("other.db").exists(), "nothing was made");
    let head = lines.iter().find(|line| line.contains("\"key\":\"flow.head.")).unwrap();
    let desk = desk.file("other.jsonl", &whole.replace(head, &head.replace("complete", "failed")));
    let before = desk.flow("store export").stdout;
    let said = desk.flow("store import other.jsonl").ends(5);
    let said = said.says_part("the store has something else under `flow.");
    let help = "  help: nothing there is overwritten: `--store` names another store, an empty one for all of it\n";
    assert!(said.stderr.lines().count() == 2 && said.stderr.ends_with(help), "{}", said.stderr);
    assert_eq!(desk.flow("store export").stdout, before);
}

/// A run that holds in the middle of its second phase.
pub(super) const HELD: &str = r#"flow = 1
name = "held"
description = "Waits in the middle"
result = '[.phases[].output]'

[series]
key = "held.one"

[store]
bucket = "held-state"
history = 9

[documents.state]
key = "{{ series }}.state"
view = '{ status, done: [.phases | to_entries[] | select(.value.status == "complete") | .key] }'

[agents.worker]
use = "command"
command = ["sh", "-c", "cat > /dev/null; echo x >> begun; while [ ! -e go ]; do sleep 0.02; done; echo done"]

[phases.first]
run = ["sh", "-c", "echo x >> first; echo one"]
parse = "text"
timeout = "1m"

[phases.work]
needs = ["first"]
agent = "worker"
prompt = "Wait"
timeout = "2m"
"#;

/// Begins a run in one store, kills its driver in the middle of a phase, and ends it in the other store.
pub(super) fn a_killed_run_ends_elsewhere(from: &str, to: &str) {
    let desk = Desk::new().file("held.toml", HELD);
    let export = |store: &str| {
        let output = desk.command(["store", "export", "--store", store]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    let import = |lines: &[u8], store: &str| {
        std::fs::write(desk.project().join("lines"), lines).unwrap();
        desk.flow(&format!("store import lines --store {store}")).ends(0)
    };
    let mut run = desk.command(["run", "held.toml", "--yes", "--store", from]).spawn().unwrap();
    wait_for(&desk.project().join("begun"));
    let (live, said) = export(from);
    let pid = run.id();
    assert!(said.contains(&format!("is being carried by process {pid} on")) && said.contains("export again"), "{said}");
    import(&live, "sqlite:live.db").says_part("was carried by process PID on HOST when");
    run.kill().unwrap();
    run.wait().unwrap();
    let (lines, said) = export(from);
    assert_eq!(said, "", "nobody carries it any more");
    import(&lines, to).prints_part("1 left out, of drivers that work elsewhere").says("");
    std::fs::write(desk.project().join("go"), "").unwrap();
    let document = |store: &str| json_of(desk.flow(&format!("show latest --json --store {store}")).ends(0));
    assert_eq!(document(to)["status"], "running");
    desk.flow(&format!("resume latest --yes --store {to}")).ends(0).says_part("is complete");
    let after = document(to);
    assert_eq!((&after["status"], &after["result"]), (&json!("complete"), &json!(["one", "done"])));
    assert_eq!(std::fs::read_to_string(desk.project().join("first")).unwrap(), "x\n", "what was complete ran again");
    assert_eq!(document(from)["status"], "running", "the store it came from is as it was");
    let (back, _) = export(to);
    let said = desk.did("", &desk.command(["store", "import", "lines", "--store", to]).output().unwrap()).ends(5);
    said.says_part("the store has something else under `flow.head.");
    import(&back, "sqlite:home.db").says("");
    assert_eq!(document("sqlite:home.db"), after);
    desk.flow("doctor --store sqlite:home.db").ends(0);
    desk.flow("run held.toml --yes --store sqlite:home.db").ends(0);
    assert_eq!(document("sqlite:home.db")["cycle"], 2);
}

#[test]
fn a_run_that_was_killed_in_a_phase_ends_in_another_file() {
    a_killed_run_ends_elsewhere("sqlite:one.db", "sqlite:two.db");
}

#[test]
fn an_import_that_was_killed_goes_on() {
    let settings = json!({ "bucket": "many", "settings": { "replicas": null, "history": 2, "description": "" } });
    let mut lines = format!("{settings}\n");
    for n in 0..8_000 {
        lines += &format!("{{\"bucket\":\"many\",\"key\":\"k{:05}\",\"revision\":{},\"value\":{n}}}\n", n / 2, n + 1);
    }
    lines += "{\"end\":{\"lines\":8001}}\n";
    let desk = Desk::new().file("lines", &lines);
    let import = "store import lines --store sqlite:many.db";
    let log = desk.project().join("many.db-wal");
    for _ in 0..3 {
        let before = std::fs::metadata(&log).map_or(0, |log| log.len());
        let mut child = desk.command(import.split(' ')).spawn().unwrap();
        // As soon as something was written; or it is done already.
        while child.try_wait().unwrap().is_none() && std::fs::metadata(&log).map_or(0, |log| log.len()) <= before {}
        let _ = child.kill();
        child.wait().unwrap();
    }
    desk.flow(import).ends(0);
    desk.flow(import).ends(0).prints("0 writes written, 8000 there already\n");
    let output = desk.command(["store", "export", "--store", "sqlite:many.db"]).output().unwrap();
    let plain = |text: &str| regex::Regex::new("\"revision\":[0-9]+,").unwrap().replace_all(text, "").into_owned();
    assert_eq!(plain(&String::from_utf8(output.stdout).unwrap()), plain(&lines));
}

/// The lines of a store in which two runs were.
fn two_runs(desk: &Desk) -> String {
    desk.flow("run greet.toml --who one --yes").ends(0);
    desk.flow("run greet.toml --who two --yes").ends(0);
    String::from_utf8(desk.command(["store", "export"]).output().unwrap().stdout).unwrap()
}

#[test]
fn of_an_export_that_was_cut_short_no_run_is_listed() {
    let desk = desk();
    let whole = two_runs(&desk);
    let lines: Vec<&str> = whole.lines().collect();
    let desk = desk.file("all", &whole);
    let last = lines.iter().rposition(|line| line.contains("\"key\":\"flow.run.")).unwrap();
    // At the end of a line within a journal, and of the last line before the end, where no row tells that anything is missing.
    for (at, upto) in [last, lines.len() - 1].into_iter().enumerate() {
        let desk = Desk::new().file("cut", &lines[..upto].join("\n"));
        for dry in [" --dry-run", ""] {
            desk.flow(&format!("store import cut{dry}")).ends(5).says(
                "warning: these lines are cut: the line that ends an export is missing, so no more runs are listed; the same \
                 command with all lines goes on\n",
            );
        }
        assert_eq!(json_of(desk.flow("list --json").ends(0)), json!([]), "cut {at}");
    }
    let cut = [&lines[..last], &lines[last + 1..]].concat().join("\n");
    let desk = desk.file("hole", &cut);
    let other = "--store sqlite:other.db";
    let came = lines.len() - 2;
    let said = desk.flow(&format!("store import hole {other}")).ends(5);
    said.says_part(&format!("these lines are cut: their end tells of {} lines, and {came} came, so", came + 1));
    assert_eq!(json_of(desk.flow(&format!("list --json {other}")).ends(0)), json!([]));
    desk.flow(&format!("store import all {other}")).ends(0).says("");
    assert_eq!(desk.flow(&format!("list {other}")).stdout, desk.flow("list").stdout);
    desk.flow(&format!("doctor {other}")).ends(0);
}

#[test]
fn of_an_export_in_which_entries_were_lost_the_runs_that_are_whole_are_listed() {
    let desk = desk();
    let whole = two_runs(&desk);
    let mut lines: Vec<&str> = whole.lines().collect();
    lines.remove(lines.iter().rposition(|line| line.contains("\"key\":\"flow.run.")).unwrap());
    // So it is of a damaged file: the end tells of what could be read.
    let (mut salvaged, before) = (lines[..lines.len() - 1].join("\n"), lines.len() - 1);
    salvaged += &format!("\n{{\"end\":{{\"lines\":{before}}}}}\n");
    let desk = desk.file("salvaged", &salvaged).file("all", &whole);
    let other = "--store sqlite:other.db";
    for dry in [" --dry-run", ""] {
        let said = desk.flow(&format!("store import salvaged{dry} {other}")).ends(5);
        said.says_part("is missing, so it is not listed; the same command with all lines goes on\n");
    }
    let listed = desk.flow(&format!("list --json {other}")).ends(0);
    assert_eq!(json_of(listed).as_array().unwrap().len(), 1, "the other one is whole");
    desk.flow(&format!("store import all {other}")).ends(0).says("");
    assert_eq!(desk.flow(&format!("list {other}")).stdout, desk.flow("list").stdout);
    desk.flow(&format!("doctor {other}")).ends(0);
}
