//! `flow lsp`.

use super::exit::Exit;
use super::fail::{Fail, Outcome};

/// Arguments of `flow lsp`; editors pass `--stdio` of their own accord.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Speak over stdin and stdout, which is the only way.
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Serves an editor until it is done.
///
/// # Errors
/// When the editor goes away without a word.
pub fn command(_: &Args) -> Outcome {
    crate::lsp::serve().map_err(|error| Fail::new(Exit::NoInput, error.to_string()))?;
    Ok(Exit::Done)
}
