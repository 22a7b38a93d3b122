//! `flow note`: progress, reported from inside a phase.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::Out;
use super::place::{Place, StoreArg, wait};
use crate::agent::secret;
use crate::name::Name;
use crate::run::RunId;
use crate::store::{Request, post};
use crate::value::Value;

/// Arguments of `flow note`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to report; further words are joined. `-` reads it from stdin, so that no list of processes shows it.
    #[arg(value_name = "TEXT", required_unless_present = "json")]
    text: Vec<String>,
    /// A note as JSON instead of text.
    #[arg(long, value_name = "JSON", conflicts_with = "text")]
    json: Option<String>,
    #[command(flatten)]
    store: StoreArg,
}

/// Leaves a note for the driver of the run that this process works for.
///
/// # Errors
/// Outside a phase, and when the store cannot be written.
pub fn command(args: &Args, _out: Out) -> Outcome {
    let outside = |what: &str| {
        Fail::usage(format!("{what} is not set: `flow note` works inside a phase of a run only"))
            .help("agents and processes that `flow run` starts have FLOW_RUN, FLOW_PHASE and FLOW_STORE in their environment")
    };
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or_else(|| outside(name));
    let (run, phase) = (variable("FLOW_RUN")?, variable("FLOW_PHASE")?);
    let run = RunId::parse(&run).ok_or_else(|| Fail::usage(format!("FLOW_RUN is `{run}`, which is no id of a run")))?;
    let phase = Name::new(&phase).map_err(|error| Fail::usage(format!("FLOW_PHASE: {error}")))?;
    let place = Place::find(&args.store)?;
    let note = secret::given(place.url.secrets()).value(&match &args.json {
        Some(json) => Value::parse(json.as_bytes()).map_err(|error| Fail::usage(format!("--json: {error}")))?,
        None if args.text == ["-"] => {
            let text = std::io::read_to_string(std::io::stdin().lock());
            Value::text(text.map_err(|error| Fail::usage(format!("stdin: {error}")))?.trim_end())
        }
        None => Value::text(&args.text.join(" ")),
    });
    wait(async {
        let store = place.open_existing().await?;
        post(&*store, &run, &Request::Note { phase, note }).await?;
        Ok(Exit::Done)
    })
}
