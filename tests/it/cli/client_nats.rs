//! What another client of NATS sees of the documents of `flow`, and what `flow` makes of what that client wrote.

use super::Desk;
use super::store::HELD;
use crate::kill::wait_for;
use crate::nats::{OLD, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const BUCKET: &str = "agent-os-peer-state";
const META: &str = "peer.instruction.create-spec.meta";
const CYCLE: &str = "peer.instruction.create-spec.cycle.1";
const REHEARSE: &str = "run peer --instruction=create-spec --rehearse --replicas 1";

/// A script of this folder's neighbour, with the client.
fn python(script: &str, arguments: &[&str]) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let client = root.join("target/tools/nats-py");
    assert!(client.join("nats/__init__.py").exists(), "no nats-py in target/tools: `bash tests/bring nats-py` brings it");
    let mut command = Command::new("python3");
    command.arg("-B").arg(root.join("tests/it/nats").join(script)).args(arguments).env("PYTHONPATH", client);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[track_caller]
fn runs(script: &str, arguments: &[&str]) {
    let output = python(script, arguments).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

fn document(desk: &Desk, key: &str) -> Vec<Value> {
    let lines = String::from_utf8(desk.command(["store", "export"]).output().unwrap().stdout).unwrap();
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["key"] == key).map(|row| row["value"].clone()).collect()
}

#[test]
fn state_is_tried_by_hand_beside_runs() {
    for version in [OLD[0], OLD[2]] {
        let server = Server::of(version);
        let desk = Desk::new().env("FLOW_STORE", server.url());
        desk.flow(REHEARSE).ends(0);
        runs("state.py", &[server.url(), BUCKET]);
        desk.flow(REHEARSE).ends(0);
        assert_eq!(document(&desk, META).last().unwrap()["cycles"]["2"]["status"], "complete");
        desk.flow("store status").ends(0).prints_part("runs: 2 complete");
        desk.flow("doctor").ends(0);
    }
}

#[test]
fn documents_that_somebody_else_changed_are_computed_anew() {
    let server = Server::start();
    let desk = Desk::new().file("held.toml", HELD).env("FLOW_STORE", server.url());
    desk.flow(REHEARSE).ends(0);
    let before = document(&desk, META).last().unwrap().clone();
    // What can be read is built upon, as the view says; what cannot be read is replaced, and that is said.
    let mut changed = before.clone();
    changed["cycles"]["7"] = json!({ "instruction": "by-hand", "status": "running", "started_at": "2026-11-26T06:00:00Z" });
    changed["mine"] = json!(true);
    runs("put.py", &[server.url(), BUCKET, META, &changed.to_string()]);
    desk.flow(REHEARSE).ends(0);
    let after = document(&desk, META).last().unwrap().clone();
    assert_eq!((&after["cycles"]["1"], &after["cycles"]["7"]), (&before["cycles"]["1"], &changed["cycles"]["7"]));
    assert_eq!((&after["cycles"]["2"]["status"], after.get("mine")), (&json!("complete"), None));
    runs("put.py", &[server.url(), BUCKET, META, "no json"]);
    desk.flow(REHEARSE).ends(0).says_part(&format!("{META} in `{BUCKET}` is no JSON"));
    assert_eq!(document(&desk, META).last().unwrap()["cycles"]["3"]["status"], "complete");
    // In the middle of a run what was put there is replaced with the next step, and what is no JSON is told.
    for text in ["{\"mine\":1}", "no json"] {
        for file in ["begun", "go"] {
            let _ = std::fs::remove_file(desk.project().join(file));
        }
        let run = desk.command(["run", "held.toml", "--yes"]).spawn().unwrap();
        wait_for(&desk.project().join("begun"));
        runs("put.py", &[server.url(), "held-state", "held.one.state", text]);
        std::fs::write(desk.project().join("go"), "").unwrap();
        let output = run.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_eq!(said.contains("held.one.state in `held-state` is no JSON"), text == "no json", "{said}");
        let history = document(&desk, "held.one.state");
        assert_eq!(history.last().unwrap(), &json!({ "status": "complete", "done": ["first", "work"] }));
    }
    let history = document(&desk, "held.one.state");
    assert!(history.contains(&json!({ "mine": 1 })), "it was there: {history:?}");
}

/// What a `meta` document is at every moment.
fn meta_shape() -> Value {
    let time = json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" });
    json!({
        "type": "object",
        "required": ["spec_name", "created_at", "current_cycle", "current_phase", "cycles"],
        "additionalProperties": false,
        "properties": {
            "spec_name": { "type": "string" },
            "created_at": time,
            "current_cycle": { "type": "integer", "minimum": 1 },
            "current_phase": { "enum": ["plan", "execute", "express", "review", "complete", "error"] },
            "cycles": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": { "pattern": "^[1-9][0-9]*$" },
                "additionalProperties": {
                    "type": "object",
                    "required": ["instruction", "status", "started_at"],
                    "additionalProperties": false,
                    "properties": {
                        "instruction": { "type": "string" },
                        "status": { "enum": ["running", "complete", "partial", "error"] },
                        "started_at": time,
                        "completed_at": time,
                        "rehearsal": { "const": true },
                    },
                },
            },
        },
    })
}

