//! `flow show`.

use super::alive::{self, carried};
use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, Paint, clean, columns, json_text};
use super::place::{self, Place, StoreArg, now, wait};
use crate::run::{PhaseStatus, RunId};
use crate::store::{Store, enlisted};
use crate::view::status::{Carried, Glance, glance};
use std::fmt::Write as _;

/// Arguments of `flow show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An id, its beginning or its end, or `latest`.
    #[arg(value_name = "RUN")]
    run: String,
    /// Print the run document.
    #[arg(long, conflicts_with = "jq")]
    json: bool,
    /// Print what a jq expression gives of the run document, one result a line.
    #[arg(long, value_name = "EXPR")]
    jq: Option<String>,
    #[command(flatten)]
    store: StoreArg,
}

/// Shows a run.
///
/// # Errors
/// When there is no such run, or it cannot be read.
pub fn command(args: &Args, out: Out) -> Outcome {
    let place = Place::find(&args.store)?;
    let (state, carried, pool) = wait(async {
        let store = place.open_existing().await?;
        let told = place::named(&store, &args.run).await?;
        let carried = carried(&*store, &told.state).await?;
        let pool = if carried == Carried::Queued { pool(&*store, told.state.id()).await? } else { vec![] };
        Ok((told.state, carried, pool))
    })?;
    if let Some(expression) = &args.jq {
        return super::eval::print(expression, state.document(), out);
    }
    if args.json {
        let text = serde_json::to_string_pretty(state.document()).unwrap_or_default();
        out.result(&format!("{}\n", json_text(&text)))?;
        return Ok(Exit::Done);
    }
    let mut glance = glance(&state, now(), carried);
    glance.facts.extend(pool);
    out.result(&text(&glance, out))?;
    Ok(Exit::Done)
}

/// What is known of the pool of a run that waits for a worker: its name, and why workers left it alone.
async fn pool(store: &dyn Store, run: &RunId) -> Result<Vec<(&'static str, String)>, Fail> {
    let Some(pool) = alive::pool(store, run).await? else { return Ok(vec![]) };
    let mut facts = vec![("pool", pool.to_string())];
    for refusal in enlisted(store, &pool, run).await?.map(|enlisted| enlisted.refused).unwrap_or_default() {
        facts.push(("left by", format!("{} in {}: {}", refusal.by.host, refusal.by.root, refusal.why)));
    }
    Ok(facts)
}

/// The colour of a phase's status.
pub fn paint(status: PhaseStatus) -> Paint {
    match status {
        PhaseStatus::Complete => Paint::Green,
        PhaseStatus::Running => Paint::Blue,
        PhaseStatus::Waiting | PhaseStatus::Interrupted => Paint::Yellow,
        PhaseStatus::Failed | PhaseStatus::Cancelled => Paint::Red,
        PhaseStatus::Pending | PhaseStatus::Skipped => Paint::Dim,
    }
}

/// A run at a glance, for stdout.
pub fn text(glance: &Glance, out: Out) -> String {
    let mut text = String::new();
    for (label, fact) in &glance.facts {
        let _ = writeln!(text, "{}  {}", out.paint(Paint::Dim, &format!("{label:<9}")), clean(fact));
    }
    text.push('\n');
    let rows: Vec<_> = glance
        .rows
        .iter()
        .map(|row| {
            let cells = [row.phase.as_str(), row.status.as_str(), &row.time, &row.tries, &row.cost, &row.reason];
            cells.map(clean)
        })
        .collect();
    for (line, row) in columns(&rows).iter().zip(&glance.rows) {
        let painted = out.paint(paint(row.status), row.status.as_str());
        let _ = writeln!(
            text,
            "  {}",
            line.replacen(row.status.as_str(), &painted, usize::from(!row.phase.as_str().contains(row.status.as_str())))
        );
    }
    for question in &glance.questions {
        let _ = writeln!(text, "\n{}", out.paint(Paint::Yellow, &format!("{} asks:", question.phase)));
        for line in &question.lines {
            let _ = writeln!(text, "  {}", clean(line));
        }
    }
    if let Some(summary) = &glance.summary {
        let _ = writeln!(text, "\n{}", clean(summary.trim()));
    }
    if !glance.next.is_empty() {
        text.push('\n');
    }
    let rows: Vec<_> = glance.next.iter().map(|(command, what)| [clean(command), format!("# {what}")]).collect();
    for line in columns(&rows) {
        let _ = writeln!(text, "  {line}");
    }
    text
}
