//! Where the program begins: reads what was typed, calls the command, turns its end into an exit code.

use super::args::{Cli, Command};
use super::exit::Exit;
use super::fail::Outcome;
use super::out::{Out, When};
use super::{completions, eval, export, graph, help, lint, list, logs, note, show, why};
use clap::{ColorChoice, CommandFactory, FromArgMatches};
use std::ffi::OsString;
use std::process::ExitCode;

/// The program.
pub fn main() -> ExitCode {
    if let Some(code) = crate::agent::guard::main(std::env::args_os()) {
        return code;
    }
    std::panic::set_hook(Box::new(broken));
    let words: Vec<OsString> = std::env::args_os().collect();
    let colour = colour(&words);
    let exit = std::panic::catch_unwind(|| run(&words, colour)).unwrap_or(Exit::Ours);
    exit.into()
}

/// A mistake of ours: one message, and what helps to mend it.
fn broken(info: &std::panic::PanicHookInfo<'_>) {
    let what = info.payload_as_str().unwrap_or("it stopped in the middle of something");
    let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
    let out = Out::new(When::Never);
    out.note(&format!("error: this is a mistake of flow {} itself: {what}{place}", env!("CARGO_PKG_VERSION")));
    out.note("  help: what was journaled is kept: `flow list` shows the runs, `flow resume RUN` goes on");
}

/// `--color` as typed, known before anything is parsed, so that help has it too.
fn colour(words: &[OsString]) -> When {
    let texts: Vec<_> = words.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--").collect();
    let given = texts.iter().enumerate().find_map(|(at, word)| match *word {
        "--color" => texts.get(at + 1).copied(),
        word => word.strip_prefix("--color="),
    });
    match given {
        Some("always") => When::Always,
        Some("never") => When::Never,
        _ => When::Auto,
    }
}

fn run(words: &[OsString], colour: When) -> Exit {
    let out = Out::new(colour);
    let choice = |on: bool| if on { ColorChoice::Always } else { ColorChoice::Never };
    let command = Cli::command().color(choice(out.colour && out.err_colour));
    let parsed = command.try_get_matches_from(words).and_then(|matches| Cli::from_arg_matches(&matches));
    let outcome = match parsed {
        Ok(cli) => call(&cli.command, out),
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    match outcome {
        Ok(exit) => exit,
        Err(fail) => {
            out.fail(&fail);
            fail.exit
        }
    }
}

fn call(command: &Command, out: Out) -> Outcome {
    match command {
        Command::List(args) => list::command(args, out),
        Command::Show(args) => show::command(args, out),
        Command::Logs(args) => logs::command(args, out),
        Command::Why(args) => why::command(args, out),
        Command::Note(args) => note::command(args, out),
        Command::Graph(args) => graph::command(args, out),
        Command::Lint(args) => lint::command(args, out),
        Command::Eval(args) => eval::command(args, out),
        Command::Store(args) => export::command(args, out),
        Command::Completions(args) => completions::command(args, out),
        Command::Help(args) => help::command(args, out),
    }
}
