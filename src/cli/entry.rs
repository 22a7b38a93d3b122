//! Where the program begins: reads what was typed, calls the command, turns its end into an exit code.

use super::args::{Cli, Command};
use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, When};
use super::{
    answer, cancel, completions, doctor, eval, explain, fmt, graph, help, lint, list, logs, note, resume, retry, run, schema,
    show, start, store, submit, test, why, worker,
};
use crate::expr::on_new_stack;
use crate::limits::STACK_BYTES;
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
    // On a large stack from the beginning: no expression that a driver evaluates changes threads.
    let exit = match std::panic::catch_unwind(|| on_new_stack(|| run(&words, colour))) {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => no_room(&error),
        Err(_) => Exit::Ours,
    };
    exit.into()
}

fn no_room(error: &std::io::Error) -> Exit {
    let what = format!("the system gives no thread with a stack of {} MiB: {error}", STACK_BYTES >> 20);
    let help = "raise what limits it: `ulimit -v` (address space; hardly any of it is used) or `ulimit -u` (threads)";
    Out::new(When::Never).fail(&Fail::new(Exit::Ours, what).help(help));
    Exit::Ours
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
    match parse_and_call(words, out) {
        Ok(exit) => exit,
        Err(fail) => {
            out.fail(&fail);
            fail.exit
        }
    }
}

fn parse_and_call(words: &[OsString], out: Out) -> Outcome {
    let choice = if out.colour && out.err_colour { ColorChoice::Always } else { ColorChoice::Never };
    let mut command = Cli::command().color(choice);
    let mut found = None;
    if let Some((name, after)) = after_start(words) {
        (command, found) = start::prepare(command, name, &after, out)?;
    }
    let parsed = command.try_get_matches_from(words).and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let printed = error.print();
            if error.use_stderr() {
                return Ok(Exit::Usage);
            }
            printed?;
            return Ok(Exit::Done);
        }
    };
    match (&cli.command, found, matches.subcommand()) {
        (Command::Run(args), Some(found), Some((_, matches))) => run::command(args, &found, matches, out),
        (Command::Submit(args), Some(found), Some((_, matches))) => submit::command(args, &found, matches, out),
        (command, ..) => call(command, out),
    }
}

/// Commands that start a run, and take the parameters of its pipeline.
const STARTS: [&str; 2] = ["run", "submit"];

/// The words after `run` or `submit`, when that is the command: the first word that is no option of the program itself.
fn after_start(words: &[OsString]) -> Option<(&'static str, Vec<String>)> {
    let texts: Vec<_> = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let mut at = 0;
    while let Some(word) = texts.get(at).filter(|word| word.starts_with('-')) {
        at += if word == "--color" { 2 } else { 1 };
    }
    let name = STARTS.into_iter().find(|name| texts.get(at).is_some_and(|word| word == name))?;
    Some((name, texts[at + 1..].to_vec()))
}

fn call(command: &Command, out: Out) -> Outcome {
    match command {
        Command::Run(_) => Err(Fail::usage("`flow run` needs a pipeline").help("`flow run --help` says more")),
        Command::Submit(_) => Err(Fail::usage("`flow submit` needs a pipeline").help("`flow submit --help` says more")),
        Command::Worker(args) => worker::command(args, out),
        Command::Resume(args) => resume::command(args, out),
        Command::List(args) => list::command(args, out),
        Command::Show(args) => show::command(args, out),
        Command::Logs(args) => logs::command(args, out),
        Command::Why(args) => why::command(args, out),
        Command::Answer(args) => answer::command(args, out),
        Command::Cancel(args) => cancel::command(args, out),
        Command::Retry(args) => retry::command(args, out),
        Command::Note(args) => note::command(args, out),
        Command::Graph(args) => graph::command(args, out),
        Command::Test(args) => test::command(args, out),
        Command::Lint(args) => lint::command(args, out),
        Command::Explain(args) => explain::command(args, out),
        Command::Fmt(args) => fmt::command(args, out),
        Command::Schema(args) => schema::command(args, out),
        Command::Eval(args) => eval::command(args, out),
        Command::Doctor(args) => doctor::command(args, out),
        Command::Store(args) => store::command(args, out),
        #[cfg(feature = "lsp")]
        Command::Lsp(args) => super::lsp::command(args),
        Command::Completions(args) => completions::command(args, out),
        Command::Help(args) => help::command(args, out),
    }
}
