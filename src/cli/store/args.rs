//! The commands of `flow store`.

use super::{apply, export, import, status};
use crate::cli::fail::Outcome;
use crate::cli::out::Out;

/// Arguments of `flow store`.
#[derive(Debug, clap::Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

/// What can be done with a store.
#[derive(Debug, clap::Subcommand)]
enum StoreCommand {
    /// Say what is in the store, and whether its buckets are as pipelines declare them.
    Status(status::Args),
    /// Make the buckets of pipelines, or change what differs.
    Apply(apply::Args),
    /// Print everything that is stored, one JSON object a line.
    Export(export::Args),
    /// Take in what `flow store export` printed.
    Import(import::Args),
}

/// Calls the command.
///
/// # Errors
/// Those of the command.
pub fn command(args: &StoreArgs, out: Out) -> Outcome {
    match &args.command {
        StoreCommand::Status(args) => status::command(args, out),
        StoreCommand::Apply(args) => apply::command(args, out),
        StoreCommand::Export(args) => export::command(args, out),
        StoreCommand::Import(args) => import::command(args, out),
    }
}
