//! What pipelines declare of their buckets, and how a bucket differs from it.

use crate::cli::place;
use crate::drive::{bucket_spec, differences};
use crate::plan::Plan;
use crate::store::{BucketSpec, RunHead, Store};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A bucket as a pipeline declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Name of the pipeline.
    pub pipeline: String,
    /// The settings.
    pub spec: BucketSpec,
}

impl Declared {
    /// What a plan declares; `None` when its pipeline keeps no documents.
    pub fn by(plan: &Plan) -> Option<Self> {
        Some(Self { pipeline: plan.name.clone(), spec: bucket_spec(plan)? })
    }

    /// How what was found differs, one text a field; a bucket that is not there differs as a whole.
    pub fn differs(&self, found: Option<&BucketSpec>) -> Vec<String> {
        found.map_or_else(|| vec!["it is not there".to_owned()], |found| differences(&self.spec, found))
    }
}

/// The buckets of the pipelines that have run here, as their newest runs declare them. Runs that cannot be read are left
/// out: `flow doctor` tells of them.
pub async fn by_runs(store: &Arc<dyn Store>, heads: &[RunHead]) -> Vec<Declared> {
    let newest: BTreeMap<&str, &RunHead> = heads.iter().map(|head| (head.pipeline.as_str(), head)).collect();
    let mut all = Vec::new();
    for head in newest.into_values() {
        let Ok(told) = place::tell(store, &head.id).await else { continue };
        let Ok(Some(plan)) = place::plan(&**store, &told.state).await else { continue };
        all.extend(Declared::by(&plan));
    }
    all
}