/// What a `cycle` document is at every moment.
fn cycle_shape() -> Value {
    let time = json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" });
    let phase = json!({
        "type": "object",
        "required": ["status", "started_at", "output"],
        "properties": {
            "status": { "enum": ["running", "complete", "partial", "error"] },
            "started_at": time,
            "completed_at": time,
        },
        "if": { "properties": { "status": { "const": "complete" } } },
        "then": { "required": ["completed_at"], "properties": { "output": { "type": "object" } } },
    });
    json!({
        "type": "object",
        "required": ["cycle_number", "instruction", "started_at", "phases", "status"],
        "additionalProperties": false,
        "properties": {
            "cycle_number": { "type": "integer", "minimum": 1 },
            "instruction": { "type": "string" },
            "started_at": time,
            "completed_at": time,
            "rehearsal": { "const": true },
            "phases": {
                "type": "object",
                "additionalProperties": false,
                "properties": { "plan": phase, "execute": phase, "express": phase, "review": phase },
            },
            "result": {},
            "insights": {},
            "status": {
                "type": "object",
                "required": ["current_phase", "progress_percent", "last_update"],
                "additionalProperties": false,
                "properties": {
                    "current_phase": { "enum": ["plan", "execute", "express", "review", "complete", "error"] },
                    "progress_percent": { "enum": [0, 25, 50, 75, 100] },
                    "last_update": time,
                    "error_phase": { "type": "string" },
                    "error_message": { "type": "string" },
                },
            },
        },
    })
}

/// Whether both documents tell of one moment.
fn agree(meta: &Value, cycle: &Value) -> bool {
    let row = &meta["cycles"]["1"];
    meta["current_phase"] == cycle["status"]["current_phase"]
        && row["instruction"] == cycle["instruction"]
        && row["started_at"] == cycle["started_at"]
        && row.get("completed_at") == cycle.get("completed_at")
        && (row["status"] == "complete") == (cycle["status"]["progress_percent"] == 100)
}

/// Every revision of the documents of a rehearsal, as another client saw them.
fn watched(server: &Server) -> Vec<Value> {
    let desk = Desk::new().env("FLOW_STORE", server.url());
    desk.flow("store apply peer --replicas 1").ends(0);
    let mut watcher = python("watch.py", &[server.url(), BUCKET]).stdin(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watcher.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().expect("it begins").unwrap(), "watching");
    desk.flow(REHEARSE).ends(0);
    drop(watcher.stdin.take());
    let rows: Vec<Value> = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    let output = watcher.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    rows
}

#[test]
fn documents_have_their_shapes_and_agree_at_every_moment_of_a_run() {
    let shapes = BTreeMap::from([(META, meta_shape()), (CYCLE, cycle_shape())]);
    let shapes = shapes.into_iter().map(|(key, shape)| (key, jsonschema::validator_for(&shape).unwrap()));
    let shapes: BTreeMap<_, _> = shapes.collect();
    for (server, atomic) in [(Server::start(), true), (Server::of(OLD[2]), true), (Server::of(OLD[0]), false)] {
        let (mut now, mut moments, mut phases) = (BTreeMap::new(), 0, vec![]);
        for row in watched(&server) {
            let (key, value) = (row["key"].as_str().unwrap().to_owned(), row["value"].clone());
            let faults: Vec<_> = shapes[&*key].iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(faults.is_empty(), "{key} at {}: {faults:?}\n{value}", row["revision"]);
            now.insert(key, value);
            if row["ends"] == true
                && let (Some(meta), Some(cycle)) = (now.get(META), now.get(CYCLE))
            {
                moments += 1;
                assert!(!atomic || agree(meta, cycle), "at {}:\n{meta}\n{cycle}", row["revision"]);
                phases.push(cycle["status"]["current_phase"].as_str().unwrap().to_owned());
            }
        }
        phases.dedup();
        assert_eq!(phases, ["plan", "execute", "express", "review", "complete"]);
        assert!(moments >= 5, "{moments}");
        assert!(agree(&now[META], &now[CYCLE]), "at the end: {now:?}");
    }
}
