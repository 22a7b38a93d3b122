//! How fast runs are carried, against what the same disk gives bare: `cargo bench --bench runs`.
//!
//! Machines are noisy, so nothing here is a time alone. Each figure is a ratio of two things that were measured in turn,
//! a, b, a, b …, in the same run on the same disk; the median of the pairs is told, with its target. `-- NAME` measures
//! only what has NAME in its name; `-- --quick` takes one small pair of each, to see that everything works.

#![allow(clippy::cast_precision_loss, reason = "counts of a benchmark are small")]

mod bare;
#[cfg(feature = "nats")]
mod cluster;
mod cold;
mod house;
mod lint;
mod memory;
#[cfg(feature = "nats")]
#[path = "../../it/nats.rs"]
#[allow(dead_code, clippy::pedantic, reason = "tests use more of it, in their own way")]
mod nats;
mod pairs;
mod rates;

use pairs::Bench;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // As the program itself does.
    flow::expr::on_new_stack(measure).expect("a thread");
}

fn measure() {
    let mut bench = Bench::from_arguments();
    rates::chain(&mut bench);
    rates::chain_with_documents(&mut bench);
    rates::wide(&mut bench);
    rates::many(&mut bench);
    rates::linear(&mut bench);
    cold::rehearsal(&mut bench);
    memory::thousand_phases(&mut bench);
    lint::large(&mut bench);
    #[cfg(feature = "nats")]
    {
        cluster::transitions(&mut bench);
        cluster::shared(&mut bench);
    }
    bench.finish();
}
