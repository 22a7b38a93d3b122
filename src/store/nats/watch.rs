//! Waiting for writes: a plain subscription rings, then the leader is asked what was written.
//!
//! No consumer is made on the server, so nothing is left behind there, and a connection that was lost needs no repair.

use super::read::under;
use super::store::{Nats, subject};
use crate::name::Bucket;
use crate::store::{Entry, Revision, StoreError};
use futures_util::StreamExt;
use std::time::Duration;

/// Writes that one call gives at most: the next call gives the rest.
const MOST: usize = 256;
/// A ring comes before the write is kept; and one that is lost costs no more than this.
const LOOK: Duration = Duration::from_millis(500);
/// How soon after a ring it is looked, again and again.
const AFTER_RING: [Duration; 4] =
    [Duration::from_millis(1), Duration::from_millis(4), Duration::from_millis(15), Duration::from_millis(60)];

impl Nats {
    /// Waits for writes under a prefix that came after a revision.
    pub(super) async fn wait(&self, bucket: &Bucket, prefix: &str, after: Revision) -> Result<Vec<Entry>, StoreError> {
        let failed = |cause: String| StoreError::Failed { doing: format!("watch the bucket `{bucket}`"), cause };
        let mut bells = Vec::new();
        for pattern in patterns(prefix) {
            let bell = self.api.client.subscribe(subject(bucket, &pattern)).await.map_err(|error| failed(error.to_string()))?;
            bells.push(bell);
        }
        let mut bells = futures_util::stream::select_all(bells);
        loop {
            let found = self.news(bucket, prefix, after).await?;
            if !found.is_empty() {
                return Ok(found);
            }
            if tokio::time::timeout(LOOK, bells.next()).await.is_err() {
                continue;
            }
            for pause in AFTER_RING {
                tokio::time::sleep(pause).await;
                let found = self.news(bucket, prefix, after).await?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
        }
    }

    async fn news(&self, bucket: &Bucket, prefix: &str, after: Revision) -> Result<Vec<Entry>, StoreError> {
        let next = Revision(after.0 + 1);
        let mut found = self.from(bucket, &under(prefix), next, MOST).await?;
        if prefix.is_empty() {
            return Ok(found);
        }
        // Both lists are given up to where both are complete, or the next call would begin behind something that nobody has
        // seen: each is complete up to the end of the one that was read before it.
        let mut alone = self.from(bucket, prefix, next, MOST).await?;
        let end = found.last().or(alone.last()).map_or(Revision(0), |entry| entry.revision);
        if found.is_empty() && !alone.is_empty() {
            found = self.from(bucket, &under(prefix), next, MOST).await?;
        }
        found.append(&mut alone);
        found.retain(|entry| entry.revision <= end);
        found.sort_by_key(|entry| entry.revision);
        Ok(found)
    }
}

/// The prefix itself, and what stands under it.
fn patterns(prefix: &str) -> Vec<String> {
    let all = under(prefix);
    if prefix.is_empty() { vec![all] } else { vec![prefix.to_owned(), all] }
}
