//! Which run `--continue` means.

use super::owner::lives;
use super::{DriveError, load};
use crate::engine::Program;
use crate::expr::jq::Input;
use crate::expr::on_big_stack;
use crate::name::Name;
use crate::plan::{Plan, Select};
use crate::run::RunState;
use crate::store::{RunHead, Store, list_runs, read_lease};
use crate::value::Value;
use std::sync::Arc;

/// A run that can be gone on with.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its row.
    pub head: RunHead,
    /// Its state.
    pub state: RunState,
    /// The process that carries it now, on this machine.
    pub carried_by: Option<u32>,
}

/// The runs of a pipeline that are not over or failed, newest first. `given` are parameters that select.
///
/// # Errors
/// The store failed, or the journal of a candidate is damaged.
pub async fn candidates(
    store: &Arc<dyn Store>,
    plan: &Arc<Plan>,
    rehearsal: bool,
    given: &[(Name, Value)],
) -> Result<Vec<Candidate>, DriveError> {
    let (mut heads, _) = list_runs(&**store).await?;
    heads.retain(|head| head.pipeline == plan.name && head.rehearsal == rehearsal);
    heads.retain(|head| matches!(head.status.as_str(), "running" | "waiting" | "interrupted" | "failed"));
    heads.sort_by(|a, b| b.started_at.cmp(&a.started_at).then(b.id.cmp(&a.id)));
    let program = Arc::new(Program::new(plan.clone()));
    let mut found = Vec::new();
    for head in heads {
        let state = load(store, &head.id).await?.state;
        let chosen = given.iter().all(|(param, value)| selects(&program, &state, param, value));
        if !chosen {
            continue;
        }
        let lease = read_lease(&**store, &head.id).await?;
        let carried_by = lease.filter(|(lease, _)| lives(&lease.owner) == Some(true)).map(|(lease, _)| lease.owner.pid);
        found.push(Candidate { head, state, carried_by });
    }
    Ok(found)
}

/// Whether a run is the one that a parameter means. An expression that fails on a run does not choose it.
fn selects(program: &Arc<Program>, state: &RunState, param: &Name, given: &Value) -> bool {
    match program.plan.params.get(param).and_then(|param| param.select.as_ref()) {
        None => true,
        Some(Select::Same) => state.started.params.get(param.as_str()) == *given,
        Some(Select::By(expr)) => {
            let (program, text, run, given) = (program.clone(), expr.text.clone(), state.document().clone(), given.clone());
            on_big_stack(move || {
                let vars = [("$given", given)];
                program.boolean(&text, &Input { value: run, vars: &vars, glob: None }).unwrap_or(false)
            })
        }
    }
}
