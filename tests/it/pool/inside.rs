//! Workers inside this process: what a defect, a store or a record that cannot be read does to them.

use super::PATIENCE;
use flow::agent::{Asked, Backend, Context, Future, Person};
use flow::drive::{Carrier, CarryOptions, Observer, Services, StartRequest, Stop, Terms, Wanted, Worker, home};
use flow::name::{Bucket, Name};
use flow::plan::Plan;
use flow::project::Project;
use flow::run::{AttemptId, Digest, Outcome, RunId, RunState, Stamped, Work};
use flow::store::{
    Memory, Offer, Op, Request, Stage, Store, Write, claim_write, key, offer_write, post, put_plan, read_head, read_lease,
};
use flow::value::Value;
use indexmap::IndexMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

const PIPELINE: &str = "flow = 1\nname = \"one\"\ndescription = \"One value\"\n\n[phases.one]\nset = '1'\n";

const ASK: &str =
    "flow = 1\nname = \"ask\"\ndescription = \"Asks\"\n\n[phases.ask]\nask = \"Well?\"\nform = { well = \"string\" }\n";

/// Nothing here is performed.
#[derive(Debug)]
struct Nothing;

impl Backend for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn perform<'a>(&'a self, _: &'a Work, _: &'a Context) -> Future<'a, Outcome> {
        Box::pin(async { Outcome::Lost { reason: "nothing is performed".to_owned() } })
    }
}

struct Quiet;

impl Observer for Quiet {
    fn event(&self, _: &RunState, _: &Stamped) {}
    fn progress(&self, _: &Name, _: &str) {}
    fn notice(&self, _: &str) {}
}

/// Allows everything, and keeps what it is told.
struct Allowing {
    services: Services,
    said: Mutex<Vec<String>>,
    /// Whether the next run that is carried breaks off.
    breaks: AtomicBool,
}

impl Allowing {
    fn says(&self, text: String) {
        self.said.lock().unwrap().push(text);
    }

    fn said(&self, part: &str) -> usize {
        self.said.lock().unwrap().iter().filter(|text| text.contains(part)).count()
    }
}

impl Terms for Allowing {
    fn services(&self, _: &Plan, _: &Wanted) -> Result<Services, String> {
        Ok(self.services.clone())
    }

    fn observer(&self, _: &RunId) -> Arc<dyn Observer> {
        assert!(!self.breaks.swap(false, Ordering::Relaxed), "a defect");
        Arc::new(Quiet)
    }

    fn helps(&self, _: &RunId, _: &AttemptId, _: Option<&str>) {}

    fn notice(&self, text: &str) {
        self.says(text.to_owned());
    }

    fn ended(&self, run: &RunId, word: &str) {
        self.says(format!("run `{run}`: {word}"));
    }
}

/// Is asked and says nothing.
struct Silent;

impl Person for Silent {
    fn name(&self) -> String {
        "nobody".to_owned()
    }

    fn ask<'a>(&'a self, _: &'a Name, _: &'a Asked) -> Future<'a, Option<Value>> {
        Box::pin(std::future::pending())
    }
}

/// A pool with two runs in it.
struct Two {
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    plan: Arc<Plan>,
    runs: Vec<RunId>,
}

fn pool() -> Name {
    Name::new("default").unwrap()
}

impl Two {
    async fn new() -> Self {
        Self::of(PIPELINE).await
    }

    async fn of(pipeline: &str) -> Self {
        let (folder, store) = (tempfile::tempdir().unwrap(), Arc::new(Memory::new()));
        let plan = Arc::new(Project::open(folder.path()).load_text("one.toml", pipeline).plan.unwrap());
        let mut two = Self { folder, store, plan, runs: vec![] };
        for _ in 0..2 {
            let request = StartRequest {
                plan: two.plan.clone(),
                params: Value::table(Vec::<(String, Value)>::new()),
                files: IndexMap::new(),
                rehearsal: false,
                agents: IndexMap::new(),
                git: Value::NULL,
            };
            let services = two.services(two.store.clone());
            let state = Carrier::enlist(&services, request, &pool(), Arc::new(Quiet)).await.unwrap();
            two.runs.push(state.id().clone());
        }
        two.runs.sort();
        two
    }

