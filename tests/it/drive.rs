//! The driver over real stores with scripted backends: crashes, stops, requests, races.

mod halves;
mod syncs;

use flow::agent::{Asked, Backend, Context, Future, Person};
use flow::drive::{
    Carried, Carrier, CarryOptions, DriveError, Observer, Requested, Services, StartRefusal, StartRequest, Stop, load, request,
};
use flow::name::Name;
use flow::plan::Plan;
use flow::project::Project;
use flow::run::{ErrorClass, Event, Outcome, Reply, RunError, RunState, RunStatus, Stamped, Task, Time, Usage, Work};
use flow::store::{Embedded, Memory, Request, Store, read_document};
use flow::value::Value;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, watch};

const PIPELINE: &str = r#"
flow = 1
name = "work"
description = "Three phases and a document"
result = '.phases.last.output'

[params.slow]
type = "boolean"
default = false

[series]
key = "work.{{ params.slow }}"

[store]
bucket = "notes"
history = 5

[documents.state]
key = "{{ series }}.state"
view = '{ now: .current, status, cycle, before: ($previous.cycle? // 0) } | .before = (if .before > .cycle then .before else .cycle end)'

[agents.worker]
use = "auto"

[phases.first]
agent = "worker"
prompt = "First"

[phases.second]
needs = ["first"]
agent = "worker"
prompt = "Second after {{ phases.first.output }}"
retry = { max = 1, delay = "1ms" }

[phases.last]
needs = ["second"]
set = '[.phases.first.output, .phases.second.output]'
"#;

/// Answers `<phase> <attempt>`; a phase that is held waits until it is let go, or is asked to stop.
#[derive(Debug, Default)]
struct Script {
    performed: Mutex<Vec<String>>,
    held: Mutex<BTreeMap<String, Arc<Notify>>>,
    begun: Notify,
    /// The programs of `accept` that were run.
    checks: Mutex<Vec<Work>>,
}

impl Script {
    fn hold(&self, phase: &str) -> Arc<Notify> {
        let notify = Arc::new(Notify::new());
        self.held.lock().unwrap().insert(phase.to_owned(), notify.clone());
        notify
    }

    fn performed(&self) -> Vec<String> {
        self.performed.lock().unwrap().clone()
    }
}

impl Backend for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn perform<'a>(&'a self, work: &'a Work, context: &'a Context) -> Future<'a, Outcome> {
        Box::pin(async move {
            if matches!(work.task, Task::Process(_)) {
                self.checks.lock().unwrap().push(work.clone());
                return Outcome::Reply(Reply { code: Some(0), ..Reply::default() });
            }
            let phase = work.attempt.phase.to_string();
            self.performed.lock().unwrap().push(work.attempt.to_string());
            self.begun.notify_one();
            let held = self.held.lock().unwrap().get(&phase).cloned();
            if let Some(held) = held {
                let mut stop = context.stop.clone();
                tokio::select! {
                    () = held.notified() => {}
                    _ = stop.wait_for(|stop| *stop) => {
                        let error = RunError::new(ErrorClass::Cancelled, "stopped", Time(0));
                        let usage = Usage { cost_usd: 0.5, ..Usage::default() };
                        return Outcome::Failed { error, agent: None, usage, transcript: None };
                    }
                }
            }
            let value = Value::text(&format!("{phase} {}", work.attempt.number));
            Outcome::Reply(Reply { value, usage: Usage { cost_usd: 0.25, ..Usage::default() }, ..Reply::default() })
        })
    }
}

#[derive(Debug, Default)]
struct Watch(Mutex<Vec<String>>);

