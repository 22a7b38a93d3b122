//! `flow graph`.

use super::alive::{carried, standstill};
use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, clean};
use super::pipeline;
use super::place::{self, Place, StoreArg, wait};
use crate::plan::Plan;
use crate::project::LoadError;
use crate::run::RunState;
use crate::view::graph;

/// Arguments of `flow graph`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A pipeline; or a run, whose states are coloured in.
    #[arg(value_name = "PIPELINE|RUN")]
    what: String,
    /// As what it is drawn.
    #[arg(long, value_name = "FORMAT", default_value = "mermaid")]
    format: Format,
    #[command(flatten)]
    store: StoreArg,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For Markdown and <https://mermaid.live>.
    Mermaid,
    /// For Graphviz: `flow graph … --format dot | dot -Tsvg`.
    Dot,
    /// For reading.
    Text,
}

/// Draws a pipeline or a run.
///
/// # Errors
/// When there is neither a pipeline nor a run of that name.
pub fn command(args: &Args, out: Out) -> Outcome {
    let project = pipeline::project()?;
    let (plan, state, title) = match project.load(&args.what) {
        Ok(_) => ((*pipeline::load(&project, &args.what, out)?.plan).clone(), None, None),
        Err(error @ LoadError::NotFound { .. }) => of_run(args, &error)?,
        Err(error) => return Err(error.into()),
    };
    let text = match args.format {
        Format::Mermaid => graph::mermaid(&plan, state.as_ref(), title),
        Format::Dot => graph::dot(&plan, state.as_ref(), title),
        Format::Text => graph::text(&plan, state.as_ref(), title),
    };
    out.result(&clean(&text))?;
    Ok(Exit::Done)
}

fn of_run(args: &Args, no_pipeline: &LoadError) -> Result<(Plan, Option<RunState>, Option<&'static str>), Fail> {
    let place = Place::find(&args.store)?;
    let found = wait(async {
        let store = place.open_existing().await?;
        let told = place::named(&store, &args.what).await?;
        let plan = place::plan(&*store, &told.state).await?;
        let missing = || Fail::new(Exit::Store, format!("the plan of {} is not in the store", told.state.id()));
        let title = standstill(&told.state, carried(&*store, &told.state).await?);
        Ok((plan.ok_or_else(missing)?, Some(told.state), title))
    });
    found.map_err(|fail| match fail.exit {
        Exit::NoInput | Exit::Usage => Fail::new(Exit::NoInput, format!("{no_pipeline}; and it is no run: {}", fail.message)),
        _ => fail,
    })
}
