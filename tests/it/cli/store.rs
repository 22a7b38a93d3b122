//! What is said of a store, what is changed in it, and how all of it is moved.

use super::{Desk, Did, GREET};
use serde_json::{Value, json};

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
