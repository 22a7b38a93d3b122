//! `flow test`: the tests that stand in pipelines.

use super::exit::Exit;
use super::fail::Outcome;
use super::out::{Out, Paint, clean};
use super::paths::pipelines;
use super::pipeline::{self, Ready, project};
use crate::engine::Program;
use crate::expr::on_big_stack;
use crate::plan::Test;
use crate::project::params_of_test;
use crate::trial::{self, GuardPlace, Prepared, unseen};
use crate::view::words::{count, one_line};
use std::fmt::Write as _;
use std::sync::Arc;

/// Characters of a guard that a line shows.
const WIDTH: usize = 80;

/// Arguments of `flow test`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Pipelines, or folders with pipelines.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

/// Runs the tests, and says which guards they never saw both true and false.
///
/// # Errors
/// When a path names no pipeline, or one that does not lint.
pub fn command(args: &Args, out: Out) -> Outcome {
    let project = project()?;
    let (mut passed, mut failed, mut guards) = (0, 0, 0);
    for path in pipelines(&args.paths)? {
        let Ready { loaded, plan } = pipeline::load(&project, &path, out)?;
        let program = Arc::new(Program::new(plan).counting());
        out.result(&format!("{}\n", out.paint(Paint::Bold, &path)))?;
        for test in &loaded.tests {
            let outcome = play(&program, test);
            if outcome.is_empty() {
                passed += 1;
            } else {
                failed += 1;
            }
            out.result(&text(test, &outcome, out))?;
        }
        if loaded.tests.is_empty() {
            out.result(&format!("  {}\n", out.paint(Paint::Dim, "it has no tests")))?;
            continue;
        }
        let places = unseen(&program.plan, &program.coverage());
        guards += places.len();
        for place in &places {
            out.result(&format!("  {} {}\n", out.paint(Paint::Yellow, "!"), clean(&guard(place))))?;
        }
    }
    let mut summary = format!("{} passed, {failed} failed", count(passed, "test"));
    if guards > 0 {
        let _ = write!(
            summary,
            "; {} not seen both true and false",
            if guards == 1 { "1 guard was".to_owned() } else { format!("{guards} guards were") }
        );
    }
    out.note(&summary);
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

/// What did not go as expected.
fn play(program: &Arc<Program>, test: &Test) -> Vec<String> {
    let prepared = params_of_test(&program.plan, test);
    let prepared = prepared.map(|params| Prepared { params: params.values, files: params.files });
    let prepared = prepared.map_err(|errors| errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join("\n"));
    let (program, test) = (program.clone(), test.clone());
    let outcome = on_big_stack(move || trial::run(&program, &test, prepared));
    let views = outcome.not_idempotent.iter();
    let views =
        views.map(|name| format!("the view of document `{name}` gives something else when it is applied to its own result"));
    outcome.problems.iter().cloned().chain(views).collect()
}

fn text(test: &Test, problems: &[String], out: Out) -> String {
    if problems.is_empty() {
        return format!("  {} {}\n", out.paint(Paint::Green, "✓"), clean(&test.name));
    }
    let mut shown = format!("  {} {} (line {})\n", out.paint(Paint::Red, "✗"), clean(&test.name), test.line);
    for line in problems.iter().flat_map(|problem| problem.trim_end().lines()) {
        let _ = writeln!(shown, "      {}", clean(line));
    }
    shown
}

fn guard(place: &GuardPlace) -> String {
    let never = match (place.seen.held, place.seen.failed) {
        (false, false) => "never evaluated",
        (true, _) => "never false",
        (false, true) => "never true",
    };
    format!("{never}: {} on line {}: {}", place.path, place.line, one_line(&place.text, WIDTH))
}