    fn services(&self, store: Arc<dyn Store>) -> Services {
        let store_url = store.name().into();
        Services { store_url, store, root: self.folder.path().to_owned(), performer: Arc::new(Nothing) }
    }

    /// Works with one place until there is nothing to do, on runs that are carried in a store.
    async fn work(&self, carried: Arc<dyn Store>, breaks: bool) -> Arc<Allowing> {
        let terms =
            Arc::new(Allowing { services: self.services(carried), said: Mutex::default(), breaks: AtomicBool::new(breaks) });
        let worker = Worker::new(self.store.clone(), self.folder.path(), vec![pool()], 1, terms.clone(), None);
        let (_sender, stop) = watch::channel(Stop::No);
        let worked = tokio::time::timeout(PATIENCE, worker.work(true, stop)).await;
        worked.unwrap_or_else(|_| panic!("it finds no end: {:?}", terms.said.lock().unwrap().last())).unwrap();
        terms
    }

    /// Waits until both runs are in a status and nobody carries them, while a worker works on them.
    async fn become_while_worked_on(&self, status: &str) {
        let services = self.services(self.store.clone());
        let terms = Arc::new(Allowing { services, said: Mutex::default(), breaks: AtomicBool::new(false) });
        let worker = Worker::new(self.store.clone(), self.folder.path(), vec![pool()], 1, terms.clone(), None);
        let (_sender, stop) = watch::channel(Stop::No);
        let both = async {
            while [self.status(0).await, self.status(1).await] != [status, status] || self.is_carried().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            _ = worker.work(false, stop) => panic!("it ended: {:?}", terms.said),
            both = tokio::time::timeout(PATIENCE, both) => both.unwrap_or_else(|_| panic!("{:?}", terms.said)),
        }
    }

    async fn is_carried(&self) -> bool {
        let leases =
            [read_lease(&*self.store, &self.runs[0]).await.unwrap(), read_lease(&*self.store, &self.runs[1]).await.unwrap()];
        leases.iter().any(Option::is_some)
    }

