//! `flow store status`: which store it is, what is in it, and whether its buckets are as they are declared.

use super::declared::{Declared, by_runs};
use crate::cli::exit::Exit;
use crate::cli::fail::{Fail, Outcome};
use crate::cli::out::{Out, Paint, clean, json_text};
use crate::cli::pipeline;
use crate::cli::place::{Place, StoreArg, wait};
use crate::name::Bucket;
use crate::store::{BucketFacts, BucketSpec, Facts, list_runs};
use crate::view::words::{count, size};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Arguments of `flow store status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Pipelines whose buckets are looked at besides those of the runs here: paths, or names of built-in ones.
    #[arg(value_name = "PIPELINE")]
    pipelines: Vec<String>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArg,
}

/// All there is to tell.
struct Status {
    store: String,
    facts: Facts,
    /// Runs by the word of their status.
    runs: BTreeMap<String, usize>,
    buckets: BTreeMap<Bucket, Row>,
}

/// A bucket that is there, or is declared.
#[derive(Default)]
struct Row {
    found: Option<BucketFacts>,
    declared: Vec<Declared>,
}

impl Row {
    fn differs(&self) -> bool {
        self.declared.iter().any(|declared| !declared.differs(self.spec()).is_empty())
    }

    fn spec(&self) -> Option<&BucketSpec> {
        self.found.as_ref().map(|found| &found.spec)
    }
}

/// Looks, and changes nothing. Ends with 1 when a bucket is not as it is declared.
///
/// # Errors
/// When the store cannot be read, there is none yet, or a pipeline cannot be loaded.
pub fn command(args: &Args, out: Out) -> Outcome {
    let project = pipeline::project()?;
    let mut named = vec![];
    for name in &args.pipelines {
        let ready = pipeline::load(&project, name, out)?;
        match Declared::by(&ready.plan) {
            Some(declared) => named.push(declared),
            None => out.note(&format!("`{name}` keeps no documents, so it has no bucket")),
        }
    }
    let place = Place::find(&args.store)?;
    let (status, faults) = wait(look(&place, named))?;
    for fault in &faults {
        out.warn(fault);
    }
    if args.json {
        let text = serde_json::to_string_pretty(&status.json()).unwrap_or_default();
        out.result(&format!("{}\n", json_text(&text)))?;
    } else {
        status.print(out)?;
    }
    Ok(match (faults.is_empty(), status.buckets.values().any(Row::differs)) {
        (false, _) => Exit::Store,
        (true, true) => Exit::Failed,
        (true, false) => Exit::Done,
    })
}

async fn look(place: &Place, named: Vec<Declared>) -> Result<(Status, Vec<String>), Fail> {
    let store = place.open_existing().await?;
    let facts = store.facts().await?;
    let (heads, faults) = list_runs(&*store).await?;
    let mut declared = by_runs(&store, &heads).await;
    // What is named now counts, not what its newest run declared.
    declared.retain(|one| named.iter().all(|other| other.pipeline != one.pipeline));
    declared.extend(named);
    let mut runs = BTreeMap::new();
    for head in heads {
        *runs.entry(head.status).or_default() += 1;
    }
    let mut buckets: BTreeMap<Bucket, Row> = BTreeMap::new();
    for found in &facts.buckets {
        buckets.entry(found.spec.bucket.clone()).or_default().found = Some(found.clone());
    }
    for one in declared {
        buckets.entry(one.spec.bucket.clone()).or_default().declared.push(one);
    }
    let status = Status { store: store.name(), facts, runs, buckets };
    Ok((status, faults.iter().map(ToString::to_string).collect()))
}

impl Status {
    fn print(&self, out: Out) -> Result<(), Fail> {
        let Facts { keeper, server, cluster, room, .. } = &self.facts;
        let server = server.as_deref().map(|server| format!(" on `{server}`")).unwrap_or_default();
        let cluster = cluster.as_deref().map(|cluster| format!(" of the cluster `{cluster}`")).unwrap_or_default();
        let room = room.map(|room| format!(", room for {}", size(room))).unwrap_or_default();
        let mut lines = vec![format!("store {}: {keeper}{server}{cluster}{room}", self.store)];
        let runs: Vec<_> = self.runs.iter().map(|(status, n)| format!("{n} {status}")).collect();
        lines.push(if runs.is_empty() { "no runs".to_owned() } else { format!("runs: {}", runs.join(", ")) });
        lines = lines.iter().map(|line| clean(line)).collect();
        for (bucket, row) in &self.buckets {
            lines.push(clean(&format!("bucket {bucket}: {}", row.found.as_ref().map_or("none".to_owned(), of_bucket))));
            for declared in &row.declared {
                let differs = declared.differs(row.spec());
                let pipeline = &declared.pipeline;
                if differs.is_empty() {
                    lines.push(format!("  {} {}", out.paint(Paint::Green, "✓"), clean(&format!("as `{pipeline}` declares it"))));
                }
                for difference in differs {
                    let text = format!("not as `{pipeline}` declares it: {difference}");
                    lines.push(format!("  {} {}", out.paint(Paint::Red, "✗"), clean(&text)));
                }
            }
        }
        out.result(&(lines.join("\n") + "\n"))?;
        if self.buckets.values().any(Row::differs) {
            out.note("`flow store apply PIPELINE` makes a bucket as its pipeline declares it");
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let Facts { keeper, server, cluster, room, .. } = &self.facts;
        let settings =
            |spec: &BucketSpec| json!({ "replicas": spec.replicas, "history": spec.history, "description": spec.description });
        let buckets = self.buckets.iter().map(|(bucket, row)| {
            let declared = row.declared.iter().map(|one| {
                let mut fields = settings(&one.spec);
                fields["pipeline"] = one.pipeline.clone().into();
                fields["differences"] = one.differs(row.spec()).into();
                fields
            });
            let mut fields = json!({ "bucket": bucket, "found": null, "declared": declared.collect::<Vec<_>>() });
            if let Some(found) = &row.found {
                let copies = found.copies.iter().map(|copy| json!({ "server": copy.server, "current": copy.current }));
                fields["found"] = settings(&found.spec);
                fields["found"]["keys"] = found.keys.into();
                fields["found"]["writes"] = found.writes.into();
                fields["found"]["bytes"] = found.bytes.into();
                fields["found"]["room"] = found.room.into();
                fields["found"]["atomic"] = found.atomic.into();
                fields["found"]["copies"] = copies.collect::<Vec<_>>().into();
            }
            fields
        });
        json!({
            "version": 1,
            "store": self.store,
            "keeper": keeper,
            "server": server,
            "cluster": cluster,
            "room": room,
            "runs": self.runs,
            "buckets": buckets.collect::<Vec<_>>(),
            "as_declared": !self.buckets.values().any(Row::differs),
        })
    }
}

/// What a bucket is and holds, in a line.
fn of_bucket(found: &BucketFacts) -> String {
    let number = |n: u64, one: &str| count(usize::try_from(n).unwrap_or(usize::MAX), one);
    let mut parts = vec![
        number(found.keys, "key"),
        format!("{} in {}", size(found.bytes), number(found.writes, "write")),
        format!("history {}", found.spec.history),
    ];
    if let Some(replicas) = found.spec.replicas {
        let copy = |copy: &crate::store::CopyFacts| format!("{}{}", copy.server, if copy.current { "" } else { " is behind" });
        let servers: Vec<_> = found.copies.iter().map(copy).collect();
        let leads = |(first, others): (&String, &[String])| {
            std::iter::once(format!("{first} leads")).chain(others.to_vec()).collect::<Vec<_>>().join(", ")
        };
        let servers = servers.split_first().filter(|_| replicas > 1).map(|split| format!(" ({})", leads(split)));
        parts.push(format!("{}{}", number(u64::from(replicas), "replica"), servers.unwrap_or_default()));
    }
    parts.push(if found.atomic { "atomic batches" } else { "no atomic batches" }.to_owned());
    parts.extend(found.room.map(|room| format!("room for {}", size(room))));
    parts.join(", ")
}
