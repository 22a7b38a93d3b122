//! Who performs: `--agent`, `FLOW_AGENT`, `flow.toml`, the pipeline, what is installed; the nearer to the user wins.

use super::exit::Exit;
use super::fail::Fail;
use crate::agent::detect::{self, NoAgent, Override};
use crate::diag::nearest;
use crate::model::Backend;
use crate::name::Name;
use crate::plan::{Plan, Verb};
use crate::project::Config;
use crate::run::{AgentSpec, BackendKind};
use indexmap::IndexMap;

/// The environment variable that names a backend for all agents.
const FLOW_AGENT: &str = "FLOW_AGENT";

/// Which agents perform.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AgentArg {
    /// Who performs: `BACKEND` or `BACKEND:MODEL` for all agents, `NAME=BACKEND` for one; may be repeated.
    #[arg(long = "agent", value_name = "[NAME=]BACKEND")]
    pub agents: Vec<String>,
}

/// The agents that the phases of a plan use, each with its backend settled.
///
/// # Errors
/// When there is no such backend, or none for an agent.
pub fn settle(plan: &Plan, config: &Config, arg: &AgentArg) -> Result<IndexMap<Name, AgentSpec>, Fail> {
    let mut overrides = of_config(plan, config)?;
    if let Ok(text) = std::env::var(FLOW_AGENT)
        && !text.is_empty()
    {
        overrides.push(parse(FLOW_AGENT, &text)?);
    }
    overrides.extend(of_arg(arg)?);
    settled(plan, &overrides)
}

/// The agents of a run that began earlier: as they were chosen then, unless something else is said now.
///
/// # Errors
/// As [`settle`].
pub fn settle_again(plan: &Plan, before: &IndexMap<String, String>, arg: &AgentArg) -> Result<IndexMap<Name, AgentSpec>, Fail> {
    let mut overrides = as_before(plan, before);
    overrides.extend(of_arg(arg)?);
    settled(plan, &overrides)
}

/// The same on a worker's machine: what nobody chose is as `flow.toml` there says.
///
/// # Errors
/// As [`settle`].
pub fn settle_here(
    plan: &Plan,
    config: &Config,
    before: &IndexMap<String, String>,
    arg: &AgentArg,
) -> Result<IndexMap<Name, AgentSpec>, Fail> {
    let mut overrides = of_config(plan, config)?;
    overrides.extend(as_before(plan, before));
    overrides.extend(of_arg(arg)?);
    settled(plan, &overrides)
}

/// What the command line says of the agents of a plan, by agent, whatever is installed here.
///
/// # Errors
/// When there is no such backend, or the plan has no such agent.
pub fn asked(plan: &Plan, arg: &AgentArg) -> Result<IndexMap<String, String>, Fail> {
    let overrides = of_arg(arg)?;
    if let Some(unknown) =
        overrides.iter().filter_map(|change| change.agent.as_ref()).find(|name| !plan.agents.contains_key(*name))
    {
        let known = plan.agents.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        return Err(Fail::usage(format!("`--agent {unknown}=…` names no agent of this pipeline: it has {known}")));
    }
    let mut asked = IndexMap::new();
    for change in overrides {
        let backend = change.backend.map(detect::word).unwrap_or_default();
        let text = change.model.map_or(backend.to_owned(), |model| format!("{backend}:{model}"));
        let of = |name: &&Name| change.agent.as_ref().is_none_or(|agent| agent == *name);
        asked.extend(plan.agents.keys().filter(of).map(|name| (name.to_string(), text.clone())));
    }
    Ok(asked)
}

fn of_arg(arg: &AgentArg) -> Result<Vec<Override>, Fail> {
    arg.agents.iter().map(|text| parse("--agent", text)).collect()
}

/// How the agents of a run were chosen.
fn as_before(plan: &Plan, before: &IndexMap<String, String>) -> Vec<Override> {
    let chosen = |(agent, text): (&String, &String)| {
        let name = Name::new(agent).ok().filter(|name| plan.agents.contains_key(name))?;
        Some(Override { agent: Some(name), ..parse("the run", text).ok()? })
    };
    before.iter().filter_map(chosen).collect()
}

fn settled(plan: &Plan, overrides: &[Override]) -> Result<IndexMap<Name, AgentSpec>, Fail> {
    let used = |name: &Name| plan.phases.iter().any(|phase| matches!(&phase.verb, Verb::Agent { agent, .. } if agent == name));
    let of = |wanted: bool| {
        let agents = plan.agents.iter().filter(|(name, _)| used(name) == wanted);
        agents.map(|(name, agent)| (name.clone(), agent.spec.clone())).collect::<IndexMap<_, _>>()
    };
    let (agents, unused) = (of(true), of(false));
    let overrides: Vec<_> =
        overrides.iter().filter(|change| change.agent.as_ref().is_none_or(|name| !unused.contains_key(name))).cloned().collect();
    Ok(detect::settle(&agents, &overrides, &detect::installed())?)
}

/// `flow.toml`: one backend for all, and single agents.
fn of_config(plan: &Plan, config: &Config) -> Result<Vec<Override>, Fail> {
    let mut overrides = vec![];
    if let Some(text) = &config.agent {
        overrides.push(parse("`agent` of flow.toml", text)?);
    }
    for (agent, says) in &config.agents {
        let Some(name) = Name::new(agent).ok().filter(|name| plan.agents.contains_key(name)) else { continue };
        let backend = says.backend.as_deref().map(|word| backend("flow.toml", word)).transpose()?;
        overrides.push(Override { agent: Some(name), backend, model: says.model.clone() });
    }
    Ok(overrides)
}

/// `[NAME=]BACKEND[:MODEL]`.
fn parse(from: &str, text: &str) -> Result<Override, Fail> {
    let (agent, rest) = match text.split_once('=') {
        Some((agent, rest)) => {
            let name = Name::new(agent).map_err(|error| Fail::usage(format!("{from} `{text}`: {error}")))?;
            (Some(name), rest)
        }
        None => (None, text),
    };
    let (word, model) = rest.split_once(':').map_or((rest, None), |(word, model)| (word, Some(model.to_owned())));
    Ok(Override { agent, backend: Some(backend(from, word)?), model })
}

fn backend(from: &str, word: &str) -> Result<BackendKind, Fail> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).map_err(|_| {
        let fail = Fail::usage(format!("{from}: there is no backend `{word}`"));
        match nearest(word, Backend::WORDS.iter().copied()) {
            Some(near) => fail.help(format!("did you mean `{near}`?")),
            None => fail.help(format!("it is one of {}", Backend::WORDS.join(", "))),
        }
    })
}

impl From<NoAgent> for Fail {
    fn from(error: NoAgent) -> Self {
        let exit = if matches!(error, NoAgent::Unknown { .. }) { Exit::Usage } else { Exit::NoAgent };
        Self::new(exit, error.to_string())
    }
}
