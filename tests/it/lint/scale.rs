//! A check of a large pipeline takes about as long per phase as that of a small one.

use flow::project::Project;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Layers of ten phases, each needing three of the layer above, with a loop at the end of each hundred.
pub(crate) fn pipeline(phases: usize) -> String {
    let mut text = String::from("flow = 1\nname = \"large\"\n[agents.worker]\naccess = \"read\"\n");
    for at in 0..phases {
        let needs: Vec<String> = match at / 10 {
            0 => vec![],
            layer => (0..3).map(|n| format!("\"p{}\"", (layer - 1) * 10 + (at + n * 3) % 10)).collect(),
        };
        let above = needs.first().map(|name| name.trim_matches('"').to_owned());
        write!(text, "[phases.p{at}]\nneeds = [{}]\n", needs.join(", ")).unwrap();
        match (at % 2, above) {
            (0, Some(above)) => {
                writeln!(text, "set = '.phases.{above}.output.n + 1'\nwhen = '.phases.{above}.status == \"complete\"'").unwrap()
            }
            (_, Some(above)) => {
                writeln!(text, "agent = \"worker\"\nprompt = \"Do {at} after {{{{ phases.{above}.status }}}}\"").unwrap()
            }
            _ => writeln!(text, "set = '{{n: {at}}}'").unwrap(),
        }
        if at % 100 == 99 {
            writeln!(text, "repeat = {{ from = \"p{at}\", when = '.round < 3', max = 2 }}").unwrap();
        }
    }
    text
}

fn time(project: &Project, phases: usize) -> Duration {
    let text = pipeline(phases);
    let begin = Instant::now();
    let loaded = project.load_text("large.toml", &text);
    let took = begin.elapsed();
    let shown = flow::diag::concise(&loaded.findings, &loaded.sources);
    assert!(loaded.plan.is_some_and(|plan| plan.phases.len() == phases), "{phases} phases:\n{shown}");
    took
}

#[test]
fn ten_times_the_phases_cost_about_ten_times_the_work() {
    let dir = tempfile::tempdir().unwrap();
    let project = Project::open(dir.path());
    time(&project, 100); // tables that are made once
    // Ten small ones against a large one, one after the other: other work on the machine disturbs both alike, and what
    // costs more than its share does so in every round. Quadratic work would be ten times as much.
    let mut least = f64::MAX;
    for _ in 0..5 {
        let small: Duration = (0..10).map(|_| time(&project, 1_000)).sum();
        let large = time(&project, 10_000);
        least = least.min(large.as_secs_f64() / small.as_secs_f64());
        println!("ten of 1,000 phases: {small:?}, one of 10,000: {large:?}");
        if least < 1.5 {
            return;
        }
    }
    assert!(least < 2.5, "one pipeline of 10,000 phases costs {least:.1} times as much as ten of 1,000");
}
