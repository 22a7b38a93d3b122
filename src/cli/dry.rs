//! `flow run --dry-run`: what a run would be made from and what it would do, without starting it.
//!
//! The start is made for real, in a store that is forgotten, as a rehearsal: variables, checks and keys are those of a
//! real start, and nothing is executed.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, Paint, clean};
use super::place::Place;
use super::serve;
use crate::drive::{Carrier, Observer, StartRequest};
use crate::name::Name;
use crate::run::{RunState, Stamped};
use crate::store::{CommitError, Cycle, Memory, Store, cycle_write, cycles};
use crate::view::timeline::plain;
use crate::view::words::one_line;
use crate::view::{graph, powers};
use std::fmt::Write as _;
use std::sync::Arc;

/// Characters of a value that is shown.
const WIDTH: usize = 100;

/// Shows what a start would begin.
///
/// # Errors
/// Whatever would refuse the start.
pub fn command(place: &Place, request: StartRequest, name: &str, out: Out) -> Outcome {
    let plan = request.plan.clone();
    let request = StartRequest { rehearsal: true, ..request };
    let state = serve::wait(async {
        let first = start(place, request.clone(), None).await?;
        let Some(series) = first.started.series.clone() else { return Ok(first) };
        let Some(store) = place.open().await? else { return Ok(first) };
        let known = cycles(&*store, &series).await?;
        // The number that it would get stands in its keys: the start is made again behind the last one.
        match known.into_iter().max_by_key(|cycle| cycle.cycle) {
            Some(last) => start(place, request, Some(last)).await,
            None => Ok(first),
        }
    })?;
    let mut text = String::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = writeln!(text, "{}", out.paint(Paint::Bold, title));
            for line in lines {
                let _ = writeln!(text, "  {}", clean(&line));
            }
        }
    };
    let run = match (&state.started.series, state.started.cycle) {
        (Some(series), Some(cycle)) => format!("{name}, cycle {cycle} of {series}"),
        _ => name.to_owned(),
    };
    section("would start", vec![run]);
    section("parameters", entries(&state.started.params));
    section("variables", entries(&state.started.vars));
    section("files", state.started.files.iter().map(|(param, file)| format!("{param}: {}", file.path)).collect());
    let in_bucket = state.started.bucket.as_deref().unwrap_or_default();
    section("documents", state.started.documents.values().map(|key| format!("{in_bucket} {key}")).collect());
    section("phases", graph::text(&plan, None, None).lines().map(str::to_owned).collect());
    section("may execute", powers::powers(&plan));
    out.result(&text)?;
    out.note("dry run: nothing was started");
    Ok(Exit::Done)
}

/// A start in a store of its own, behind the last cycle of its series.
async fn start(place: &Place, request: StartRequest, last: Option<Cycle>) -> Result<RunState, Fail> {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    if let Some(last) = last {
        let failed = |error: CommitError| Fail::new(Exit::Ours, error.to_string());
        store.commit(vec![cycle_write(&last)]).await.map_err(failed)?;
    }
    Ok(Carrier::start(&serve::idle(place, store), request, Arc::new(Nobody)).await?.state().clone())
}

fn entries(values: &crate::value::Value) -> Vec<String> {
    let entries = values.entries().into_iter().flatten().filter(|(_, value)| !value.is_null());
    entries.map(|(name, value)| format!("{name} = {}", one_line(&plain(&value), WIDTH))).collect()
}

struct Nobody;

impl Observer for Nobody {
    fn event(&self, _: &RunState, _: &Stamped) {}
    fn progress(&self, _: &Name, _: &str) {}
    fn notice(&self, _: &str) {}
}
