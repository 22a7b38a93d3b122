//! Whether another one lives, watched on this machine's own clock: no clocks are compared.

use crate::drive::owner::lease_time;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Instant;

/// What was seen of others, since when it has not moved, and whether it ever did.
#[derive(Debug)]
pub(super) struct Watched<K, V> {
    seen: HashMap<K, (V, Instant, bool)>,
}

impl<K: Eq + Hash, V: Clone + PartialEq> Watched<K, V> {
    pub(super) fn new() -> Self {
        Self { seen: HashMap::new() }
    }

    /// Notes a beat, and says whether it has stood still for so long that its owner is dead.
    pub(super) fn is_dead(&mut self, of: K, beat: V) -> bool {
        let now = Instant::now();
        let seen = self.seen.entry(of).or_insert_with(|| (beat.clone(), now, false));
        if seen.0 != beat {
            *seen = (beat, now, true);
        }
        now.duration_since(seen.1) >= lease_time()
    }

    /// Whether its beat moved while it was watched, so that its owner was alive.
    pub(super) fn has_moved(&self, of: &K) -> bool {
        self.seen.get(of).is_some_and(|(_, _, moved)| *moved)
    }

    pub(super) fn forget(&mut self, of: &K) {
        self.seen.remove(of);
    }
}
