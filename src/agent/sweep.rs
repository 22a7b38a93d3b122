//! Ends what the attempts of a dead driver left behind, before anything of its run is started again.

use super::tree::{self, SweepReport};
use crate::limits;
use crate::run::RunId;
use std::collections::HashSet;
use std::time::Duration;

/// The variable that names the run in everything an attempt starts, its guard included.
pub const RUN_VARIABLE: &str = "FLOW_RUN";
/// The variable that names one turn of one attempt: no two that live at the same time share its value.
pub const KEY_VARIABLE: &str = "FLOW_IDEMPOTENCY_KEY";

/// Ends every process that carries the run's marker, and every descendant of one: asks, waits, kills, and returns
/// when they are gone. This process and its ancestors are left alone, so a run may be taken over from inside an
/// attempt. Only for a run that no living driver carries. Blocks for up to
/// [`GRACE_MS`](limits::GRACE_MS) + [`SWEEP_MS`](limits::SWEEP_MS).
pub fn sweep(run: &RunId) -> SweepReport {
    sweep_marked(&format!("{RUN_VARIABLE}={run}"), Duration::from_millis(limits::GRACE_MS))
}

/// The same for any `NAME=value`.
pub fn sweep_marked(marker: &str, grace: Duration) -> SweepReport {
    let find = || {
        let all = tree::snapshot();
        let spared = tree::ancestors_and_self(tree::own_pid(), &all);
        let mut found: HashSet<_> = all.iter().copied().filter(|p| tree::carries(p.pid, marker)).collect();
        let roots: Vec<i32> = found.iter().map(|p| p.pid).filter(|pid| !spared.contains(pid)).collect();
        found.extend(tree::descendants(&roots, &all));
        found.into_iter().filter(|p| !spared.contains(&p.pid)).collect()
    };
    tree::stop_all(find, grace)
}
