//! `flow completions`.

use super::args::Cli;
use super::exit::Exit;
use super::fail::Outcome;
use super::out::Out;
use clap::CommandFactory;

/// Arguments of `flow completions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which shell.
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

/// Prints a script that completes commands and options.
///
/// # Errors
/// When nobody reads it.
pub fn command(args: &Args, out: Out) -> Outcome {
    let mut script = vec![];
    clap_complete::generate(args.shell, &mut Cli::command(), "flow", &mut script);
    out.result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
