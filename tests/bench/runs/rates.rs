//! Rates of transitions, phases and runs.

use super::bare;
use super::house::{DOCUMENTS, House, chain as chain_text, runtime, wide as wide_text};
use super::pairs::{Bench, Target, in_turn, median, scratch, timed};

/// The bytes of an entry of a chain, of its row, and of each of the two documents: what the bare side writes.
const ENTRY: usize = 1_300;
const DOCUMENT: usize = 140;

/// Phases one after the other without documents: each transition is one commit.
pub fn chain(bench: &mut Bench) {
    compare_chain(bench, "chain of agent phases, no documents", "", &[("entry", ENTRY)], 0.70);
}

/// The same with two documents, against the same three writes.
pub fn chain_with_documents(bench: &mut Bench) {
    let rows = [("entry", ENTRY), ("meta", DOCUMENT), ("cycle", DOCUMENT)];
    compare_chain(bench, "chain of agent phases, two documents", DOCUMENTS, &rows, 0.85);
}

fn compare_chain(bench: &mut Bench, name: &str, documents: &str, rows: &[(&str, usize)], least: f64) {
    if !bench.wants(name) {
        return;
    }
    let phases = if bench.quick { 20 } else { 1_000 };
    let folder = scratch();
    let runtime = runtime();
    let mut syncs = 0;
    let ours = || {
        let house = House::new(folder.path(), &chain_text(phases, documents));
        let (took, _) = timed(|| runtime.block_on(house.run()));
        syncs = house.store.syncs();
        took.as_secs_f64()
    };
    let (ratio, bare, own) = in_turn(bench.pairs(7), || bare::commits(folder.path(), phases, rows), ours);
    let more = format!(
        "{:.0} phases/s, {:.0} bare commits/s, {syncs} syncs for {phases} phases",
        phases as f64 / own,
        phases as f64 / bare
    );
    bench.tell(name, ratio, "of the bare rate", Target::AtLeast(least), &more);
}

/// Phases that may all run at once: they share their syncs.
pub fn wide(bench: &mut Bench) {
    let name = "parallel phases";
    if !bench.wants(name) {
        return;
    }
    let phases = if bench.quick { 50 } else { 1_000 };
    let folder = scratch();
    let runtime = runtime();
    let mut syncs = 0;
    let mut rates = vec![];
    for _ in 0..=bench.pairs(7) {
        let house = House::new(folder.path(), &wide_text(phases));
        let before = house.store.syncs();
        let (took, _) = timed(|| runtime.block_on(house.run()));
        syncs = house.store.syncs() - before;
        rates.push(phases as f64 / took.as_secs_f64());
    }
    bench.tell(name, median(rates), "a second", Target::AtLeast(10_000.0), "start to end, with the start of the run");
    let each = phases as f64 / syncs as f64;
    bench.tell("phases per sync", each, "phases", Target::AtLeast(50.0), &format!("{syncs} syncs"));
}

/// Many runs in one process: they share syncs with each other.
pub fn many(bench: &mut Bench) {
    let name = "runs of four phases in one process";
    if !bench.wants(name) {
        return;
    }
    let runs: usize = if bench.quick { 20 } else { 1_000 };
    let folder = scratch();
    let runtime = runtime();
    let mut rates = vec![];
    let mut syncs = 0;
    for _ in 0..=bench.pairs(5) {
        let house = std::sync::Arc::new(House::new(folder.path(), &chain_text(4, "")));
        let (took, ()) = timed(|| {
            runtime.block_on(async {
                let all: Vec<_> = (0..runs)
                    .map(|_| {
                        let house = house.clone();
                        tokio::spawn(async move { house.run().await.done })
                    })
                    .collect();
                for run in all {
                    assert_eq!(run.await.expect("no panic"), 4);
                }
            });
        });
        syncs = house.store.syncs();
        rates.push(runs as f64 / took.as_secs_f64());
    }
    bench.tell(name, median(rates), "runs a second", Target::AtLeast(1_500.0), &format!("{syncs} syncs for {runs} runs"));
}

/// Ten times the phases cost about ten times as much.
pub fn linear(bench: &mut Bench) {
    let name = "10,000 phases against 1,000";
    if !bench.wants(name) {
        return;
    }
    let small = if bench.quick { 10 } else { 1_000 };
    let folder = scratch();
    let runtime = runtime();
    let run = |phases: usize| {
        let house = House::new(folder.path(), &chain_text(phases, ""));
        timed(|| runtime.block_on(house.run())).0.as_secs_f64()
    };
    let (ratio, large, _) = in_turn(bench.pairs(3), || run(small * 10), || run(small));
    bench.tell(name, ratio, "times", Target::AtMost(12.0), &format!("{large:.1} s for the large one"));
}
