//! What went wrong in a run: a class that retries and guards can name, and a message for people.

use super::Time;
use crate::name::Name;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Classes of failure. The words are part of the language (`retry.on`, `.error.class`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Rate limit, overload, network, the agent crashed.
    Transient,
    /// A usage window is exhausted: waits until it resets, and uses up no retry.
    Limit,
    /// The attempt took too long, or was silent too long.
    Timeout,
    /// The reply is not of the declared shape.
    Invalid,
    /// The reply was not accepted.
    Rejected,
    /// The process ended with an exit code that is no result.
    Exit,
    /// Authentication, permission, configuration: never retried.
    Refused,
    /// A guard, `set`, `result` or template could not be evaluated: never retried.
    Guard,
    /// A `require` does not hold.
    Require,
    /// A loop used up its rounds and said `then = "fail"`.
    Exhausted,
    /// A limit of the run: wall clock, cost, tokens.
    Budget,
    /// The attempt's driver died and `on_crash = "fail"`.
    Crash,
    /// A question that nobody could be asked.
    Unanswered,
    /// Somebody cancelled the run.
    Cancelled,
}

impl ErrorClass {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Transient,
        Self::Limit,
        Self::Timeout,
        Self::Invalid,
        Self::Rejected,
        Self::Exit,
        Self::Refused,
        Self::Guard,
        Self::Require,
        Self::Exhausted,
        Self::Budget,
        Self::Crash,
        Self::Unanswered,
        Self::Cancelled,
    ];
    /// The classes that an author may write in `retry.on`.
    pub const RETRYABLE: [Self; 6] = [Self::Transient, Self::Limit, Self::Timeout, Self::Invalid, Self::Rejected, Self::Exit];

    /// The word of the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Limit => "limit",
            Self::Timeout => "timeout",
            Self::Invalid => "invalid",
            Self::Rejected => "rejected",
            Self::Exit => "exit",
            Self::Refused => "refused",
            Self::Guard => "guard",
            Self::Require => "require",
            Self::Exhausted => "exhausted",
            Self::Budget => "budget",
            Self::Crash => "crash",
            Self::Unanswered => "unanswered",
            Self::Cancelled => "cancelled",
        }
    }

    /// The class of a word.
    pub fn parse(word: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure, as it stands in the run document under `.error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// Which kind.
    pub class: ErrorClass,
    /// What happened, to what, and what can be done, in words.
    pub message: String,
    /// The phase it happened in.
    pub phase: Option<Name>,
    /// When.
    pub occurred_at: Time,
    /// Exit code of a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The end of what a process wrote to stdout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout_tail: Option<String>,
    /// The end of what a process wrote to stderr.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr_tail: Option<String>,
    /// When a usage window resets (class `limit`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Time>,
}

impl RunError {
    /// A failure with a class and a message.
    pub fn new(class: ErrorClass, message: impl Into<String>, at: Time) -> Self {
        Self {
            class,
            message: message.into(),
            phase: None,
            occurred_at: at,
            code: None,
            stdout_tail: None,
            stderr_tail: None,
            resets_at: None,
        }
    }

    /// The same failure, in a phase.
    #[must_use]
    pub fn in_phase(mut self, phase: &Name) -> Self {
        self.phase = Some(phase.clone());
        self
    }
}
