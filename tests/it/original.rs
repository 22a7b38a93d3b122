//! What the original procedure got wrong, a test for each: PEER on a real store, with canned agents.

use flow::agent::{Backend, Context, Future};
use flow::drive::{Carried, Carrier, CarryOptions, Observer, Services, StartRefusal, StartRequest, Stop, candidates};
use flow::name::{Bucket, Key, Name};
use flow::plan::{Plan, StubReply};
use flow::project::{Project, params};
use flow::run::{ErrorClass, Outcome, Reply, RunError, RunState, RunStatus, Stamped, Task, Time, Usage, Work};
use flow::store::{Embedded, read_document, read_lease, release_write};
use flow::value::Value;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Answers with the replies of the pipeline's first test; a phase may have replies of its own first, or never answer.
#[derive(Debug)]
struct Canned {
    usual: BTreeMap<Name, Value>,
    first: Mutex<BTreeMap<String, Vec<Result<Value, ErrorClass>>>>,
    silent: Mutex<Option<String>>,
    performed: Mutex<Vec<String>>,
    prompts: Mutex<Vec<String>>,
}

impl Backend for Canned {
    fn name(&self) -> &'static str {
        "canned"
    }

    fn perform<'a>(&'a self, work: &'a Work, _: &'a Context) -> Future<'a, Outcome> {
        Box::pin(async move {
            let phase = &work.attempt.phase;
            let Task::Agent(agent) = &work.task else {
                return Outcome::Reply(Reply { code: Some(0), ..Reply::default() });
            };
            self.performed.lock().unwrap().push(phase.to_string());
            self.prompts.lock().unwrap().push(agent.prompt.clone());
            if self.silent.lock().unwrap().as_deref() == Some(phase.as_str()) {
                std::future::pending::<()>().await;
            }
            let mut first = self.first.lock().unwrap();
            let next = first.get_mut(phase.as_str()).filter(|all| !all.is_empty()).map(|all| all.remove(0));
            match next.unwrap_or_else(|| Ok(self.usual[phase].clone())) {
                Ok(value) => Outcome::Reply(Reply { value, ..Reply::default() }),
                Err(class) => {
                    let error = RunError::new(class, format!("the agent of {phase} says {class}"), Time(0));
                    Outcome::Failed { error, agent: None, usage: Usage::default(), transcript: None }
                }
            }
        })
    }
}

#[derive(Debug)]
struct Deaf;

impl Observer for Deaf {
    fn event(&self, _: &RunState, _: &Stamped) {}
    fn progress(&self, _: &Name, _: &str) {}
    fn notice(&self, _: &str) {}
}

struct House {
    folder: tempfile::TempDir,
    services: Services,
    canned: Arc<Canned>,
    plan: Arc<Plan>,
}

