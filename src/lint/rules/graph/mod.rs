//! Phases and how they hang together, as far as the graph itself does not tell.

pub mod impossible_join;
pub mod may_never_run;
pub mod never_runs;
pub mod redundant_need;
pub mod unknown_phase;
pub mod unused_phase;