    /// Has somebody carry a run to its question who dies at it.
    async fn held_by_one_that_died(&self, run: usize) {
        let (services, run) = (self.services(self.store.clone()), self.runs[run].clone());
        let (_sender, stop) = watch::channel(Stop::No);
        let options = CarryOptions::default();
        let held = async {
            while read_head(&*self.store, &run).await.unwrap().unwrap().0.status != "waiting" {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            carried = Carrier::resume(&services, &run, options, Arc::new(Quiet), Some(Arc::new(Silent)), stop) => panic!("{carried:?}"),
            () = held => {}
        }
        // The process lives on, so its lease becomes that of another one.
        let (mut lease, revision) = read_lease(&*self.store, &run).await.unwrap().unwrap();
        lease.owner.pid_start += 1;
        self.store.commit(vec![claim_write(&run, &lease, Some(revision))]).await.unwrap();
    }

    /// Puts an answer into the box of a run.
    async fn answered(&self, run: usize) {
        let answers = Value::table([("well", Value::text("well"))]);
        let answer = Request::Answer { phase: Name::new("ask").unwrap(), answers, by: "somebody".to_owned() };
        post(&*self.store, &self.runs[run], &answer).await.unwrap();
    }

    async fn status(&self, run: usize) -> String {
        read_head(&*self.store, &self.runs[run]).await.unwrap().unwrap().0.status
    }

    /// Writes over the first value under a prefix.
    async fn damage(store: &dyn Store, prefix: &str) {
        let entry = store.scan(&Bucket::engine(), prefix).await.unwrap().remove(0);
        let op = Op::Update(b"something else".to_vec(), entry.revision);
        store.commit(vec![Write { bucket: Bucket::engine(), key: entry.key, op }]).await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_left_alone_and_the_rest_is_carried() {
    let two = Two::new().await;
    Two::damage(&*two.store, &key::entries(&two.runs[0])).await;
    let other = put_plan(&*two.store, b"another plan").await.unwrap();
    Two::damage(&*two.store, key::plan(&other).as_str()).await;
    let offer = Offer {
        run: two.runs[0].clone(),
        attempt: AttemptId { phase: Name::new("one").unwrap(), round: 1, item: None, number: 1 },
        turn: 1,
        plan: other,
        work: Digest::of(b"work"),
        home: home(two.folder.path()),
        commit: None,
        changed: false,
        agents: IndexMap::new(),
        stage: Stage::Open,
    };
    two.store.commit(vec![offer_write(&pool(), &offer, None)]).await.unwrap();
    let terms = two.work(two.store.clone(), false).await;
    assert_eq!(two.status(1).await, "complete", "{:?}", terms.said);
    let run = &two.runs[0];
    assert_eq!(terms.said(&format!("run `{run}` is left to others: ")), 1, "{:?}", terms.said);
    assert_eq!(terms.said(&format!("what run `{run}` offers is left to others: ")), 1, "{:?}", terms.said);
    assert_eq!(terms.said("is damaged"), 2, "{:?}", terms.said);
}

#[tokio::test]
async fn a_claim_that_fails_is_not_tried_again_at_once() {
    let two = Two::new().await;
    let empty = Arc::new(Memory::new());
    let terms = two.work(empty.clone(), false).await;
    assert_eq!((terms.said("is not in the store"), terms.said("")), (2, 2), "once for each: {:?}", terms.said);
    let damaged = empty;
    let digest = put_plan(&*damaged, &two.plan.bytes()).await.unwrap();
    Two::damage(&*damaged, key::plan(&digest).as_str()).await;
    let terms = two.work(damaged, false).await;
    assert_eq!((terms.said("is damaged"), terms.said("")), (2, 2), "once for each: {:?}", terms.said);
}

#[tokio::test]
async fn a_task_that_breaks_off_gives_its_place_back() {
    let two = Two::new().await;
    let terms = two.work(two.store.clone(), true).await;
    let mut statuses = [two.status(0).await, two.status(1).await];
    statuses.sort();
    assert_eq!(statuses[0], "complete", "{:?}", terms.said);
    assert_ne!(statuses[1], "complete");
    assert_eq!((terms.said("broke off, which is a defect"), terms.said("")), (1, 1), "{:?}", terms.said);
}

#[tokio::test]
async fn a_question_lapses_in_a_pool() {
    let two = Two::of(&format!("{ASK}timeout = \"1s\"\n")).await;
    two.become_while_worked_on("failed").await;
}

#[tokio::test]
async fn a_run_that_waits_is_carried_for_its_mail_alone() {
    let two = Two::of(ASK).await;
    two.become_while_worked_on("waiting").await;
    let head = two.store.head(&Bucket::engine()).await.unwrap();
    two.work(two.store.clone(), false).await;
    assert_eq!(two.store.head(&Bucket::engine()).await.unwrap(), head, "there was nothing to do");
    two.answered(0).await;
    two.answered(1).await;
    let terms = two.work(two.store.clone(), false).await;
    assert_eq!([two.status(0).await, two.status(1).await], ["complete", "complete"], "{:?}", terms.said);
}

#[tokio::test]
async fn a_question_whose_driver_died_comes_back_to_the_pool() {
    let two = Two::of(ASK).await;
    two.held_by_one_that_died(0).await;
    two.held_by_one_that_died(1).await;
    two.answered(1).await;
    let terms = two.work(two.store.clone(), false).await;
    assert_eq!([two.status(0).await, two.status(1).await], ["waiting", "complete"], "{:?}", terms.said);
    assert!(!two.is_carried().await, "nobody holds a run that waits");
}
