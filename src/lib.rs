//! `flow`: a declarative workflow engine for coding agents.
//!
//! Data goes one way, and the modules stand in that order; each imports only from its own or a lower layer
//! (`tests/it/tidy.rs` checks it). Start reading with [`run`] (what a run is), then [`engine`] (what happens next)
//! and [`drive`] (who makes it happen).

// Layer 0: words that everything shares.
pub mod limits; // every bound of the program, one table
pub mod name; // checked names: phases, parameters, keys
pub mod run; // vocabulary of a run: events, state, actions, stimuli
pub mod text; // source files, spans, positions
pub mod value; // the jq value

// Layer 1: languages inside the language.
pub mod diag; // findings and how they are shown
pub mod expr; // jq, templates, shapes: parse, compile, evaluate within limits

// Layers 2 to 4: from a file to a plan.
pub mod graph; // names resolved, order, loops: Draft and Sound
pub mod lint; // the rules
pub mod model; // TOML to a spanned pipeline; never fails
pub mod plan; // the frozen, canonical plan of a run

// Layer 5: the parts of a running engine.
pub mod agent; // performs one attempt
pub mod engine; // decides what happens next
pub mod project; // reads pipelines, prompts, instructions
pub mod store; // keys and values with revisions

// Layer 6: put together.
pub mod drive; // carries a run: claim, decide, commit, perform
pub mod trial; // a pipeline's own tests, in virtual time
pub mod view; // read models of what is stored

// Layer 7: the program.
pub mod cli; // commands, exit codes, the only printer
