//! A store on other machines is waited for: it is away for a moment while a cluster finds a leader, and for longer when
//! somebody restarts it; and it may be full until somebody makes room.
//!
//! [`Patient`] stands between a driver and such a store. What changes nothing when it is done twice is done again until
//! it is answered; a write whose outcome is not known goes back to whoever can find out. [`Outage`] says once that it
//! waits, once that it is over, and gives up after a while.

use super::Observer;
use crate::limits::{STORE_PAUSE_MS, STORE_QUIET_MS};
use crate::name::{Bucket, Key};
use crate::store::{BucketSpec, CommitError, Entry, Facts, Future, Revision, Store, StoreError, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The first pause before something is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How long a store has not answered, or was full, and what was said of it.
pub(super) struct Outage {
    limit: Duration,
    observer: Arc<dyn Observer>,
    now: Mutex<Option<Trouble>>,
    waits: watch::Sender<bool>,
    given_up: std::sync::atomic::AtomicBool,
}

struct Trouble {
    since: Instant,
    /// Of writes, which a read that succeeds does not end: a leader that lost its followers still reads.
    writes: bool,
    full: bool,
    told: bool,
}

impl Outage {
    pub(super) fn new(limit: Duration, observer: Arc<dyn Observer>) -> Self {
        Self { limit, observer, now: Mutex::default(), waits: watch::channel(false).0, given_up: false.into() }
    }

    /// Whether people were told that the store is waited for.
    pub(super) fn waits(&self) -> watch::Receiver<bool> {
        self.waits.subscribe()
    }

    /// Whether it was waited for as long as it should be.
    pub(super) fn given_up(&self) -> bool {
        self.given_up.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn now(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that began at `begun` has no good answer yet.
    fn goes_on(&self, store: &str, begun: Instant, writes: bool, full: Option<&str>) {
        let mut now = self.now();
        let trouble = now.get_or_insert(Trouble { since: begun, writes, full: false, told: false });
        trouble.writes |= writes;
        let new = full.is_some() && !trouble.full;
        trouble.full |= new;
        if (trouble.told || trouble.since.elapsed() < Duration::from_millis(STORE_QUIET_MS)) && !new {
            return;
        }
        trouble.told = true;
        let (since, limit) = (trouble.since.elapsed(), words(self.limit));
        drop(now);
        let stops = "Ctrl-C stops, and the run can be gone on with";
        self.observer.notice(&match full {
            Some(cause) => format!(
                "the store {store} is full: {cause}; the run is paused: make room, and it goes on by itself; it waits up to \
                 {limit}, {stops}"
            ),
            None => format!("the store {store} does not answer since {}: waiting up to {limit}; {stops}", words(since)),
        });
        let _ = self.waits.send(true);
    }

    /// The store did what it was asked to do.
    fn over(&self, writes: bool) {
        let mut now = self.now();
        if now.as_ref().is_none_or(|trouble| trouble.writes && !writes) {
            return;
        }
        let Some(trouble) = now.take().filter(|trouble| trouble.told) else { return };
        drop(now);
        let after = words(trouble.since.elapsed());
        let what = if trouble.full { "the store has room again" } else { "the store answers again" };
        self.observer.notice(&format!("{what}, after {after}"));
        let _ = self.waits.send(false);
    }

    /// When waiting ends for what began at `begun`.
    fn deadline(&self, begun: Instant) -> Instant {
        self.now().as_ref().map_or(begun, |trouble| trouble.since.min(begun)) + self.limit
    }

    fn give_up(&self, store: String) -> StoreError {
        self.given_up.store(true, std::sync::atomic::Ordering::Relaxed);
        let full = self.now().as_ref().is_some_and(|trouble| trouble.full);
        let limit = words(self.limit);
        if full {
            return StoreError::Full {
                store,
                cause: format!(
                    "nobody made room within {limit} (`--store-timeout`); once there is room, the run can be gone on with"
                ),
            };
        }
        StoreError::Away { store, cause: format!("waited {limit} for it (`--store-timeout`)") }
    }
}

/// `12 s`, `10 min`.
fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds if seconds >= 600 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// A store that is waited for.
pub(super) struct Patient {
    inner: Arc<dyn Store>,
    outage: Arc<Outage>,
}

impl Patient {
    /// Around a store that may be away; another one needs no patience.
    pub(super) fn around(inner: Arc<dyn Store>, outage: &Arc<Outage>) -> Arc<dyn Store> {
        if inner.is_elsewhere() { Arc::new(Self { inner, outage: outage.clone() }) } else { inner }
    }

    /// Asks until there is an answer that waiting does not change.
    async fn until<'a, T, E: From<StoreError>>(
        &'a self,
        writes: bool,
        passing: impl Fn(&E) -> Option<&StoreError>,
        ask: impl Fn() -> Future<'a, Result<T, E>>,
    ) -> Result<T, E> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(answer) = self.watched(begun, writes, ask()).await else {
                return Err(self.outage.give_up(self.name()).into());
            };
            match &answer {
                Ok(_) => self.outage.over(writes),
                Err(error) => {
                    if let Some(error) = passing(error) {
                        let full = if let StoreError::Full { cause, .. } = error { Some(cause.as_str()) } else { None };
                        self.outage.goes_on(&self.name(), begun, writes, full);
                        if self.outage.deadline(begun) <= Instant::now() + pause {
                            return Err(self.outage.give_up(self.name()).into());
                        }
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(Duration::from_millis(STORE_PAUSE_MS));
                        continue;
                    }
                }
            }
            return answer;
        }
    }

    /// Waits for one answer, and says so when it does not come; `None` when it is waited for no longer.
    async fn watched<T>(&self, begun: Instant, writes: bool, answer: Future<'_, T>) -> Option<T> {
        let mut answer = answer;
        let quiet = (begun + Duration::from_millis(STORE_QUIET_MS)).min(self.outage.deadline(begun));
        if let Ok(answer) = tokio::time::timeout_at(quiet.into(), &mut answer).await {
            return Some(answer);
        }
        self.outage.goes_on(&self.name(), begun, writes, None);
        tokio::time::timeout_at(self.outage.deadline(begun).into(), answer).await.ok()
    }

    async fn read<'a, T>(&'a self, ask: impl Fn() -> Future<'a, Result<T, StoreError>>) -> Result<T, StoreError> {
        self.until(false, passes, ask).await
    }
}

