//! The program: commands, exit codes, the only printer.
//!
//! `args.rs` is the tree of commands, a file each; `entry.rs` is where the program begins; `exit.rs` has the table of
//! exit codes; `out.rs` is the only place that writes to stdout and stderr, and cleans what it writes.

mod agents;
mod alive;
mod answer;
mod args;
mod cancel;
mod completions;
mod contract;
mod doctor;
mod dry;
mod entry;
mod eval;
pub mod exit;
mod explain;
mod fail;
mod fmt;
mod form;
mod go;
mod graph;
mod help;
mod lint;
mod list;
mod logs;
#[cfg(feature = "lsp")]
mod lsp;
mod nats;
mod note;
mod options;
pub mod out;
mod paths;
mod person;
mod pipeline;
mod place;
mod progress;
mod resume;
mod retry;
mod rewrite;
mod run;
mod schema;
mod serve;
mod show;
mod start;
mod stop;
mod store;
mod submit;
mod test;
mod trust;
mod why;
mod worker;

pub use args::Cli;
pub use entry::main;
