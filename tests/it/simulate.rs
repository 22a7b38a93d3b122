//! Random pipelines through the pure engine: any order of events, crashes between any two commits, every action done
//! twice, failures, answers, cancels. The end must be the one of the undisturbed run.
//!
//! `FLOW_SIM_SEEDS=20000` plays more of them; a failing seed prints the command that plays it alone.

mod generate;
mod world;

use flow::engine::Program;
use flow::plan::Plan;
use flow::project::Project;
use flow::run::{RunState, RunStatus};
use generate::pipeline;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use world::{Disturbance, World};

/// Numbers that look random and follow from a seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What must be the same however a run was disturbed: statuses, outputs and rounds of the phases, and the end.
fn essence(state: &RunState) -> BTreeMap<String, String> {
    let document = state.document();
    let mut all = BTreeMap::new();
    for phase in &state.phases {
        let record = document.at(&["phases", phase.name.as_str()]);
        let class = record.at(&["error", "class"]);
        let text = format!("{} {} {} {class}", phase.status.as_str(), phase.round, record.get("output"));
        all.insert(phase.name.to_string(), text);
    }
    all.insert("status".into(), state.status.as_str().into());
    all.insert("result".into(), document.get("result").to_string());
    all
}

fn plan_of(seed: u64) -> (String, Arc<Plan>) {
    let mut dice = Dice::new(seed);
    loop {
        let text = pipeline(&mut dice);
        let loaded = Project::open(Path::new("/nowhere")).load_text("random.toml", &text);
        if let Some(plan) = loaded.plan {
            return (text, Arc::new(plan));
        }
        // Loops that cross are refused, and so is what reads too early: the next one then.
    }
}

fn play(seed: u64) {
    let (text, plan) = plan_of(seed);
    let program = Arc::new(Program::new(plan));
    let calm = World::new(&program, seed, Disturbance::none()).run();
    assert!(calm.status.is_over(), "the run did not end\n{text}");
    let rough = World::new(&program, seed, Disturbance::crashes(seed ^ 0x5eed)).run();
    assert_eq!(essence(&calm), essence(&rough), "disturbed, the run ended otherwise\n{text}");
    let cancelled = World::new(&program, seed, Disturbance::cancel(seed ^ 0xdead)).run();
    assert!(cancelled.status.is_over(), "a cancelled run did not end\n{text}");
    if calm.status == RunStatus::Failed {
        let retried = World::new(&program, seed, Disturbance::retry()).run();
        assert!(retried.status.is_over(), "a retried run did not end\n{text}");
    }
}

/// Plays the seeds that leave `remainder` when divided by 2: two tests share the machine's cores.
fn play_all(remainder: u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match number("FLOW_SIM_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("FLOW_SIM_SEEDS").unwrap_or(2_000)).filter(|seed| seed % 2 == remainder).collect(),
    };
    for seed in seeds {
        let played = std::panic::catch_unwind(|| play(seed));
        if let Err(panic) = played {
            let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            panic!("seed {seed} failed; again: FLOW_SIM_SEED={seed} cargo test --test it simulate\n{}", text.unwrap_or_default());
        }
    }
}

#[test]
fn random_pipelines_end_the_same_however_they_are_disturbed_even_seeds() {
    play_all(0);
}

#[test]
fn random_pipelines_end_the_same_however_they_are_disturbed_odd_seeds() {
    play_all(1);
}

#[test]
fn an_event_that_does_not_fit_is_refused_and_changes_nothing() {
    let mut refused = 0;
    for seed in 0..100 {
        let (_, plan) = plan_of(seed);
        let events = World::new(&Arc::new(Program::new(plan)), seed, Disturbance::none()).events();
        let mut dice = Dice::new(seed);
        let mut state = RunState::replay(events.first().cloned()).unwrap().unwrap();
        for event in &events[1..] {
            let stray = dice.pick(&events);
            let before = state.document().clone();
            let mut other = state.clone();
            if other.apply(stray).is_err() {
                refused += 1;
                assert_eq!(other.document().to_string(), before.to_string(), "seed {seed}: {stray:?}");
            }
            state.apply(event).unwrap();
        }
    }
    assert!(refused > 100, "only {refused} events did not fit");
}
