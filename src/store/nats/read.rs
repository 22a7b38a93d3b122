//! Reads, all of them answered by the leader of the stream.

use super::api::{Refused, code};
use super::store::{Nats, stream, subject};
use crate::limits::NATS_READS;
use crate::name::{Bucket, Key};
use crate::store::{Entry, Revision, StoreError};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{StreamExt, TryStreamExt, stream as futures};
use serde_json::{Value, json};

impl Nats {
    /// One message of a bucket, deletes included; `None` when there is none, or no such bucket.
    pub(super) async fn message(&self, bucket: &Bucket, wanted: &Value) -> Result<Option<Entry>, StoreError> {
        let doing = || format!("read the bucket `{bucket}`");
        let answer = match self.api.ask(&format!("STREAM.MSG.GET.{}", stream(bucket)), wanted).await {
            Ok(answer) => answer,
            Err(refused) if refused.is(&[code::NO_MESSAGE, code::NO_STREAM]) => return Ok(None),
            Err(refused) => return Err(refused.error(&self.shown, doing())),
        };
        let odd = |cause: String| StoreError::Failed { doing: doing(), cause };
        let entry = entry(bucket, &answer["message"]).map_err(odd)?;
        Ok(Some(entry))
    }

    /// The last write of a key, be it a delete.
    pub(super) async fn last(&self, bucket: &Bucket, key: &str) -> Result<Option<Entry>, StoreError> {
        self.message(bucket, &json!({ "last_by_subj": subject(bucket, key) })).await
    }

    /// The last write of each key under a prefix, in the order of keys, deletes included.
    pub(super) async fn lasts(&self, bucket: &Bucket, prefix: &str) -> Result<Vec<Entry>, StoreError> {
        let mut keys = self.subjects(bucket, &under(prefix)).await?;
        if !prefix.is_empty() {
            keys.push(prefix.to_owned());
        }
        let reads = futures::iter(keys).map(|key| async move { self.last(bucket, &key).await });
        let found: Vec<Option<Entry>> = reads.buffer_unordered(NATS_READS).try_collect().await?;
        let mut found: Vec<Entry> = found.into_iter().flatten().collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// The keys that match a pattern and were ever written.
    pub(super) async fn subjects(&self, bucket: &Bucket, pattern: &str) -> Result<Vec<String>, StoreError> {
        let start = subject(bucket, "");
        let mut keys = Vec::new();
        loop {
            let body = json!({ "subjects_filter": subject(bucket, pattern), "offset": keys.len() });
            let answer = match self.api.ask(&format!("STREAM.INFO.{}", stream(bucket)), &body).await {
                Ok(answer) => answer,
                Err(refused) if refused.is(&[code::NO_STREAM]) => return Ok(keys),
                Err(refused) => return Err(refused.error(&self.shown, format!("list the bucket `{bucket}`"))),
            };
            let page = answer["state"]["subjects"].as_object();
            let before = keys.len();
            keys.extend(page.into_iter().flatten().filter_map(|(subject, _)| subject.strip_prefix(&start).map(str::to_owned)));
            if keys.len() == before || keys.len() as u64 >= answer["total"].as_u64().unwrap_or(0) {
                return Ok(keys);
            }
        }
    }

    /// The kept writes that match a pattern from a revision on, oldest first.
    pub(super) async fn from(
        &self,
        bucket: &Bucket,
        pattern: &str,
        from: Revision,
        most: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut found: Vec<Entry> = Vec::new();
        let mut next = from.0.max(1);
        while found.len() < most {
            let body = json!({ "seq": next, "next_by_subj": subject(bucket, pattern) });
            let Some(entry) = self.message(bucket, &body).await? else { break };
            next = entry.revision.0 + 1;
            found.push(entry);
        }
        Ok(found)
    }

    /// Facts of a bucket; `None` when there is no such bucket.
    pub(super) async fn info(&self, bucket: &Bucket) -> Result<Option<Value>, StoreError> {
        match self.api.ask(&format!("STREAM.INFO.{}", stream(bucket)), &Value::Null).await {
            Ok(answer) => Ok(Some(answer)),
            Err(Refused::Said { code: code::NO_STREAM, .. }) => Ok(None),
            Err(refused) => Err(refused.error(&self.shown, format!("look at the bucket `{bucket}`"))),
        }
    }
}

/// The pattern of the keys that begin with `prefix.`; of all keys for the empty prefix.
pub(super) fn under(prefix: &str) -> String {
    if prefix.is_empty() { ">".to_owned() } else { format!("{prefix}.>") }
}

/// A message as a write: a delete or purge of any client has no value.
fn entry(bucket: &Bucket, message: &Value) -> Result<Entry, String> {
    let field = |name: &str| message[name].as_str().unwrap_or_default();
    let bytes =
        |name: &str| BASE64_STANDARD.decode(field(name)).map_err(|error| format!("`{name}` of its answer is odd: {error}"));
    let text = field("subject");
    let key = text.strip_prefix(&subject(bucket, "")).ok_or_else(|| format!("`{text}` is no key of it"))?;
    let key = Key::new(key).map_err(|error| error.to_string())?;
    let revision = Revision(message["seq"].as_u64().ok_or("its answer has no revision")?);
    let headers = bytes("hdrs")?;
    let gone = String::from_utf8_lossy(&headers).lines().any(|line| {
        let header = line.split_once(':').map(|(name, value)| (name, value.trim()));
        matches!(header, Some(("KV-Operation", "DEL" | "PURGE") | ("Nats-Marker-Reason", _)))
    });
    Ok(Entry { key, revision, value: if gone { None } else { Some(bytes("data")?) } })
}