/// What waiting may help with.
fn passes(error: &StoreError) -> Option<&StoreError> {
    matches!(error, StoreError::Away { .. } | StoreError::Full { .. }).then_some(error)
}

/// The same of a batch, of which nothing was written.
fn passing(error: &CommitError) -> Option<&StoreError> {
    if let CommitError::Store(error) = error { passes(error) } else { None }
}

impl std::fmt::Debug for Patient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Patient").field(&self.inner).finish()
    }
}

impl Store for Patient {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn is_elsewhere(&self) -> bool {
        true
    }

    fn room(&self) -> Option<usize> {
        self.inner.room()
    }

    fn get<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Option<Entry>, StoreError>> {
        Box::pin(self.read(|| self.inner.get(bucket, key)))
    }

    fn commit(&self, batch: Vec<Write>) -> Future<'_, Result<Vec<Revision>, CommitError>> {
        Box::pin(async move {
            let begun = Instant::now();
            match self.until(true, passing, || self.inner.commit(batch.clone())).await {
                // Whoever reads back may find a store that reads and does not write; that is waited for no longer than others.
                Err(CommitError::Unknown { .. }) if self.outage.deadline(begun) <= Instant::now() => {
                    Err(self.outage.give_up(self.name()).into())
                }
                answer => answer,
            }
        })
    }

    fn scan<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(self.read(|| self.inner.scan(bucket, prefix)))
    }

    fn keys<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str) -> Future<'a, Result<Vec<(Key, Revision)>, StoreError>> {
        Box::pin(self.read(|| self.inner.keys(bucket, prefix)))
    }

    fn written<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Vec<Key>, StoreError>> {
        Box::pin(self.read(|| self.inner.written(bucket)))
    }

    fn history<'a>(&'a self, bucket: &'a Bucket, key: &'a Key) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(self.read(|| self.inner.history(bucket, key)))
    }

    fn watch<'a>(&'a self, bucket: &'a Bucket, prefix: &'a str, after: Revision) -> Future<'a, Result<Vec<Entry>, StoreError>> {
        self.inner.watch(bucket, prefix, after)
    }

    fn head<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Revision, StoreError>> {
        Box::pin(self.read(|| self.inner.head(bucket)))
    }

    fn describe<'a>(&'a self, bucket: &'a Bucket) -> Future<'a, Result<Option<BucketSpec>, StoreError>> {
        Box::pin(self.read(|| self.inner.describe(bucket)))
    }

    fn apply<'a>(&'a self, spec: &'a BucketSpec) -> Future<'a, Result<(), StoreError>> {
        Box::pin(self.read(|| self.inner.apply(spec)))
    }

    fn buckets(&self) -> Future<'_, Result<Vec<Bucket>, StoreError>> {
        Box::pin(self.read(|| self.inner.buckets()))
    }

    fn facts(&self) -> Future<'_, Result<Facts, StoreError>> {
        Box::pin(self.read(|| self.inner.facts()))
    }

    fn check(&self) -> Future<'_, Result<Vec<String>, StoreError>> {
        Box::pin(self.read(|| self.inner.check()))
    }
}
