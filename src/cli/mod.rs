//! Commands, exit codes, the only printer.