const SPEC: &str = ".agent-os/specs/2026-11-23-password-reset";

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in ["spec.md", "spec-lite.md", "tasks.md", "sub-specs/technical-spec.md"] {
            write(folder.path(), &format!("{SPEC}/{file}"), "- [x] 1. All\n");
        }
        let plan = Arc::new(Project::open(folder.path()).load("peer").unwrap().plan.unwrap());
        let usual = plan.rehearsal.0.iter().filter_map(|(phase, stubs)| match &stubs[0] {
            StubReply::Reply(value) => Some((phase.clone(), value.clone())),
            StubReply::Fails { .. } => None,
        });
        let canned = Arc::new(Canned {
            usual: usual.collect(),
            first: Mutex::default(),
            silent: Mutex::default(),
            performed: Mutex::default(),
            prompts: Mutex::default(),
        });
        let store = Arc::new(Embedded::open(&folder.path().join(".flow/state.db"), true).unwrap());
        let root = folder.path().to_owned();
        let services = Services { store, store_url: "sqlite".into(), root, performer: canned.clone() };
        Self { folder, services, canned, plan }
    }

    async fn start(&self, options: &[(&str, &str)], rehearsal: bool) -> Result<Carrier, StartRefusal> {
        let given: Vec<_> = options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let checked = params(self.folder.path(), &self.plan, &given).unwrap();
        let request = StartRequest {
            plan: self.plan.clone(),
            params: checked.values,
            files: checked.files,
            rehearsal,
            agents: IndexMap::new(),
            git: Value::NULL,
        };
        Carrier::start(&self.services, request, Arc::new(Deaf)).await
    }

    async fn create_spec(&self) -> Carrier {
        self.start(&[("instruction", "create-spec")], false).await.unwrap()
    }

    async fn resume(&self, run: &flow::run::RunId, retry: bool) -> RunState {
        let options = CarryOptions { retry, ..CarryOptions::default() };
        ended(Carrier::resume(&self.services, run, options, Arc::new(Deaf), None, quiet()).await.unwrap())
    }

    async fn document(&self, key: &str) -> Value {
        let (bucket, key) = (Bucket::new("agent-os-peer-state").unwrap(), Key::new(key).unwrap());
        read_document(&*self.services.store, &bucket, &key).await.unwrap().value
    }

    async fn meta(&self) -> Value {
        self.document("peer.instruction.create-spec.meta").await
    }

    async fn cycle(&self, number: u32) -> Value {
        self.document(&format!("peer.instruction.create-spec.cycle.{number}")).await
    }

    fn first(&self, phase: &str, replies: Vec<Result<Value, ErrorClass>>) {
        self.canned.first.lock().unwrap().insert(phase.into(), replies);
    }

    /// Carries until a phase is under way, then drops the driver as a power cut would.
    async fn die_in(&self, carrier: Carrier, phase: &str) -> flow::run::RunId {
        *self.canned.silent.lock().unwrap() = Some(phase.into());
        let run = carrier.state().id().clone();
        let driver = tokio::spawn(carrier.carry(CarryOptions::default(), None, quiet()));
        while self.canned.performed.lock().unwrap().last().map(String::as_str) != Some(phase) {
            tokio::task::yield_now().await;
        }
        driver.abort();
        let _ = driver.await;
        *self.canned.silent.lock().unwrap() = None;
        let (_, revision) = read_lease(&*self.services.store, &run).await.unwrap().unwrap();
        self.services.store.commit(vec![release_write(&run, revision)]).await.unwrap();
        run
    }

    fn performed(&self) -> Vec<String> {
        self.canned.performed.lock().unwrap().clone()
    }
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn quiet() -> watch::Receiver<Stop> {
    let (sender, receiver) = watch::channel(Stop::No);
    Box::leak(Box::new(sender));
    receiver
}

fn ended(carried: Carried) -> RunState {
    let Carried::Ended(state) = carried else { panic!("{carried:?}") };
    state
}

async fn carried(carrier: Carrier) -> RunState {
    ended(carrier.carry(CarryOptions::default(), None, quiet()).await.unwrap())
}

fn text(value: &Value, path: &[&str]) -> String {
    value.at(path).as_str().unwrap_or("null").to_owned()
}

#[tokio::test]
async fn meta_and_cycle_are_there_from_the_first_moment() {
    let house = House::new();
    let carrier = house.create_spec().await;
    let (meta, cycle) = (house.meta().await, house.cycle(1).await);
    assert_eq!(text(&meta, &["current_phase"]), "plan");
    assert_eq!(text(&meta, &["cycles", "1", "status"]), "running");
    assert_eq!(meta.get("current_cycle").to_string(), "1");
    assert_eq!(text(&cycle, &["status", "current_phase"]), "plan");
    let state = carried(carrier).await;
    assert_eq!(state.status, RunStatus::Complete);
    let (meta, cycle) = (house.meta().await, house.cycle(1).await);
    assert_eq!((text(&meta, &["current_phase"]), text(&meta, &["spec_name"])), ("complete".into(), "password-reset".into()));
    assert_eq!(cycle.at(&["status", "progress_percent"]).to_string(), "100");
    assert_eq!(text(&cycle, &["phases", "review", "status"]), "complete");
}

#[tokio::test]
async fn current_phase_is_what_runs_next_so_an_unfinished_plan_is_planned_again() {
    let house = House::new();
    let run = house.die_in(house.create_spec().await, "plan").await;
    assert_eq!(text(&house.meta().await, &["current_phase"]), "plan");
    assert_eq!(house.resume(&run, false).await.status, RunStatus::Complete);
    assert_eq!(house.performed(), ["plan", "plan", "execute", "express", "review"]);
}

