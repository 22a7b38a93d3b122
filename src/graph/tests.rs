//! The net against its meaning: seeded graphs, every way their guards can turn out, simple algorithms beside ours.

use super::{Loops, Net};
use crate::model::{self, Pipeline};
use crate::text::FileId;
use std::fmt::Write as _;

const JOINS: [&str; 3] = ["any", "all", "always"];

/// A small generator: the same numbers for the same seed, everywhere.
struct Seed(u64);

impl Seed {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// A pipeline of up to nine phases; needs lead to earlier ones, or anywhere when `rings`.
fn pipeline(seed: u64, rings: bool) -> Pipeline {
    let mut seed = Seed(seed);
    let n = 2 + seed.below(8);
    let mut text = "flow = 1\nname = \"n\"\n".to_owned();
    for at in 0..n {
        let from = if rings { n } else { at };
        let needs: Vec<String> = (0..from).filter(|_| seed.below(3) == 0).map(|need| format!("\"p{need}\"")).collect();
        write!(text, "[phases.p{at}]\nset = '1'\nneeds = [{}]\n", needs.join(", ")).unwrap();
        writeln!(text, "join = \"{}\"", JOINS[[0, 0, 0, 1, 2][seed.below(5)]]).unwrap();
        if seed.below(3) == 0 {
            text.push_str("when = '.rehearsal'\n");
        }
        if seed.below(4) == 0 {
            writeln!(text, "repeat = {{ from = \"p{}\", max = 1 }}", seed.below(at + 1)).unwrap();
        }
    }
    let (pipeline, found) = model::parse(FileId(0), &text);
    assert!(found.is_empty(), "{found:?}\n{text}");
    pipeline
}

/// Whether a path of needs leads from `of` up to `phase`.
fn leads(net: &Net, phase: usize, of: usize) -> bool {
    net.needs[of].iter().any(|need| *need == phase || leads(net, phase, *need))
}

/// Which phases complete when no phase fails and the guards of `closed` are false.
fn completes(pipeline: &Pipeline, net: &Net, closed: u32) -> Vec<bool> {
    let mut complete = vec![false; pipeline.phases.len()];
    for at in &net.order {
        let phase = &pipeline.phases[*at];
        let mut needs = net.needs[*at].iter().map(|need| complete[*need]);
        let join = match phase.join.as_ref().map(|join| join.value) {
            Some(model::Join::All) => needs.all(|done| done),
            Some(model::Join::Always) => true,
            _ => net.needs[*at].is_empty() || needs.any(|done| done),
        };
        complete[*at] = join && !(phase.when.is_some() && closed >> at & 1 == 1);
    }
    complete
}

#[test]
fn what_lies_above_and_what_is_sure_hold_for_every_way_the_guards_turn_out() {
    for seed in 0..300 {
        let pipeline = pipeline(seed, false);
        let net = Net::of(&pipeline, &vec![false; pipeline.phases.len()]);
        let n = pipeline.phases.len();
        assert!(net.rings().is_empty() && net.known.iter().all(|known| *known));
        for phase in 0..n {
            for reader in 0..n {
                assert_eq!(net.is_above(phase, reader), leads(&net, phase, reader), "seed {seed}: {phase} above {reader}");
            }
        }
        for closed in 0..1 << n {
            let complete = completes(&pipeline, &net, closed);
            for reader in (0..n).filter(|reader| complete[*reader]) {
                let wrong = (0..n).find(|phase| net.is_sure(*phase, reader) && !complete[*phase]);
                assert_eq!(wrong, None, "seed {seed}: sure for {reader}, with guards {closed:b}");
            }
            let wrong = (0..n).find(|phase| !complete[*phase] && !net.may_skip[*phase]);
            assert_eq!(wrong, None, "seed {seed}: skipped with guards {closed:b}");
        }
    }
}

#[test]
fn loops_hold_what_lies_between_and_nest_or_are_told_to_cross() {
    let (mut nested, mut crossing) = (0, 0);
    for seed in 0..2_000 {
        let pipeline = pipeline(seed, false);
        let net = Net::of(&pipeline, &vec![false; pipeline.phases.len()]);
        let loops = Loops::of(&pipeline, &net);
        for ring in &loops.all {
            for (entry, body) in pipeline.phases[ring.owner].repeat.iter().zip(&ring.entries) {
                let Some(body) = body else { continue };
                let from = pipeline.phases.get_index_of(&entry.from.as_ref().unwrap().value).unwrap();
                let own = |at: &usize, of: usize| *at == of || leads(&net, of, *at);
                let expected: Vec<usize> = net
                    .order
                    .iter()
                    .copied()
                    .filter(|at| own(at, from) && (*at == ring.owner || leads(&net, *at, ring.owner)))
                    .collect();
                assert_eq!(*body, expected, "seed {seed}: from {from} to {}", ring.owner);
            }
        }
        let cross = |a: &[usize], b: &[usize]| {
            let shared = a.iter().filter(|at| b.contains(at)).count();
            shared > 0 && shared < a.len() && shared < b.len()
        };
        let pairs = loops.all.iter().enumerate().flat_map(|(at, a)| loops.all[..at].iter().map(move |b| (a, b)));
        let any = pairs.clone().any(|(a, b)| cross(&a.body, &b.body));
        assert_eq!(any, !loops.crossing.is_empty(), "seed {seed}");
        crossing += usize::from(any);
        if any {
            continue;
        }
        for (at, ring) in loops.all.iter().enumerate() {
            let around =
                |other: &super::Ring| other.owner != ring.owner && ring.body.iter().all(|phase| other.body.contains(phase));
            let parent = loops.all.iter().filter(|other| around(other)).min_by_key(|other| other.body.len());
            assert_eq!(ring.parent.map(|parent| loops.all[parent].owner), parent.map(|parent| parent.owner), "seed {seed}");
            assert!(ring.parent.is_none_or(|parent| parent < at), "seed {seed}: outer before inner");
            nested += usize::from(parent.is_some());
        }
        for phase in 0..pipeline.phases.len() {
            let inner = loops.all.iter().filter(|ring| ring.body.contains(&phase)).min_by_key(|ring| ring.body.len());
            assert_eq!(loops.innermost[phase].map(|ring| loops.all[ring].owner), inner.map(|ring| ring.owner), "seed {seed}");
        }
    }
    assert!(nested > 30 && crossing > 30, "the seeds show both: {nested} nested, {crossing} crossing");
}

#[test]
fn rings_are_found_each_once_and_poison_what_hangs_below() {
    for seed in 0..500 {
        let pipeline = pipeline(seed, true);
        let net = Net::of(&pipeline, &vec![false; pipeline.phases.len()]);
        for knot in net.rings() {
            for (place, at) in knot.iter().enumerate() {
                let next = knot[(place + 1) % knot.len()];
                assert!(net.needs[*at].contains(&next), "seed {seed}: {at} needs {next}");
                assert!(!net.known[*at]);
            }
        }
        let mut order = net.order.clone();
        order.sort_unstable();
        assert_eq!(order, (0..pipeline.phases.len()).collect::<Vec<_>>(), "seed {seed}: every phase once");
        let before = |at: usize| net.needs[at].iter().all(|need| net.rank[*need] < net.rank[at]);
        let late = (0..pipeline.phases.len()).find(|at| net.known[*at] && !before(*at));
        assert_eq!(late, None, "seed {seed}");
        assert_eq!(net.rings().is_empty(), net.known.iter().all(|known| *known), "seed {seed}");
    }
}
