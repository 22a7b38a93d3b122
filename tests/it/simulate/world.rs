//! The world of a simulated run: a journal in memory, answers that follow from a seed, and whatever goes wrong.

use super::Dice;
use flow::engine::{Program, actions, decide};
use flow::name::Name;
use flow::run::{
    Action, AttemptId, Claim, ErrorClass, Event, FORMAT, Outcome, Owner, Reply, RunError, RunId, RunState, Stamped, Started,
    Stimulus, Time, Usage, WorldResult,
};
use flow::value::Value;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Transitions after which a run counts as endless.
const STEPS: usize = 20_000;

/// What goes wrong.
#[derive(Clone, Debug)]
pub struct Disturbance {
    dice: Dice,
    crash_percent: usize,
    twice: bool,
    shuffle: bool,
    cancel: bool,
    retry: bool,
}

impl Disturbance {
    pub fn none() -> Self {
        Self { dice: Dice::new(0), crash_percent: 0, twice: false, shuffle: false, cancel: false, retry: false }
    }

    /// Crashes before and after commits, actions in any order, each done twice.
    pub fn crashes(seed: u64) -> Self {
        Self { dice: Dice::new(seed), crash_percent: 25, twice: true, shuffle: true, ..Self::none() }
    }

    /// The same, and somebody cancels in the middle.
    pub fn cancel(seed: u64) -> Self {
        Self { cancel: true, ..Self::crashes(seed) }
    }

    /// What failed is retried once.
    pub fn retry() -> Self {
        Self { retry: true, ..Self::none() }
    }
}

pub struct World<'a> {
    program: &'a Arc<Program>,
    seed: u64,
    wrong: Disturbance,
    journal: Vec<String>,
    state: RunState,
    at: Time,
    /// Outcomes that are in the journal, by phase and round.
    ended: BTreeMap<(Name, u32), u64>,
}

impl<'a> World<'a> {
    pub fn new(program: &'a Arc<Program>, seed: u64, wrong: Disturbance) -> Self {
        let plan = &program.plan;
        let on = plan.params[&Name::new("on").unwrap()].default.clone();
        let started = Started {
            format: FORMAT,
            program: String::new(),
            id: RunId::parse("01JGGGGGGGGGGGGGGGGGGGGGGG").unwrap(),
            pipeline: plan.name.clone(),
            path: plan.path.clone(),
            plan: plan.digest(),
            rehearsal: false,
            series: None,
            cycle: None,
            params: Value::table([("on", on)]),
            vars: Value::NULL,
            files: IndexMap::new(),
            documents: IndexMap::new(),
            bucket: None,
            phases: plan.phases.iter().map(|phase| phase.name.clone()).collect(),
            project: Value::NULL,
            agents: IndexMap::new(),
        };
        let at = Time(1_767_323_045_000);
        let state = RunState::begin(started.clone(), at);
        let first = Stamped { at, event: Event::Started(Box::new(started)) };
        let journal = vec![serde_json::to_string(&first).unwrap()];
        Self { program, seed, wrong, journal, state, at, ended: BTreeMap::new() }
    }

    pub fn run(self) -> RunState {
        self.played().state
    }

    /// All events of the run, from the first to the last.
    pub fn events(self) -> Vec<Stamped> {
        self.played().journal.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
    }

    fn played(mut self) -> Self {
        self.claim();
        for step in 0..STEPS {
            if self.state.status.is_over() {
                if !std::mem::take(&mut self.wrong.retry) {
                    self.check_end();
                    return self;
                }
                self.claim();
                self.take(Stimulus::Retry { phase: None, request: None });
                continue;
            }
            if self.wrong.cancel && step == 3 {
                self.take(Stimulus::Cancel { reason: "enough".into(), request: None });
                continue;
            }
            let stimulus = self.next();
            let again = self.wrong.twice.then(|| stimulus.clone());
            let done = self.take(stimulus);
            if let (true, Some(again @ (Stimulus::Finished { .. } | Stimulus::Checked { .. }))) = (done, again) {
                self.take(again);
            }
        }
        panic!("the run did not end within {STEPS} steps: {}", self.state.document());
    }

    fn claim(&mut self) {
        let owner = Owner { driver: self.journal.len().to_string(), host: "h".into(), boot_id: "b".into(), pid: 1, pid_start: 1 };
        self.take(Stimulus::Claim { owner, how: Claim::default() });
    }

    /// Decides and commits; a crash may come before or after the commit. True when it was committed and nobody died.
    fn take(&mut self, stimulus: Stimulus) -> bool {
        self.at = self.at.plus_ms(1_000);
        let claims = matches!(stimulus, Stimulus::Claim { .. });
        let events = decide(self.program, &mut self.state, self.at, stimulus).unwrap_or_else(|illegal| panic!("{illegal}"));
        if self.crashes(claims) {
            self.reload(false);
            return false;
        }
        for event in &events {
            self.note(event);
            self.journal.push(serde_json::to_string(event).unwrap());
        }
        if self.crashes(claims) {
            self.reload(true);
            return false;
        }
        true
    }

