//! What the operator of a worker allows, and what its machine can do.

use crate::drive::{Observer, Services};
use crate::plan::Plan;
use crate::run::{AttemptId, RunId, RunState};
use crate::store::{Home, Offer};
use indexmap::IndexMap;
use std::sync::Arc;

/// What a worker is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where it was worked on last.
    pub home: Home,
    /// The commit there when the run began, if it is one of git.
    pub commit: Option<String>,
    /// Whether there were changes that were not committed when the run began, or the run has made some since.
    pub changed: bool,
    /// Whether nothing is really performed.
    pub rehearsal: bool,
    /// How agents are performed, by agent, as far as somebody said.
    pub agents: IndexMap<String, String>,
    /// The path of the pipeline.
    pub path: String,
}

impl Wanted {
    /// A run.
    pub(super) fn run(state: &RunState, plan: &Plan, home: Home) -> Self {
        let started = &state.started;
        let begun = state.phases.iter().any(|phase| phase.attempts > 0);
        let dirty = started.project.get("dirty").items().is_some_and(|mut paths| paths.next().is_some());
        Self {
            home,
            commit: started.project.get("commit").as_str().map(str::to_owned),
            changed: dirty || (begun && plan.writes()),
            rehearsal: started.rehearsal,
            agents: started.agents.clone(),
            path: started.path.clone(),
        }
    }

    /// An attempt that another driver offers.
    pub(super) fn offer(offer: &Offer, plan: &Plan) -> Self {
        Self {
            home: offer.home.clone(),
            commit: offer.commit.clone(),
            changed: offer.changed,
            rehearsal: false,
            agents: offer.agents.clone(),
            path: plan.path.clone(),
        }
    }
}

/// What the operator of a worker allows, and what its machine can do.
pub trait Terms: Send + Sync {
    /// What a plan is carried with here; or why it is not, for people.
    fn services(&self, plan: &Plan, wanted: &Wanted) -> Result<Services, String>;

    /// Sees what happens in a run that is carried here.
    fn observer(&self, run: &RunId) -> Arc<dyn Observer>;

    /// An attempt of another driver's run is performed here; `None` when it has ended.
    fn helps(&self, run: &RunId, attempt: &AttemptId, ended: Option<&str>);

    /// Something that the operator should know.
    fn notice(&self, text: &str);

    /// A run is no longer carried here, and why.
    fn ended(&self, run: &RunId, word: &str);
}
