//! A driver with its run: decides on a large stack, commits, then lets others see.

use super::clock::Clock;
use super::row::Row;
use super::{DriveError, Observer, Services};
use crate::engine::{Program, decide, document_view};
use crate::expr::on_big_stack;
use crate::limits::COMMIT_RESENDS;
use crate::name::{Bucket, Key, Name};
use crate::run::{Illegal, Owner, RunState, Stamped, Stimulus};
use crate::store::{
    AppendError, CommitError, Document, Head, Journal, Lease, Op, Revision, StoreError, Write, claim_write, head_write,
    read_document, read_head, read_lease, release_write,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A driver that carries a run.
pub struct Carrier {
    pub(super) services: Services,
    pub(super) program: Arc<Program>,
    pub(super) journal: Journal,
    pub(super) head: Head,
    pub(super) state: Held,
    pub(super) owner: Owner,
    pub(super) lease: Lease,
    pub(super) lease_revision: Revision,
    pub(super) row: Row,
    /// The pool whose workers carry the run, if it was submitted to one.
    pub(super) pool: Option<Name>,
    pub(super) views: Vec<View>,
    pub(super) clock: Clock,
    pub(super) observer: Arc<dyn Observer>,
}

/// A document of the pipeline, with what the store has of it.
#[derive(Clone)]
pub(super) struct View {
    pub name: Name,
    pub bucket: Bucket,
    pub key: Key,
    pub stored: Document,
    /// Whether it has become too big for the store, which was said.
    pub too_big: Arc<AtomicBool>,
}

/// What is written beside an entry, and what each write is.
pub(super) enum Beside {
    Row,
    View(usize),
    Lease,
    /// The index in what was given.
    Other(usize),
}

impl Carrier {
    /// The run.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// Decides all that follows from these, and makes it durable in one entry. `more` goes into the same batch.
    pub(super) async fn take(&mut self, stimuli: Vec<Stimulus>, more: Vec<Write>) -> Result<(), DriveError> {
        let events = self.decide(stimuli)?;
        if events.is_empty() {
            if !more.is_empty() {
                match self.services.store.commit(more).await {
                    // What is to be removed may be gone already; what is not gone is met again.
                    Ok(_) | Err(CommitError::Conflict { .. } | CommitError::Unknown { .. }) => {}
                    Err(CommitError::Store(error)) => return Err(error.into()),
                }
            }
            return Ok(());
        }
        self.commit(&events, None, more).await?;
        self.show(&events);
        Ok(())
    }

    /// Decides on a thread whose stack is large enough for any expression.
    pub(super) fn decide(&mut self, stimuli: Vec<Stimulus>) -> Result<Vec<Stamped>, DriveError> {
        // The run document must have one owner while it is changed, or every change copies it.
        let mut state = self.state.take();
        let program = self.program.clone();
        let at = self.clock.now();
        let (state, decided) = on_big_stack(move || {
            let mut all = Vec::new();
            for stimulus in stimuli {
                match decide(&program, &mut state, at, stimulus) {
                    Ok(events) => all.extend(events),
                    Err(illegal) => return (state, Err(illegal)),
                }
            }
            (state, Ok::<_, Illegal>(all))
        });
        let run = state.id().clone();
        self.state.put(state);
        decided.map_err(|illegal| DriveError::Illegal { run, illegal })
    }

    pub(super) fn show(&self, events: &[Stamped]) {
        for event in events {
            self.observer.event(&self.state, event);
        }
    }

    /// Makes events durable, and with them the run's row (or soon after), its documents, a lease write, and `more`.
    pub(super) async fn commit(
        &mut self,
        events: &[Stamped],
        lease: Option<Write>,
        mut more: Vec<Write>,
    ) -> Result<(), DriveError> {
        let nonce = self.owner.driver.clone();
        loop {
            let (writes, kinds, views) = self.beside(events, lease.as_ref(), &more);
            match self.journal.append(&self.head, &nonce, events, writes).await {
                Ok(appended) => {
                    self.head = appended.head;
                    return self.written(&kinds, &more, views, appended.revisions).await;
                }
                Err(AppendError::Fenced { .. }) => return Err(DriveError::Lost(self.state.id().clone())),
                Err(AppendError::Store(error)) => return Err(error.into()),
                Err(AppendError::Conflict { index, key }) => match kinds.get(index) {
                    Some(Beside::Row) => {
                        let row = read_head(&*self.services.store, self.state.id()).await?;
                        self.row = Row::read(row.map(|(_, revision)| revision));
                    }
                    Some(Beside::View(at)) => self.reread(*at).await?,
                    Some(Beside::Lease) => return Err(DriveError::Lost(self.state.id().clone())),
                    // What is to be removed may be gone already.
                    Some(Beside::Other(at)) if matches!(more[*at].op, Op::Delete(_)) => drop(more.remove(*at)),
                    _ => {
                        return Err(
                            StoreError::Failed { doing: format!("write {key}"), cause: "somebody else wrote it".into() }.into()
                        );
                    }
                },
            }
        }
    }

    /// The writes beside an entry, what each is, and the new values of the documents that change.
    fn beside(
        &self,
        events: &[Stamped],
        lease: Option<&Write>,
        more: &[Write],
    ) -> (Vec<Write>, Vec<Beside>, Vec<(usize, crate::value::Value)>) {
        // The number of entries that these events take is only known to the journal; the row says at least this one.
        let seq = self.head.seq + u64::from(!events.is_empty());
        let (mut writes, mut kinds) = (vec![], vec![]);
        if !self.row_may_wait() {
            writes.push(head_write(&self.row_of(seq), self.row.revision()));
            kinds.push(Beside::Row);
        }
        let mut values = Vec::new();
        for (at, value) in self.computed().into_iter().enumerate() {
            let Some(value) = value else { continue };
            let view = &self.views[at];
            if let Some(write) = view.stored.change(&view.bucket, &view.key, &value)
                && self.has_room(view, &write)
            {
                writes.push(write);
                kinds.push(Beside::View(at));
                values.push((at, value));
            }
        }
        if let Some(lease) = lease {
            writes.push(lease.clone());
            kinds.push(Beside::Lease);
        }
        for (at, write) in more.iter().enumerate() {
            writes.push(write.clone());
            kinds.push(Beside::Other(at));
        }
        (writes, kinds, values)
    }

    /// What each document should be now; `None` where its view failed, which is said and changes nothing.
    fn computed(&self) -> Vec<Option<crate::value::Value>> {
        if self.views.is_empty() {
            return vec![];
        }
        let (program, run) = (self.program.clone(), self.state.document().clone());
        let todo: Vec<_> = self.views.iter().map(|view| (view.name.clone(), view.stored.value.clone())).collect();
        let results = on_big_stack(move || {
            todo.into_iter().map(|(name, previous)| document_view(&program, &run, &name, previous)).collect::<Vec<_>>()
        });
        let keep = |result: Result<_, crate::engine::DocumentError>| {
            result.map_err(|error| self.observer.notice(&error.to_string())).ok()
        };
        results.into_iter().map(keep).collect()
    }

    /// Whether the store has room for the new value of a document. If not, that is said once, and it keeps the one it has.
    fn has_room(&self, view: &View, write: &Write) -> bool {
        let (Op::Create(bytes) | Op::Update(bytes, _)) = &write.op else { return true };
        let most = self.services.store.room().unwrap_or(usize::MAX);
        let fits = bytes.len() <= most;
        if view.too_big.swap(!fits, Ordering::Relaxed) || fits {
            return fits;
        }
        self.observer.notice(&format!(
            "document `{}` is not written: it has {} bytes, and a value of the store {} has room for {most}; `{}` in bucket `{}` \
             keeps what it has, and the run goes on",
            view.name,
            bytes.len(),
            self.services.store.name(),
            view.key,
            view.bucket
        ));
        false
    }

    /// Notes the revisions of what was written, so that nothing has to be read before the next commit.
    async fn written(
        &mut self,
        kinds: &[Beside],
        more: &[Write],
        values: Vec<(usize, crate::value::Value)>,
        revisions: Option<Vec<Revision>>,
    ) -> Result<(), DriveError> {
        let Some(revisions) = revisions else {
            return self.catch_up(more).await;
        };
        // Unless it is among what was written.
        self.row.fall_behind();
        self.noted(kinds, values, revisions);
        Ok(())
    }

    fn noted(&mut self, kinds: &[Beside], values: Vec<(usize, crate::value::Value)>, revisions: Vec<Revision>) {
        let mut values = values.into_iter();
        for (kind, revision) in kinds.iter().zip(revisions) {
            match kind {
                Beside::Row => self.row.written(self.state.status, revision),
                Beside::Lease => self.lease_revision = revision,
                Beside::View(_) => {
                    if let Some((at, value)) = values.next() {
                        self.views[at].stored = Document::written(value, revision);
                    }
                }
                Beside::Other(_) => {}
            }
        }
    }

    /// The outcome of an append had to be read back: so do the revisions; and of what stands beside the entry, a store
    /// that does not write all at once may lack the rest.
    async fn catch_up(&mut self, more: &[Write]) -> Result<(), DriveError> {
        // What was to be removed and is still there is met again.
        let more: Vec<Write> = more.iter().filter_map(Write::once_more).collect();
        let mut cause = String::new();
        for turn in 0..COMMIT_RESENDS {
            // Pauses grow: somebody else may write the same documents.
            tokio::time::sleep(Duration::from_millis(10 * turn as u64)).await;
            let (store, run) = (self.services.store.clone(), self.state.id().clone());
            for at in 0..self.views.len() {
                self.reread(at).await?;
            }
            // Whoever stood still here may have lost the run meanwhile, and what it would write is old.
            self.reread_row().await?;
            if !self.journal.since(&self.head).await?.entries.is_empty() {
                return Err(DriveError::Lost(run));
            }
            let mine = self.state.owner.as_ref() == Some(&self.owner);
            let lease = match read_lease(&*store, &run).await? {
                Some((lease, revision)) if lease.owner == self.owner => {
                    self.lease_revision = revision;
                    (!mine).then(|| release_write(&run, revision))
                }
                other => mine.then(|| claim_write(&run, &self.lease, other.map(|(_, revision)| revision))),
            };
            let (writes, kinds, values) = self.beside(&[], lease.as_ref(), &more);
            let pairs = writes.into_iter().zip(kinds);
            let (documents, rest): (Vec<_>, Vec<_>) = pairs.partition(|(_, kind)| matches!(kind, Beside::View(_)));
            // The row first, and by itself: it changes with whoever takes the run, so that nobody had before it was written;
            // and documents were read before that. One bucket at a time also tells what a full one refuses.
            match self.put(rest, vec![]).await {
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(error) => cause = error.to_string(),
                Ok(()) => match self.put(documents, values).await {
                    Err(CommitError::Store(error)) => return Err(error.into()),
                    Err(error) => cause = error.to_string(),
                    Ok(()) => return Ok(()),
                },
            }
        }
        Err(StoreError::Failed { doing: "write what stands beside the journal".into(), cause }.into())
    }

    /// Writes some of what stands beside an entry.
    pub(super) async fn put(
        &mut self,
        pairs: Vec<(Write, Beside)>,
        values: Vec<(usize, crate::value::Value)>,
    ) -> Result<(), CommitError> {
        if pairs.is_empty() {
            return Ok(());
        }
        let (writes, kinds): (Vec<Write>, Vec<Beside>) = pairs.into_iter().unzip();
        let revisions = self.services.store.commit(writes).await?;
        self.noted(&kinds, values, revisions);
        Ok(())
    }

    async fn reread(&mut self, at: usize) -> Result<(), DriveError> {
        let view = &self.views[at];
        let stored = readable(&self.services, &view.bucket, &view.key, &*self.observer).await?;
        self.views[at].stored = stored;
        Ok(())
    }
}

/// The state of a run, which is away while it is decided on.
pub(super) struct Held(Option<RunState>);

impl Held {
    pub(super) fn new(state: RunState) -> Self {
        Self(Some(state))
    }

    pub(super) fn take(&mut self) -> RunState {
        self.0.take().expect(AWAY)
    }

    fn put(&mut self, state: RunState) {
        self.0 = Some(state);
    }
}

const AWAY: &str = "whoever decides gives the state back";

impl std::ops::Deref for Held {
    type Target = RunState;

    fn deref(&self) -> &RunState {
        self.0.as_ref().expect(AWAY)
    }
}

impl std::ops::DerefMut for Held {
    fn deref_mut(&mut self) -> &mut RunState {
        self.0.as_mut().expect(AWAY)
    }
}

/// The documents of a run, as they are stored now.
pub(super) async fn views(
    services: &Services,
    program: &Program,
    state: &RunState,
    observer: &dyn Observer,
) -> Result<Vec<View>, StoreError> {
    let Some(bucket) = state.started.bucket.as_deref().and_then(|bucket| Bucket::new(bucket).ok()) else { return Ok(vec![]) };
    let mut views = Vec::new();
    for name in program.plan.documents.keys() {
        let Some(key) = state.started.documents.get(name.as_str()).and_then(|key| Key::new(key).ok()) else { continue };
        let stored = readable(services, &bucket, &key, observer).await?;
        views.push(View { name: name.clone(), bucket: bucket.clone(), key, stored, too_big: Arc::default() });
    }
    Ok(views)
}

/// Reads a document, and says when it cannot be read: it is replaced.
async fn readable(services: &Services, bucket: &Bucket, key: &Key, observer: &dyn Observer) -> Result<Document, StoreError> {
    let stored = read_document(&*services.store, bucket, key).await?;
    if let Some(why) = &stored.unreadable {
        observer.notice(&format!("{key} in `{bucket}` is no JSON ({why}) and is written anew"));
    }
    Ok(stored)
}
