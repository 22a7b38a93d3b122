//! The command tree: what can be typed. Each command's own arguments stand in its own file.

use super::out::When;
use super::{completions, eval, export, graph, help, lint, list, logs, note, show, why};
use clap::{Parser, Subcommand};

/// Runs pipelines of coding agents: phases as a graph, guards in jq, prompts in Jinja, every step journaled.
#[derive(Debug, Parser)]
#[command(name = "flow", version, disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
#[command(
    after_help = "PIPELINE is a path, or the name of a built-in pipeline. RUN is an id, its beginning or its end, or `latest`."
)]
pub struct Cli {
    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = false)]
    pub color: When,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the runs, newest first.
    List(list::Args),
    /// Show a run.
    Show(show::Args),
    /// Show what happened in a run, line by line.
    Logs(logs::Args),
    /// Say why phases ran, were skipped, repeated or failed.
    Why(why::Args),
    /// Report progress from inside a phase.
    Note(note::Args),
    /// Draw a pipeline, or a run with its states.
    Graph(graph::Args),
    /// Check pipelines.
    Lint(lint::Args),
    /// Evaluate a jq expression as the engine does.
    Eval(eval::Args),
    /// Work on the store itself.
    Store(export::StoreArgs),
    /// Print completions for a shell.
    Completions(completions::Args),
    /// Print the help of a command, or the exit codes.
    Help(help::Args),
}
