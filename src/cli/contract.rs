//! What a worker may do on this machine: the plans that its operator allows, the tree that it has, the agents there are.

use super::agents::{self, AgentArg};
use super::fail::Fail;
use super::logs::tone;
use super::out::{Out, Paint, clean};
use super::pipeline;
use super::place::{Place, now};
use super::serve;
use crate::drive::{Observer, Services, Terms, Wanted, home};
use crate::name::Name;
use crate::plan::Plan;
use crate::project::{self, Config, builtin};
use crate::run::{AttemptId, Digest, Event, RunId, RunState, Stamped};
use crate::store::Store;
use crate::view::powers::powers;
use crate::view::timeline::{Tone, line};
use crate::view::words::short;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Digits of a commit that are shown.
const COMMIT: usize = 12;

/// The plans that a worker may run.
#[derive(Debug, Default)]
pub struct Allowed {
    /// Digests of plans.
    plans: BTreeSet<Digest>,
    /// Pipelines, whatever the command line said of their store and limits.
    pipelines: BTreeSet<Digest>,
}

impl Allowed {
    /// Reads what the operator wrote: digests of plans, and pipelines as they are here. Built-in ones are always allowed.
    ///
    /// # Errors
    /// When one is neither a digest nor a pipeline.
    pub fn of(written: &[String], out: Out) -> Result<Self, Fail> {
        let project = pipeline::project()?;
        let mut allowed = Self::default();
        for name in builtin::pipelines() {
            let plan = project.load(name).ok().filter(|loaded| loaded.builtin).and_then(|loaded| loaded.plan);
            allowed.pipelines.extend(plan.map(|plan| plan.essence()));
        }
        for text in written {
            if let Some(digest) = Digest::parse(text) {
                allowed.plans.insert(digest);
            } else if text.starts_with("sha256:") {
                return Err(Fail::usage(format!("`{text}` is no digest: `sha256:` and 64 hexadecimal digits")));
            } else {
                let ready = pipeline::load(&project, text, out)?;
                out.note(&format!("may run `{text}`:"));
                for power in powers(&ready.plan) {
                    out.note(&format!("  {power}"));
                }
                allowed.pipelines.insert(ready.plan.essence());
            }
        }
        Ok(allowed)
    }

    fn has(&self, plan: &Plan) -> bool {
        self.plans.contains(&plan.digest()) || self.pipelines.contains(&plan.essence())
    }
}

/// What a worker works with.
pub struct Contract {
    /// Its folder and store.
    pub place: Place,
    /// The store, open.
    pub store: Arc<dyn Store>,
    /// `flow.toml` of its folder.
    pub config: Config,
    /// What it may run.
    pub allowed: Allowed,
    /// Who performs, as its operator says.
    pub agent: AgentArg,
    /// Whether it does not matter what its folder holds.
    pub any_tree: bool,
    /// Where it tells what it does.
    pub out: Out,
}

impl Contract {
    /// Whether this folder is what the work is meant for.
    fn fits(&self, wanted: &Wanted) -> Result<(), String> {
        if self.any_tree || wanted.home == home(&self.place.root) {
            return Ok(());
        }
        let there = format!("{} on {}", wanted.home.root, wanted.home.host);
        if wanted.changed {
            return Err(format!("files of {there} were changed since its commit, or may be"));
        }
        let git = project::git(&self.place.root);
        if let Some(path) = git.get("dirty").items().and_then(|mut paths| paths.next()) {
            let path = path.as_str().unwrap_or_default();
            return Err(format!("it began in {there}, and this folder has changes of its own, such as `{path}`"));
        }
        let here = git.get("commit");
        let brief = |commit: &str| commit.chars().take(COMMIT).collect::<String>();
        match (wanted.commit.as_deref(), here.as_str()) {
            (Some(wanted), Some(here)) if wanted == here => Ok(()),
            (Some(wanted), Some(here)) => {
                Err(format!("it began in {there} at commit {}, and this folder is at {}", brief(wanted), brief(here)))
            }
            (Some(wanted), None) => Err(format!("it began in {there} at commit {}, and this folder has none", brief(wanted))),
            (None, _) => Err(format!("it began in {there} without a commit, so nothing says that this folder holds the same")),
        }
    }

    fn tell(&self, run: &RunId, text: &str) {
        say(self.out, run, text);
    }
}

/// A line of a worker: when, which run, what.
fn say(out: Out, run: &RunId, text: &str) {
    out.painted(&format!("{}  {}  {text}", out.err_paint(Paint::Dim, &now().to_string()), short(run)));
}

impl Terms for Contract {
    fn services(&self, plan: &Plan, wanted: &Wanted) -> Result<Services, String> {
        if wanted.rehearsal {
            return Ok(serve::services(&self.place, self.store.clone(), plan, None));
        }
        if !self.allowed.has(plan) {
            return Err(format!("its pipeline `{}` is not allowed here: `--allow {}` allows it", wanted.path, plan.digest()));
        }
        self.fits(wanted).map_err(|why| format!("{why} (`--any-tree` if that does not matter)"))?;
        let agents = agents::settle_here(plan, &self.config, &wanted.agents, &self.agent).map_err(|fail| fail.message)?;
        Ok(serve::services(&self.place, self.store.clone(), plan, Some(agents)))
    }

    fn observer(&self, run: &RunId) -> Arc<dyn Observer> {
        Arc::new(Lines { out: self.out, run: run.clone() })
    }

    fn notice(&self, text: &str) {
        self.out.note(text);
    }

    fn ended(&self, run: &RunId, word: &str) {
        self.tell(run, &clean(word));
    }

    fn helps(&self, run: &RunId, attempt: &AttemptId, ended: Option<&str>) {
        match ended {
            None => self.tell(run, &format!("{attempt}: performed here for another worker")),
            Some(word) => self.tell(run, &format!("{attempt}: {}", clean(word))),
        }
    }
}

/// Tells what happens in a run, a line each.
struct Lines {
    out: Out,
    run: RunId,
}

impl Observer for Lines {
    fn event(&self, state: &RunState, event: &Stamped) {
        if matches!(event.event, Event::Claimed { .. }) {
            let rehearsal = if state.started.rehearsal { "rehearsal of " } else { "" };
            return say(self.out, &self.run, &format!("carries {rehearsal}`{}`", clean(&state.started.pipeline)));
        }
        let line = line(state, event);
        if line.tone == Tone::Quiet {
            return;
        }
        let text = clean(&line.text);
        let text = tone(line.tone).map_or(text.clone(), |paint| self.out.err_paint(paint, &text));
        let phase = line.phase.map(|phase| format!("{phase}: ")).unwrap_or_default();
        say(self.out, &self.run, &format!("{phase}{text}"));
    }

    fn progress(&self, _: &Name, _: &str) {}

    fn notice(&self, text: &str) {
        say(self.out, &self.run, &clean(text));
    }
}
