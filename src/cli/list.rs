//! `flow list`.

use super::alive::by_row;
use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, Paint, clean, columns, json_text};
use super::place::{Place, StoreArg, now, wait};
use crate::run::RunStatus;
use crate::store::{RunHead, Store, enlisted, list_runs};
use crate::view::list::{Row, table};
use crate::view::status::Carried;
use crate::view::words::{count, short};

/// Arguments of `flow list`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the rows as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArg,
}

/// Lists the runs, newest first.
///
/// # Errors
/// When the store cannot be read.
pub fn command(args: &Args, out: Out) -> Outcome {
    let place = Place::find(&args.store)?;
    let (rows, left, faults) = wait(async {
        let Some(store) = place.open().await? else { return Ok((vec![], vec![], vec![])) };
        let (heads, faults) = list_runs(&*store).await?;
        let (mut rows, mut left) = (Vec::with_capacity(heads.len()), Vec::new());
        for head in heads.iter().rev() {
            let is_running = head.status == RunStatus::Running.as_str();
            // Workers go on with what another one let go of.
            let is_let_go = head.status == RunStatus::Interrupted.as_str() && head.pool.is_some();
            let carried = if is_running || is_let_go { by_row(&*store, head).await? } else { Carried::No };
            rows.push(Row::of(head, carried));
            left.extend(left_alone(&*store, head, carried).await?);
        }
        Ok((rows, left, faults))
    })?;
    for fault in &faults {
        out.warn(&fault.to_string());
    }
    if args.json {
        let text = serde_json::to_string_pretty(&rows).unwrap_or_default();
        out.result(&format!("{}\n", json_text(&text)))?;
    } else if rows.is_empty() {
        out.note(&place.nothing().message);
    } else {
        let lines = columns(&table(&rows, now()));
        let shown = lines.iter().enumerate().map(|(at, line)| if at == 0 { out.paint(Paint::Dim, line) } else { clean(line) });
        out.result(&(shown.collect::<Vec<_>>().join("\n") + "\n"))?;
        for note in &left {
            out.note(note);
        }
    }
    Ok(if faults.is_empty() { Exit::Done } else { Exit::Store })
}

/// What there is to say of a run that waits for a worker although some looked at it.
async fn left_alone(store: &dyn Store, head: &RunHead, carried: Carried) -> Result<Option<String>, Fail> {
    let Some(pool) = head.pool.as_ref().filter(|_| carried == Carried::Queued) else { return Ok(None) };
    let refused = enlisted(store, pool, &head.id).await?.map_or(0, |enlisted| enlisted.refused.len());
    let id = short(&head.id);
    Ok((refused > 0).then(|| format!("run {id} was left alone by {}: `flow show {id}` says why", count(refused, "worker"))))
}
