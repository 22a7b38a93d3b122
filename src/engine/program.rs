//! A plan with what deciding needs at hand: indices instead of names, and compiled expressions.

use crate::expr::Cache;
use crate::name::Name;
use crate::plan::{Loop, Phase, Plan, Verb};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// A plan, ready to be decided with. Made once per plan and process; shared between its runs.
#[derive(Debug)]
pub struct Program {
    /// The plan.
    pub plan: Arc<Plan>,
    pub(super) cache: Cache,
    index: HashMap<Name, usize>,
    /// By phase: what must be settled before it is looked at (needs, and owners of loops it stands behind).
    waits: Vec<Vec<usize>>,
    /// By phase: who waits for it.
    dependents: Vec<Vec<usize>>,
    loop_of: HashMap<Name, usize>,
    /// What guards gave, once somebody counts them.
    pub(super) coverage: Option<Mutex<Coverage>>,
}

/// What each guard of a plan was seen to give, by key, line and text.
pub type Coverage = BTreeMap<(String, u32, String), Seen>;

/// What one guard was seen to give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// It was true at least once.
    pub held: bool,
    /// It was false at least once.
    pub failed: bool,
}

impl Program {
    /// Indexes a plan; linear in its size.
    pub fn new(plan: Arc<Plan>) -> Self {
        let index: HashMap<Name, usize> = plan.phases.iter().enumerate().map(|(at, phase)| (phase.name.clone(), at)).collect();
        let loop_of: HashMap<Name, usize> = plan.loops.iter().enumerate().map(|(at, l)| (l.owner.clone(), at)).collect();
        let mut waits = Vec::with_capacity(plan.phases.len());
        for phase in &plan.phases {
            let mut all: BTreeSet<usize> = phase.needs.iter().filter_map(|need| index.get(need).copied()).collect();
            for need in &phase.needs {
                all.extend(left_loops(&plan, phase, &plan.phases[index[need]]).filter_map(|l| index.get(&l.owner).copied()));
            }
            waits.push(all.into_iter().collect::<Vec<_>>());
        }
        let mut dependents = vec![Vec::new(); plan.phases.len()];
        for (at, needs) in waits.iter().enumerate() {
            for need in needs {
                dependents[*need].push(at);
            }
        }
        let cache = Cache::new(plan.includes.clone());
        Self { plan, cache, index, waits, dependents, loop_of, coverage: None }
    }

    /// The same, counting what its guards give.
    #[must_use]
    pub fn counting(mut self) -> Self {
        self.coverage = Some(Mutex::new(Coverage::new()));
        self
    }

    /// What the guards gave so far; empty unless they are counted.
    pub fn coverage(&self) -> Coverage {
        let Some(coverage) = &self.coverage else { return Coverage::new() };
        coverage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A phase by index.
    pub fn phase(&self, at: usize) -> &Phase {
        &self.plan.phases[at]
    }

    /// The index of a phase of the plan.
    pub fn at(&self, name: &Name) -> Option<usize> {
        self.index.get(name).copied()
    }

    pub(super) fn waits(&self, at: usize) -> &[usize] {
        &self.waits[at]
    }

    pub(super) fn dependents(&self, at: usize) -> &[usize] {
        &self.dependents[at]
    }

    /// The loops around a phase, innermost first.
    pub(super) fn loops_around(&self, at: usize) -> impl Iterator<Item = &Loop> {
        chain(&self.plan, self.phase(at).innermost)
    }

    /// Owners of the loops strictly inside the loop of `owner`.
    pub(super) fn inner_owners(&self, owner: &Name) -> Vec<Name> {
        let Some(own) = self.loop_of.get(owner).copied() else { return vec![] };
        let inside = |l: &&Loop| chain_indices(&self.plan, l.parent).any(|at| at == own);
        self.plan.loops.iter().filter(inside).map(|l| l.owner.clone()).collect()
    }

    /// All phases that come after some of these, over needs and loops, these not included.
    pub(super) fn descendants(&self, of: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open: Vec<usize> = of.into_iter().collect();
        while let Some(at) = open.pop() {
            for next in self.dependents(at) {
                if found.insert(*next) {
                    open.push(*next);
                }
            }
        }
        found
    }

    /// Whether attempts of a phase change the project's tree.
    pub(super) fn writes(&self, at: usize) -> bool {
        match &self.phase(at).verb {
            Verb::Agent { agent, .. } => self.plan.may_write(agent),
            _ => false,
        }
    }
}

fn chain_indices(plan: &Plan, from: Option<usize>) -> impl Iterator<Item = usize> {
    std::iter::successors(from, |at| plan.loops[*at].parent)
}

fn chain(plan: &Plan, from: Option<usize>) -> impl Iterator<Item = &Loop> {
    chain_indices(plan, from).map(|at| &plan.loops[at])
}

/// The loops around `need` that do not hold `phase`: it waits until they are over.
fn left_loops<'a>(plan: &'a Plan, phase: &Phase, need: &Phase) -> impl Iterator<Item = &'a Loop> {
    let around: BTreeSet<usize> = chain_indices(plan, phase.innermost).collect();
    chain_indices(plan, need.innermost).filter(move |at| !around.contains(at)).map(|at| &plan.loops[at])
}
