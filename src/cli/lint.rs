//! `flow lint`.

use super::exit::Exit;
use super::fail::Outcome;
use super::out::Out;
use super::paths::pipelines;
use super::pipeline::{cleaned, counts, project, together};
use crate::diag::{Severity, concise, human, json};
use crate::view::words::count;

/// Arguments of `flow lint`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Pipelines, or folders with pipelines.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// How findings are printed.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Show also what is only worth knowing.
    #[arg(long)]
    pedantic: bool,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// With the lines of the pipeline.
    Human,
    /// One line a finding.
    Concise,
    /// For programs: `{version, findings}`.
    Json,
}

/// Checks pipelines.
///
/// # Errors
/// When a path names no pipeline.
pub fn command(args: &Args, out: Out) -> Outcome {
    let project = project()?;
    let paths = pipelines(&args.paths)?;
    let mut parts = vec![];
    for path in &paths {
        let mut loaded = project.load(path)?;
        loaded.findings.retain(|finding| args.pedantic || finding.severity() > Severity::Info);
        parts.push((cleaned(&loaded.findings), loaded.sources));
    }
    let (findings, sources) = together(parts);
    let text = match args.format {
        Format::Human => human(&findings, &sources, out.colour),
        Format::Concise => concise(&findings, &sources),
        Format::Json => json(&findings, &sources),
    };
    out.result(&text)?;
    let (errors, warnings) = counts(&findings);
    if args.format != Format::Json {
        let checked = format!("checked {}", count(paths.len(), "pipeline"));
        out.note(&match (errors, warnings) {
            (0, 0) => format!("{checked}: no findings"),
            _ => format!("{checked}: {}, {}", count(errors, "error"), count(warnings, "warning")),
        });
    }
    Ok(if findings.is_empty() { Exit::Done } else { Exit::Failed })
}