#[tokio::test]
async fn every_phase_can_be_gone_on_with_review_too() {
    for (phase, rest) in [
        ("execute", vec!["plan", "execute", "execute", "express", "review"]),
        ("express", vec!["plan", "execute", "express", "express", "review"]),
        ("review", vec!["plan", "execute", "express", "review", "review"]),
    ] {
        let house = House::new();
        let run = house.die_in(house.create_spec().await, phase).await;
        assert_eq!(text(&house.cycle(1).await, &["status", "current_phase"]), phase);
        assert_eq!(house.resume(&run, false).await.status, RunStatus::Complete);
        assert_eq!(house.performed(), rest);
    }
}

#[tokio::test]
async fn continue_needs_no_instruction_and_a_spec_finds_the_run_that_made_it() {
    let house = House::new();
    let run = house.die_in(house.create_spec().await, "review").await;
    let spec = Name::new("spec").unwrap();
    for (given, found) in
        [(vec![], 1), (vec![(spec.clone(), Value::text("password-reset"))], 1), (vec![(spec, Value::text("other"))], 0)]
    {
        let all = candidates(&house.services.store.clone(), &house.plan, false, &given).await.unwrap();
        assert_eq!(all.len(), found, "{given:?}");
        assert!(all.iter().all(|candidate| *candidate.state.id() == run));
    }
}

#[tokio::test]
async fn create_spec_without_a_spec_has_a_key_of_its_own() {
    let house = House::new();
    let carrier = house.create_spec().await;
    assert_eq!(carrier.state().started.series.as_deref(), Some("peer.instruction.create-spec"));
    assert_eq!(text(&house.meta().await, &["spec_name"]), "", "not known yet");
    carried(carrier).await;
    assert_eq!(text(&house.meta().await, &["spec_name"]), "password-reset", "known once it is written");
}

#[tokio::test]
async fn the_end_of_a_cycle_closes_that_cycle_and_no_other() {
    let house = House::new();
    carried(house.create_spec().await).await;
    let first = house.meta().await.at(&["cycles", "1"]);
    house.first("execute", vec![Err(ErrorClass::Refused)]);
    carried(house.create_spec().await).await;
    let meta = house.meta().await;
    assert_eq!(meta.at(&["cycles", "1"]), first);
    assert_eq!(text(&meta, &["cycles", "2", "status"]), "error");
    assert_eq!(meta.get("current_cycle").to_string(), "2");
}

#[tokio::test]
async fn work_that_was_not_done_is_never_complete() {
    let house = House::new();
    let lie = house.canned.usual[&Name::new("execute").unwrap()].to_string().replace("tasks.md", "nothing.md");
    let lie = Value::parse(lie.as_bytes()).unwrap();
    house.first("execute", vec![Ok(lie.clone()), Ok(lie.clone()), Ok(lie)]);
    let state = carried(house.create_spec().await).await;
    assert_eq!(state.status, RunStatus::Failed);
    let cycle = house.cycle(1).await;
    assert_eq!(text(&cycle, &["status", "error_phase"]), "execute");
    assert!(text(&cycle, &["status", "error_message"]).contains("nothing.md"), "{cycle}");
    assert_eq!(cycle.at(&["status", "progress_percent"]).to_string(), "25");
    assert!(!cycle.get("phases").has("express"), "what never ran has no record");
}

#[tokio::test]
async fn errors_stand_in_the_cycle_and_a_failed_cycle_can_be_retried() {
    let house = House::new();
    house.first("express", vec![Err(ErrorClass::Refused)]);
    let state = carried(house.create_spec().await).await;
    assert_eq!(state.status, RunStatus::Failed);
    let cycle = house.cycle(1).await;
    assert_eq!(text(&cycle, &["status", "current_phase"]), "error");
    assert_eq!(text(&cycle, &["status", "error_phase"]), "express");
    assert_eq!(text(&cycle, &["status", "error_message"]), "the agent of express says refused");
    assert_eq!(text(&cycle, &["phases", "express", "status"]), "error");
    let state = house.resume(state.id(), true).await;
    assert_eq!(state.status, RunStatus::Complete);
    assert_eq!(house.performed(), ["plan", "execute", "express", "express", "review"]);
    assert!(!house.cycle(1).await.get("status").has("error_phase"));
}

#[test]
fn a_guard_that_does_not_compile_is_found_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let text = "flow = 1\nname = \"x\"\n[phases.a]\nset = 'keys(.phases)'\n";
    let loaded = Project::open(folder.path()).load_text("x.toml", text);
    assert!(loaded.plan.is_none());
    assert_eq!(loaded.findings.iter().map(|finding| finding.code.id).filter(|id| *id == "J002").count(), 1);
}

