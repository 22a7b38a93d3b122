//! Looking at pipelines and runs.

use super::{Desk, GREET};
use std::io::Read;
use std::process::Stdio;

#[test]
fn a_run_can_be_looked_at_from_all_sides() {
    let desk = Desk::new().file("greet.toml", GREET);
    desk.flow("run greet.toml --who world --yes").ends(0);
    desk.flow("show latest")
        .ends(0)
        .prints_part("say    complete  N s\n  count  complete\n  shout  skipped")
        .prints_part("\n\ngreeted with 11 letters\n\n  flow show ID --jq .result  # what it yields\n");
    desk.flow("show latest --jq '.phases.say.output, .result'").ends(0).prints("\"hello world\"\n11\n");
    desk.flow("why latest shout")
        .ends(0)
        .prints("shout: skipped\n  TIME  skipped\n      `when` on line 30 gave false:\n          .params.how == \"loudly\"\n");
    desk.flow("why latest shuot").ends(2).says("error: run RUN has no phase `shuot`\n  help: did you mean `shout`?\n");
    desk.flow("logs latest say")
        .ends(0)
        .prints("TIME  say    starts: echo hello world\nTIME  say    replied: exit code 0\nTIME  say    complete\n");
    desk.flow("logs latest -f").ends(0).prints_part("TIME  -      complete in N s\n");
    desk.flow("logs latest --transcript").ends(0).prints("hello world\n").says("== say round 1 attempt 1\n");
    desk.flow("list").ends(0).prints_part("RUN  greet     -       complete  -        N s ago\n");
    desk.flow("graph latest --format text").ends(0).prints_part("shout  skipped      run true");
    desk.flow("graph latest")
        .ends(0)
        .prints_part("p_say[[\"<b>say</b><br/>run echo hello #123;#123; params.who #125;#125;<br/>complete\"]]:::complete\n");
}

#[test]
fn a_run_is_named_by_a_part_of_its_id() {
    let desk = Desk::new().file("greet.toml", GREET);
    desk.flow("run greet.toml --who a --yes").ends(0);
    desk.flow("run greet.toml --who b --yes").ends(0);
    let output = desk.command(["list", "--json"]).output().unwrap();
    let runs: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let id = runs[1]["id"].as_str().unwrap();
    for part in [id, &id[18..], &id[20..], &id.to_lowercase()] {
        desk.flow(&format!("show {part} --jq .params.who")).ends(0).prints("\"a\"\n");
    }
    desk.flow(&format!("show {}", &id[23..])).ends(2).says_part("is too short for a run: give at least 4 characters");
    desk.flow("show 01").ends(2);
    desk.flow(&format!("show {}", &id[..4])).ends(2).says_part("may be any of RUN, RUN\n");
    desk.flow("show ZZZZZZ").ends(3).says_part("there is no run `ZZZZZZ`");
}

#[test]
fn pipelines_are_linted_tested_and_drawn() {
    let tests = "\n[[tests]]\nname = \"loudly\"\nparams = { who = \"x\", how = \"loudly\" }\nstubs = { say = { stdout = \"hello x\\n\", stderr = \"\", code = 0 }, shout = { stdout = \"\", stderr = \"\", code = 0 } }\nexpect = { status = \"complete\" }\n";
    let desk = Desk::new().file("p/greet.toml", &format!("{GREET}{tests}")).file("p/other.toml", "a = 1\n");
    desk.flow("lint p").ends(0).prints("").says("checked 1 pipeline: no findings\n");
    desk.flow("lint p --format json").ends(0).prints("{\n  \"version\": 1,\n  \"findings\": []\n}\n").says("");
    desk.flow("test p")
        .ends(0)
        .prints_part("p/greet.toml\n  ✓ loudly\n  ! never false: phases.shout.when on line 30")
        .says("1 test passed, 0 failed; 1 guard was not seen both true and false\n");
    desk.flow("lint nothing").ends(3);
    desk.flow("graph p/greet.toml --format dot")
        .ends(0)
        .prints_part("\"count\" -> \"shout\" [label=\"when .params.how == \\\"loudly\\\"\"];");
    let failing = GREET.to_owned() + &tests.replace("\"complete\"", "\"failed\"");
    let desk = desk.file("p/greet.toml", &failing);
    desk.flow("test p").ends(1).prints_part("✗ loudly (line").says_part("0 tests passed, 1 failed");
}

#[test]
fn expressions_are_tried_by_hand() {
    let desk = Desk::new().file("greet.toml", GREET).file("a.json", r#"{"a": [1, {"b": null}]}"#);
    desk.flow("eval .a[] a.json").ends(0).prints("1\n{\"b\":null}\n");
    desk.flow("eval --template '{{ a | length }} of {{ a | tojson }}' a.json").ends(0).prints("2 of [1,{\"b\":null}]\n");
    desk.flow("eval '.a | lenght' a.json").ends(1).says_part("J002");
    desk.flow("eval '.a | error(\"no\")' a.json").ends(1).says_part("no\n");
    desk.flow("run greet.toml --who x --yes").ends(0);
    desk.flow("eval --run latest --phase shout '.round, .output, .phases.say.output'").ends(0).prints("1\nnull\n\"hello x\"\n");
}

#[test]
fn everything_stored_is_exported_as_lines_of_json() {
    let desk = Desk::new().file("greet.toml", GREET);
    desk.flow("run greet.toml --who x --yes").ends(0);
    let lines = desk.flow("store export").ends(0).stdout;
    let mut rows: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.pop(), Some(serde_json::json!({ "end": { "lines": rows.len() } })));
    let has = |prefix: &str| rows.iter().any(|row| row["key"].as_str().unwrap().starts_with(prefix) && row["bucket"] == "flow");
    assert!(has("flow.run.") && has("flow.plan.") && has("flow.blob."), "{lines}");
    assert!(rows.iter().all(|row| row.get("value").is_some() != row.get("value_base64").is_some()));
}

