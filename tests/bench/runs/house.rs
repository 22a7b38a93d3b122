//! A store, a plan, and agents that do nothing.

use flow::agent::{Backend, Context, Future};
use flow::drive::{Carried, Carrier, CarryOptions, Observer, Services, StartRequest, Stop};
use flow::name::Name;
use flow::plan::Plan;
use flow::project::Project;
use flow::run::{Outcome, Reply, RunState, RunStatus, Stamped, Work};
use flow::store::{Embedded, Store};
use flow::value::Value;
use indexmap::IndexMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;

/// An agent that answers at once.
#[derive(Debug)]
struct NoOp;

impl Backend for NoOp {
    fn name(&self) -> &'static str {
        "no-op"
    }

    fn perform<'a>(&'a self, _: &'a Work, _: &'a Context) -> Future<'a, Outcome> {
        Box::pin(async { Outcome::Reply(Reply { value: Value::text("done"), ..Reply::default() }) })
    }
}

/// Sees nothing.
struct Blind;

impl Observer for Blind {
    fn event(&self, _: &RunState, _: &Stamped) {}
    fn progress(&self, _: &Name, _: &str) {}
    fn notice(&self, _: &str) {}
}

/// Where runs are carried.
pub struct House<S: ?Sized = Embedded> {
    /// The store, for its counters.
    pub store: Arc<S>,
    services: Services,
    plan: Arc<Plan>,
}

impl House {
    /// A new store in the folder, and a pipeline.
    pub fn new(folder: &Path, text: &str) -> Self {
        let place = tempfile::tempdir_in(folder).expect("the folder is writable").keep();
        let store = Arc::new(Embedded::open(&place.join(".flow/state.db"), true).expect("a new store"));
        Self::around(store.clone(), store, &place, text)
    }
}

impl House<dyn Store> {
    /// A store that is there, and a pipeline.
    pub fn on(store: Arc<dyn Store>, folder: &Path, text: &str) -> Self {
        Self::around(store.clone(), store, folder, text)
    }
}

impl<S: ?Sized> House<S> {
    fn around(store: Arc<S>, same: Arc<dyn Store>, place: &Path, text: &str) -> Self {
        let loaded = Project::open(place).load_text("bench.toml", text);
        let plan = loaded.plan.unwrap_or_else(|| panic!("{}", flow::diag::concise(&loaded.findings, &loaded.sources)));
        let services = Services { store_url: "bench".into(), store: same, root: place.to_path_buf(), performer: Arc::new(NoOp) };
        Self { store, services, plan: Arc::new(plan) }
    }

    /// What a run of it is started with.
    pub fn start(&self, rehearsal: bool) -> (&Services, StartRequest, Arc<dyn Observer>) {
        let request = StartRequest {
            plan: self.plan.clone(),
            params: Value::table::<&str>([]),
            files: IndexMap::new(),
            rehearsal,
            agents: IndexMap::new(),
            git: Value::NULL,
        };
        (&self.services, request, Arc::new(Blind))
    }

    /// Carries one run to its end.
    pub async fn run(&self) -> RunState {
        let (services, request, observer) = self.start(false);
        let carrier = Carrier::start(services, request, observer).await.expect("it starts");
        let (_stop, stopped) = watch::channel(Stop::No);
        match carrier.carry(CarryOptions::default(), None, stopped).await.expect("it is carried") {
            Carried::Ended(state) if state.status == RunStatus::Complete => state,
            other => panic!("{other:?}"),
        }
    }
}

/// As the program itself waits.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event queue")
}

/// Agent phases, one after the other.
pub fn chain(phases: usize, documents: &str) -> String {
    let mut text = format!("flow = 1\nname = \"chain\"\n{documents}[agents.worker]\naccess = \"read\"\n");
    for at in 0..phases {
        let needs = if at == 0 { String::new() } else { format!("needs = [\"p{}\"]\n", at - 1) };
        let _ = write!(text, "[phases.p{at}]\nagent = \"worker\"\nprompt = \"Do what is next\"\n{needs}");
    }
    text
}

/// Agent phases that need nothing.
pub fn wide(phases: usize) -> String {
    let mut text = "flow = 1\nname = \"wide\"\n[agents.worker]\naccess = \"read\"\n[limits]\nparallel = 1000\n".to_owned();
    for at in 0..phases {
        let _ = write!(text, "[phases.p{at}]\nagent = \"worker\"\nprompt = \"Do it\"\n");
    }
    text
}

/// Two documents that change with every phase.
pub const DOCUMENTS: &str = r#"[store]
bucket = "bench"
history = 50
[documents.meta]
key = "bench.meta"
view = '{ id, current, status, progress }'
[documents.cycle]
key = "bench.cycle"
view = '{ id, current, status, progress, updated_at }'
"#;
