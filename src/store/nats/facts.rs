//! What there is to know of a server and its buckets.

use super::store::Nats;
use crate::limits::NATS_READS;
use crate::name::Bucket;
use crate::store::{BucketFacts, CopyFacts, Facts, StoreError};
use futures_util::{StreamExt, TryStreamExt, stream as futures};
use serde_json::Value;

impl Nats {
    /// Asks the account and each bucket.
    pub(super) async fn count(&self) -> Result<Facts, StoreError> {
        let account = self.api.ask("INFO", &Value::Null).await;
        let account = account.map_err(|refused| refused.error(&self.shown, "look at the account".to_owned()))?;
        let reads = futures::iter(self.names().await?).map(|bucket| async move {
            let info = self.info(&bucket).await?;
            Ok::<_, StoreError>(info.map(|info| of_bucket(&bucket, &info)))
        });
        let buckets: Vec<Option<BucketFacts>> = reads.buffered(NATS_READS).try_collect().await?;
        let server = self.api.client.server_info();
        Ok(Facts {
            keeper: format!("nats-server {}", server.version),
            server: Some(server.server_name),
            cluster: server.cluster,
            room: left(&account["limits"]["max_storage"], &account["storage"]),
            buckets: buckets.into_iter().flatten().collect(),
        })
    }
}

/// What is left of a limit; `None` where there is none.
fn left(limit: &Value, used: &Value) -> Option<u64> {
    let limit = limit.as_u64().filter(|limit| *limit > 0)?;
    Some(limit.saturating_sub(used.as_u64().unwrap_or(0)))
}

fn of_bucket(bucket: &Bucket, info: &Value) -> BucketFacts {
    let state = |name: &str| info["state"][name].as_u64().unwrap_or(0);
    let leader = info["cluster"]["leader"].as_str().map(|server| CopyFacts { server: server.to_owned(), current: true });
    let others = info["cluster"]["replicas"].as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(|copy| {
        let away = copy["offline"].as_bool().unwrap_or(false);
        let current = copy["current"].as_bool().unwrap_or(false) && !away;
        Some(CopyFacts { server: copy["name"].as_str()?.to_owned(), current })
    });
    BucketFacts {
        spec: super::bucket::spec(bucket, &info["config"]),
        keys: state("num_subjects"),
        writes: state("messages"),
        bytes: state("bytes"),
        room: left(&info["config"]["max_bytes"], &info["state"]["bytes"]),
        atomic: info["config"]["allow_atomic"].as_bool().unwrap_or(false),
        copies: leader.into_iter().chain(others).collect(),
    }
}
