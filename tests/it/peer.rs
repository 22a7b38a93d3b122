//! The shipped PEER pipeline: its own tests, its documents over several cycles, and its check of ticked tasks.

use flow::engine::Program;
use flow::expr::jq::{Budget, Input, Jq};
use flow::name::Name;
use flow::plan::{AcceptCheck, Plan, Select};
use flow::project::{Loaded, Project, params_of_test};
use flow::trial::{Prepared, unseen};
use flow::value::Value;
use serde_json::{Value as Json, json};
use std::process::Command;
use std::sync::Arc;

fn peer() -> (Plan, Loaded) {
    let loaded = Project::open(crate::tidy::root()).load("pipelines/peer.toml").unwrap();
    let found: Vec<_> = loaded.findings.iter().map(|finding| format!("{} {}", finding.code, finding.message)).collect();
    crate::tidy::none("findings in pipelines/peer.toml", &found);
    (loaded.plan.clone().expect("no finding is an error"), loaded)
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn evaluate(text: &str, value: &Json, vars: &[(&str, Value)]) -> Json {
    let input = Input { value: Value::from_serialize(value), vars, glob: None };
    let jq = Jq::compile(text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    jq.one(&input, Budget::Value).unwrap_or_else(|error| panic!("{error}")).to_json()
}

/// What a document of the pipeline becomes, checked to be idempotent.
fn view(document: &str, run: &Json, previous: &Json) -> Json {
    let (plan, _) = peer();
    let text = &plan.documents[&name(document)].view.text;
    let apply = |previous: &Json| evaluate(text, run, &[("$previous", Value::from_serialize(previous))]);
    let first = apply(previous);
    assert_eq!(apply(&first), first, "the view of {document} is not idempotent");
    first
}

/// The record of a phase.
fn record(status: &str, attempts: u32, output: &Json) -> Json {
    let at = |yes: bool| if yes { json!("2026-11-23T06:00:01Z") } else { Json::Null };
    json!({
        "status": status, "round": 1, "attempts": attempts, "started_at": at(attempts > 0),
        "completed_at": at(status == "complete"), "output": output, "error": null, "notes": [], "rounds": [],
    })
}

/// A run of the instruction create-spec, all its phases pending.
fn run(cycle: u32, status: &str, current: Option<&str>) -> Json {
    let pending = || record("pending", 0, &Json::Null);
    json!({
        "id": "01J", "series": "peer.instruction.create-spec", "cycle": cycle, "rehearsal": false, "status": status,
        "current": current, "progress": 0, "started_at": format!("2026-11-23T0{cycle}:00:00Z"),
        "updated_at": "2026-11-23T09:00:00Z", "completed_at": (status == "complete").then_some("2026-11-23T09:00:00Z"),
        "params": { "instruction": "create-spec", "spec": null, "request": null },
        "vars": { "spec_name": "", "spec_folder": "" },
        "phases": { "plan": pending(), "execute": pending(), "express": pending(), "review": pending() },
        "error": null,
    })
}

/// What execute reports of a new spec.
fn spec_written() -> Json {
    json!({ "outputs": { "files_created": [".agent-os/specs/2026-11-23-password-reset/spec.md"], "files_modified": [] } })
}

#[test]
fn its_own_tests_pass_and_see_every_guard_both_ways() {
    let (plan, loaded) = peer();
    let program = Program::new(Arc::new(plan.clone())).counting();
    let mut failed = vec![];
    for test in &loaded.tests {
        let prepared = params_of_test(&plan, test).map(|found| Prepared { params: found.values, files: found.files });
        let prepared = prepared.map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        let outcome = flow::trial::run(&program, test, prepared);
        failed.extend(outcome.problems.iter().map(|problem| format!("{}: {problem}", test.name)));
    }
    crate::tidy::none("tests of the pipeline that failed", &failed);
    let paths: Vec<_> = unseen(&plan, &program.coverage()).into_iter().map(|place| place.path).collect();
    crate::tidy::none("guards that no test sees both true and false", &paths);
}

#[test]
fn meta_is_made_from_nothing_and_has_exactly_its_fields() {
    let meta = view("meta", &run(1, "running", Some("plan")), &Json::Null);
    let row = json!({ "instruction": "create-spec", "status": "running", "started_at": "2026-11-23T01:00:00Z" });
    let expected = json!({
        "spec_name": "", "created_at": "2026-11-23T01:00:00Z", "current_cycle": 1, "current_phase": "plan", "cycles": { "1": row },
    });
    assert_eq!(meta, expected);
}

#[test]
fn meta_survives_whatever_somebody_else_put_there() {
    for foreign in [json!("text"), json!([1]), json!({ "cycles": 3 }), json!({ "cycles": { "x": {} } })] {
        let meta = view("meta", &run(1, "running", Some("plan")), &foreign);
        assert_eq!(meta["current_cycle"], 1, "over {foreign}");
        assert_eq!(meta["cycles"]["1"]["status"], "running", "over {foreign}");
    }
}

#[test]
fn the_name_of_a_new_spec_is_recorded_once_it_is_known() {
    let mut known = run(1, "running", Some("express"));
    known["phases"]["execute"] = record("complete", 1, &spec_written());
    assert_eq!(view("meta", &known, &Json::Null)["spec_name"], "password-reset");
    let mut again = run(1, "running", Some("execute"));
    again["phases"]["execute"]["rounds"] = json!([record("complete", 1, &spec_written())]);
    assert_eq!(view("meta", &again, &Json::Null)["spec_name"], "password-reset", "kept while execute runs again");
}

#[test]
fn a_late_write_of_an_old_cycle_changes_only_its_own_row() {
    let first = view("meta", &run(1, "failed", Some("execute")), &Json::Null);
    assert_eq!(first["current_phase"], "error");
    let second = view("meta", &run(2, "complete", None), &first);
    assert_eq!((&second["current_cycle"], &second["current_phase"]), (&json!(2), &json!("complete")));
    assert_eq!(second["created_at"], first["created_at"]);
    let mut expected = second.clone();
    expected["cycles"]["1"]["status"] = json!("running");
    assert_eq!(view("meta", &run(1, "running", Some("execute")), &second), expected);
}

#[test]
fn a_rehearsal_is_marked_and_counts_only_until_there_is_real_work() {
    let rehearsed = |cycle| {
        let mut run = run(cycle, "complete", None);
        run["rehearsal"] = json!(true);
        run
    };
    let first = view("meta", &rehearsed(1), &Json::Null);
    assert_eq!((&first["current_cycle"], &first["cycles"]["1"]["rehearsal"]), (&json!(1), &json!(true)));
    let second = view("meta", &rehearsed(2), &first);
    assert_eq!(second["current_cycle"], 2);
    let real = view("meta", &run(3, "running", Some("plan")), &second);
    assert_eq!((&real["current_cycle"], &real["current_phase"]), (&json!(3), &json!("plan")));
    let later = view("meta", &rehearsed(4), &real);
    assert_eq!((&later["current_cycle"], &later["current_phase"]), (&json!(3), &json!("plan")));
    assert_eq!(view("cycle", &rehearsed(4), &Json::Null)["rehearsal"], true);
    assert_eq!(view("cycle", &run(3, "running", Some("plan")), &Json::Null).get("rehearsal"), None);
}

#[test]
fn a_cycle_shows_each_phase_that_began_in_its_own_words() {
    let mut interrupted = run(1, "interrupted", Some("execute"));
    interrupted["progress"] = json!(25);
    interrupted["phases"]["plan"] = record("complete", 1, &json!({ "type": "specification" }));
    interrupted["phases"]["execute"] = record("interrupted", 1, &Json::Null);
    let cycle = view("cycle", &interrupted, &Json::Null);
    let at = "2026-11-23T06:00:01Z";
    let expected = json!({
        "cycle_number": 1, "instruction": "create-spec", "started_at": "2026-11-23T01:00:00Z",
        "phases": {
            "plan": { "status": "complete", "started_at": at, "completed_at": at, "output": { "type": "specification" } },
            "execute": { "status": "partial", "started_at": at, "output": null },
        },
        "status": { "current_phase": "execute", "progress_percent": 25, "last_update": "2026-11-23T09:00:00Z" },
    });
    assert_eq!(cycle, expected);
    assert_eq!(view("meta", &interrupted, &Json::Null)["cycles"]["1"]["status"], "partial");
}

#[test]
fn a_failed_cycle_names_the_phase_and_the_reason() {
    let mut failed = run(1, "failed", Some("execute"));
    let error = json!({ "class": "rejected", "message": "tasks are not ticked", "phase": "execute", "occurred_at": "2026-11-23T06:00:01Z" });
    failed["phases"]["execute"] = record("failed", 3, &Json::Null);
    failed["phases"]["execute"]["error"] = error.clone();
    failed["phases"]["express"] = record("cancelled", 0, &Json::Null);
    failed["error"] = error;
    let cycle = view("cycle", &failed, &Json::Null);
    assert_eq!(cycle["status"]["current_phase"], "error");
    assert_eq!(cycle["status"]["error_phase"], "execute");
    assert_eq!(cycle["status"]["error_message"], "tasks are not ticked");
    assert_eq!(cycle["phases"]["execute"]["status"], "error");
    assert_eq!(cycle["phases"].get("express"), None, "what never began is not listed");
}

#[test]
fn a_run_is_found_by_its_spec_with_and_without_the_date() {
    let (plan, _) = peer();
    let Some(Select::By(select)) = &plan.params[&name("spec")].select else { panic!("spec selects by an expression") };
    let found = |run: &Json, given: &str| evaluate(&select.text, run, &[("$given", Value::text(given))]) == json!(true);
    let mut existing = run(1, "failed", Some("execute"));
    existing["vars"] = json!({ "spec_name": "pay", "spec_folder": "2025-07-01-pay" });
    assert!(found(&existing, "pay") && found(&existing, "2025-07-01-pay"));
    assert!(!found(&existing, "2025-09-01-pay") && !found(&existing, "user-auth"));
    let mut created = run(1, "interrupted", Some("express"));
    created["phases"]["execute"] = record("complete", 1, &spec_written());
    assert!(found(&created, "password-reset") && found(&created, "2026-11-23-password-reset"));
    assert!(!found(&run(1, "interrupted", Some("plan")), "password-reset"));
}

#[test]
fn tasks_that_are_called_completed_must_be_ticked() {
    let (plan, _) = peer();
    let execute = plan.phases.iter().find(|phase| phase.name.as_str() == "execute").unwrap();
    let mut programs =
        execute.accept.iter().filter_map(|accept| if let AcceptCheck::Run(argv) = &accept.check { Some(argv) } else { None });
    let argv: Vec<&str> = programs.next().unwrap().iter().map(|part| part.text.as_str()).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tasks.md");
    let tasks =
        "# Tasks\n\n- [x] 1. Sign in\n  - [x] 1.1 Write tests\n  - [ ] 1.2 Build it\n- [ ] 2. Sign out\n* [X] Unnumbered\n";
    std::fs::write(&file, tasks).unwrap();
    let check = |file: &str, completed: &str| {
        let output = Command::new(argv[0]).args([argv[1], file, completed]).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let file = file.to_str().unwrap();
    for fine in ["1. Sign in\n1.1 Write tests", "- [x] 1.1 Write tests", "Task 1: Sign in", "1", "Unnumbered", ""] {
        assert_eq!(check(file, fine), (true, String::new()), "{fine}");
    }
    for (wrong, said) in
        [("1.2 Build it", "not ticked"), ("1\n2. Sign out", "not ticked"), ("3. Pay", "not a task"), ("Sign", "not a task")]
    {
        let (accepted, text) = check(file, wrong);
        assert!(!accepted && text.contains(said), "{wrong}: {text}");
    }
    assert_eq!(check("", "anything"), (true, String::new()), "an instruction without a spec has no tasks to tick");
    assert!(!check("/nowhere/tasks.md", "1").0);
}
