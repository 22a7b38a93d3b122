//! Writing a batch: bucket by bucket, each as one atomic batch where the server has those.
//!
//! The bucket of the first write goes first, since that write decides. Where there is more than one bucket, or no atomic
//! batch, everything is read beforehand, so that what cannot be written is noticed while nothing is written yet. What is
//! found out later than that is told as unknown: whoever asked reads back, finds the write that decides, and goes on.

use super::api::{Refused, code};
use super::batch::{Act, Lasts, acts, believed, revisions};
use super::store::{Nats, subject};
use crate::limits::{NATS_HEADERS, NATS_READS};
use crate::name::{Bucket, Key};
use crate::store::step::{Last, no_bucket};
use crate::store::{CommitError, Op, Revision, StoreError, Write};
use async_nats::HeaderMap;
use futures_util::{StreamExt, TryStreamExt, stream as futures};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// The revision that a write expects.
const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";
/// Times a batch is made anew because its keys kept changing: each time, somebody else got on.
const ROUNDS: u64 = 64;
/// Messages that a server takes in one batch.
const BATCH: usize = 1_000;

/// Why some writes of one bucket are not there.
enum Failure {
    /// Not one of them is: a key has another revision.
    Moved,
    /// Not one of them is.
    Refused(Refused),
    /// Some may be.
    Unknown(String),
}

impl Nats {
    /// Commits a batch.
    pub(super) async fn write(&self, batch: &[Write]) -> Result<Vec<Revision>, CommitError> {
        self.check_sizes(batch)?;
        let mut buckets: Vec<&Bucket> = Vec::new();
        for write in batch {
            if !buckets.contains(&&write.bucket) {
                buckets.push(&write.bucket);
            }
        }
        for write in batch {
            if self.takes_batches(&write.bucket).await?.is_none() {
                return Err(no_bucket(&write.bucket, &write.key).into());
            }
        }
        let whole = match buckets[..] {
            [] => return Ok(Vec::new()),
            [bucket] => batch.len() == 1 || self.takes_batches(bucket).await? == Some(true),
            _ => false,
        };
        let (mut lasts, mut fresh) = if whole { (believed(batch), false) } else { (self.look(batch).await?, true) };
        for round in 0..ROUNDS {
            match (acts(batch, &lasts), fresh) {
                (Ok(acts), _) => match self.put(batch, &buckets, &acts).await {
                    Ok(sent) => return Ok(revisions(&acts, &sent)),
                    Err(None) => {}
                    Err(Some(error)) => return Err(error),
                },
                (Err(index), true) => return Err(CommitError::Conflict { index, key: batch[index].key.clone() }),
                (Err(_), false) => {}
            }
            // A write that is under way on the server is not seen by a read yet.
            tokio::time::sleep(Duration::from_millis(round.min(20))).await;
            (lasts, fresh) = (self.look(batch).await?, true);
        }
        // Others were faster each time; or a write of these keys is under way on a server that cannot end it now.
        let cause = format!("it was refused {ROUNDS} times, as if its keys changed");
        Err(CommitError::Unknown { key: batch[0].key.clone(), cause })
    }

    fn check_sizes(&self, batch: &[Write]) -> Result<(), StoreError> {
        let most = self.api.client.max_payload().saturating_sub(NATS_HEADERS);
        for Write { key, op, .. } in batch {
            if let Op::Create(value) | Op::Ensure(value) | Op::Update(value, _) = op
                && value.len() > most
            {
                let cause = format!("it has {} bytes, and a message of {} has room for {most}", value.len(), self.shown);
                return Err(StoreError::Failed { doing: format!("write `{key}`"), cause });
            }
        }
        Ok(())
    }

    /// The last write of each key of a batch.
    async fn look(&self, batch: &[Write]) -> Result<Lasts, StoreError> {
        let keys: BTreeSet<(Bucket, Key)> = batch.iter().map(|write| (write.bucket.clone(), write.key.clone())).collect();
        let read = |(bucket, key): (Bucket, Key)| async move {
            let last = self.last(&bucket, key.as_str()).await?;
            let last = last.map_or(Last::NEVER, |entry| Last { revision: entry.revision, present: entry.value.is_some() });
            Ok::<_, StoreError>(((bucket, key), last))
        };
        futures::iter(keys).map(read).buffer_unordered(NATS_READS).try_collect().await
    }

    /// Sends what is to be sent, and gives its revisions by index; `None` when nothing is written, because a key moved.
    async fn put(
        &self,
        batch: &[Write],
        buckets: &[&Bucket],
        acts: &[Act],
    ) -> Result<HashMap<usize, Revision>, Option<CommitError>> {
        let mut sent = HashMap::new();
        for bucket in buckets {
            let mut todo: Vec<(usize, &Write, Option<Revision>)> = Vec::new();
            for (index, (write, act)) in batch.iter().zip(acts).enumerate() {
                if let (true, Act::Send(expected)) = (write.bucket == **bucket, act) {
                    todo.push((index, write, *expected));
                }
            }
            let atomic = self.takes_batches(bucket).await.map_err(|error| Some(error.into()))? == Some(true);
            let result = if atomic && (2..=BATCH).contains(&todo.len()) {
                self.together(bucket, &todo, &mut sent).await
            } else {
                self.one_by_one(todo, &mut sent).await
            };
            match result {
                Ok(()) => {}
                Err(Failure::Moved) if sent.is_empty() => return Err(None),
                // Before the write that decides, only what nothing refers to is sent.
                Err(Failure::Refused(refused)) if !sent.contains_key(&0) => {
                    return Err(Some(refused.error(&self.shown, format!("write `{}`", batch[0].key)).into()));
                }
                Err(failure) => return Err(Some(unknown(batch, failure))),
            }
        }
        Ok(sent)
    }

