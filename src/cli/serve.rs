//! What a driver is given by the command line: store, folder, performers; and the loop it runs in.

use super::exit::Exit;
use super::fail::Fail;
use super::place::Place;
use crate::agent::rehearsed::Rehearsed;
use crate::agent::{Performer, Person};
use crate::drive::Services;
use crate::name::Name;
use crate::plan::{Plan, StubReply};
use crate::run::AgentSpec;
use crate::store::Store;
use crate::value::Value;
use indexmap::IndexMap;
use std::sync::Arc;

/// What a driver works with. `agents` are settled; none means a rehearsal.
pub fn services(place: &Place, store: Arc<dyn Store>, plan: &Plan, agents: Option<IndexMap<Name, AgentSpec>>) -> Services {
    let performer = match agents {
        Some(agents) => Performer::new(agents),
        None => Performer::rehearsal(stubs(plan)),
    };
    Services { store, store_url: place.url.clone(), root: place.root.clone(), performer: Arc::new(performer) }
}

/// Who answers the questions of a rehearsal.
pub fn rehearsed(plan: &Plan) -> Arc<dyn Person> {
    Arc::new(Rehearsed::new(stubs(plan)))
}

/// The stubs of a rehearsal, as they are written in a pipeline: a list of replies by phase.
fn stubs(plan: &Plan) -> IndexMap<Name, Value> {
    let reply = |stub: &StubReply| match stub {
        StubReply::Reply(value) => value.clone(),
        StubReply::Fails { class, message } => {
            Value::table([("!", Value::text(class.as_str())), ("message", message.as_deref().into())])
        }
    };
    plan.rehearsal.0.iter().map(|(phase, replies)| (phase.clone(), Value::list(replies.iter().map(reply)))).collect()
}

/// For requests, which start nothing.
pub fn idle(place: &Place, store: Arc<dyn Store>) -> Services {
    let performer = Arc::new(Performer::new(IndexMap::new()));
    Services { store, store_url: place.url.clone(), root: place.root.clone(), performer }
}

/// Waits for a future, and for nothing that was left behind: a thread may still wait for a line from a terminal.
///
/// # Errors
/// Those of the future, or when the system gives no event queue.
pub fn wait<T>(future: impl Future<Output = Result<T, Fail>>) -> Result<T, Fail> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Fail::new(Exit::Ours, format!("cannot wait for anything: {error}")))?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}
