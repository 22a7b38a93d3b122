//! What ends a command before it is done: an exit code, what happened, and what to type next.

use super::exit::Exit;
use crate::store::StoreError;

/// Why a command ends here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fail {
    /// The exit code.
    pub exit: Exit,
    /// What happened, to what; empty when all has been said already.
    pub message: String,
    /// What to do, a line each.
    pub help: Vec<String>,
}

/// What a command gives.
pub type Outcome = Result<Exit, Fail>;

impl Fail {
    /// A failure with a message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), help: vec![] }
    }

    /// Ends with a code; everything has been said.
    pub fn silent(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }
}

impl From<StoreError> for Fail {
    fn from(error: StoreError) -> Self {
        let fail = Self::new(Exit::Store, error.to_string());
        match error {
            StoreError::Damaged { .. } | StoreError::Broken { .. } => fail.help("`flow doctor` looks at the whole store"),
            StoreError::Unreachable { .. } => fail.help("`--store sqlite:PATH` or `--store nats://HOST:PORT` names another one"),
            _ => fail,
        }
    }
}

impl From<std::io::Error> for Fail {
    /// Writing results: a reader that went away ends the command quietly.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::silent(Exit::Done),
            _ => Self::new(Exit::Output, format!("what is printed cannot be written: {error}")),
        }
    }
}
