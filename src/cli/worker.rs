//! `flow worker`: carries the runs of pools on this machine, with what its operator allows.

use super::agents::AgentArg;
use super::contract::{Allowed, Contract};
use super::exit::Exit;
use super::fail::Outcome;
use super::go::duration;
use super::out::Out;
use super::place::{Place, StoreArg};
use super::{pipeline, serve, stop};
use crate::drive::Worker;
use crate::name::Name;
use crate::view::words::count;
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `flow worker`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A pool whose runs it carries; may be repeated.
    #[arg(long = "pool", value_name = "NAME", default_value = "default", value_parser = pool)]
    pools: Vec<Name>,
    /// Runs that it carries at once, and attempts that it performs at once.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    capacity: u16,
    /// What it may run besides built-in pipelines and rehearsals: a pipeline as it is here, or the digest of a plan; may be
    /// repeated.
    #[arg(long = "allow", value_name = "PIPELINE|DIGEST")]
    allowed: Vec<String>,
    /// Run in this folder whatever its commit is: the folder is shared, or the pipeline fetches what it needs.
    #[arg(long)]
    any_tree: bool,
    /// Stop once there is nothing left to do.
    #[arg(long)]
    until_idle: bool,
    /// Let its runs wait this long for a store that does not answer or is full, such as 90s, 2h [default: 10m].
    #[arg(long, value_name = "TIME", value_parser = duration)]
    store_timeout: Option<u64>,
    #[command(flatten)]
    agent: AgentArg,
    #[command(flatten)]
    store: StoreArg,
}

/// Reads the name of a pool.
///
/// # Errors
/// When it is none, in words.
pub fn pool(text: &str) -> Result<Name, String> {
    Name::new(text).map_err(|error| error.to_string())
}

/// Works until it is asked to stop.
///
/// # Errors
/// When the store cannot be opened, or something that is allowed is no pipeline.
pub fn command(args: &Args, out: Out) -> Outcome {
    let place = Place::find(&args.store)?;
    let config = pipeline::settings(&pipeline::project()?)?.clone();
    let allowed = Allowed::of(&args.allowed, out)?;
    serve::wait(async {
        let store = place.open_shared().await?;
        let pools: Vec<_> = args.pools.iter().map(|pool| format!("`{pool}`")).collect();
        let places = count(usize::from(args.capacity), "place");
        out.note(&format!(
            "works for {} with {places}; Ctrl-C lets what is performed end, and then the runs go",
            pools.join(", ")
        ));
        let (agent, any_tree) = (args.agent.clone(), args.any_tree);
        let contract = Contract { place: place.clone(), store: store.clone(), config, allowed, agent, any_tree, out };
        let (pools, capacity) = (args.pools.clone(), usize::from(args.capacity));
        let waits = args.store_timeout.map(Duration::from_millis);
        let worker = Worker::new(store, &place.root, pools, capacity, Arc::new(contract), waits);
        worker.work(args.until_idle, stop::drain(out)).await?;
        Ok(Exit::Done)
    })
}
