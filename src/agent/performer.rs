//! Picks who performs a turn: the agent's backend, a process, a rehearsal. Secrets are had and hidden here, once for all.

use super::backend::{Backend, Context, Future};
use super::claude::Claude;
use super::command::Command;
use super::environment::{Inherits, PLAIN};
use super::failure::{Fault, error, failed, refused};
use super::guard::Guard;
use super::mask::Mask;
use super::rehearse::Rehearse;
use super::run::Processes;
use super::secret::{MaskedFeed, masked, resolve};
use super::{ask, claude, detect, person};
use crate::name::Name;
use crate::run::{AgentSpec, BackendKind, ErrorClass, Outcome, Reply, Task, Work};
use crate::value::Value;
use indexmap::IndexMap;
use std::sync::Arc;

/// Performs any turn of a run.
#[derive(Clone)]
pub struct Performer {
    /// The agents with their backends settled (see [`detect::settle`]).
    agents: IndexMap<Name, AgentSpec>,
    /// Set in a rehearsal: then nothing else performs anything.
    rehearsal: Option<Arc<Rehearse>>,
    /// For agents that use `rehearse` in a real run.
    made_up: Arc<Rehearse>,
    person: Option<Arc<dyn person::Person>>,
    claude: Claude,
    command: Command,
    processes: Processes,
}

impl std::fmt::Debug for Performer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Performer")
            .field("agents", &self.agents)
            .field("rehearsal", &self.rehearsal.is_some())
            .finish_non_exhaustive()
    }
}

impl Performer {
    /// For a real run, with its agents settled.
    pub fn new(agents: IndexMap<Name, AgentSpec>) -> Self {
        Self {
            agents,
            rehearsal: None,
            made_up: Arc::default(),
            person: None,
            claude: Claude::default(),
            command: Command::default(),
            processes: Processes::default(),
        }
    }

    /// For a rehearsal, with the stubs of a test by phase, or none.
    pub fn rehearsal(stubs: IndexMap<Name, Value>) -> Self {
        Self { rehearsal: Some(Arc::new(Rehearse::new(stubs))), ..Self::new(IndexMap::new()) }
    }

    /// With guards from another file than this program's.
    #[must_use]
    pub fn guarded_by(self, guard: &Guard) -> Self {
        Self {
            claude: Claude { guard: guard.clone() },
            command: Command { guard: guard.clone() },
            processes: Processes { guard: guard.clone() },
            ..self
        }
    }

    /// With somebody who can be asked.
    #[must_use]
    pub fn asking(self, person: Arc<dyn person::Person>) -> Self {
        Self { person: Some(person), ..self }
    }

    /// Who performs an agent's turn, and what that program inherits.
    fn backend(&self, spec: &AgentSpec) -> Result<(&dyn Backend, Inherits), Fault> {
        match spec.backend {
            BackendKind::Claude => Ok((&self.claude, claude::INHERITS)),
            BackendKind::Command => Ok((&self.command, PLAIN)),
            BackendKind::Rehearse => Ok((&*self.made_up, PLAIN)),
            kind => Err(refused(format!(
                "this version cannot run agents with `{}`: choose another with `--agent`",
                detect::word(kind)
            ))),
        }
    }

    /// Performs a turn of a real run.
    async fn really(&self, work: &Work, context: &Context) -> Outcome {
        let mut context = context.clone();
        let (backend, inherits): (&dyn Backend, Inherits) = match &work.task {
            Task::Process(_) => (&self.processes, PLAIN),
            Task::Agent(agent) => {
                if let Some(spec) = self.agents.get(&agent.agent) {
                    context.agent = Some(spec.clone());
                }
                let Some(spec) = &context.agent else {
                    return failed(refused(format!("the pipeline has no agent `{}`", agent.agent)));
                };
                match self.backend(spec) {
                    Ok(found) => found,
                    Err(error) => return failed(error),
                }
            }
            Task::Ask(asked) => return self.ask(work, asked).await,
        };
        let (work, mut secrets) = match resolve(work, &context.project, &context.run).await {
            Ok(resolved) => resolved,
            Err(error) => return failed(error),
        };
        secrets.extend(inherits.credentials());
        secrets.extend(context.hidden.iter().cloned());
        let mask = Mask::of(secrets.iter().map(String::as_str));
        let feed = Arc::new(MaskedFeed::new(context.feed.clone(), mask.clone()));
        context.feed = feed.clone();
        let outcome = backend.perform(&work, &context).await;
        feed.finish();
        masked(outcome, &mask)
    }

    /// Asks a person.
    async fn ask(&self, work: &Work, asked: &crate::run::AskWork) -> Outcome {
        let asked = person::Asked { question: asked.question.clone(), form: asked.form.clone(), questions: Vec::new() };
        let answers = match &self.person {
            Some(person) => ask::ask(&**person, &work.attempt.phase, &asked).await,
            None => None,
        };
        match answers {
            Some(value) => Outcome::Reply(Reply { value, ..Reply::default() }),
            None => failed(error(ErrorClass::Unanswered, format!("nobody could be asked: {}", asked.question))),
        }
    }
}

impl Backend for Performer {
    fn name(&self) -> &'static str {
        "performer"
    }

    fn perform<'a>(&'a self, work: &'a Work, context: &'a Context) -> Future<'a, Outcome> {
        match &self.rehearsal {
            Some(rehearsal) => rehearsal.perform(work, context),
            None => Box::pin(self.really(work, context)),
        }
    }
}
