//! The language server: what `flow lint` knows, while a pipeline is being written.
//!
//! Everything rests on the same model, graph and rules as the linter; nothing here judges a pipeline. `server.rs` has
//! the loop and the table of requests, `file.rs` an open file, `mention.rs` every place that names something (for
//! going there, finding and renaming), `place.rs` where the cursor stands in a text that may be half written. Must
//! never write to stdout but through the connection, and never change a file itself: edits are given to the editor.

mod actions;
mod complete;
mod diagnostics;
mod file;
mod go;
mod hover;
mod mention;
mod place;
mod position;
mod rename;
mod server;
mod shape;
mod symbols;

pub use server::{ServerError, serve};
