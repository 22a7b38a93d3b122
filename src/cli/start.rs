//! What `flow run` and `flow submit` have in common: the pipeline among the words, its parameters, what a run starts from.

use super::agents::AgentArg;
use super::args::Cli;
use super::fail::Fail;
use super::options;
use super::out::Out;
use super::pipeline::{self, Ready};
use super::place::StoreArg;
use crate::drive::StartRequest;
use crate::name::Bucket;
use crate::plan::Plan;
use crate::project::{self, Project};
use crate::run::LimitsRaised;
use crate::store::Store;
use crate::value::Value;
use clap::{ArgMatches, Command, CommandFactory};
use std::sync::Arc;

/// What a run is started from.
#[derive(Debug, clap::Args)]
pub struct StartArgs {
    /// A path, or the name of a built-in pipeline.
    #[arg(value_name = "PIPELINE")]
    pub pipeline: String,
    /// Walk through it without agents and processes: answers come from the pipeline's first test and from shapes.
    #[arg(long)]
    pub rehearse: bool,
    #[command(flatten)]
    pub agent: AgentArg,
}

/// Where the runs of a pipeline and its documents are kept.
#[derive(Debug, clap::Args)]
pub struct KeepArgs {
    #[command(flatten)]
    pub store: StoreArg,
    #[command(flatten)]
    pub bucket: BucketArgs,
}

/// What replaces the `[store]` of a pipeline.
#[derive(Debug, clap::Args)]
pub struct BucketArgs {
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
    pub project: Project,
    pub ready: Ready,
}

/// The first step: finds the pipeline of `flow run` or `flow submit` and adds its parameters to that command.
///
/// # Errors
/// When there is no such pipeline, or it has errors.
pub fn prepare(command: Command, name: &str, words: &[String], out: Out) -> Result<(Command, Option<Found>), Fail> {
    let known = Cli::command();
    let starts = known.find_subcommand(name).cloned().unwrap_or_default();
    let takes_value = |option: &str| {
        let argument = starts.get_arguments().chain(known.get_arguments()).find(|argument| argument.get_long() == Some(option));
        argument.is_some_and(|argument| argument.get_action().takes_values())
    };
    let project = pipeline::project()?;
    let Some(path) = options::pipeline_among(words, takes_value, |word| project.has(word)) else {
        return Ok((command, None));
    };
    let ready = pipeline::load(&project, &path, out)?;
    let with = |starts: Command| options::with_params(&starts, &ready.plan, &path, &project.root);
    let command = command.mut_subcommand(name, with);
    Ok((command, Some(Found { project, ready })))
}

impl StartArgs {
    /// A mistake in what was typed, and where the parameters are listed.
    pub fn usage(&self, message: String) -> Fail {
        Fail::usage(message).help(format!("`flow run {} --help` lists its parameters", self.pipeline))
    }

    /// What the run starts from: parameters read and checked, git looked at. `bucket` and `limits` replace what the pipeline
    /// says.
    ///
    /// # Errors
    /// When a parameter is missing or does not fit.
    pub fn request(
        &self,
        found: &Found,
        matches: &ArgMatches,
        bucket: &BucketArgs,
        limits: LimitsRaised,
    ) -> Result<StartRequest, Fail> {
        let Found { project, ready } = found;
        let given = options::given(&ready.plan, matches);
        // Git is asked while everything else is made ready.
        let root = project.root.clone();
        let git = std::thread::spawn(move || project::git(&root));
        let params = project::params(&project.root, &ready.plan, &given).map_err(|errors| {
            let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
            self.usage(texts.join("\n  "))
        })?;
        Ok(StartRequest {
            params: params.values,
            files: params.files,
            rehearsal: self.rehearse,
            agents: indexmap::IndexMap::new(),
            git: git.join().unwrap_or(Value::NULL),
            plan: Arc::new(limited(bucket.applied(&ready.plan), limits)),
        })
    }
}

impl BucketArgs {
    /// Whether anything was said.
    pub fn says_something(&self) -> bool {
        self.bucket.is_some() || self.replicas.is_some() || self.history.is_some()
    }

    /// The plan with what the command line says of its store.
    pub fn applied(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        if let Some(store) = &mut plan.store {
            store.bucket = self.bucket.clone().unwrap_or_else(|| store.bucket.clone());
            store.replicas = self.replicas.or(store.replicas);
            store.history = self.history.unwrap_or(store.history);
        }
        plan
    }
}

fn limited(mut plan: Plan, limits: LimitsRaised) -> Plan {
    plan.limits.wall_ms = limits.wall_ms.or(plan.limits.wall_ms);
    plan.limits.cost_usd = limits.cost_usd.or(plan.limits.cost_usd);
    plan.limits.tokens = limits.tokens.or(plan.limits.tokens);
    plan
}

/// Copies mean nothing to a store in one file: said once, when the bucket is about to be made.
///
/// # Errors
/// When the store cannot be read.
pub async fn tell_of_replicas(store: &dyn Store, plan: &Plan, out: Out) -> Result<(), Fail> {
    let Some((bucket, replicas)) = plan.store.as_ref().and_then(|store| Some((&store.bucket, store.replicas?))) else {
        return Ok(());
    };
    let copies = store.describe(&Bucket::engine()).await?.and_then(|engine| engine.replicas);
    if copies.is_none() && store.describe(bucket).await?.is_none() {
        out.note(&format!("bucket `{bucket}` is made in one file: `replicas = {replicas}` does not apply"));
    }
    Ok(())
}
