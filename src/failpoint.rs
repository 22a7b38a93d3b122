//! Failpoints: the places where a test may end the program at once, as a power failure would, and two things of the
//! world that a test may turn.
//!
//! All of it is in debug builds only: in a release a point is nothing and no variable is read. A point stands before and
//! after everything that must survive; `tests/it/crash` finds them all by itself, dies at each, and recovers.

/// Passes a point, whose name is written as for `format!`.
macro_rules! pass {
    ($($name:tt)+) => {
        if cfg!(debug_assertions) {
            $crate::failpoint::passed(&format!($($name)+));
        }
    };
}
pub(crate) use pass;

/// A number that a test gives in the environment; `None` when it gives none, and in a release.
macro_rules! number {
    ($name:literal) => {
        if cfg!(debug_assertions) { $crate::failpoint::given($name) } else { None }
    };
}
pub(crate) use number;

/// A span of time that a test may give in the environment, in milliseconds; otherwise what stands there.
macro_rules! span {
    ($name:literal, $ms:expr) => {
        std::time::Duration::from_millis($crate::failpoint::number!($name).and_then(|ms| u64::try_from(ms).ok()).unwrap_or($ms))
    };
}
pub(crate) use span;

/// Notes in the file `FLOW_CRASH_LOG` that a point was passed, and ends the process when `FLOW_CRASH_AT` is `NAME:K` and
/// this is the K-th time.
#[cfg(debug_assertions)]
pub(crate) fn passed(name: &str) {
    use rustix::process::{Signal, getpid, kill_process};
    use std::io::Write;
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSES: AtomicU64 = AtomicU64::new(0);
    let at = std::env::var("FLOW_CRASH_AT").unwrap_or_default();
    let here = at.rsplit_once(':').filter(|(point, _)| *point == name).and_then(|(_, turn)| turn.parse().ok());
    let dies = here.is_some_and(|turn: u64| PASSES.fetch_add(1, Ordering::Relaxed) + 1 == turn);
    if let Some(path) = std::env::var_os("FLOW_CRASH_LOG")
        && let Ok(mut log) = std::fs::OpenOptions::new().create(true).append(true).open(path)
    {
        let _ = log.write_all(format!("{name}{}\n", if dies { " †" } else { "" }).as_bytes());
    }
    if dies {
        // No `abort`: a core file is of no use, and nothing of the process may have a last word.
        let _ = kill_process(getpid(), Signal::KILL);
        std::thread::park();
    }
}

/// What a test gives under a name.
#[cfg(debug_assertions)]
pub(crate) fn given(name: &str) -> Option<i64> {
    std::env::var(name).ok()?.parse().ok()
}

#[cfg(not(debug_assertions))]
pub(crate) fn passed(_: &str) {}

#[cfg(not(debug_assertions))]
pub(crate) fn given(_: &str) -> Option<i64> {
    None
}
