//! `flow eval`: an expression by hand, evaluated as the engine does it.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, clean, json_text};
use super::pipeline::cleaned;
use super::place::{self, Place, StoreArg, wait};
use crate::diag::human;
use crate::engine::{Program, phase_view};
use crate::expr::Mistake;
use crate::expr::jq::{Budget, Input, Jq};
use crate::expr::template::Template;
use crate::text::{Embedded, Sources};
use crate::value::Value;
use std::io::Read;
use std::sync::Arc;

/// Arguments of `flow eval`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "flow eval EXPR FILE|-\n       flow eval --template TEXT FILE|-\n       flow eval --run RUN [--phase PHASE] EXPR"
)]
pub struct Args {
    /// A jq expression, and a file with JSON (or `-` for stdin) that it is applied to.
    #[arg(value_name = "EXPR FILE", required = true, num_args = 1..=2)]
    words: Vec<String>,
    /// Render this template instead of evaluating an expression.
    #[arg(long, value_name = "TEXT")]
    template: Option<String>,
    /// Apply it to the document of a run instead of a file.
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Apply it to what the expressions of this phase see of the run.
    #[arg(long, value_name = "PHASE", requires = "run")]
    phase: Option<String>,
    #[command(flatten)]
    store: StoreArg,
}

/// Evaluates an expression and prints one result a line, or renders a template.
///
/// # Errors
/// When it does not compile or fails, or there is nothing to apply it to.
pub fn command(args: &Args, out: Out) -> Outcome {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let (expression, file) = match (&args.template, &args.run, words.as_slice()) {
        (None, None, [expression, file]) => (Some(*expression), Some(*file)),
        (None, Some(_), [expression]) => (Some(*expression), None),
        (Some(_), None, [file]) => (None, Some(*file)),
        (None, None, _) => {
            return Err(Fail::usage("there is nothing to apply it to").help("`flow eval EXPR FILE`, with `-` for stdin"));
        }
        (None, Some(_), _) => return Err(Fail::usage("`--run` stands in place of a file").help("`flow eval --run RUN EXPR`")),
        (Some(_), ..) => {
            return Err(Fail::usage("`--template` takes one file").help("`flow eval --template TEXT FILE`, with `-` for stdin"));
        }
    };
    let input = match (file, &args.run) {
        (Some(file), _) => read(file)?,
        (None, Some(run)) => view(run, args)?,
        (None, None) => Value::NULL,
    };
    match (expression, &args.template) {
        (Some(expression), _) => print(expression, &input, out),
        (None, Some(template)) => render(template, &input, out),
        (None, None) => Ok(Exit::Done),
    }
}

fn render(text: &str, input: &Value, out: Out) -> Outcome {
    let template = Template::parse(text, &|_| None).map_err(|mistakes| wrong(text, &mistakes, out))?;
    let rendered = template.render(input).map_err(|error| Fail::new(Exit::Failed, error.to_string()))?;
    out.result(&format!("{}\n", clean(&rendered)))?;
    Ok(Exit::Done)
}

/// Evaluates an expression over a value and prints one result a line.
///
/// # Errors
/// When it does not compile or fails.
pub fn print(expression: &str, input: &Value, out: Out) -> Outcome {
    let jq = Jq::compile(expression).map_err(|mistakes| wrong(expression, &mistakes, out))?;
    let results = jq.run(&Input::of(input), Budget::Value);
    let results = results.map_err(|error| Fail::new(Exit::Failed, format!("`{expression}`: {error}")))?;
    let lines: String = results.iter().map(|result| serde_json::to_string(result).unwrap_or_default() + "\n").collect();
    out.result(&json_text(&lines))?;
    Ok(Exit::Done)
}

/// Shows what is wrong with a text that was typed.
fn wrong(text: &str, mistakes: &[Mistake], out: Out) -> Fail {
    let mut sources = Sources::default();
    let file = sources.add("EXPR", text);
    let text = Embedded::slice(text, file, 0);
    let findings: Vec<_> = mistakes.iter().cloned().map(|mistake| mistake.into_diagnostic(&text)).collect();
    out.painted(human(&cleaned(&findings), &sources, out.err_colour).trim_end());
    Fail::silent(Exit::Failed)
}

fn read(file: &str) -> Result<Value, Fail> {
    let mut bytes = vec![];
    let no_file = |error: std::io::Error| Fail::new(Exit::NoInput, format!("`{file}` cannot be read: {error}"));
    if file == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(no_file)?;
    } else {
        bytes = std::fs::read(file).map_err(no_file)?;
    }
    Value::parse(&bytes).map_err(|error| Fail::new(Exit::Failed, format!("`{file}` is not JSON: {error}")))
}

/// The document of a run, or what a phase sees of it.
fn view(run: &str, args: &Args) -> Result<Value, Fail> {
    let place = Place::find(&args.store)?;
    wait(async {
        let store = place.open_existing().await?;
        let state = place::named(&store, run).await?.state;
        let Some(phase) = &args.phase else { return Ok(state.document().clone()) };
        let phase = place::phase(&state, phase)?;
        let plan = place::plan(&*store, &state).await?;
        let program = plan.map(|plan| Program::new(Arc::new(plan)));
        let seen = program.and_then(|program| phase_view(&program, &state, &phase));
        seen.ok_or_else(|| Fail::new(Exit::Store, format!("the plan of {} is not in the store", state.id())))
    })
}
