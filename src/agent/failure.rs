//! Failed outcomes in the words of the language, the same for every backend.

use super::process::{Cause, End, How, not_started};
use crate::limits;
use crate::run::{ErrorClass, Outcome, RunError, Time, Usage};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Now.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A failure on its way up: boxed, because it is large and rare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(Box<RunError>);

impl Deref for Fault {
    type Target = RunError;
    fn deref(&self) -> &RunError {
        &self.0
    }
}

impl DerefMut for Fault {
    fn deref_mut(&mut self) -> &mut RunError {
        &mut self.0
    }
}

impl From<Fault> for RunError {
    fn from(fault: Fault) -> Self {
        *fault.0
    }
}

/// An error that happens now.
pub fn error(class: ErrorClass, message: impl Into<String>) -> Fault {
    Fault(Box::new(RunError::new(class, message, now())))
}

/// An outcome that is nothing but an error.
pub fn failed(fault: Fault) -> Outcome {
    Outcome::Failed { error: fault.into(), agent: None, usage: Usage::default(), transcript: None }
}

/// Configuration that cannot work.
pub fn refused(message: impl Into<String>) -> Fault {
    error(ErrorClass::Refused, message)
}

/// The error of a program that did not end by itself; `None` when it did. `program` is how it is shown, `file` what
/// was to be started, `dir` and `path` where it was looked for.
pub fn of_end(end: &End, program: &str, file: &str, dir: &Path, path: Option<&str>) -> Option<Fault> {
    let (class, message) = match (&end.how, end.cause) {
        (How::NotStarted(failure), _) => (ErrorClass::Refused, not_started(file, dir, path, failure)),
        (_, Some(Cause::Timeout(span))) => {
            (ErrorClass::Timeout, format!("`{program}` took longer than {} (`timeout`) and was ended", span_text(span)))
        }
        (_, Some(Cause::Idle(span))) => {
            (ErrorClass::Timeout, format!("`{program}` said nothing for {} (`idle_timeout`) and was ended", span_text(span)))
        }
        (_, Some(Cause::Stopped)) => (ErrorClass::Cancelled, format!("`{program}` was stopped")),
        (How::GuardLost, None) => {
            (ErrorClass::Transient, format!("the guard of `{program}` was killed from outside, and `{program}` with it"))
        }
        (How::Code(_) | How::Signal(_), None) => return None,
    };
    Some(error(class, message))
}

/// The end of what a program wrote, at most [`limits::TAIL_BYTES`]; `None` when it wrote nothing.
pub fn tail(bytes: &[u8]) -> Option<String> {
    let mut from = bytes.len().saturating_sub(limits::TAIL_BYTES);
    // Not in the middle of a character.
    while from > 0 && from < bytes.len() && bytes[from] & 0xC0 == 0x80 {
        from += 1;
    }
    let text = String::from_utf8_lossy(&bytes[from..]);
    let text = text.trim_end();
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// A span as people write it: `1h 30m`, `5m`, `1m 30s`, `700ms`.
pub fn span_text(span: Duration) -> String {
    let (seconds, ms) = (span.as_secs(), span.subsec_millis());
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"), (u64::from(ms), "ms")];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_they_are_written() {
        for (ms, text) in [(0, "0s"), (700, "700ms"), (300_000, "5m"), (90_000, "1m 30s"), (5_400_000, "1h 30m")] {
            assert_eq!(span_text(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn a_tail_never_cuts_a_character() {
        let text = "ö".repeat(limits::TAIL_BYTES);
        let cut = tail(format!("x{text}").as_bytes()).expect("there is one");
        assert!(cut.chars().all(|c| c == 'ö') && cut.len() <= limits::TAIL_BYTES);
        assert_eq!(tail(b" \n"), None);
    }
}
