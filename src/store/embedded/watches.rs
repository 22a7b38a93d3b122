//! Who waits for which keys, so that a write wakes those whom it concerns and nobody else.
//!
//! The writing thread tells what it wrote. What another process wrote is only known to have happened (a gap in the
//! revisions, or a store that is newer than our last write): then everybody looks.

use crate::name::Bucket;
use crate::store::{Revision, Write};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

type Places = HashMap<Bucket, HashMap<String, watch::Sender<()>>>;

/// All that is watched in one store.
#[derive(Debug, Default)]
pub(super) struct Watches {
    places: Mutex<Places>,
    /// The newest revision of which the watchers were told.
    told: AtomicU64,
}

/// Somebody who waits for what is written under a prefix.
pub(super) struct Watching<'a> {
    watches: &'a Watches,
    bucket: &'a Bucket,
    prefix: &'a str,
    changed: watch::Receiver<()>,
}

impl Watches {
    /// Waits from now on.
    pub(super) fn watch<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str) -> Watching<'a> {
        let mut places = self.places();
        let place = places.entry(bucket.clone()).or_default().entry(prefix.to_owned()).or_insert_with(|| watch::Sender::new(()));
        Watching { watches: self, bucket, prefix, changed: place.subscribe() }
    }

    /// Whether anybody waits.
    pub(super) fn any(&self) -> bool {
        !self.places().is_empty()
    }

    /// These were written, on top of `before`; `newest` is the last of them.
    pub(super) fn wrote<'w>(&self, before: Revision, newest: Revision, writes: impl Iterator<Item = &'w Write>) {
        let told = self.told.swap(newest.0, Ordering::AcqRel);
        if told != before.0 {
            return self.wake_all();
        }
        let places = self.places();
        for write in writes {
            let Some(place) = places.get(&write.bucket) else { continue };
            let mut prefix = Some(write.key.as_str());
            while let Some(name) = prefix {
                wake(place.get(name));
                prefix = name.rsplit_once('.').map(|(above, _)| above);
            }
            wake(place.get(""));
        }
    }

    /// The store is at this revision: if that is news, another process wrote.
    pub(super) fn found(&self, head: Revision) {
        if self.told.fetch_max(head.0, Ordering::AcqRel) < head.0 {
            self.wake_all();
        }
    }

    /// Everybody looks.
    pub(super) fn wake_all(&self) {
        for place in self.places().values().flat_map(HashMap::values) {
            place.send_replace(());
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(place: Option<&watch::Sender<()>>) {
    if let Some(place) = place {
        place.send_replace(());
    }
}

impl Watching<'_> {
    /// Returns once something may have been written since the last time.
    pub(super) async fn changed(&mut self) {
        // The sender lives as long as somebody waits at its place.
        let _ = self.changed.changed().await;
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let mut places = self.watches.places();
        let Some(place) = places.get_mut(self.bucket) else { return };
        if place.get(self.prefix).is_some_and(|sender| sender.receiver_count() <= 1) {
            place.remove(self.prefix);
        }
        if place.is_empty() {
            places.remove(self.bucket);
        }
    }
}
