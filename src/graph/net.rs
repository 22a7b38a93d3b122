//! The net of phases and needs: order, rings, what lies above a phase, what is surely complete when it runs.
//!
//! Phases are numbers here: their place in the file. Everything costs about the number of edges; the sets are rows of
//! bits, filled once in order. What hangs below an unknown need or a ring is marked, so that rules about reach stay
//! silent there: the mistake is reported once, where it is.

use super::bits::Bits;
use crate::model::{Join, Pipeline};
use petgraph::graph::{DiGraph, NodeIndex};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The net of phases.
#[derive(Clone, Debug)]
pub struct Net {
    /// Resolved needs of each phase, each once, in the order written.
    pub needs: Vec<Vec<usize>>,
    /// Who needs each phase, in file order.
    pub needed: Vec<Vec<usize>>,
    /// All phases, each after what it needs, file order among equals; those below a ring come last.
    pub order: Vec<usize>,
    /// The place of each phase in the order.
    pub rank: Vec<usize>,
    /// Whether all that lies above a phase is known: no unknown need, no ring.
    pub known: Vec<bool>,
    /// Whether a phase may end up skipped.
    pub may_skip: Vec<bool>,
    above: Bits,
    sure: Bits,
    rings: Vec<Vec<usize>>,
}

impl Net {
    /// Builds the net; needs that name no phase are left out, and what could not be read in full is not known.
    pub fn of(pipeline: &Pipeline, damaged: &[bool]) -> Self {
        let n = pipeline.phases.len();
        let (mut needs, mut needed, mut known) =
            (vec![vec![]; n], vec![vec![]; n], damaged.iter().map(|damaged| !damaged).collect::<Vec<_>>());
        for (at, phase) in pipeline.phases.values().enumerate() {
            for need in &phase.needs {
                match pipeline.phases.get_index_of(&need.value) {
                    Some(need) if needs[at].contains(&need) => {}
                    Some(need) => {
                        needs[at].push(need);
                        needed[need].push(at);
                    }
                    None => known[at] = false,
                }
            }
        }
        let mut order = in_order(&needs, &needed);
        let rings = if order.len() < n { rings(&needs) } else { vec![] };
        let clean = order.len();
        let mut placed = vec![false; n];
        for at in &order {
            placed[*at] = true;
        }
        order.extend((0..n).filter(|at| !placed[*at]));
        let mut rank = vec![0; n];
        for (place, at) in order.iter().enumerate() {
            rank[*at] = place;
        }
        for at in &order[clean..] {
            known[*at] = false;
        }
        let may_skip = vec![false; n];
        let mut net = Self { needs, needed, order, rank, known, may_skip, above: Bits::new(n), sure: Bits::new(n), rings };
        net.fill(pipeline, clean);
        net
    }

    /// Fills the sets along the order, as far as there is one.
    fn fill(&mut self, pipeline: &Pipeline, clean: usize) {
        for place in 0..clean {
            let at = self.order[place];
            let phase = &pipeline.phases[at];
            let join = phase.join.as_ref().map_or(Join::Any, |join| join.value);
            let needs = std::mem::take(&mut self.needs[at]);
            let skippable = |need: &usize| self.may_skip[*need];
            let all_skippable = needs.iter().all(skippable);
            self.may_skip[at] = phase.when.is_some()
                || match join {
                    Join::Any => !needs.is_empty() && all_skippable,
                    Join::All => needs.iter().any(skippable),
                    Join::Always => false,
                };
            for need in &needs {
                self.known[at] &= self.known[*need];
                self.above.add_with(place, self.rank[*need]);
                if join == Join::All || join == Join::Any && !self.may_skip[*need] {
                    self.sure.add_with(place, self.rank[*need]);
                }
            }
            // One of them completed, and nobody knows which: what they have in common did too.
            if join == Join::Any && all_skippable {
                let places: Vec<usize> = needs.iter().map(|need| self.rank[*need]).collect();
                self.sure.add_common(place, &places);
            }
            self.needs[at] = needs;
        }
    }

    /// Whether `phase` lies above `of`: a path of needs leads from `of` to it.
    pub fn is_above(&self, phase: usize, of: usize) -> bool {
        self.above.has(self.rank[of], self.rank[phase])
    }

    /// Whether `phase` is surely complete whenever `reader` runs.
    pub fn is_sure(&self, phase: usize, reader: usize) -> bool {
        self.sure.has(self.rank[reader], self.rank[phase])
    }

    /// One ring of each knot of rings: phases where each needs the next, and the last the first.
    pub fn rings(&self) -> &[Vec<usize>] {
        &self.rings
    }

    /// The phases on paths from `from` down to `owner`, both included, in graph order. `from` must be `owner` or above it.
    pub fn between(&self, from: usize, owner: usize) -> Vec<usize> {
        let mut seen = std::collections::HashSet::from([owner]);
        let mut queue = vec![owner];
        while let Some(at) = queue.pop() {
            for need in &self.needs[at] {
                if at != from && (*need == from || self.is_above(from, *need)) && seen.insert(*need) {
                    queue.push(*need);
                }
            }
        }
        let mut body: Vec<usize> = seen.into_iter().collect();
        body.sort_by_key(|at| self.rank[*at]);
        body
    }
}

/// Kahn's order, the first in the file first; phases in or below a ring are missing.
fn in_order(needs: &[Vec<usize>], needed: &[Vec<usize>]) -> Vec<usize> {
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut ready: BinaryHeap<Reverse<usize>> = (0..needs.len()).filter(|at| open[*at] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(Reverse(at)) = ready.pop() {
        order.push(at);
        for next in &needed[at] {
            open[*next] -= 1;
            if open[*next] == 0 {
                ready.push(Reverse(*next));
            }
        }
    }
    order
}

/// A shortest ring through the first phase of each strongly connected part.
fn rings(needs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let edges = needs.iter().enumerate().flat_map(|(at, needs)| needs.iter().map(move |need| (index(at), index(*need))));
    let graph: DiGraph<(), ()> = DiGraph::from_edges(edges);
    let mut rings: Vec<Vec<usize>> = petgraph::algo::kosaraju_scc(&graph)
        .into_iter()
        .filter_map(|part| {
            let part: std::collections::BTreeSet<usize> = part.into_iter().map(NodeIndex::index).collect();
            let first = *part.first()?;
            shortest(needs, first, &part)
        })
        .collect();
    rings.sort_unstable();
    rings
}

fn index(at: usize) -> NodeIndex {
    NodeIndex::new(at)
}

/// The shortest way from a phase back to itself within a part of the net.
fn shortest(needs: &[Vec<usize>], start: usize, part: &std::collections::BTreeSet<usize>) -> Option<Vec<usize>> {
    let mut came = std::collections::HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for need in needs[at].iter().filter(|need| part.contains(need)) {
            if *need == start {
                let mut ring = vec![at];
                while let Some(before) = came.get(ring.last()?) {
                    ring.push(*before);
                }
                ring.reverse();
                return Some(ring);
            }
            if !came.contains_key(need) {
                came.insert(*need, at);
                queue.push_back(*need);
            }
        }
    }
    None
}
