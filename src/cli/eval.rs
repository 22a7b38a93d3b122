//! `flow eval`: an expression by hand, evaluated as the engine does it.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, json_text};
use super::pipeline::cleaned;
use super::place::{self, Place, StoreArg, wait};
use crate::diag::human;
use crate::expr::Mistake;
use crate::expr::jq::{Budget, Input, Jq};
use crate::text::{Embedded, Sources};
use crate::value::Value;
use std::io::Read;

/// Arguments of `flow eval`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A jq expression.
    #[arg(value_name = "EXPR")]
    expression: String,
    /// A file with JSON, or `-` for stdin.
    #[arg(value_name = "FILE", required_unless_present = "run", conflicts_with = "run")]
    file: Option<String>,
    /// Look at the document of a run instead of a file.
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    #[command(flatten)]
    store: StoreArg,
}

/// Evaluates an expression and prints one result a line.
///
/// # Errors
/// When it does not compile or fails, or there is nothing to apply it to.
pub fn command(args: &Args, out: Out) -> Outcome {
    let input = match (&args.file, &args.run) {
        (Some(file), _) => read(file)?,
        (None, Some(run)) => document(run, &args.store)?,
        (None, None) => Value::NULL,
    };
    print(&args.expression, &input, out)
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
    Fail::silent(Exit::Usage)
}

fn read(file: &str) -> Result<Value, Fail> {
    let mut bytes = vec![];
    let no_file = |error: std::io::Error| Fail::new(Exit::NoInput, format!("`{file}` cannot be read: {error}"));
    if file == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(no_file)?;
    } else {
        bytes = std::fs::read(file).map_err(no_file)?;
    }
    Value::parse(&bytes).map_err(|error| Fail::new(Exit::NoInput, format!("`{file}` is not JSON: {error}")))
}

fn document(run: &str, store: &StoreArg) -> Result<Value, Fail> {
    let place = Place::find(store)?;
    wait(async {
        let store = place.open_existing().await?;
        let run = place::choose(&*store, run).await?;
        Ok(place::tell(&store, &run.id).await?.state.document().clone())
    })
}
