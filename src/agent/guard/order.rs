//! What driver and guard say to each other: one JSON line each.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The word after the program's name that makes it a guard.
pub const GUARD_WORD: &str = "__guard";
/// The word after that which makes it the step that becomes the program.
pub const STAGE_WORD: &str = "exec";

/// The first line to a guard. The program's standard input follows it, `stdin_bytes` long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The whole environment of the program.
    pub env: Vec<(String, String)>,
    /// Working folder, absolute.
    pub dir: PathBuf,
    /// `NAME=value` that everything of this attempt, and nothing else, carries in its environment.
    pub marker: String,
    /// Between the request to stop and the kill, in milliseconds.
    pub grace_ms: u64,
    /// Bytes of standard input that follow this line.
    pub stdin_bytes: usize,
    /// A file that does not exist yet, in a private folder: written when the program cannot be started.
    pub failure: PathBuf,
}

/// What a driver may say to a guard after the order. The end of file says: stop it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Send the program's group an interrupt, as Ctrl-C does.
    Interrupt,
}

/// The one line that a guard says, when all is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The program ran and ended.
    Ended {
        /// Its exit code, unless a signal ended it.
        code: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
        /// Processes that it left behind and that were ended.
        swept: usize,
        /// Processes that could not be ended.
        left: Vec<i32>,
    },
    /// The program could not be started.
    NotStarted(Failure),
}

/// Why a program could not be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which kind.
    pub kind: FailureKind,
    /// The system's words.
    pub message: String,
}

/// Kinds of failure to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// There is no such program.
    NotFound,
    /// It may not be executed.
    Denied,
    /// Arguments and environment are too large together.
    TooLarge,
    /// Anything else.
    Other,
}

impl Failure {
    /// From the error of starting something.
    pub fn of(error: &std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => FailureKind::NotFound,
            std::io::ErrorKind::PermissionDenied => FailureKind::Denied,
            std::io::ErrorKind::ArgumentListTooLong => FailureKind::TooLarge,
            _ => FailureKind::Other,
        };
        Self { kind, message: error.to_string() }
    }
}
