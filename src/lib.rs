//! `flow`: a declarative workflow engine for coding agents.
//!
//! Data goes one way, and the modules stand in that order; each imports only from its own or a lower layer
//! (`tests/it/tidy.rs` checks it). Start reading with [`run`] (what a run is), then [`engine`] (what happens next)
//! and [`drive`] (who makes it happen).
//!
//! A module under `deny(clippy::disallowed_methods)` is pure: no clock, file, environment, network, randomness or
//! printing (`.clippy.toml` has the list). Nothing prints but [`cli`], and that through its own writer.

#![deny(clippy::print_stdout, clippy::print_stderr)]

// Layer 0: words that everything shares.
pub mod failpoint; // where a test makes the program die; nothing in a release
#[deny(clippy::disallowed_methods)]
pub mod limits; // every bound of the program, one table
#[deny(clippy::disallowed_methods)]
pub mod name; // checked names: phases, parameters, keys
#[deny(clippy::disallowed_methods)]
pub mod run; // vocabulary of a run: events, state, actions, stimuli
#[deny(clippy::disallowed_methods)]
pub mod text; // source files, spans, positions
#[deny(clippy::disallowed_methods)]
pub mod value; // the jq value

// Layer 1: languages inside the language.
#[deny(clippy::disallowed_methods)]
pub mod diag; // findings and how they are shown
#[deny(clippy::disallowed_methods)]
pub mod expr; // jq, templates, shapes: parse, compile, evaluate within limits

// Layers 2 to 4: from a file to a plan.
#[deny(clippy::disallowed_methods)]
pub mod graph; // names resolved, order, loops: Draft and Sound
#[deny(clippy::disallowed_methods)]
pub mod lint; // the rules
#[deny(clippy::disallowed_methods)]
pub mod model; // TOML to a spanned pipeline; never fails
#[deny(clippy::disallowed_methods)]
pub mod plan; // the frozen, canonical plan of a run

// Layer 5: the parts of a running engine.
pub mod agent; // performs one attempt
#[deny(clippy::disallowed_methods)]
pub mod engine; // decides what happens next
pub mod project; // reads pipelines, prompts, instructions
pub mod store; // keys and values with revisions

// Layer 6: put together.
pub mod drive; // carries a run: claim, decide, commit, perform
#[deny(clippy::disallowed_methods)]
pub mod trial; // a pipeline's own tests, in virtual time
pub mod view; // read models of what is stored

// Layer 7: the program.
pub mod cli; // commands, exit codes, the only printer
#[cfg(feature = "lsp")]
pub mod lsp; // what the linter knows, for editors
