//! `flow resume`.

use super::agents::{self, AgentArg};
use super::fail::{Fail, Outcome};
use super::go::{GoArgs, Going};
use super::out::Out;
use super::place::{self, Place, StoreArg};
use super::{pipeline, serve, trust};
use crate::plan::Plan;
use crate::project::builtin;
use crate::run::{RunState, RunStatus};
use crate::store::Store;
use crate::view::words::short;
use std::sync::Arc;

/// Arguments of `flow resume`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An id, its beginning or its end, or `latest`.
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    agent: AgentArg,
    #[command(flatten)]
    go: GoArgs,
    #[command(flatten)]
    store: StoreArg,
}

/// Goes on with a run.
///
/// # Errors
/// When there is no such run, it is over, somebody carries it, or it ends early.
pub fn command(args: &Args, out: Out) -> Outcome {
    let place = Place::find(&args.store)?.of_its_store();
    serve::wait(async {
        let store = place.open_existing().await?;
        let state = place::named(&store, &args.run).await?.state;
        let id = short(state.id());
        match state.status {
            RunStatus::Complete => {
                return Err(Fail::new(
                    super::exit::Exit::NoInput,
                    format!("run {} is complete: there is nothing left to do", state.id()),
                )
                .help(format!(
                    "`flow show {id}` shows it; `flow run {}` starts a new one",
                    state.started.path.strip_prefix("builtin:").unwrap_or(&state.started.path)
                )));
            }
            RunStatus::Cancelled => {
                return Err(Fail::new(super::exit::Exit::NoInput, format!("run {} was cancelled", state.id()))
                    .help(format!("`flow retry {id}` takes it up again")));
            }
            _ => {}
        }
        // A run that is being cancelled only has its cleanup left: nothing of it is taken back.
        let retry = state.cancelling.is_none();
        carry(&place, store, state, &Again { agent: &args.agent, go: args.go, retry }, out).await
    })
}

/// How a run is taken up again.
pub struct Again<'a> {
    /// Who performs, if that changes.
    pub agent: &'a AgentArg,
    /// How it is carried and shown.
    pub go: GoArgs,
    /// Whether what failed runs again.
    pub retry: bool,
}

/// Takes up a run.
///
/// # Errors
/// When it is not trusted, has no agent, somebody carries it, or it ends early.
pub async fn carry(place: &Place, store: Arc<dyn Store>, state: RunState, again: &Again<'_>, out: Out) -> Outcome {
    let plan = place::plan(&*store, &state).await?;
    let plan =
        plan.ok_or_else(|| Fail::new(super::exit::Exit::Store, format!("the plan of run {} is not in the store", state.id())))?;
    let agents = if state.started.rehearsal {
        None
    } else {
        if !is_builtin(&plan)? {
            trust::ensure(&place.root, &state.started.path, &plan, again.go.yes, out)?;
        }
        Some(agents::settle_again(&plan, &state.started.agents, again.agent)?)
    };
    let services = serve::services(place, store, &plan, agents);
    let going = Going::new(again.go, state.started.rehearsal.then(|| serve::rehearsed(&plan)), out);
    going.announce(&state);
    going.again(&services, state.id(), again.retry).await
}

/// Whether a plan is that of a built-in pipeline, apart from what the command line may change of it.
fn is_builtin(plan: &Plan) -> Result<bool, Fail> {
    if !builtin::pipelines().any(|name| name == plan.name) {
        return Ok(false);
    }
    let here = pipeline::project()?;
    let own = here.load(&plan.name).ok().filter(|loaded| loaded.builtin).and_then(|loaded| loaded.plan);
    Ok(own.is_some_and(|own| own.essence() == plan.essence()))
}
