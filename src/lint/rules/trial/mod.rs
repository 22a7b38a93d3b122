//! What the tests of a pipeline leave out.

pub mod untested_guard;
