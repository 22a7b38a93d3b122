//! `flow submit`: starts a run and leaves it to the workers of a pool.

use super::agents;
use super::fail::Outcome;
use super::go::LimitArgs;
use super::options;
use super::out::{Out, json_text};
use super::place::Place;
use super::start::{Found, KeepArgs, StartArgs, tell_of_replicas};
use super::worker::pool;
use super::{serve, trust};
use crate::drive::{Carrier, Observer, StartRequest};
use crate::name::Name;
use crate::run::{RunState, Stamped};
use crate::view::words::short;
use clap::ArgMatches;
use std::sync::Arc;

/// Arguments of `flow submit`; those of the pipeline come on top.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    start: StartArgs,
    /// The pool whose workers carry it.
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = pool)]
    pool: Name,
    /// Print `{run, pipeline, plan, pool}` as JSON instead of the id.
    #[arg(long)]
    json: bool,
    /// Run what the pipeline's checks execute before the start, without asking for trust.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    keep: KeepArgs,
}

/// Starts a run that nobody carries yet, and prints its id.
///
/// # Errors
/// Whatever refuses the start.
pub fn command(args: &Args, found: &Found, matches: &ArgMatches, out: Out) -> Outcome {
    let (start, ready) = (&args.start, &found.ready);
    let given = options::given(&ready.plan, matches);
    options::fits(&ready.plan, &given, false).map_err(|message| start.usage(message.replace(" or --continue", "")))?;
    let request = start.request(found, matches, &args.keep.bucket, args.limits.raised())?;
    let plan = request.plan.clone();
    let agents = if start.rehearse { indexmap::IndexMap::new() } else { agents::asked(&plan, &start.agent)? };
    let request = StartRequest { agents, ..request };
    let place = Place::find(&args.keep.store)?;
    if !ready.loaded.builtin && !start.rehearse {
        trust::ensure(&found.project.root, &start.pipeline, &plan, args.yes, out)?;
    }
    let state = serve::wait(async {
        let store = place.open_shared().await?;
        tell_of_replicas(&*store, &plan, out).await?;
        let services = serve::idle(&place, store);
        Ok(Carrier::enlist(&services, request, &args.pool, Arc::new(Notices(out))).await?)
    })?;
    let (run, digest) = (state.id(), state.plan());
    if args.json {
        let row = serde_json::json!({
            "run": run.as_str(), "pipeline": state.started.pipeline, "plan": digest.as_str(), "pool": args.pool.as_str(),
        });
        out.result(&format!("{}\n", json_text(&row.to_string())))?;
    } else {
        out.result(&format!("{run}\n"))?;
    }
    let id = short(run);
    out.note(&format!("run {id} waits for a worker of pool `{}`; `flow logs {id} -f` follows it", args.pool));
    if !ready.loaded.builtin && !start.rehearse {
        out.note(&format!("its workers need `--allow {}` or `--allow {digest}`", start.pipeline));
    }
    Ok(super::exit::Exit::Done)
}

/// Says what people should know of a start.
struct Notices(Out);

impl Observer for Notices {
    fn event(&self, _: &RunState, _: &Stamped) {}

    fn progress(&self, _: &Name, _: &str) {}

    fn notice(&self, text: &str) {
        self.0.note(text);
    }
}
