//! The start of a run: variables, checks, its number, entry 1. Whatever refuses it leaves nothing behind.

use super::carrier::{Carrier, Held, views};
use super::check::{Around, look};
use super::clock::{Clock, now};
use super::owner::{home, myself};
use super::row::Row;
use super::way::in_the_way;
use super::{Observer, Services, StartRefusal, bucket};
use crate::engine::{Program, StartError, check_before_start, document_keys, series_key, variables};
use crate::expr::on_big_stack;
use crate::name::Name;
use crate::plan::Plan;
use crate::project;
use crate::run::{Claim, Digest, Event, FORMAT, RunId, RunState, Stamped, Started, StartedFile, Stimulus, WorldResult};
use crate::store::{
    Cycle, Enlisted, Journal, Lease, Revision, claim_write, cycle_write, cycles, enlist_write, next_cycle, put_plan,
};
use crate::value::Value;
use indexmap::IndexMap;
use std::sync::Arc;

/// What a run is to be started from.
#[derive(Clone, Debug)]
pub struct StartRequest {
    /// The frozen plan.
    pub plan: Arc<Plan>,
    /// Parameters with defaults; absent ones are null.
    pub params: Value,
    /// File parameters.
    pub files: IndexMap<String, StartedFile>,
    /// Whether no real agent works in it.
    pub rehearsal: bool,
    /// How agents are performed, by agent: `backend` or `backend:model`.
    pub agents: IndexMap<String, String>,
    /// Commit, branch and dirty files; null outside git.
    pub git: Value,
}

/// A start that holds no run: a stand-in.
pub(super) fn nothing() -> Started {
    Started {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        id: RunId::from_ulid(ulid::Ulid::nil()),
        pipeline: String::new(),
        path: String::new(),
        plan: Digest::of(b""),
        rehearsal: false,
        series: None,
        cycle: None,
        params: Value::NULL,
        vars: Value::NULL,
        files: IndexMap::new(),
        documents: IndexMap::new(),
        bucket: None,
        phases: vec![],
        project: Value::NULL,
        agents: IndexMap::new(),
    }
}

/// Variables, series and the first state, computed on a large stack.
type Prepared = Result<(Started, Vec<crate::run::WorldCheck>), StartError>;

impl Carrier {
    /// Starts a run and claims it, in one batch.
    ///
    /// # Errors
    /// Whatever refuses the start; nothing is left behind.
    pub async fn start(services: &Services, request: StartRequest, observer: Arc<dyn Observer>) -> Result<Self, StartRefusal> {
        Self::first(services, request, None, observer).await
    }

