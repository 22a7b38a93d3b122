//! `flow retry`.

use super::agents::AgentArg;
use super::fail::{Fail, Outcome};
use super::go::GoArgs;
use super::out::Out;
use super::place::{self, Place, StoreArg};
use super::{resume, serve};
use crate::drive::{Requested, request};
use crate::run::RunStatus;
use crate::store::Request;
use crate::view::words::short;

/// Arguments of `flow retry`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An id, its beginning or its end, or `latest`.
    #[arg(value_name = "RUN")]
    run: String,
    /// Only this phase, and what follows from it.
    #[arg(value_name = "PHASE")]
    phase: Option<String>,
    #[command(flatten)]
    agent: AgentArg,
    #[command(flatten)]
    go: GoArgs,
    #[command(flatten)]
    store: StoreArg,
}

/// Reopens what failed or was cancelled, and goes on.
///
/// # Errors
/// When there is nothing to retry, or the run ends early.
pub fn command(args: &Args, out: Out) -> Outcome {
    let place = Place::find(&args.store)?.of_its_store();
    serve::wait(async {
        let store = place.open_existing().await?;
        let state = place::named(&store, &args.run).await?.state;
        let phase = args.phase.as_deref().map(|phase| place::phase(&state, phase)).transpose()?;
        let broken = |name: &crate::name::Name| state.status_of(name).is_failure();
        let any = phase.as_ref().map_or_else(|| state.phases.iter().any(|phase| broken(&phase.name)), broken);
        if !any && state.status != RunStatus::Failed {
            let what =
                phase.map_or_else(|| format!("nothing failed in run {}", state.id()), |phase| format!("`{phase}` did not fail"));
            let id = short(state.id());
            return Err(Fail::new(super::exit::Exit::NoInput, what)
                .help(format!("`flow show {id}` shows it, `flow resume {id}` goes on")));
        }
        let place_services = serve::idle(&place, store.clone());
        match request(&place_services, state.id(), &Request::Retry { phase }).await? {
            Requested::Posted => {
                out.note("its driver runs it again");
                Ok(super::exit::Exit::Done)
            }
            Requested::Applied(state) => {
                let again = resume::Again { agent: &args.agent, go: args.go, retry: false };
                resume::carry(&place, store, *state, &again, out).await
            }
        }
    })
}
