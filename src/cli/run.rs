//! `flow run`.

use super::agents;
use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::go::{GoArgs, Going};
use super::options;
use super::out::Out;
use super::pipeline;
use super::place::Place;
use super::serve;
use super::start::{Found, KeepArgs, StartArgs, tell_of_replicas};
use super::{dry, resume, trust};
use crate::drive::{Carrier, StartRequest};
use crate::plan::Plan;
use crate::store::{Store, list_runs};
use crate::view::words::short;
use clap::ArgMatches;
use std::sync::Arc;

/// Arguments of `flow run`; those of the pipeline come on top.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    start: StartArgs,
    /// Go on with the newest unfinished run of the pipeline instead of starting one.
    #[arg(long = "continue")]
    goes_on: bool,
    /// Show what would happen, and start nothing.
    #[arg(long, conflicts_with = "goes_on")]
    dry_run: bool,
    #[command(flatten)]
    go: GoArgs,
    #[command(flatten)]
    keep: KeepArgs,
}

/// Starts a run, or goes on with one.
///
/// # Errors
/// Whatever refuses the start or ends the run early.
pub fn command(args: &Args, found: &Found, matches: &ArgMatches, out: Out) -> Outcome {
    let Found { project, ready } = found;
    let start = &args.start;
    let given = options::given(&ready.plan, matches);
    options::fits(&ready.plan, &given, args.goes_on).map_err(|message| start.usage(message))?;
    if args.goes_on {
        return go_on(args, &ready.plan, &given, out);
    }
    let request = start.request(found, matches, &args.keep.bucket, args.go.raised().unwrap_or_default())?;
    let plan = request.plan.clone();
    let config = pipeline::settings(project)?;
    let agents = if start.rehearse || args.dry_run { None } else { Some(agents::settle(&plan, config, &start.agent)?) };
    let place = Place::find(&args.keep.store)?;
    let agents_chosen = agents.as_ref().map(crate::agent::detect::chosen).unwrap_or_default();
    let request = StartRequest { agents: agents_chosen, ..request };
    if args.dry_run {
        return dry::command(&place, request, &start.pipeline, out);
    }
    if !ready.loaded.builtin && !start.rehearse {
        trust::ensure(&project.root, &start.pipeline, &plan, args.go.yes, out)?;
    }
    serve::wait(async {
        let store = place.open_or_create().await?;
        tell_of_replicas(&*store, &plan, out).await?;
        let services = serve::services(&place, store, &plan, agents);
        let going = Going::new(args.go, start.rehearse.then(|| serve::rehearsed(&plan)), out);
        let carrier = Carrier::start(&services, request, going.progress.clone()).await?;
        going.begun(carrier).await
    })
}

/// `--continue`: the newest unfinished run of the pipeline that nobody carries.
fn go_on(args: &Args, plan: &Arc<Plan>, given: &[(String, String)], out: Out) -> Outcome {
    let mut selected = vec![];
    for (name, text) in given {
        let Some((name, param)) = plan.params.iter().find(|(known, _)| known.as_str() == name) else { continue };
        let value = param.read(text).map_err(|error| Fail::usage(format!("--{}: {error}", options::option(name))))?;
        selected.push((name.clone(), value));
    }
    let place = Place::find(&args.keep.store)?;
    serve::wait(async {
        let Some(store) = place.open().await? else { return Err(nothing(args, plan, "there is no run here yet")) };
        let mut candidates = crate::drive::candidates(&store, plan, args.start.rehearse, &selected).await?;
        let carried = candidates.iter().find_map(|candidate| Some((candidate.head.id.clone(), candidate.carried_by?)));
        candidates.retain(|candidate| candidate.carried_by.is_none());
        let Some(newest) = candidates.first() else {
            if let Some((run, pid)) = carried {
                let id = short(&run);
                return Err(Fail::new(Exit::Conflict, format!("run {run} is carried by process {pid} already"))
                    .help(format!("`flow logs {id} -f` follows it, `flow cancel {id}` stops it for good")));
            }
            return Err(nothing_left(args, plan, &*store).await?);
        };
        let others: Vec<_> = candidates[1..].iter().map(|other| format!("`flow resume {}`", short(&other.head.id))).collect();
        if !others.is_empty() {
            out.note(&format!("takes the newest of {} unfinished runs; the others: {}", candidates.len(), others.join(", ")));
        }
        let retry = newest.state.cancelling.is_none();
        let again = resume::Again { agent: &args.start.agent, go: args.go, retry };
        resume::carry(&place, store.clone(), newest.state.clone(), &again, out).await
    })
}

/// Why there is nothing to go on with, told by the newest run of the pipeline.
async fn nothing_left(args: &Args, plan: &Plan, store: &dyn Store) -> Result<Fail, Fail> {
    let (heads, _) = list_runs(store).await?;
    let newest = heads.into_iter().rev().find(|head| head.pipeline == plan.name && head.rehearsal == args.start.rehearse);
    Ok(match newest {
        Some(head) if head.status == "complete" => {
            let cycle = head.cycle.map(|cycle| format!("cycle {cycle}, ")).unwrap_or_default();
            nothing(args, plan, &format!("the newest one ({cycle}{}) is complete", short(&head.id)))
        }
        Some(head) if head.status == "cancelled" => {
            let id = short(&head.id);
            nothing(args, plan, &format!("the newest one ({id}) was cancelled"))
                .help(format!("`flow retry {id}` takes it up again"))
        }
        Some(_) => nothing(args, plan, "no unfinished run fits the parameters"),
        None => nothing(args, plan, "there is none of it yet"),
    })
}

fn nothing(args: &Args, plan: &Plan, why: &str) -> Fail {
    let kind = if args.start.rehearse { "rehearsal" } else { "run" };
    let rehearse = if args.start.rehearse { " --rehearse" } else { "" };
    let required = plan.params.iter().filter(|(_, param)| param.required);
    let required: Vec<_> = required.map(|(name, _)| format!(" --{}=…", options::option(name))).collect();
    let start = format!("flow run {}{}{rehearse}", args.start.pipeline, required.concat());
    Fail::new(Exit::NoInput, format!("there is no {kind} of `{}` to continue: {why}", plan.name))
        .help(format!("`{start}` starts a new one"))
}
