//! The program: commands, exit codes, the only printer.
//!
//! `args.rs` is the tree of commands, a file each; `entry.rs` is where the program begins; `exit.rs` has the table of
//! exit codes; `out.rs` is the only place that writes to stdout and stderr, and cleans what it writes.

mod alive;
mod args;
mod completions;
mod entry;
mod eval;
pub mod exit;
mod export;
mod fail;
mod graph;
mod help;
mod lint;
mod list;
mod logs;
mod note;
pub mod out;
mod paths;
mod pipeline;
mod place;
mod show;
mod why;

pub use args::Cli;
pub use entry::main;
