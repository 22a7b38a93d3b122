//! The guard: a small process of this same program between a driver and the program it runs, so that nothing an
//! attempt started outlives the driver.
//!
//! `order.rs` is what driver and guard say to each other, over a socket pair that is the guard's standard input: its
//! end of file is the driver's death. `inside.rs` is the guard itself; `stage.rs` is the step between guard and
//! program, which asks the kernel to kill it when the guard dies and then becomes the program.

mod inside;
mod order;
mod stage;

pub use inside::main;
pub use order::{Failure, FailureKind, GUARD_WORD, Order, Told, Word};

use std::path::{Path, PathBuf};

/// Where the program is that guards: this one, unless a test says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    program: PathBuf,
}

impl Guard {
    /// Guards are started from this file.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into() }
    }

    /// The file that guards are started from.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

impl Default for Guard {
    /// This program, even after its file was replaced by a newer one.
    fn default() -> Self {
        Self { program: own_program() }
    }
}

/// This program's file.
fn own_program() -> PathBuf {
    if cfg!(target_os = "linux") {
        PathBuf::from("/proc/self/exe")
    } else {
        std::env::current_exe().unwrap_or_else(|_| PathBuf::from("flow"))
    }
}
