//! The exit codes: one table, printed by `flow help exit-codes`, equal to the book's page.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// The run failed or does not pass, or there are findings.
    Failed,
    /// Usage, a pipeline that does not lint, a check that does not hold.
    Usage,
    /// Nothing to work on.
    NoInput,
    /// A person must answer, and there is nobody to ask.
    Waiting,
    /// The store.
    Store,
    /// No agent.
    NoAgent,
    /// Somebody else is in the way.
    Conflict,
    /// The run was cancelled.
    Cancelled,
    /// Our own mistake.
    Ours,
    /// Nobody can take what is printed.
    Output,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

/// All codes and what they mean.
pub const TABLE: [(Exit, u8, &str); 12] = [
    (Exit::Done, 0, "done"),
    (Exit::Failed, 1, "the run failed, or its `pass` is false; or there are findings"),
    (Exit::Usage, 2, "usage, or a pipeline that does not lint, or a check that does not hold"),
    (Exit::NoInput, 3, "no input: nothing to continue, no such run, no such file"),
    (Exit::Waiting, 4, "waits for a person, and there is no terminal"),
    (Exit::Store, 5, "the store cannot be reached, or is not as it should be"),
    (Exit::NoAgent, 6, "no agent"),
    (Exit::Conflict, 7, "conflict: another run is in the way, or the run was taken over"),
    (Exit::Cancelled, 8, "cancelled"),
    (Exit::Ours, 70, "a mistake of the program itself"),
    (Exit::Output, 74, "what is printed cannot be written: the disk is full, say"),
    (Exit::Interrupted, 130, "interrupted"),
];

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        TABLE.iter().find(|(exit, ..)| *exit == self).map_or(70, |(_, code, _)| *code)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table for a terminal.
pub fn table() -> String {
    let mut out = String::new();
    for (_, code, meaning) in TABLE {
        let _ = writeln!(out, "{code:>4}  {meaning}");
    }
    out
}

/// The table for the book.
pub fn markdown() -> String {
    let mut out = String::from("| code | means |\n|---|---|\n");
    for (_, code, meaning) in TABLE {
        let _ = writeln!(out, "| {code} | {meaning} |");
    }
    out
}
