//! Carries a run.
