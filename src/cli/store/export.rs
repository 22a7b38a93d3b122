//! `flow store export`: everything that is stored, one JSON object a line.

use crate::cli::exit::Exit;
use crate::cli::fail::{Fail, Outcome};
use crate::cli::out::Out;
use crate::cli::place::{Place, StoreArg, wait};
use crate::drive::lives;
use crate::run::RunStatus;
use crate::store::{Store, StoreError, export, file_of, list_runs, open_store, read_lease, salvage};
use crate::view::words::count;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

const INCOMPLETE: &str = "what it writes from now on may be missing; export again when it has ended";

/// Arguments of `flow store export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    store: StoreArg,
}

/// Prints everything. Of a store that is damaged it prints what can still be read; what cannot is told on stderr.
///
/// # Errors
/// When the store cannot be opened for another reason.
pub fn command(args: &Args, out: Out) -> Outcome {
    let place = Place::find(&args.store)?;
    wait(async {
        if place.is_missing() {
            return Err(place.nothing());
        }
        let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
        let print = |line: &str| writeln!(stdout, "{line}");
        let (exported, damage) = match find(place.url.text()).await? {
            Found::Whole(store) => {
                warn_of_carried(&*store, out).await?;
                (export(&*store, &[], print).await?, None)
            }
            Found::Damaged(file, how) => (salvage(&file, print)?, Some(how)),
        };
        stdout.flush()?;
        if let Some(how) = &damage {
            let read = count(usize::try_from(exported.lines).unwrap_or(usize::MAX), "write");
            out.fail(&Fail::new(Exit::Store, format!("{} is damaged ({how}): {read} could be read", place.url)));
        }
        for fault in &exported.faults {
            out.fail(&Fail::new(Exit::Store, fault));
        }
        Ok(if damage.is_none() && exported.faults.is_empty() { Exit::Done } else { Exit::Store })
    })
}

/// What a driver writes while its run is exported may or may not be printed.
async fn warn_of_carried(store: &dyn Store, out: Out) -> Result<(), Fail> {
    let (heads, _) = list_runs(store).await?;
    for head in heads.iter().filter(|head| head.status == RunStatus::Running.as_str()) {
        let Some((lease, _)) = read_lease(store, &head.id).await? else { continue };
        let (pid, host) = (lease.owner.pid, &lease.owner.host);
        match lives(&lease.owner) {
            Some(false) => {}
            Some(true) => out.warn(&format!("run {} is being carried by process {pid} on {host}: {INCOMPLETE}", head.id)),
            None => out.warn(&format!("run {} may be carried by process {pid} on {host}: {INCOMPLETE}", head.id)),
        }
    }
    Ok(())
}

/// A store that can be read as it is, or the file of one that cannot and what is wrong with it.
enum Found {
    Whole(Arc<dyn Store>),
    Damaged(PathBuf, String),
}

async fn find(url: &str) -> Result<Found, Fail> {
    let store = match (open_store(url, false).await, file_of(url)) {
        (Err(StoreError::Broken { cause, .. }), Some(file)) => return Ok(Found::Damaged(file.to_owned(), cause)),
        (opened, _) => opened?,
    };
    Ok(match (store.check().await, file_of(url)) {
        (Ok(found), Some(file)) if !found.is_empty() => Found::Damaged(file.to_owned(), found[0].clone()),
        (Err(StoreError::Broken { cause, .. }), Some(file)) => Found::Damaged(file.to_owned(), cause),
        _ => Found::Whole(store),
    })
}
