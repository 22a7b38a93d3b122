//! The command tree: what can be typed. Each command's own arguments stand in its own file.

use super::out::When;
use super::{
    answer, cancel, completions, doctor, eval, explain, fmt, graph, help, lint, list, logs, note, resume, retry, run, schema,
    show, store, submit, test, why, worker,
};
use clap::{ArgAction, Parser, Subcommand};

/// Heading of the options that every command has.
const GENERAL: &str = "General options";

/// Runs pipelines of coding agents: phases as a graph, guards in jq, prompts in Jinja, every step journaled.
#[derive(Debug, Parser)]
#[command(
    name = "flow",
    version,
    disable_help_subcommand = true,
    disable_help_flag = true,
    disable_version_flag = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "PIPELINE is a path, or the name of a built-in pipeline. RUN is an id, its beginning or its end, or `latest`."
)]
pub struct Cli {
    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = GENERAL)]
    pub color: When,
    /// Print this help.
    #[arg(short, long, global = true, action = ArgAction::HelpShort, help_heading = GENERAL)]
    help: Option<bool>,
    /// Print the version.
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = GENERAL)]
    version: Option<bool>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a run, or go on with the newest unfinished one.
    Run(Box<run::Args>),
    /// Go on with a run.
    Resume(resume::Args),
    /// Start a run that a worker of a pool carries.
    Submit(Box<submit::Args>),
    /// Carry the runs of pools, and perform what other workers have no room for.
    Worker(worker::Args),
    /// List the runs, newest first.
    List(list::Args),
    /// Show a run.
    Show(show::Args),
    /// Show what happened in a run, line by line.
    Logs(logs::Args),
    /// Say why phases ran, were skipped, repeated or failed.
    Why(why::Args),
    /// Answer what a phase asks.
    Answer(answer::Args),
    /// Cancel a run; cleanup phases still run.
    Cancel(cancel::Args),
    /// Run again what failed or was cancelled, and go on.
    Retry(retry::Args),
    /// Report progress from inside a phase.
    Note(note::Args),
    /// Draw a pipeline, or a run with its states.
    Graph(graph::Args),
    /// Run the tests that stand in pipelines, without agents.
    Test(test::Args),
    /// Check pipelines.
    Lint(lint::Args),
    /// Explain a rule of `flow lint`, or list them all.
    Explain(explain::Args),
    /// Put pipelines into form: one order of keys, one way of blanks.
    Fmt(fmt::Args),
    /// Print the JSON Schema of pipeline files, for editors.
    Schema(schema::Args),
    /// Evaluate a jq expression as the engine does.
    Eval(eval::Args),
    /// Look at project, agents and store, and say what is wrong.
    Doctor(doctor::Args),
    /// Work on the store itself.
    Store(store::StoreArgs),
    /// Serve an editor: findings, hover, completion, renaming (the language server protocol over stdin and stdout).
    #[cfg(feature = "lsp")]
    Lsp(super::lsp::Args),
    /// Print completions for a shell.
    Completions(completions::Args),
    /// Print the help of a command, or the exit codes.
    Help(help::Args),
}