    fn crashes(&mut self, claims: bool) -> bool {
        // A driver that dies at every claim never gets anywhere.
        let percent = if claims { self.wrong.crash_percent / 4 } else { self.wrong.crash_percent };
        percent > 0 && self.wrong.dice.chance(percent)
    }

    /// Another driver: the journal gives the same state, and the run goes on.
    fn reload(&mut self, committed: bool) {
        let events = self.journal.iter().map(|text| serde_json::from_str::<Stamped>(text).unwrap());
        let state = RunState::replay(events).unwrap().unwrap();
        if committed {
            assert_eq!(state.document(), self.state.document(), "the journal gives another state");
        }
        self.state = state;
        if !self.state.status.is_over() {
            self.claim();
        }
    }

    /// What is known of the journal, and invariants of every event.
    fn note(&mut self, stamped: &Stamped) {
        let id = match &stamped.event {
            Event::Replied { attempt, .. } | Event::Answered { attempt, .. } => Some(attempt),
            Event::AttemptFailed { attempt, error, .. } if !matches!(error.class, ErrorClass::Rejected | ErrorClass::Invalid) => {
                Some(attempt)
            }
            _ => None,
        };
        if let Some(id) = id {
            *self.ended.entry((id.phase.clone(), id.round)).or_default() += 1;
        }
        if let Event::AttemptStarted { work, .. } = &stamped.event {
            let parallel = self.program.plan.limits.parallel as usize;
            let busy = self.state.active.len();
            assert!(busy <= parallel + self.program.plan.phases.len(), "{} is one too many", work.attempt);
        }
    }

    /// What the world does next: one of the things that should be going on.
    fn next(&mut self) -> Stimulus {
        let mut todo = actions(self.program, &self.state);
        assert!(!todo.is_empty(), "nothing goes on and the run is not over: {}", self.state.document());
        if self.wrong.shuffle {
            let one = self.wrong.dice.below(todo.len());
            todo.swap(0, one);
        }
        match todo.swap_remove(0) {
            Action::Timer(at) => {
                self.at = self.at.max(at);
                Stimulus::Tick
            }
            Action::Perform(work) => {
                let outcome = Box::new(self.outcome(&work.attempt));
                Stimulus::Finished { attempt: work.attempt.clone(), turn: work.turn, outcome }
            }
            Action::Check { attempt, checks, .. } => {
                Stimulus::Checked { attempt, results: vec![WorldResult::Holds; checks.len()] }
            }
            Action::Ask { attempt, .. } => {
                let n = self.roll(&attempt) % 10;
                let answers = Value::table([("n", Value::int(n))]);
                Stimulus::Answered { phase: attempt.phase, answers, by: "somebody".into(), request: None }
            }
        }
    }

    /// A number for the next outcome of a phase in its round: it depends on how many there were, and not on how often
    /// a driver died.
    fn roll(&self, attempt: &AttemptId) -> u64 {
        let number = self.ended.get(&(attempt.phase.clone(), attempt.round)).copied().unwrap_or(0);
        let name: u64 = attempt.phase.as_str().bytes().fold(7, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        Dice::new(self.seed ^ name ^ (u64::from(attempt.round) << 32) ^ (number << 40)).next()
    }

    fn outcome(&self, attempt: &AttemptId) -> Outcome {
        let roll = self.roll(attempt);
        let class = match roll % 100 {
            0..12 => Some(ErrorClass::Transient),
            12..16 => Some(ErrorClass::Refused),
            16..18 => Some(ErrorClass::Limit),
            _ => None,
        };
        match class {
            Some(class) => {
                let error = RunError::new(class, "it did not work", self.at);
                Outcome::Failed { error, agent: None, usage: Usage::default(), transcript: None }
            }
            None => Outcome::Reply(Reply { value: Value::int((roll / 100) % 10), code: Some(0), ..Reply::default() }),
        }
    }

    /// Invariants of the end.
    fn check_end(&self) {
        assert!(self.state.is_settled(), "a phase is not settled: {}", self.state.document());
        assert!(self.state.active.is_empty() && self.state.ready.is_empty());
        let events = self.journal.iter().map(|text| serde_json::from_str::<Stamped>(text).unwrap());
        let replayed = RunState::replay(events).unwrap().unwrap();
        assert_eq!(replayed.document(), self.state.document(), "the journal gives another end");
        let known: usize = self.state.phases.iter().filter(|phase| phase.status.is_done()).count();
        assert_eq!(known, self.state.done);
    }
}
