//! Settings of buckets.

use super::api::{Refused, code};
use super::store::{Nats, stream, subject};
use crate::name::Bucket;
use crate::store::{BucketSpec, StoreError, step};
use serde_json::{Value, json};

/// Copies of the engine's own bucket where a cluster has room for them.
const ENGINE_REPLICAS: u32 = 3;

/// The settings of a bucket by those of its stream.
pub(super) fn spec(bucket: &Bucket, config: &Value) -> BucketSpec {
    let number = |name: &str, without: u32| config[name].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(without);
    BucketSpec {
        bucket: bucket.clone(),
        replicas: Some(number("num_replicas", 1)),
        history: number("max_msgs_per_subject", 1),
        description: config["description"].as_str().unwrap_or_default().to_owned(),
    }
}

/// What a new bucket's stream is like: what any client makes of a bucket, and batches.
fn fresh(bucket: &Bucket) -> Value {
    json!({
        "name": stream(bucket),
        "subjects": [subject(bucket, ">")],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "max_consumers": -1,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msg_size": -1,
        "duplicate_window": 120_000_000_000_u64,
        "allow_rollup_hdrs": true,
        "deny_delete": true,
        "allow_direct": true,
    })
}

impl Nats {
    /// Makes a bucket, or changes of its settings what differs and leaves the others as they are.
    pub(super) async fn settle(&self, spec: &BucketSpec) -> Result<(), StoreError> {
        step::check_spec(spec)?;
        let there = self.info(&spec.bucket).await?.map(|info| info["config"].clone());
        self.shape(spec, there).await.map_err(|refused| refused_settings(&self.shown, spec, &refused))
    }

    /// Makes a bucket, or changes one with these settings.
    async fn shape(&self, spec: &BucketSpec, there: Option<Value>) -> Result<(), Refused> {
        let verb = if there.is_some() { "UPDATE" } else { "CREATE" };
        let mut config = there.unwrap_or_else(|| fresh(&spec.bucket));
        config["max_msgs_per_subject"] = spec.history.into();
        config["description"] = spec.description.clone().into();
        config["allow_atomic"] = true.into();
        if let Some(replicas) = spec.replicas {
            config["num_replicas"] = replicas.into();
        }
        let answer = self.api.ask(&format!("STREAM.{verb}.{}", stream(&spec.bucket)), &config).await?;
        self.note_atomic(&spec.bucket, &answer["config"]);
        Ok(())
    }

    /// Makes the engine's own bucket where it is not there yet: with copies where they can be had.
    pub(super) async fn make_engine(&self) -> Result<(), StoreError> {
        let bucket = Bucket::engine();
        if let Some(info) = self.info(&bucket).await? {
            self.note_atomic(&bucket, &info["config"]);
            return Ok(());
        }
        let clustered = self.api.client.server_info().cluster.is_some();
        let wanted = if clustered { vec![ENGINE_REPLICAS, 1] } else { vec![1] };
        for replicas in wanted {
            let spec = BucketSpec { replicas: Some(replicas), ..step::engine_spec() };
            match self.shape(&spec, None).await {
                Ok(()) => return Ok(()),
                // Another process was first, with other settings: fine.
                Err(refused) if refused.is(&[code::STREAM_EXISTS]) => return Ok(()),
                Err(refused) if replicas > 1 && refused.is(&code::REPLICAS) => {}
                Err(refused) => return Err(refused_settings(&self.shown, &spec, &refused)),
            }
        }
        Ok(())
    }

    /// Whether a bucket takes atomic batches; `None` when there is no such bucket. Servers before 2.12 ignore the
    /// setting and store a batch one by one, so it counts only as the server tells it.
    pub(super) async fn takes_batches(&self, bucket: &Bucket) -> Result<Option<bool>, StoreError> {
        if let Some(known) = self.atomic_now().get(bucket) {
            return Ok(Some(*known));
        }
        let Some(info) = self.info(bucket).await? else { return Ok(None) };
        Ok(Some(self.note_atomic(bucket, &info["config"])))
    }

    fn note_atomic(&self, bucket: &Bucket, config: &Value) -> bool {
        let atomic = config["allow_atomic"].as_bool().unwrap_or(false);
        self.atomic_now().insert(bucket.clone(), atomic);
        atomic
    }

    /// What is known of batches.
    pub(super) fn atomic_now(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<Bucket, bool>> {
        self.atomic.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// All buckets, sorted.
    pub(super) async fn names(&self) -> Result<Vec<Bucket>, StoreError> {
        let mut all: Vec<Bucket> = Vec::new();
        let mut offset = 0;
        loop {
            let answer = self.api.ask("STREAM.NAMES", &json!({ "offset": offset, "subject": "$KV.>" })).await;
            let answer = answer.map_err(|refused| refused.error(&self.shown, "list the buckets".to_owned()))?;
            let page = answer["streams"].as_array().map_or(&[][..], Vec::as_slice);
            offset += page.len();
            all.extend(page.iter().filter_map(|name| Bucket::new(name.as_str()?.strip_prefix("KV_")?).ok()));
            if page.is_empty() || offset as u64 >= answer["total"].as_u64().unwrap_or(0) {
                all.sort();
                return Ok(all);
            }
        }
    }
}

/// Why a bucket cannot be as it is wanted, and the ways out.
fn refused_settings(store: &str, spec: &BucketSpec, refused: &Refused) -> StoreError {
    let doing = format!("make the bucket `{}`", spec.bucket);
    if !refused.is(&code::REPLICAS) {
        return refused.error(store, doing);
    }
    let replicas = spec.replicas.unwrap_or(1);
    let cause = format!(
        "{}: `replicas = {replicas}` needs a cluster of at least {replicas} servers; go on with one copy (`replicas = 1` under \
         [store] of the pipeline), or name the servers of such a cluster with `--store nats://…,nats://…`",
        refused.text()
    );
    StoreError::Failed { doing, cause }
}
