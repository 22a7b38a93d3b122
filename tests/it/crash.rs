//! Recovery, proved on the real binary: it dies at each of its failpoints, and the run ends as if it had not.
//!
//! Nothing here lists the points. An undisturbed run says which it passed and how often; then each is the end of a
//! process of its own. `world.rs` has the run and its invariants, `matrix.rs` makes the cases.

mod matrix;
mod world;
