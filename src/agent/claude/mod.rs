//! Backend `claude`: Claude Code in print mode, its events as JSON lines.
//!
//! `flags.rs` makes the command line, `stream.rs` reads the events (pure, tried on recorded streams), `verdict.rs` says
//! what a finished stream means, `turn.rs` puts them together. The prompt always goes through standard input; nothing
//! private stands in an argument.

mod flags;
mod stream;
mod turn;
mod verdict;

pub(super) use flags::INHERITS;
pub use turn::Claude;

/// The program.
pub const PROGRAM: &str = "claude";