    /// Sends writes one after the other, those that nothing refers to yet first.
    async fn one_by_one(
        &self,
        mut todo: Vec<(usize, &Write, Option<Revision>)>,
        sent: &mut HashMap<usize, Revision>,
    ) -> Result<(), Failure> {
        todo.sort_by_key(|(index, write, expected)| (!matches!(write.op, Op::Ensure(_)) || expected.is_none(), *index));
        let mut own: HashMap<&Key, Revision> = HashMap::new();
        for (index, write, expected) in todo {
            // The batch wrote this key before: that write is what is expected.
            let expected = expected.or_else(|| own.get(&write.key).copied());
            let answer =
                self.api.send(&subject(&write.bucket, write.key.as_str()), headers(write, expected), payload(write)).await;
            let answer = answer.map_err(failure)?;
            let revision = answer["seq"].as_u64().ok_or_else(|| Failure::Unknown("the server gave no revision".to_owned()))?;
            own.insert(&write.key, Revision(revision));
            sent.insert(index, Revision(revision));
        }
        Ok(())
    }

    /// Sends writes as one atomic batch. All but the last want no answer, so that a batch takes one way there and back; one
    /// that came in pieces is sent again with an answer to each, which says why.
    async fn together(
        &self,
        bucket: &Bucket,
        todo: &[(usize, &Write, Option<Revision>)],
        sent: &mut HashMap<usize, Revision>,
    ) -> Result<(), Failure> {
        match self.batch(bucket, todo, false, sent).await {
            Err(Failure::Refused(refused)) if refused.is(&[code::INCOMPLETE]) => self.batch(bucket, todo, true, sent).await,
            result => result,
        }
    }

    async fn batch(
        &self,
        bucket: &Bucket,
        todo: &[(usize, &Write, Option<Revision>)],
        asks: bool,
        sent: &mut HashMap<usize, Revision>,
    ) -> Result<(), Failure> {
        let id = ulid::Ulid::generate().to_string();
        let mut last = serde_json::Value::Null;
        for (place, (_, write, expected)) in todo.iter().enumerate() {
            let mut headers = headers(write, *expected);
            headers.insert("Nats-Batch-Id", id.as_str());
            headers.insert("Nats-Batch-Sequence", (place + 1).to_string());
            let ends = place + 1 == todo.len();
            if ends {
                headers.insert("Nats-Batch-Commit", "1");
            }
            let subject = subject(bucket, write.key.as_str());
            let answer = if ends || asks {
                self.api.send(&subject, headers, payload(write)).await
            } else {
                self.api.tell(&subject, headers, payload(write)).await.map(|()| serde_json::Value::Null)
            };
            last = answer.map_err(|refused| {
                if refused.is(&[code::NO_BATCHES]) {
                    self.atomic_now().remove(bucket);
                }
                failure(refused)
            })?;
        }
        // An older server, which was not there when the bucket was looked at, stores each message by itself.
        if last["batch"].as_str() != Some(id.as_str()) {
            self.atomic_now().remove(bucket);
            return Err(Failure::Unknown("the server no longer takes batches".to_owned()));
        }
        let end = last["seq"].as_u64().filter(|end| *end >= todo.len() as u64);
        let end = end.ok_or_else(|| Failure::Unknown("the server gave no revision".to_owned()))?;
        let first = end + 1 - todo.len() as u64;
        sent.extend(todo.iter().zip(first..).map(|((index, ..), revision)| (*index, Revision(revision))));
        Ok(())
    }
}

fn headers(write: &Write, expected: Option<Revision>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(expected) = expected {
        headers.insert(EXPECTED, expected.0.to_string());
    }
    if matches!(write.op, Op::Delete(_)) {
        headers.insert("KV-Operation", "DEL");
    }
    headers
}

fn payload(write: &Write) -> Vec<u8> {
    match &write.op {
        Op::Create(value) | Op::Ensure(value) | Op::Update(value, _) => value.clone(),
        Op::Delete(_) => Vec::new(),
    }
}

fn failure(refused: Refused) -> Failure {
    match refused {
        refused if refused.is(&code::WRONG_REVISION) => Failure::Moved,
        // Somebody took the batches away from the bucket: it is written without them, as if a key had moved.
        refused if refused.is(&[code::NO_BATCHES]) => Failure::Moved,
        Refused::Silence(text) => Failure::Unknown(text),
        // Nobody heard it; a cluster that has no leader for the moment is asked again by whoever asked.
        Refused::Nobody => Failure::Unknown(Refused::Nobody.text()),
        refused => Failure::Refused(refused),
    }
}

fn unknown(batch: &[Write], failure: Failure) -> CommitError {
    let cause = match failure {
        Failure::Moved => "a later write of it met a newer value".to_owned(),
        Failure::Refused(refused) => refused.text(),
        Failure::Unknown(text) => text,
    };
    CommitError::Unknown { key: batch[0].key.clone(), cause }
}
