//! Loops: what runs again when a phase sends the run back, and how loops lie inside one another.
//!
//! A loop belongs to one owner; several entries of its `repeat` make one loop, the union of their bodies. Two loops
//! must lie apart or one inside the other: else a counter of rounds would have no meaning.

use super::net::Net;
use crate::model::Pipeline;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// The loop of one owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// The phase with the `repeat`.
    pub owner: usize,
    /// The union of the bodies, in graph order.
    pub body: Vec<usize>,
    /// The body of each entry of `repeat`, in graph order; `None` where the entry is mistaken.
    pub entries: Vec<Option<Vec<usize>>>,
    /// The loop strictly around it.
    pub parent: Option<usize>,
}

/// All loops of a pipeline, outer before inner.
#[derive(Clone, Debug, Default)]
pub struct Loops {
    /// The loops.
    pub all: Vec<Ring>,
    /// The innermost loop around each phase.
    pub innermost: Vec<Option<usize>>,
    /// The loop that each phase owns.
    pub owned: Vec<Option<usize>>,
    /// Whether no `repeat` is mistaken: all loops are known.
    pub complete: bool,
    /// Pairs that cross: the owner and entry whose body cuts another owner's loop.
    pub crossing: Vec<Crossing>,
}

/// A body that cuts another loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The owner of the one.
    pub owner: usize,
    /// Which entry of its `repeat`; `None` when the union does.
    pub entry: Option<usize>,
    /// The owner of the other.
    pub other: usize,
    /// A phase of both.
    pub shared: usize,
    /// A phase of the other that is not in the body.
    pub outside: usize,
}

impl Loops {
    /// Finds the loops. Entries whose `from` is unknown, no ancestor, or hangs below a mistake are left out.
    pub fn of(pipeline: &Pipeline, net: &Net) -> Self {
        let mut all = vec![];
        for (owner, phase) in pipeline.phases.values().enumerate().filter(|(_, phase)| !phase.repeat.is_empty()) {
            let entries = phase.repeat.iter().map(|entry| {
                let from = pipeline.phases.get_index_of(&entry.from.as_ref()?.value)?;
                let reaches = net.known[owner] && (from == owner || net.is_above(from, owner));
                reaches.then(|| net.between(from, owner))
            });
            let entries: Vec<Option<Vec<usize>>> = entries.collect();
            let mut body: Vec<usize> = entries.iter().flatten().flatten().copied().collect();
            body.sort_by_key(|at| net.rank[*at]);
            body.dedup();
            if !body.is_empty() {
                all.push(Ring { owner, body, entries, parent: None });
            }
        }
        // A loop that lies in another is smaller; among equals of different owners none lies in the other.
        all.sort_by_key(|ring| (Reverse(ring.body.len()), net.rank[ring.owner]));
        let none = vec![None; pipeline.phases.len()];
        let mut loops = Self { all, innermost: none.clone(), owned: none, complete: false, crossing: vec![] };
        for (at, ring) in loops.all.iter().enumerate() {
            loops.owned[ring.owner] = Some(at);
        }
        loops.nest();
        loops.check_entries();
        let owners = pipeline.phases.values().filter(|phase| !phase.repeat.is_empty()).count();
        let whole = |ring: &Ring| ring.entries.iter().all(Option::is_some);
        loops.complete = loops.all.len() == owners && loops.all.iter().all(whole) && loops.crossing.is_empty();
        loops
    }

    /// Puts each loop, from the largest on, into the innermost one that its phases lie in so far.
    fn nest(&mut self) {
        for at in 0..self.all.len() {
            let ring = &self.all[at];
            let around = self.innermost[ring.owner];
            let stray = ring.body.iter().copied().find(|phase| self.innermost[*phase] != around);
            if let Some(stray) = stray {
                let crossing = self.crossing(at, stray, around);
                self.crossing.push(crossing);
            }
            self.all[at].parent = around;
            for phase in self.all[at].body.clone() {
                self.innermost[phase] = Some(at);
            }
        }
    }

    /// What a loop whose phases lie in different loops crosses: of its owner's and the stray's loop the one that does
    /// not hold all of it.
    fn crossing(&self, at: usize, stray: usize, around: Option<usize>) -> Crossing {
        let ring = &self.all[at];
        let own: HashSet<usize> = ring.body.iter().copied().collect();
        let cuts = |other: usize| {
            let other = &self.all[other];
            let theirs: HashSet<usize> = other.body.iter().copied().collect();
            let inside = ring.body.iter().copied().find(|phase| theirs.contains(phase));
            let beyond = other.body.iter().copied().find(|phase| !own.contains(phase));
            let out = ring.body.iter().any(|phase| !theirs.contains(phase));
            match (inside, beyond) {
                (Some(shared), Some(outside)) if out => Some((other.owner, shared, outside)),
                _ => None,
            }
        };
        let found = self.innermost[stray].and_then(cuts).or_else(|| around.and_then(cuts));
        let (other, shared, outside) = found.unwrap_or((ring.owner, stray, stray));
        Crossing { owner: ring.owner, entry: None, other, shared, outside }
    }

    /// Each entry's own body must hold each loop inside its union wholly or not at all.
    fn check_entries(&mut self) {
        if !self.crossing.is_empty() {
            return;
        }
        let mut inside: HashMap<usize, Vec<usize>> = HashMap::new();
        for (at, ring) in self.all.iter().enumerate() {
            if let Some(parent) = ring.parent {
                inside.entry(parent).or_default().push(at);
            }
        }
        let mut crossing = vec![];
        for (parent, children) in inside {
            let ring = &self.all[parent];
            for (entry, body) in ring.entries.iter().enumerate() {
                let Some(body) = body.as_ref().filter(|body| body.len() < ring.body.len()) else { continue };
                let body_set: HashSet<usize> = body.iter().copied().collect();
                for child in children.iter().map(|child| &self.all[*child]) {
                    let shared = child.body.iter().copied().find(|phase| body_set.contains(phase));
                    let outside = child.body.iter().copied().find(|phase| !body_set.contains(phase));
                    if let (Some(shared), Some(outside)) = (shared, outside) {
                        crossing.push(Crossing { owner: ring.owner, entry: Some(entry), other: child.owner, shared, outside });
                    }
                }
            }
        }
        crossing.sort_by_key(|c| (c.owner, c.entry, c.other));
        self.crossing = crossing;
    }

    /// Whether two phases lie in one loop (any loop, not only the innermost).
    pub fn share(&self, a: usize, b: usize) -> bool {
        let mut of_a = self.around(a);
        let of_b: HashSet<usize> = self.around(b).collect();
        of_a.any(|ring| of_b.contains(&ring))
    }

    /// The loops around a phase, from the innermost out.
    pub fn around(&self, phase: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.innermost[phase], |ring| self.all[*ring].parent)
    }
}
