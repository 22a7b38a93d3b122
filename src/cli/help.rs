//! `flow help`.

use super::args::Cli;
use super::exit::{self, Exit};
use super::fail::{Fail, Outcome};
use super::out::Out;
use clap::CommandFactory;

/// Arguments of `flow help`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A command, or `exit-codes`.
    #[arg(value_name = "TOPIC")]
    topic: Vec<String>,
}

/// Prints the help of a command, or the table of exit codes.
///
/// # Errors
/// When there is no such topic.
pub fn command(args: &Args, out: Out) -> Outcome {
    if args.topic.len() == 1 && args.topic[0] == "exit-codes" {
        out.result(&exit::table())?;
        return Ok(Exit::Done);
    }
    let mut command = Cli::command();
    command.build();
    let mut found = &mut command;
    for word in &args.topic {
        let names: Vec<_> =
            found.get_subcommands().map(|command| command.get_name().to_owned()).chain(["exit-codes".to_owned()]).collect();
        found = found.find_subcommand_mut(word).ok_or_else(|| {
            let fail = Fail::usage(format!("there is no help about `{word}`"));
            match crate::diag::nearest(word, names.iter().map(String::as_str)) {
                Some(near) => fail.help(format!("did you mean `flow help {near}`?")),
                None => fail.help(format!("there is help about {}", names.join(", "))),
            }
        })?;
    }
    let help = found.render_help();
    out.result(&if out.colour { help.ansi().to_string() } else { help.to_string() })?;
    Ok(Exit::Done)
}
