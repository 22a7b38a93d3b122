//! Hostile input, briefly: what must hold of any bytes (`fuzz/targets.rs`) is tried on everything the project has of the
//! kind, and on what becomes of it by cutting, splicing and swapping. The same inputs on every machine.
//!
//! `FLOW_FUZZ_RUNS=N` tries N inputs of each kind; `bash tests/fuzz/run TARGET` goes on for as long as one likes, led by
//! what it reaches. An input that fails is kept in `target/fuzz/failed`, and the message has the command that tries it
//! again. An input that ends the whole process is the one in `target/fuzz/running`.

pub(crate) mod corpus;
pub(crate) mod journal;
pub(crate) mod mutate;
pub(crate) mod targets;

use crate::tidy::root;
use flow::run::Digest;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

fn folder(name: &str) -> PathBuf {
    let folder = root().join("target/fuzz").join(name);
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}

/// A target on its way.
struct Campaign {
    name: &'static str,
    target: targets::Target,
    running: PathBuf,
    good: usize,
    bad: usize,
}

impl Campaign {
    fn new(name: &'static str) -> Self {
        let (_, target) = targets::TARGETS.into_iter().find(|(known, _)| *known == name).expect("a target");
        Self { name, target, running: folder("running").join(name), good: 0, bad: 0 }
    }

    /// Tries one input.
    fn one(&mut self, input: &[u8]) {
        std::fs::write(&self.running, input).unwrap();
        match catch_unwind(AssertUnwindSafe(|| (self.target)(input))) {
            Ok(true) => self.good += 1,
            Ok(false) => self.bad += 1,
            Err(_) => {
                let kept = folder("failed").join(format!("{}-{}", self.name, &Digest::of(input).hex()[..12]));
                std::fs::rename(&self.running, &kept).unwrap();
                let test = std::thread::current().name().unwrap_or_default().to_owned();
                let again = format!("FLOW_FUZZ_INPUT={} cargo test --locked --test it -- --exact {test}", kept.display());
                panic!("`{}` does not hold of an input of {} bytes; to try it again:\n  {again}", self.name, input.len());
            }
        }
    }

    /// Tries what is known, and `runs` new inputs. Both good and bad ones must be among them.
    fn run(mut self, runs: usize) {
        if let Some(path) = std::env::var_os("FLOW_FUZZ_INPUT") {
            return self.one(&std::fs::read(path).unwrap());
        }
        let begun = Instant::now();
        let corpus = corpus::corpus(self.name);
        let runs = std::env::var("FLOW_FUZZ_RUNS").map_or(runs, |runs| runs.parse().expect("FLOW_FUZZ_RUNS is a number"));
        for input in &corpus {
            self.one(input);
        }
        for seed in 0..runs {
            self.one(&mutate::input(&corpus, seed as u64));
        }
        let Self { name, good, bad, running, .. } = self;
        println!("{name}: {good} good and {bad} bad inputs in {:?}", begun.elapsed());
        assert!(good > 0 && bad > 0, "{name}: {good} good and {bad} bad inputs");
        std::fs::remove_file(running).unwrap();
    }
}

#[test]
fn any_file_is_a_pipeline_or_has_findings() {
    Campaign::new("pipeline").run(500);
}

#[test]
fn any_text_is_an_expression_that_ends_or_has_mistakes() {
    Campaign::new("jq").run(2_000);
}

#[test]
fn any_text_is_a_template_or_has_mistakes() {
    Campaign::new("template").run(2_000);
}

#[test]
fn any_text_is_a_shape_or_has_findings() {
    Campaign::new("shape").run(2_000);
}

#[test]
fn any_bytes_in_the_store_are_read_or_called_damaged() {
    Campaign::new("journal").run(2_000);
}

#[test]
fn any_text_is_a_name_or_becomes_one_token() {
    Campaign::new("names").run(5_000);
}

#[test]
fn any_answer_has_json_in_it_or_not() {
    Campaign::new("reply").run(500);
}

/// Files that no mutation makes.
#[test]
fn large_and_strange_files_are_linted() {
    let lines = |line: &str| line.repeat((1 << 20) / line.len());
    let every_key = std::fs::read_to_string(root().join("tests/lint/ok/every-key.toml")).unwrap();
    let head = "flow = 1\nname = \"x\"\n[phases.a]\nset = '1'\n";
    let files = [
        String::new(),
        "\u{feff}".to_owned(),
        format!("\u{feff}{every_key}"),
        every_key.replace('\n', "\r\n"),
        every_key.replace('\n', "\r"),
        every_key.replace("= ", "=\t"),
        every_key.replace(' ', "\u{a0}"),
        every_key.chars().rev().collect(),
        format!("{head}{}", lines("# é\n")),
        format!("{head}description = '{}'", lines("é😀")),
        format!("{head}when = '{}'", lines(". | ")),
        format!("{head}when = '{}'", "(".repeat(60_000)),
        format!("{head}[phases.b]\nagent = 'x'\nprompt = '''{}'''", lines("{{ phases.a.output }} ")),
        lines("[phases.a]\n"),
        lines("a"),
        lines("["),
        lines("a = "),
        format!("a = {}", lines("[")),
        format!("a = {}", lines("{b=")),
        lines("\""),
        lines("'''\n"),
        lines("\u{0}"),
        (0..20_000).map(|n| format!("key_{n} = {n}\n")).collect(),
        crate::lint::scale::pipeline(2_000),
        crate::lint::scale::pipeline(2_000).replace("needs", "neds"),
    ];
    let mut campaign = Campaign::new("pipeline");
    files.iter().for_each(|file| campaign.one(file.as_bytes()));
    assert!(campaign.good >= 3, "{} of them are pipelines", campaign.good);
}

/// Some inputs of each kind, for [`nothing_of_this_prints`].
#[test]
fn some_of_each_kind_hold() {
    for (name, target) in targets::TARGETS {
        let corpus = corpus::corpus(name);
        for seed in 0..20 {
            target(&mutate::input(&corpus, 1_000_000 + seed));
        }
    }
}

#[test]
fn nothing_of_this_prints() {
    let test = "fuzz::some_of_each_kind_hold";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env("RUST_BACKTRACE", "0").stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{test} fails");
    let printed = String::from_utf8(output.stdout).unwrap();
    let frame = |line: &&str| line.is_empty() || line.starts_with("running 1 test") || line.starts_with("test ");
    let other: Vec<&str> = printed.lines().filter(|line| !frame(line)).collect();
    assert!(other.is_empty() && output.stderr.is_empty(), "{other:?} {}", String::from_utf8_lossy(&output.stderr));
}
