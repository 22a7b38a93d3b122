//! `flow run`.

use super::agents::{self, AgentArg};
use super::args::Cli;
use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::go::{GoArgs, Going};
use super::options;
use super::out::Out;
use super::pipeline::{self, Ready};
use super::place::{Place, StoreArg};
use super::serve;
use super::{dry, resume, trust};
use crate::drive::{Carrier, StartRequest};
use crate::name::Bucket;
use crate::plan::Plan;
use crate::project::{self, Project};
use crate::store::{Store, list_runs};
use crate::value::Value;
use crate::view::words::short;
use clap::{ArgMatches, Command, CommandFactory};
use std::sync::Arc;

/// Arguments of `flow run`; those of the pipeline come on top.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A path, or the name of a built-in pipeline.
    #[arg(value_name = "PIPELINE")]
    pipeline: String,
    /// Go on with the newest unfinished run of the pipeline instead of starting one.
    #[arg(long = "continue")]
    goes_on: bool,
    /// Walk through it without agents and processes: answers come from the pipeline's first test and from shapes.
    #[arg(long)]
    rehearse: bool,
    /// Show what would happen, and start nothing.
    #[arg(long, conflicts_with = "goes_on")]
    dry_run: bool,
    #[command(flatten)]
    agent: AgentArg,
    #[command(flatten)]
    go: GoArgs,
    #[command(flatten)]
    store: StoreArg,
    /// Keep the documents in this bucket instead of the pipeline's.
    #[arg(long, value_name = "NAME", value_parser = bucket_name)]
    bucket: Option<Bucket>,
    /// Copies of the documents in a cluster, instead of the pipeline's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5))]
    replicas: Option<u32>,
    /// Values kept per document, instead of the pipeline's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    history: Option<u32>,
}

fn bucket_name(text: &str) -> Result<Bucket, String> {
    Bucket::new(text).map_err(|error| error.to_string())
}

/// A pipeline that was found among the words, before they are parsed.
pub struct Found {
    project: Project,
    ready: Ready,
}

/// The first step: finds the pipeline of `flow run` and adds its parameters to the command.
///
/// # Errors
/// When there is no such pipeline, or it has errors.
pub fn prepare(command: Command, words: &[String], out: Out) -> Result<(Command, Option<Found>), Fail> {
    let known = Cli::command();
    let run = known.find_subcommand("run").cloned().unwrap_or_default();
    let takes_value = |option: &str| {
        let argument = run.get_arguments().chain(known.get_arguments()).find(|argument| argument.get_long() == Some(option));
        argument.is_some_and(|argument| argument.get_action().takes_values())
    };
    let project = pipeline::project()?;
    let Some(name) = options::pipeline_among(words, takes_value, |word| project.has(word)) else {
        return Ok((command, None));
    };
    let ready = pipeline::load(&project, &name, out)?;
    let command = command.mut_subcommand("run", |run| options::with_params(&run, &ready.plan, &name, &project.root));
    Ok((command, Some(Found { project, ready })))
}

/// Starts a run, or goes on with one.
///
/// # Errors
/// Whatever refuses the start or ends the run early.
pub fn command(args: &Args, found: Found, matches: &ArgMatches, out: Out) -> Outcome {
    let Found { project, ready } = found;
    let given = options::given(&ready.plan, matches);
    let usage = |message: String| Fail::usage(message).help(format!("`flow run {} --help` lists its parameters", args.pipeline));
    options::fits(&ready.plan, &given, args.goes_on).map_err(usage)?;
    if args.goes_on {
        return go_on(args, &ready.plan, &given, out);
    }
    // Git is asked while everything else is made ready.
    let root = project.root.clone();
    let git = std::thread::spawn(move || project::git(&root));
    let params = project::params(&project.root, &ready.plan, &given).map_err(|errors| {
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        usage(texts.join("\n  "))
    })?;
    let plan = Arc::new(overridden(&ready.plan, args));
    let config = pipeline::settings(&project)?;
    let agents = if args.rehearse || args.dry_run { None } else { Some(agents::settle(&plan, config, &args.agent)?) };
    let place = Place::find(&args.store)?;
    let request = StartRequest {
        params: params.values,
        files: params.files,
        rehearsal: args.rehearse,
        agents: agents.as_ref().map(crate::agent::detect::chosen).unwrap_or_default(),
        git: git.join().unwrap_or(Value::NULL),
        plan: plan.clone(),
    };
    if args.dry_run {
        return dry::command(&place, request, &args.pipeline, out);
    }
    if !ready.loaded.builtin && !args.rehearse {
        trust::ensure(&project.root, &args.pipeline, &plan, args.go.yes, out)?;
    }
    serve::wait(async {
        let store = place.open_or_create().await?;
        tell_of_replicas(&*store, &plan, out).await?;
        let services = serve::services(&place, store, &plan, agents);
        let going = Going::new(args.go, args.rehearse.then(|| serve::rehearsed(&plan)), out);
        let carrier = Carrier::start(&services, request, going.progress.clone()).await?;
        going.begun(carrier).await
    })
}

