//! The bucket of a pipeline's documents: made when it is not there, compared field by field when it is.

use super::{Observer, Services};
use crate::name::Bucket;
use crate::plan::Plan;
use crate::store::{BucketSpec, StoreError};

/// The bucket that a plan's documents live in: the declared one, or one with the pipeline's name.
pub fn bucket_spec(plan: &Plan) -> Option<BucketSpec> {
    if let Some(store) = &plan.store {
        let (bucket, description) = (store.bucket.clone(), store.description.clone());
        return Some(BucketSpec { bucket, replicas: store.replicas, history: store.history, description });
    }
    let bucket = Bucket::new(&plan.name).ok().filter(|_| !plan.documents.is_empty())?;
    Some(BucketSpec { bucket, replicas: None, history: 1, description: plan.description.clone() })
}

/// How a bucket differs from what is declared, one text a field; fields that the store does not have do not differ.
pub fn differences(declared: &BucketSpec, found: &BucketSpec) -> Vec<String> {
    let mut all = Vec::new();
    if let (Some(declared), Some(found)) = (declared.replicas, found.replicas)
        && declared != found
    {
        all.push(format!("replicas: declared {declared}, found {found}"));
    }
    if declared.history != found.history {
        all.push(format!("history: declared {}, found {}", declared.history, found.history));
    }
    if declared.description != found.description {
        all.push(format!("description: declared {:?}, found {:?}", declared.description, found.description));
    }
    all
}

/// Makes the bucket, or says how it differs.
pub(super) async fn prepare(services: &Services, plan: &Plan, observer: &dyn Observer) -> Result<(), StoreError> {
    let Some(spec) = bucket_spec(plan) else { return Ok(()) };
    match services.store.describe(&spec.bucket).await? {
        None => services.store.apply(&spec).await,
        Some(found) => {
            for difference in differences(&spec, &found) {
                observer.notice(&format!("bucket `{}` is not as declared: {difference}", spec.bucket));
            }
            Ok(())
        }
    }
}
