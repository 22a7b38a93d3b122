//! `flow store apply`: makes the buckets that pipelines declare, and changes what differs.

use super::declared::Declared;
use crate::cli::exit::Exit;
use crate::cli::fail::{Fail, Outcome};
use crate::cli::out::{Out, clean};
use crate::cli::pipeline;
use crate::cli::place::{Place, StoreArg, wait};
use crate::cli::start::BucketArgs;
use crate::name::Bucket;
use crate::project::Project;
use crate::store::{BucketSpec, Facts, Store};
use crate::view::words::count;
use std::sync::Arc;

/// Arguments of `flow store apply`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Paths, or names of built-in pipelines.
    #[arg(value_name = "PIPELINE", required = true)]
    pipelines: Vec<String>,
    /// Say what would be made and changed, and do nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    bucket: BucketArgs,
    #[command(flatten)]
    store: StoreArg,
}

/// Makes and changes buckets, one after the other; says what it does to each.
///
/// # Errors
/// When a pipeline cannot be loaded, two of them want the same bucket in two ways, or the store refuses.
pub fn command(args: &Args, out: Out) -> Outcome {
    let project = pipeline::project()?;
    let mut all: Vec<Declared> = vec![];
    for name in &args.pipelines {
        let Some(declared) = declared(&project, name, &args.bucket, out)? else { continue };
        let same = all.iter().find(|other| other.spec.bucket == declared.spec.bucket);
        match same.map(|same| (declared.differs(Some(&same.spec)), same)) {
            None => all.push(declared),
            Some((differences, _)) if differences.is_empty() => {}
            Some((differences, same)) => {
                let text = format!("`{name}` wants the bucket `{}` in another way than `{}`", same.spec.bucket, same.pipeline);
                return Err(
                    Fail::usage(format!("{text}: {}", differences.join("; "))).help("`--bucket NAME` gives one of them its own")
                );
            }
        }
    }
    let place = Place::find(&args.store)?;
    wait(async {
        let store = if args.dry_run { place.open().await? } else { Some(place.open_or_create().await?) };
        for declared in &all {
            settle(store.as_ref(), declared, args.dry_run, out).await?;
        }
        if let Some(store) = store.filter(|_| !args.dry_run) {
            batch(&*store, &all, out).await?;
        }
        Ok(Exit::Done)
    })
}

fn declared(project: &Project, name: &str, settings: &BucketArgs, out: Out) -> Result<Option<Declared>, Fail> {
    let plan = pipeline::load(project, name, out)?.plan;
    if plan.store.is_none() && settings.says_something() {
        return Err(Fail::usage(format!("`{name}` has no [store] whose settings could be others")));
    }
    let declared = Declared::by(&settings.applied(&plan));
    if declared.is_none() {
        out.note(&format!("`{name}` keeps no documents, so it has no bucket"));
    }
    Ok(declared)
}

/// One bucket.
async fn settle(store: Option<&Arc<dyn Store>>, declared: &Declared, dry_run: bool, out: Out) -> Result<(), Fail> {
    let spec = &declared.spec;
    let found = match store {
        Some(store) => store.describe(&spec.bucket).await?,
        None => None,
    };
    let differences = declared.differs(found.as_ref());
    let say = |what: &str| out.result(&format!("{}\n", clean(&format!("bucket {}: {what}", spec.bucket))));
    let would = if dry_run { "would be " } else { "" };
    let done = match &found {
        Some(_) if differences.is_empty() => return say(&format!("as `{}` declares it", declared.pipeline)),
        Some(_) => format!("{would}changed: {}", differences.join("; ")),
        None => format!("{would}made: {}", settings(spec)),
    };
    if found.as_ref().is_some_and(|found| spec.history < found.history) {
        let kept = count(spec.history as usize, "value");
        out.warn(&format!("bucket `{}` keeps {kept} of each key then: older ones are dropped", spec.bucket));
    }
    if let Some(store) = store.filter(|_| !dry_run) {
        store.apply(spec).await?;
        let after = store.describe(&spec.bucket).await?;
        let left = declared.differs(after.as_ref());
        if !left.is_empty() {
            return Err(Fail::new(
                Exit::Store,
                format!("bucket `{}` did not become as wanted: {}", spec.bucket, left.join("; ")),
            ));
        }
        if let (Some(replicas), Some(BucketSpec { replicas: None, .. })) = (spec.replicas, &after) {
            out.note(&format!("bucket `{}` is in one file: `replicas = {replicas}` does not apply", spec.bucket));
        }
    }
    say(&done)
}

fn settings(spec: &BucketSpec) -> String {
    let replicas = spec.replicas.map(|replicas| format!("replicas {replicas}, ")).unwrap_or_default();
    format!("{replicas}history {}, description {:?}", spec.history, spec.description)
}

/// A bucket that was made on an older server does not take atomic batches by itself when the server is a newer one: this
/// asks for them, of these buckets and of the engine's own.
async fn batch(store: &dyn Store, all: &[Declared], out: Out) -> Result<(), Fail> {
    let ours = |spec: &BucketSpec| spec.bucket == Bucket::engine() || all.iter().any(|one| one.spec.bucket == spec.bucket);
    let without = |facts: Facts| facts.buckets.into_iter().filter(|found| !found.atomic).map(|found| found.spec).filter(ours);
    let before: Vec<BucketSpec> = without(store.facts().await?).collect();
    if before.is_empty() {
        return Ok(());
    }
    for spec in &before {
        store.apply(spec).await?;
    }
    let after: Vec<BucketSpec> = without(store.facts().await?).collect();
    for spec in before.iter().filter(|spec| !after.contains(spec)) {
        out.result(&format!("bucket {}: takes atomic batches now\n", spec.bucket))?;
    }
    Ok(())
}
