//! `flow cancel`.

use super::alive;
use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::Out;
use super::place::{self, Place, StoreArg};
use super::serve;
use crate::drive::{Requested, request};
use crate::store::Request;
use crate::view::words::short;

/// Arguments of `flow cancel`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An id, its beginning or its end, or `latest`.
    #[arg(value_name = "RUN")]
    run: String,
    /// Why, in words; kept with the run.
    #[arg(long, value_name = "TEXT", default_value = "somebody asked for it")]
    reason: String,
    #[command(flatten)]
    store: StoreArg,
}

/// Cancels a run.
///
/// # Errors
/// When there is no such run, or it is over.
pub fn command(args: &Args, out: Out) -> Outcome {
    let place = Place::find(&args.store)?.of_its_store();
    serve::wait(async {
        let store = place.open_existing().await?;
        let state = place::named(&store, &args.run).await?.state;
        if state.status.is_over() {
            return Err(Fail::new(Exit::NoInput, format!("run {} is {} already", state.id(), state.status.as_str())));
        }
        let services = serve::idle(&place, store.clone());
        let id = short(state.id());
        match request(&services, state.id(), &Request::Cancel { reason: args.reason.clone() }).await? {
            Requested::Posted => out.note(&format!("its driver is told; `flow logs {id} -f` follows it")),
            Requested::Applied(state) if state.status.is_over() => {
                out.note(&format!("run {} is {}", state.id(), state.status.as_str()));
            }
            Requested::Applied(state) => {
                let who = match alive::pool(&*store, state.id()).await? {
                    Some(pool) => format!("a worker of pool `{pool}`"),
                    None => format!("`flow resume {id}`"),
                };
                out.note(&format!("cancelled; cleanup phases are left: {who} runs them"));
            }
        }
        Ok(Exit::Done)
    })
}