#[test]
fn what_a_process_writes_cannot_move_the_cursor() {
    let pipeline = "flow = 1\nname = \"evil\"\ndescription = \"Writes escapes\"\nsummary = \"{{ phases.write.output }}\"\n[phases.write]\ndescription = \"Write\"\nrun = [\"printf\", '\\033]0;owned\\007\\033[2Jred\\033[31m\\r\\n']\nparse = \"text\"\ntimeout = \"1m\"\n";
    let desk = Desk::new().file("evil.toml", pipeline);
    let did = desk.flow("run evil.toml --yes").ends(0);
    assert_eq!(did.stdout, "red\n");
    for command in ["show latest", "logs latest --transcript", "show latest --json", "why latest", "logs latest"] {
        let did = desk.flow(command).ends(0);
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!did.stdout.contains(control) && !did.stderr.contains(control), "{command}: {:?}", did.stdout);
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let desk = Desk::new().file("greet.toml", GREET);
    desk.flow("run greet.toml --who x --yes").ends(0);
    let mut child = desk.command(["store", "export"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let status = child.wait().unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn output_that_cannot_be_written_is_said_and_changes_nothing_of_the_run() {
    let desk = Desk::new().file("greet.toml", GREET);
    let full = |words: &str| {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        desk.did(words, &desk.command(words.split(' ')).stdout(full).output().unwrap())
    };
    let said = "error: what is printed cannot be written: No space left on device (os error 28)\n";
    full("run greet.toml --who x --yes")
        .ends(74)
        .says_part("greet ID is complete")
        .says_part(said)
        .says_part("help: the run is kept");
    for words in ["show latest", "list --json", "logs latest", "why latest", "graph latest", "store export", "doctor", "--help"] {
        full(words).ends(74).says(said);
    }
    let failing = GREET.replace("run = [\"echo\", \"hello {{ params.who }}\"]", "run = [\"false\"]\nexit = [0]");
    let desk = desk.file("fails.toml", &failing);
    // Whoever stops reading does not make a failure a success.
    for words in ["run fails.toml --who x --yes --json", "run fails.toml --who x --yes"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        desk.did(words, &desk.command(words.split(' ')).stdout(writer).output().unwrap()).ends(1).says_part("failed after");
    }
}

#[test]
fn colours_come_when_asked_for_and_never_into_a_pipe() {
    let desk = Desk::new().file("greet.toml", GREET);
    desk.flow("run greet.toml --who x --yes").ends(0);
    assert!(!desk.flow("show latest").ends(0).stdout.contains('\x1b'));
    assert!(desk.flow("--color always show latest").ends(0).stdout.contains("\x1b[32mcomplete\x1b[0m"));
}

#[test]
fn the_doctor_says_what_is_there() {
    let desk = Desk::new().file("greet.toml", GREET);
    desk.flow("doctor")
        .ends(0)
        .prints_part("! no agent on PATH: looked for claude")
        .prints_part("not there yet, the first run makes it");
    desk.flow("run greet.toml --who x --yes").ends(0);
    desk.flow("doctor").ends(0).prints_part("✓ store sqlite:$PROJECT/.flow/state.db: 1 run\n");
    let desk = desk.file("flow.toml", "agnet = 'claude'\n");
    desk.flow("doctor").ends(1).prints_part("did you mean `agent`");
    desk.flow("list").ends(2).says_part("`flow.toml` has mistakes");
}

#[test]
fn hostile_expressions_texts_and_templates_end_in_an_error() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let desk = Desk::new().file("null.json", "null\n").file("deep.json", &deep);
    let hostile = [
        "def f: f; f",
        "def f: 1 + f; f",
        "[range(1e12)]",
        "last(range(1e12))",
        "[limit(1e9; repeat(1))]",
        "\"a\" * 1e10",
        "reduce range(40) as $i (\"ab\"; . + .)",
        "reduce range(1e6) as $i (null; [.])",
        "halt",
        "halt_error",
        "env",
        "$ENV",
        "input",
    ];
    for expression in hostile {
        desk.flow(&format!("eval '{expression}' null.json")).ends(1);
    }
    desk.flow("eval . deep.json").ends(1).says_part("is not JSON");
    let bomb = "{% for i in range(9999) %}{% for j in range(9999) %}{{ i * j }}{% endfor %}{% endfor %}";
    desk.flow(&format!("eval --template '{bomb}' null.json")).ends(1);
}
