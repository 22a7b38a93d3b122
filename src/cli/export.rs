//! `flow store export`: everything that is stored, one JSON object a line.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::Out;
use super::place::{Place, StoreArg, wait};
use crate::store::export;
use std::io::Write;

/// Arguments of `flow store`.
#[derive(Debug, clap::Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

/// What can be done with a store.
#[derive(Debug, clap::Subcommand)]
enum StoreCommand {
    /// Print everything that is stored, one JSON object a line.
    Export(Args),
}

/// Arguments of `flow store export`.
#[derive(Debug, clap::Args)]
struct Args {
    #[command(flatten)]
    store: StoreArg,
}

/// Prints everything; what cannot be read is told on stderr and left out.
///
/// # Errors
/// When the store cannot be opened, or something in it cannot be read.
pub fn command(args: &StoreArgs, out: Out) -> Outcome {
    let StoreCommand::Export(args) = &args.command;
    let place = Place::find(&args.store)?;
    wait(async {
        let Some(store) = place.open().await? else { return Err(place.nothing()) };
        let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
        let exported = export(&*store, &[], |line| writeln!(stdout, "{line}")).await?;
        stdout.flush()?;
        for fault in &exported.faults {
            out.fail(&Fail::new(Exit::Store, format!("left out: {fault}")));
        }
        Ok::<_, Fail>(if exported.faults.is_empty() { Exit::Done } else { Exit::Store })
    })
}
