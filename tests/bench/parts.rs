//! The parts of a run, alone: `cargo bench --bench parts`.

use divan::{Bencher, black_box};
use flow::expr::jq::{Budget, Input, Jq};
use flow::plan::Plan;
use flow::project::Project;
use flow::value::Value;
use std::fmt::Write as _;
use std::path::Path;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

// A decision as a whole is made on a thread with a large stack, and so is everything here.
fn main() {
    flow::expr::on_big_stack(divan::main);
}

/// A guard with one comparison, on a document of usual size.
#[divan::bench]
fn guard_with_one_comparison(bencher: Bencher<'_, '_>) {
    let guard = Jq::compile(".phases.plan.output.score >= 8").expect("it compiles");
    let document = Value::table([(
        "phases",
        Value::table([("plan", Value::table([("output", Value::table([("score", Value::int(9))]))]))]),
    )]);
    bencher.bench(|| guard.boolean(&Input::of(black_box(&document)), Budget::Guard).expect("a boolean"));
}

/// Twenty-five different expressions, as a plan of some size has them.
#[divan::bench]
fn compile_25_expressions(bencher: Bencher<'_, '_>) {
    let texts: Vec<String> = (0..25)
        .map(|at| format!("[.phases.p{at}.output.steps[] | select(.done | not) | .title] | length > {at} and (.round // 0) < 3"))
        .collect();
    bencher.bench(|| texts.iter().map(|text| Jq::compile(black_box(text)).expect("it compiles")).collect::<Vec<_>>());
}

fn pipeline(phases: usize) -> String {
    let mut text = String::from("flow = 1\nname = \"large\"\n[agents.worker]\naccess = \"read\"\n");
    for at in 0..phases {
        let before = at.saturating_sub(1);
        let needs = if at == 0 {
            String::new()
        } else {
            format!("needs = [\"p{before}\"]\nwhen = '.phases.p{before}.output.n < {at}'\n")
        };
        let _ = write!(
            text,
            "[phases.p{at}]\n{needs}agent = \"worker\"\nprompt = \"Do part {at}.\"\noutput = {{ n = \"integer\", text = \"string\" }}\n"
        );
    }
    text
}

fn plan(text: &str) -> Plan {
    let loaded = Project::open(Path::new("/nowhere")).load_text("large.toml", text);
    loaded.plan.unwrap_or_else(|| panic!("{}", flow::diag::concise(&loaded.findings, &loaded.sources)))
}

/// From the text of a pipeline to its plan; lint is a part of it.
#[divan::bench(args = [200, 2_000])]
fn text_to_plan(bencher: Bencher<'_, '_>, phases: usize) {
    let text = pipeline(phases);
    bencher.bench(|| plan(black_box(&text)));
}
