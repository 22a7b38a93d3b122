//! `flow doctor`: what is there, and what is wrong with it.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::logs::transcript;
use super::out::{Out, Paint, clean};
use super::pipeline::{cleaned, project};
use super::place::{self, Place, StoreArg, wait};
use super::store::declared::{Declared, by_runs};
use crate::agent::detect;
use crate::diag::human;
use crate::drive::differences;
use crate::project::{self, Project};
use crate::run::Digest;
use crate::store::{Contents, RunHead, Store, check_contents, list_runs};
use crate::view::timeline::plain;
use crate::view::words::count;
use std::sync::Arc;

/// Free space below this is worth a word, in bytes.
const LITTLE_SPACE: u64 = 200 << 20;

/// Arguments of `flow doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    store: StoreArg,
}

/// What was found out.
struct Report {
    out: Out,
    broken: usize,
}

impl Report {
    fn line(&self, mark: &str, paint: Paint, text: &str) -> Result<(), Fail> {
        self.out.result(&format!("{} {}\n", self.out.paint(paint, mark), clean(text)))
    }

    fn good(&self, text: &str) -> Result<(), Fail> {
        self.line("✓", Paint::Green, text)
    }

    fn hint(&self, text: &str) -> Result<(), Fail> {
        self.line("!", Paint::Yellow, text)
    }

    fn bad(&mut self, text: &str) -> Result<(), Fail> {
        self.broken += 1;
        self.line("✗", Paint::Red, text)
    }
}

/// Looks at everything.
///
/// # Errors
/// When nobody reads the report.
pub fn command(args: &Args, out: Out) -> Outcome {
    let mut report = Report { out, broken: 0 };
    report.good(&format!("flow {} on {} {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH))?;
    let project = project()?;
    of_project(&project, &mut report)?;
    wait(async {
        of_agents(&report).await?;
        match Place::find(&args.store) {
            Ok(place) => of_store(&place, &mut report).await,
            Err(fail) => report.bad(&fail.message),
        }
    })?;
    Ok(if report.broken == 0 { Exit::Done } else { Exit::Failed })
}

fn of_project(project: &Project, report: &mut Report) -> Result<(), Fail> {
    report.good(&format!("project {}", project.root.display()))?;
    if !project.findings.is_empty() {
        report.bad(&format!("flow.toml:\n{}", human(&cleaned(&project.findings), &project.sources, false).trim_end()))?;
    }
    let git = project::git(&project.root);
    if git.is_null() {
        report.hint("git: this is no repository, so nothing says what an agent changed")?;
    } else {
        let branch = git.get("branch");
        let dirty = git.get("dirty").items().map_or(0, |files| files.len());
        report.good(&format!("git: branch {}, {} changed", plain(&branch), count(dirty, "file")))?;
    }
    let trusted = super::trust::is_trusted(&project.root);
    let text = if trusted { "trust: pipelines of this folder may execute" } else { "trust: pipelines of this folder ask first" };
    report.good(text)
}

async fn of_agents(report: &Report) -> Result<(), Fail> {
    let found = detect::installed();
    for agent in &found {
        let version = detect::version(agent).await;
        let program = agent.known.program;
        match (version, agent.known.usable) {
            (Ok(version), true) => report.good(&format!("agent {program}: {version} ({})", agent.path.display()))?,
            (Ok(version), false) => report.hint(&format!("agent {program}: {version}, which this version cannot run"))?,
            (Err(error), _) => report.hint(&format!("agent {program}: {error} ({})", agent.path.display()))?,
        }
    }
    if !found.iter().any(|agent| agent.known.usable) {
        let looked: Vec<_> = detect::KNOWN.iter().filter(|known| known.usable).map(|known| known.program).collect();
        report.hint(&format!("no agent on PATH: looked for {}; `--rehearse` needs none", looked.join(", ")))?;
    }
    Ok(())
}

async fn of_store(place: &Place, report: &mut Report) -> Result<(), Fail> {
    let store = match place.open().await {
        Ok(Some(store)) => store,
        Ok(None) => return report.good(&format!("store {}: not there yet, the first run makes it", place.url)),
        Err(fail) => return report.bad(&format!("store {}: {}", place.url, fail.message)),
    };
    let (heads, faults) = list_runs(&*store).await?;
    report.good(&format!("store {}: {}", store.name(), count(heads.len(), "run")))?;
    for fault in faults {
        report.bad(&fault.to_string())?;
    }
    for finding in store.check().await? {
        report.bad(&format!("store: {finding}"))?;
    }
    let contents = check_contents(&*store).await?;
    for fault in &contents.faults {
        report.bad(&fault.to_string())?;
    }
    for head in &heads {
        of_run(&store, head, &contents, report).await?;
    }
    if contents.faults.is_empty() {
        let (plans, blobs) = (count(contents.plans.len(), "plan"), count(contents.blobs.len(), "blob"));
        report.good(&format!("store: {plans} and {blobs} are what their digests say"))?;
    }
    of_buckets(&store, &heads, report).await?;
    of_disk(place, report)
}

/// A journal, and whether all that it names is there.
async fn of_run(store: &Arc<dyn Store>, head: &RunHead, contents: &Contents, report: &mut Report) -> Result<(), Fail> {
    let told = match place::tell(store, &head.id).await {
        Ok(told) => told,
        Err(fail) => return report.bad(&format!("run {}: {}", head.id, fail.message)),
    };
    let damaged = |digest: &Digest| contents.faults.iter().any(|fault| fault.to_string().contains(digest.hex()));
    let plan = told.state.plan();
    if !contents.plans.contains(plan) && !damaged(plan) {
        report.bad(&format!("run {}: its plan {plan} is not in the store", head.id))?;
    }
    for (attempt, digest) in told.events.iter().filter_map(transcript) {
        if !contents.blobs.contains(digest) && !damaged(digest) {
            report.bad(&format!("run {}: the transcript {digest} of {attempt} is not in the store", head.id))?;
        }
    }
    Ok(())
}

/// The buckets of the pipelines that have run here, as their newest runs declare them.
async fn of_buckets(store: &Arc<dyn Store>, heads: &[RunHead], report: &Report) -> Result<(), Fail> {
    for Declared { pipeline, spec } in by_runs(store, heads).await {
        let Some(found) = store.describe(&spec.bucket).await? else { continue };
        let differences = differences(&spec, &found);
        if differences.is_empty() {
            report.good(&format!("bucket {} of {pipeline}: as declared", spec.bucket))?;
        }
        for difference in differences {
            report.hint(&format!("bucket {} of {pipeline}: {difference}", spec.bucket))?;
        }
    }
    Ok(())
}

fn of_disk(place: &Place, report: &Report) -> Result<(), Fail> {
    let Some(path) = place.url.text().strip_prefix("sqlite:") else { return Ok(()) };
    let Ok(disk) = rustix::fs::statvfs(path) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let text = format!("disk: {} MiB free where the store is", free >> 20);
    if free < LITTLE_SPACE { report.hint(&text) } else { report.good(&text) }
}