impl Observer for Watch {
    fn event(&self, _: &RunState, _: &Stamped) {}
    fn progress(&self, _: &Name, _: &str) {}
    fn notice(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

struct House {
    _folder: tempfile::TempDir,
    services: Services,
    script: Arc<Script>,
    plan: Arc<Plan>,
    watch: Arc<Watch>,
}

fn plan_of(folder: &Path, text: &str) -> Arc<Plan> {
    let loaded = Project::open(folder).load_text("work.toml", text);
    Arc::new(loaded.plan.unwrap_or_else(|| panic!("{}", flow::diag::concise(&loaded.findings, &loaded.sources))))
}

impl House {
    fn on(store: impl FnOnce(&Path) -> Arc<dyn Store>, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let script = Arc::new(Script::default());
        let plan = plan_of(folder.path(), text);
        let services =
            Services { store_url: store.name().into(), store, root: folder.path().to_owned(), performer: script.clone() };
        Self { _folder: folder, services, script, plan, watch: Arc::default() }
    }

    fn embedded(text: &str) -> Self {
        Self::on(|folder| Arc::new(Embedded::open(&folder.join(".flow/state.db"), true).unwrap()), text)
    }

    fn request(&self) -> StartRequest {
        let params = Value::table([("slow", Value::from(false))]);
        StartRequest {
            plan: self.plan.clone(),
            params,
            files: IndexMap::new(),
            rehearsal: false,
            agents: IndexMap::new(),
            git: Value::NULL,
        }
    }

    async fn start(&self) -> Result<Carrier, StartRefusal> {
        Carrier::start(&self.services, self.request(), self.watch.clone()).await
    }

    async fn resume(&self, run: &flow::run::RunId, options: CarryOptions) -> Result<Carried, DriveError> {
        Carrier::resume(&self.services, run, options, self.watch.clone(), None, no_stop()).await
    }
}

fn no_stop() -> watch::Receiver<Stop> {
    let (sender, receiver) = watch::channel(Stop::No);
    // The sender must live as long as the receiver is listened to.
    Box::leak(Box::new(sender));
    receiver
}

fn ended(carried: Carried) -> RunState {
    match carried {
        Carried::Ended(state) => state,
        other => panic!("expected the end, found {other:?}"),
    }
}

async fn document(house: &House) -> Value {
    let (bucket, key) = (flow::name::Bucket::new("notes").unwrap(), flow::name::Key::new("work.false.state").unwrap());
    read_document(&*house.services.store, &bucket, &key).await.unwrap().value
}

#[tokio::test]
async fn a_run_goes_to_its_end_and_its_journal_gives_the_same_state() {
    for house in [House::on(|_| Arc::new(Memory::new()), PIPELINE), House::embedded(PIPELINE)] {
        let carrier = house.start().await.unwrap();
        let state = ended(carrier.carry(CarryOptions::default(), None, no_stop()).await.unwrap());
        assert_eq!(state.status, RunStatus::Complete);
        assert_eq!(state.document().get("result").to_string(), r#"["first 1","second 1"]"#);
        assert_eq!(state.usage.cost_usd, 0.5);
        let known = load(&house.services.store, state.id()).await.unwrap();
        assert_eq!(known.state.document(), state.document());
        assert_eq!(document(&house).await.to_string(), r#"{"now":null,"status":"complete","cycle":1,"before":1}"#);
        assert!(house.watch.0.lock().unwrap().is_empty(), "{:?}", house.watch.0);
    }
}

#[tokio::test]
async fn a_driver_that_vanished_is_replaced_and_nothing_complete_runs_again() {
    let house = House::embedded(PIPELINE);
    let hold = house.script.hold("second");
    let carrier = house.start().await.unwrap();
    let run = carrier.state().id().clone();
    let driver = tokio::spawn(carrier.carry(CarryOptions::default(), None, no_stop()));
    while !house.script.performed().contains(&"second.1.1".to_owned()) {
        house.script.begun.notified().await;
    }
    driver.abort();
    let _ = driver.await;
    // The process lives on, so its lease must be taken away by hand.
    expire_lease(&house, &run).await;
    hold.notify_one();
    let state = ended(house.resume(&run, CarryOptions::default()).await.unwrap());
    assert_eq!(state.status, RunStatus::Complete);
    assert_eq!(house.script.performed(), ["first.1.1", "second.1.1", "second.1.2"]);
}

/// Removes the lease, as if its process had died.
async fn expire_lease(house: &House, run: &flow::run::RunId) {
    let (_, revision) = flow::store::read_lease(&*house.services.store, run).await.unwrap().unwrap();
    house.services.store.commit(vec![flow::store::release_write(run, revision)]).await.unwrap();
}

#[tokio::test]
async fn a_driver_whose_run_was_taken_cannot_write_any_more() {
    let house = House::embedded(PIPELINE);
    let hold = house.script.hold("first");
    let carrier = house.start().await.unwrap();
    let run = carrier.state().id().clone();
    let zombie = tokio::spawn(carrier.carry(CarryOptions::default(), None, no_stop()));
    house.script.begun.notified().await;
    let other = house.resume(&run, CarryOptions::default()).await;
    assert!(matches!(other, Err(DriveError::Carried { .. })), "a driver that lives keeps its run: {other:?}");
    expire_lease(&house, &run).await;
    let (services, watch, taken) = (house.services.clone(), house.watch.clone(), run.clone());
    let second =
        tokio::spawn(async move { Carrier::resume(&services, &taken, CarryOptions::default(), watch, None, no_stop()).await });
    while house.script.performed().len() < 2 {
        house.script.begun.notified().await;
    }
    hold.notify_one();
    hold.notify_one();
    let first = zombie.await.unwrap();
    hold.notify_one();
    let state = ended(second.await.unwrap().unwrap());
    assert!(matches!(first, Err(DriveError::Lost(_))), "{first:?}");
    assert_eq!(state.status, RunStatus::Complete);
    let known = load(&house.services.store, &run).await.unwrap();
    let completed =
        known.events.iter().filter(|e| matches!(&e.event, Event::PhaseCompleted { phase, .. } if phase.as_str() == "first"));
    assert_eq!(completed.count(), 1);
}

#[tokio::test]
async fn two_starts_at_the_same_instant_share_no_number_and_one_is_refused() {
    let house = House::embedded(PIPELINE);
    house.script.hold("first");
    let (one, two) = tokio::join!(house.start(), house.start());
    let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(won.unwrap().state().started.cycle, Some(1));
    match lost.map(|carrier| carrier.state().started.cycle) {
        Err(StartRefusal::InTheWay(run)) => assert_eq!((run.cycle, run.series.as_str()), (1, "work.false")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_stopped_driver_keeps_what_was_said_and_the_run_goes_on_later() {
    let house = House::embedded(PIPELINE);
    let hold = house.script.hold("second");
    let carrier = house.start().await.unwrap();
    let run = carrier.state().id().clone();
    let (stop, stopped) = watch::channel(Stop::No);
    let driver = tokio::spawn(carrier.carry(CarryOptions::default(), None, stopped));
    while house.script.performed().len() < 2 {
        house.script.begun.notified().await;
    }
    stop.send(Stop::Politely).unwrap();
    let Carried::Interrupted(state) = driver.await.unwrap().unwrap() else { panic!("interrupted") };
    assert_eq!(state.status, RunStatus::Interrupted);
    assert_eq!(state.document().at(&["phases", "second", "status"]).as_str(), Some("interrupted"));
    assert_eq!(state.usage.cost_usd, 0.75, "what the stopped attempt cost counts");
    hold.notify_one();
    let state = ended(house.resume(&run, CarryOptions::default()).await.unwrap());
    assert_eq!(state.status, RunStatus::Complete);
    assert_eq!(house.script.performed(), ["first.1.1", "second.1.1", "second.1.2"]);
}

#[tokio::test]
async fn a_run_is_cancelled_from_elsewhere_with_or_without_a_driver() {
    let house = House::embedded(PIPELINE);
    house.script.hold("first");
    let cancel = Request::Cancel { reason: "enough".into() };
    let carrier = house.start().await.unwrap();
    let run = carrier.state().id().clone();
    let driver = tokio::spawn(carrier.carry(CarryOptions::default(), None, no_stop()));
    house.script.begun.notified().await;
    assert!(matches!(request(&house.services, &run, &cancel).await.unwrap(), Requested::Posted));
    let state = ended(driver.await.unwrap().unwrap());
    assert_eq!(state.status, RunStatus::Cancelled);
    assert_eq!(state.usage.cost_usd, 0.5, "the stopped attempt's cost counts");

    // And one that nobody carries.
    let carrier = house.start().await.unwrap();
    let run = carrier.state().id().clone();
    drop(carrier);
    expire_lease(&house, &run).await;
    let Requested::Applied(state) = request(&house.services, &run, &cancel).await.unwrap() else { panic!("applied") };
    assert_eq!(state.status, RunStatus::Cancelled);
    assert_eq!(state.started.cycle, Some(2));
}

#[tokio::test]
async fn a_failed_run_is_retried_where_it_failed() {
    let text = PIPELINE
        .replace("prompt = \"Second after {{ phases.first.output }}\"", "prompt = \"Second\"\noutput = { a = \"string\" }");
    let house = House::embedded(&text);
    let carrier = house.start().await.unwrap();
    let state = ended(carrier.carry(CarryOptions::default(), None, no_stop()).await.unwrap());
    assert_eq!(state.status, RunStatus::Failed);
    assert_eq!(state.document().at(&["error", "class"]).as_str(), Some("invalid"));
    assert_eq!(house.script.performed(), ["first.1.1", "second.1.1", "second.1.2"]);
    let options = CarryOptions { retry: true, ..CarryOptions::default() };
    let state = ended(house.resume(state.id(), options).await.unwrap());
    assert_eq!(state.status, RunStatus::Failed);
    assert_eq!(house.script.performed()[3..], ["second.1.3", "second.1.4"], "the first phase is not run again");
}

#[tokio::test]
async fn a_run_over_its_limit_fails_after_cleanup_and_goes_on_with_a_higher_one() {
    let text = PIPELINE.replace("[agents.worker]", "[limits]\ncost_usd = 0.3\n\n[agents.worker]")
        + "\n[phases.cleanup]\nneeds = [\"last\"]\njoin = \"always\"\nset = '.phases.last.status'\n";
    let house = House::embedded(&text);
    let carrier = house.start().await.unwrap();
    let state = ended(carrier.carry(CarryOptions::default(), None, no_stop()).await.unwrap());
    assert_eq!(state.status, RunStatus::Failed);
    assert_eq!(state.document().at(&["error", "class"]).as_str(), Some("budget"));
    assert!(state.document().at(&["error", "message"]).as_str().unwrap().contains("--max-cost"));
    assert_eq!(
        state.document().at(&["phases", "second", "status"]).as_str(),
        Some("complete"),
        "it was done when the limit was met"
    );
    assert_eq!(state.document().at(&["phases", "last", "status"]).as_str(), Some("cancelled"));
    assert_eq!(state.document().at(&["phases", "cleanup", "output"]).as_str(), Some("cancelled"));
    let raise = Some(flow::run::LimitsRaised { cost_usd: Some(9.0), ..Default::default() });
    let state = ended(house.resume(state.id(), CarryOptions { retry: true, raise, ..CarryOptions::default() }).await.unwrap());
    assert_eq!(state.status, RunStatus::Complete);
    assert_eq!(state.document().at(&["phases", "cleanup", "output"]).as_str(), Some("complete"), "cleanup runs again");
    assert_eq!(house.script.performed().len(), 2, "nothing complete runs again");
}

/// Dies while `second` is under way, in a pipeline where that phase says what happens then.
async fn died(on_crash: &str) -> (House, flow::run::RunId) {
    let house = House::embedded(&PIPELINE.replace("retry = {", &format!("on_crash = \"{on_crash}\"\nretry = {{")));
    let hold = house.script.hold("second");
    let carrier = house.start().await.unwrap();
    let run = carrier.state().id().clone();
    let driver = tokio::spawn(carrier.carry(CarryOptions::default(), None, no_stop()));
    while !house.script.performed().contains(&"second.1.1".to_owned()) {
        house.script.begun.notified().await;
    }
    driver.abort();
    let _ = driver.await;
    expire_lease(&house, &run).await;
    hold.notify_one();
    (house, run)
}

#[tokio::test]
async fn a_phase_says_what_becomes_of_it_when_its_driver_dies() {
    let (house, run) = died("skip").await;
    let state = ended(house.resume(&run, CarryOptions::default()).await.unwrap());
    assert_eq!(state.document().at(&["phases", "second", "status"]).as_str(), Some("skipped"));

    let (house, run) = died("fail").await;
    let state = ended(house.resume(&run, CarryOptions::default()).await.unwrap());
    assert_eq!(state.document().at(&["error", "class"]).as_str(), Some("crash"));

    for (answer, status) in [("rerun", "complete"), ("skip", "skipped"), ("fail", "failed")] {
        let (house, run) = died("ask").await;
        let Carried::Waiting(state) = house.resume(&run, CarryOptions::default()).await.unwrap() else { panic!("waits") };
        assert_eq!(state.document().at(&["phases", "second", "status"]).as_str(), Some("waiting"));
        let answers = Value::list([Value::text(answer)]);
        let answer = Request::Answer { phase: Name::new("second").unwrap(), answers, by: "somebody".into() };
        request(&house.services, &run, &answer).await.unwrap();
        let state = match load(&house.services.store, &run).await.unwrap().state.status {
            RunStatus::Failed => load(&house.services.store, &run).await.unwrap().state,
            _ => ended(house.resume(&run, CarryOptions::default()).await.unwrap()),
        };
        assert_eq!(state.document().at(&["phases", "second", "status"]).as_str(), Some(status));
    }
}

const ASKS: &str = r#"
flow = 1
name = "asks"
description = "A question"

[phases.sure]
ask = "Sure?"
form = { yes = "boolean" }

[phases.then]
needs = ["sure"]
set = '.phases.sure.output.yes'
"#;

struct Yes;

impl Person for Yes {
    fn name(&self) -> String {
        "the tester".into()
    }

    fn ask<'a>(&'a self, _: &'a Name, asked: &'a Asked) -> Future<'a, Option<Value>> {
        assert_eq!(asked.question, "Sure?");
        Box::pin(async { Some(Value::table([("yes", Value::from(true))])) })
    }
}

#[tokio::test]
async fn a_question_is_asked_here_answered_from_elsewhere_or_fails_without_input() {
    let house = House::embedded(ASKS);
    let carrier = house.start().await.unwrap();
    let state = ended(carrier.carry(CarryOptions::default(), Some(Arc::new(Yes)), no_stop()).await.unwrap());
    assert_eq!(state.document().at(&["phases", "then", "output"]).as_bool(), Some(true));

    let carrier = house.start().await.unwrap();
    let Carried::Waiting(state) = carrier.carry(CarryOptions::default(), None, no_stop()).await.unwrap() else { panic!("waits") };
    assert_eq!(state.status, RunStatus::Waiting);
    let answers = Value::table([("yes", Value::from(false))]);
    let answer = Request::Answer { phase: Name::new("sure").unwrap(), answers, by: "somebody".into() };
    let Requested::Applied(state) = request(&house.services, state.id(), &answer).await.unwrap() else { panic!("applied") };
    let state = ended(house.resume(state.id(), CarryOptions::default()).await.unwrap());
    assert_eq!(state.document().at(&["phases", "then", "output"]).as_bool(), Some(false));

    let carrier = house.start().await.unwrap();
    let options = CarryOptions { no_input: true, ..CarryOptions::default() };
    let state = ended(carrier.carry(options, None, no_stop()).await.unwrap());
    assert_eq!(state.document().at(&["error", "class"]).as_str(), Some("unanswered"));
    assert!(state.document().at(&["error", "message"]).as_str().unwrap().contains("Sure?"));
}

#[tokio::test]
async fn a_check_of_a_result_runs_where_its_phase_worked_and_within_its_time() {
    let text = PIPELINE.replace(
        "retry = { max = 1, delay = \"1ms\" }",
        "retry = { max = 0 }\ntimeout = \"7s\"\ndir = \"sub\"\nenv = { WORD = \"hello\" }\naccept = [{ run = [\"check-it\"] }]",
    );
    let house = House::embedded(&text);
    let carrier = house.start().await.unwrap();
    ended(carrier.carry(CarryOptions::default(), None, no_stop()).await.unwrap());
    let seen = house.script.checks.lock().unwrap().clone();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].attempt.to_string().as_str(), seen[0].turn), ("second.1.1", 0));
    assert_eq!((seen[0].dir.as_deref(), seen[0].timeout_ms), (Some("sub"), Some(7_000)));
    assert!(seen[0].env.contains_key("WORD"));
}

#[tokio::test]
async fn of_two_answers_one_counts_and_the_other_hurts_nobody() {
    let house = House::embedded(ASKS);
    let carrier = house.start().await.unwrap();
    let Carried::Waiting(state) = carrier.carry(CarryOptions::default(), None, no_stop()).await.unwrap() else { panic!("waits") };
    for yes in [true, false] {
        let answers = Value::table([("yes", Value::from(yes))]);
        let answer = Request::Answer { phase: Name::new("sure").unwrap(), answers, by: "somebody".into() };
        flow::store::post(&*house.services.store, state.id(), &answer).await.unwrap();
    }
    // What lies in the box counts before anybody says that nobody can be asked.
    let options = CarryOptions { no_input: true, ..CarryOptions::default() };
    let state = ended(house.resume(state.id(), options).await.unwrap());
    assert_eq!(state.status, RunStatus::Complete);
    assert!(state.document().at(&["phases", "then", "output"]).as_bool().is_some());
    assert!(flow::store::pending(&*house.services.store, state.id()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_cancelled_run_that_is_taken_up_only_cleans_up() {
    let text = PIPELINE.to_owned() + "\n[phases.cleanup]\nneeds = [\"last\"]\njoin = \"always\"\nset = '.phases.second.status'\n";
    let house = House::embedded(&text);
    let hold = house.script.hold("second");
    let carrier = house.start().await.unwrap();
    let run = carrier.state().id().clone();
    let driver = tokio::spawn(carrier.carry(CarryOptions::default(), None, no_stop()));
    while house.script.performed().len() < 2 {
        house.script.begun.notified().await;
    }
    driver.abort();
    let _ = driver.await;
    expire_lease(&house, &run).await;
    hold.notify_one();
    let cancel = Request::Cancel { reason: "enough".into() };
    let Requested::Applied(state) = request(&house.services, &run, &cancel).await.unwrap() else { panic!("applied") };
    assert!(!state.status.is_over(), "the cleanup is left");
    let state = ended(house.resume(&run, CarryOptions::default()).await.unwrap());
    assert_eq!(state.status, RunStatus::Cancelled);
    assert_eq!(state.document().at(&["phases", "cleanup", "output"]).as_str(), Some("cancelled"));
    assert_eq!(house.script.performed().len(), 2, "nothing of the cancelled work began again");
}

#[tokio::test]
async fn a_retry_reopens_before_anything_starts_so_cleanup_runs_after_it() {
    let text = PIPELINE.replace("retry = { max = 1, delay = \"1ms\" }", "retry = { max = 0 }\noutput = { a = \"string\" }")
        + "\n[phases.cleanup]\nneeds = [\"last\"]\njoin = \"always\"\nagent = \"worker\"\nprompt = \"Clean\"\n";
    let house = House::embedded(&text);
    house.script.hold("cleanup");
    let carrier = house.start().await.unwrap();
    let run = carrier.state().id().clone();
    let (stop, stopped) = watch::channel(Stop::No);
    let driver = tokio::spawn(carrier.carry(CarryOptions::default(), None, stopped));
    while house.script.performed().len() < 3 {
        house.script.begun.notified().await;
    }
    // The driver is stopped during the cleanup of a failed run.
    stop.send(Stop::Politely).unwrap();
    driver.await.unwrap().unwrap();
    house.script.held.lock().unwrap().clear();
    let options = CarryOptions { retry: true, ..CarryOptions::default() };
    let state = ended(house.resume(&run, options).await.unwrap());
    assert_eq!(state.status, RunStatus::Failed);
    assert_eq!(house.script.performed()[2..], ["cleanup.1.1", "second.1.2", "cleanup.1.2"]);
}
