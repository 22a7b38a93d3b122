//! `flow schema`.

use super::exit::Exit;
use super::fail::Outcome;
use super::out::Out;
use crate::model::schema;

/// Arguments of `flow schema`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints the JSON Schema of pipeline files.
///
/// # Errors
/// When nobody reads it.
pub fn command(_: &Args, out: Out) -> Outcome {
    out.result(&format!("{:#}\n", schema()))?;
    Ok(Exit::Done)
}
