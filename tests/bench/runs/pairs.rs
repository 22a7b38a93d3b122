//! Measuring in pairs, and telling what came of it.

use std::time::{Duration, Instant};

/// What is to be measured, and what has been.
pub struct Bench {
    filter: Option<String>,
    /// One small pair of everything.
    pub quick: bool,
    missed: Vec<String>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Bench {
    /// From the arguments of the process; what `cargo bench` adds by itself says nothing.
    pub fn from_arguments() -> Self {
        let mut bench = Self { filter: None, quick: false, missed: vec![] };
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--quick" | "--test" => bench.quick = true,
                "--bench" => {}
                other => bench.filter = Some(other.to_owned()),
            }
        }
        bench
    }

    /// Whether something of this name is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()))
    }

    /// How many pairs are taken of something that is measured `full` times.
    pub fn pairs(&self, full: usize) -> usize {
        if self.quick { 1 } else { full }
    }

    /// Tells a figure and holds it against its target.
    pub fn tell(&mut self, name: &str, figure: f64, unit: &str, target: Target, more: &str) {
        let (met, wanted) = match target {
            Target::AtLeast(least) => (figure >= least, format!("at least {least}")),
            Target::AtMost(most) => (figure <= most, format!("at most {most}")),
        };
        let mark = if met { "  " } else { "! " };
        println!("{mark}{name}: {figure:.2} {unit} ({wanted}); {more}");
        if !met {
            self.missed.push(name.to_owned());
        }
    }

    /// The closing line. Misses end no build: machines are noisy, and a person reads this.
    pub fn finish(&self) {
        if self.quick {
            println!("quick: figures mean nothing");
        } else if self.missed.is_empty() {
            println!("all targets are met");
        } else {
            println!("not met: {}", self.missed.join(", "));
        }
    }
}

/// A folder on the disk that the project is on: the one for scratch files may be in memory, where a sync costs nothing.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a scratch folder")
}

/// How long something takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let result = work();
    (begin.elapsed(), result)
}

/// The middle one.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Measures two things in turn, each giving seconds, after one pair that does not count. Gives the median of the
/// ratios a/b, and the medians of both.
pub fn in_turn(pairs: usize, mut a: impl FnMut() -> f64, mut b: impl FnMut() -> f64) -> (f64, f64, f64) {
    let mut all = Vec::with_capacity(pairs);
    for pair in 0..=pairs {
        let both = (a(), b());
        if pair > 0 || pairs == 0 {
            all.push(both);
        }
    }
    let of = |pick: fn(&(f64, f64)) -> f64| median(all.iter().map(pick).collect());
    (of(|(a, b)| a / b), of(|(a, _)| *a), of(|(_, b)| *b))
}
