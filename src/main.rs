//! The program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else: a guard process is this program too, and must not read settings or touch the terminal.
    if let Some(code) = flow::agent::guard::main(std::env::args_os()) {
        return code;
    }
    ExitCode::SUCCESS
}
