//! The step between guard and program: ties its own life to the guard's, then becomes the program.
//!
//! It carries the program's environment from the start, so nothing here may depend on a variable. Must never print:
//! its standard output already belongs to the program.

use super::order::Failure;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Exit code when the program could not be started; the failure file says why, so the code itself means nothing.
const NOT_STARTED: u8 = 127;

/// `<guard's pid> <failure file> <program> <arguments>…`. Returns only when the program could not be started.
pub(super) fn become_program(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let (Some(guard), Some(failure), Some(program)) = (args.next(), args.next(), args.next()) else {
        return ExitCode::from(NOT_STARTED);
    };
    if !tie_to(&guard) {
        return ExitCode::from(NOT_STARTED);
    }
    let error = Command::new(&program).args(args).exec();
    if let Ok(text) = serde_json::to_vec(&Failure::of(&error)) {
        let _ = std::fs::write(failure, text);
    }
    ExitCode::from(NOT_STARTED)
}

/// Asks the kernel to kill this process when the guard dies; false when the guard is dead already.
#[cfg(target_os = "linux")]
fn tie_to(guard: &OsString) -> bool {
    let tied = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).is_ok();
    let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().to_string());
    tied && parent.is_some_and(|parent| guard == parent.as_str())
}

/// Other kernels have no such wish; the guard's own watch must do.
#[cfg(not(target_os = "linux"))]
fn tie_to(_guard: &OsString) -> bool {
    true
}