#[tokio::test]
async fn a_second_start_is_refused_and_a_rehearsal_is_in_nobodys_way() {
    let house = House::new();
    let carrier = house.create_spec().await;
    let Err(StartRefusal::InTheWay(run)) = house.start(&[("instruction", "create-spec")], false).await else { panic!("refused") };
    assert_eq!((run.cycle, run.run), (1, carrier.state().id().clone()));
    let rehearsal = house.start(&[("instruction", "create-spec")], true).await.unwrap();
    assert_eq!(rehearsal.state().started.cycle, Some(2));
    carried(rehearsal).await;
    let meta = house.meta().await;
    assert_eq!(meta.at(&["cycles", "2", "rehearsal"]).as_bool(), Some(true));
    assert_eq!(meta.get("current_cycle").to_string(), "1", "a rehearsal does not count beside real work");
    assert_eq!(text(&meta, &["current_phase"]), "plan");
    let all = candidates(&house.services.store.clone(), &house.plan, true, &[]).await.unwrap();
    assert!(all.is_empty(), "a finished rehearsal is nothing to go on with");
}

#[tokio::test]
async fn a_bucket_is_compared_field_by_field() {
    let house = House::new();
    let carrier = house.create_spec().await;
    let declared = flow::drive::bucket_spec(&house.plan).unwrap();
    let found = house.services.store.describe(&declared.bucket).await.unwrap().unwrap();
    assert_eq!((found.history, found.description.as_str()), (50, "PEER pattern state storage for Agent OS"));
    let mut other = declared.clone();
    other.history = 5;
    other.description = String::new();
    assert_eq!(flow::drive::differences(&declared, &other).len(), 2);
    assert!(flow::drive::differences(&declared, &found).is_empty());
    drop(carrier);
}

#[tokio::test]
async fn an_agent_asks_the_user_and_goes_on_with_the_answers() {
    let house = House::new();
    let ask = Value::parse(br#"{"questions": [{"question": "Which idea?", "choices": []}]}"#).unwrap();
    house.first("plan", vec![Ok(ask)]);
    let carrier = house.create_spec().await;
    let Carried::Waiting(state) = carrier.carry(CarryOptions::default(), None, quiet()).await.unwrap() else { panic!("waits") };
    assert_eq!(state.document().at(&["phases", "plan", "status"]).as_str(), Some("waiting"));
    let answer = flow::store::Request::Answer {
        phase: Name::new("plan").unwrap(),
        answers: Value::list([Value::text("Password reset")]),
        by: "the user".into(),
    };
    flow::drive::request(&house.services, state.id(), &answer).await.unwrap();
    assert_eq!(house.resume(state.id(), false).await.status, RunStatus::Complete);
    let prompts = house.canned.prompts.lock().unwrap().clone();
    assert!(prompts[1].contains("Question: Which idea?") && prompts[1].contains("Answer: Password reset"), "{}", prompts[1]);
}

#[test]
fn guards_against_missing_outputs_hold_and_fail_as_they_should() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Project::open(folder.path()).load("peer").unwrap().plan.unwrap();
    let guard = |phase: &str| plan.phases.iter().find(|p| p.name.as_str() == phase).unwrap().require[0].clone();
    let program = flow::engine::Program::new(Arc::new(plan.clone()));
    let run = |missing: &[&str]| {
        let record = |name: &'static str| {
            let output = if missing.contains(&name) { Value::NULL } else { Value::text("x") };
            (name, Value::table([("output", output), ("status", "complete".into())]))
        };
        Value::table([("phases", Value::table(["plan", "execute", "express"].map(record)))])
    };
    let holds = |phase: &str, missing: &[&str]| {
        program.boolean(&guard(phase).that.text, &flow::expr::jq::Input::of(&run(missing))).unwrap()
    };
    assert!(holds("execute", &[]) && !holds("execute", &["plan"]));
    assert!(holds("express", &[]) && !holds("express", &["execute"]));
    assert!(holds("review", &[]) && !holds("review", &["plan", "express"]));
    let message = guard("review").message.unwrap();
    let template = flow::expr::template::Template::parse(&message.text, &|_| None).unwrap();
    assert_eq!(template.render(&run(&["plan", "express"])).unwrap(), "cannot review: missing outputs from plan, express");
}