    /// Starts a run and enlists it with a pool, in one batch: a worker carries it.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn enlist(
        services: &Services,
        request: StartRequest,
        pool: &Name,
        observer: Arc<dyn Observer>,
    ) -> Result<RunState, StartRefusal> {
        Ok(Self::first(services, request, Some(pool), observer).await?.state.take())
    }

    async fn first(
        services: &Services,
        request: StartRequest,
        pool: Option<&Name>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, StartRefusal> {
        let program = Arc::new(Program::new(request.plan.clone()));
        let (started, world) = prepare(&program, &request, services)?;
        let around = Around { services: services.clone(), run: started.id.clone(), rehearsal: started.rehearsal, work: None };
        for check in &world {
            if let WorldResult::Fails(text) = look(check, &around).await {
                return Err(StartError::Check(text).into());
            }
        }
        bucket::prepare(services, &request.plan, &*observer).await?;
        put_plan(&*services.store, &request.plan.bytes()).await?;
        loop {
            let mut started = started.clone();
            if let Some(series) = started.series.clone() {
                started.cycle = Some(free_number(services, &program, &series, started.rehearsal).await?);
            }
            if let Some(carrier) = Self::begin(services, &program, started, pool, observer.clone()).await? {
                return Ok(carrier);
            }
        }
    }

    /// Writes entry 1 with everything beside it. `None` when somebody took the number meanwhile.
    async fn begin(
        services: &Services,
        program: &Arc<Program>,
        mut started: Started,
        pool: Option<&Name>,
        observer: Arc<dyn Observer>,
    ) -> Result<Option<Self>, StartRefusal> {
        let at = now();
        let state = RunState::begin(started.clone(), at);
        let (for_keys, first) = (program.clone(), state);
        started.documents = on_big_stack(move || document_keys(&for_keys, &first))?;
        let state = RunState::begin(started.clone(), at);
        let owner = myself();
        let journal = Journal::new(services.store.clone(), started.id.clone());
        let lease = Lease { owner: owner.clone(), token: 1, beat: 0 };
        let mut carrier = Self {
            services: services.clone(),
            program: program.clone(),
            head: journal.start(),
            journal,
            views: views(services, program, &state, &*observer).await?,
            state: Held::new(state),
            owner: owner.clone(),
            clock: Clock::after(at),
            lease_revision: Revision(0),
            row: Row::default(),
            pool: pool.cloned(),
            observer,
            lease,
        };
        let mut events = vec![Stamped { at, event: Event::Started(Box::new(started.clone())) }];
        let number = started.series.as_ref().zip(started.cycle).map(|(series, cycle)| {
            cycle_write(&Cycle {
                run: started.id.clone(),
                pipeline: started.pipeline.clone(),
                series: series.clone(),
                cycle,
                rehearsal: started.rehearsal,
                at,
            })
        });
        let taken = number.as_ref().map(|write| (write.bucket.clone(), write.key.clone()));
        let mut more = Vec::from_iter(number);
        let claim = if let Some(pool) = pool {
            let (run, home) = (started.id.clone(), home(&services.root));
            more.push(enlist_write(pool, &Enlisted { run, at, home, rings: 0, refused: vec![] }));
            None
        } else {
            events.extend(carrier.decide(vec![Stimulus::Claim { owner, how: Claim::default() }])?);
            Some(claim_write(&started.id, &carrier.lease, None))
        };
        match carrier.commit(&events, claim, more).await {
            Ok(()) => {
                carrier.show(&events);
                Ok(Some(carrier))
            }
            Err(error) => {
                // The number is the only thing that others can take: if it is there now, look at them again.
                if let Some((bucket, key)) = taken
                    && services.store.get(&bucket, &key).await?.is_some()
                {
                    return Ok(None);
                }
                Err(error.into())
            }
        }
    }
}

fn prepare(program: &Arc<Program>, request: &StartRequest, services: &Services) -> Prepared {
    let plan = &request.plan;
    let mut started = Started {
        id: RunId::from_ulid(ulid::Ulid::generate()),
        pipeline: plan.name.clone(),
        path: plan.path.clone(),
        plan: plan.digest(),
        rehearsal: request.rehearsal,
        params: request.params.clone(),
        files: request.files.clone(),
        bucket: bucket::bucket_spec(plan).map(|spec| spec.bucket.to_string()),
        phases: plan.phases.iter().map(|phase| phase.name.clone()).collect(),
        project: request.git.clone(),
        agents: request.agents.clone(),
        ..nothing()
    };
    let (program, root) = (program.clone(), services.root.clone());
    on_big_stack(move || {
        let at = now();
        let files = RunState::begin(started.clone(), at).document().get("files");
        started.vars = variables(&program, &started.params, &files, &|pattern| project::glob(&root, pattern))?;
        started.series = series_key(&program, &started.params, &started.vars, &files)?;
        let world = check_before_start(&program, &RunState::begin(started.clone(), at))?;
        Ok((started, world))
    })
}

/// The next number of a series, if no run of it is in the way. Rehearsals and real runs do not see each other.
async fn free_number(services: &Services, program: &Program, series: &str, rehearsal: bool) -> Result<u64, StartRefusal> {
    let known = cycles(&*services.store, series).await?;
    match in_the_way(services, &program.plan, &known, rehearsal, None).await? {
        Some(way) => Err(StartRefusal::InTheWay(way)),
        None => Ok(next_cycle(&known)),
    }
}