/// Copies mean nothing to a store in one file: said once, when the bucket is about to be made.
async fn tell_of_replicas(store: &dyn Store, plan: &Plan, out: Out) -> Result<(), Fail> {
    let Some((bucket, replicas)) = plan.store.as_ref().and_then(|store| Some((&store.bucket, store.replicas?))) else {
        return Ok(());
    };
    let copies = store.describe(&Bucket::engine()).await?.and_then(|engine| engine.replicas);
    if copies.is_none() && store.describe(bucket).await?.is_none() {
        out.note(&format!("bucket `{bucket}` is made in one file: `replicas = {replicas}` does not apply"));
    }
    Ok(())
}

/// The plan with what the command line says of store and limits.
fn overridden(plan: &Plan, args: &Args) -> Plan {
    let mut plan = plan.clone();
    if let Some(store) = &mut plan.store {
        store.bucket = args.bucket.clone().unwrap_or_else(|| store.bucket.clone());
        store.replicas = args.replicas.or(store.replicas);
        store.history = args.history.unwrap_or(store.history);
    }
    plan.limits.wall_ms = args.go.max_wall.or(plan.limits.wall_ms);
    plan.limits.cost_usd = args.go.max_cost.or(plan.limits.cost_usd);
    plan.limits.tokens = args.go.max_tokens.or(plan.limits.tokens);
    plan
}

/// `--continue`: the newest unfinished run of the pipeline that nobody carries.
fn go_on(args: &Args, plan: &Arc<Plan>, given: &[(String, String)], out: Out) -> Outcome {
    let mut selected = vec![];
    for (name, text) in given {
        let Some((name, param)) = plan.params.iter().find(|(known, _)| known.as_str() == name) else { continue };
        let value = param.read(text).map_err(|error| Fail::usage(format!("--{}: {error}", options::option(name))))?;
        selected.push((name.clone(), value));
    }
    let place = Place::find(&args.store)?;
    serve::wait(async {
        let Some(store) = place.open().await? else { return Err(nothing(args, plan, "there is no run here yet")) };
        let mut candidates = crate::drive::candidates(&store, plan, args.rehearse, &selected).await?;
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
        let again = resume::Again { agent: &args.agent, go: args.go, retry };
        resume::carry(&place, store.clone(), newest.state.clone(), &again, out).await
    })
}

/// Why there is nothing to go on with, told by the newest run of the pipeline.
async fn nothing_left(args: &Args, plan: &Plan, store: &dyn Store) -> Result<Fail, Fail> {
    let (heads, _) = list_runs(store).await?;
    let newest = heads.into_iter().rev().find(|head| head.pipeline == plan.name && head.rehearsal == args.rehearse);
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
    let kind = if args.rehearse { "rehearsal" } else { "run" };
    let rehearse = if args.rehearse { " --rehearse" } else { "" };
    let required = plan.params.iter().filter(|(_, param)| param.required);
    let required: Vec<_> = required.map(|(name, _)| format!(" --{}=…", options::option(name))).collect();
    let start = format!("flow run {}{}{rehearse}", args.pipeline, required.concat());
    Fail::new(Exit::NoInput, format!("there is no {kind} of `{}` to continue: {why}", plan.name))
        .help(format!("`{start}` starts a new one"))
}
