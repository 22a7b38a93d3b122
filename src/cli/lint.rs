//! `flow lint`.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::Out;
use super::paths::{STDIN, pipelines, read_stdin};
use super::pipeline::{cleaned, project, settings, together};
use super::rewrite::{difference, rewrite};
use crate::diag::{Code, Diagnostic, RuleText, Severity, concise, github, human, json, sarif};
use crate::lint::{Page, readable};
use crate::project::{Change, Loaded, Project, rule_page};
use crate::text::Sources;
use crate::view::words::count;

/// Arguments of `flow lint`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Pipelines, or folders with pipelines; `-` is stdin.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// How findings are printed.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Show also what is only worth knowing.
    #[arg(long)]
    pedantic: bool,
    /// End 1 when there is a finding as bad as this; for `sarif` only when this is given.
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<FailOn>,
    /// End 0 whatever is found.
    #[arg(long, conflicts_with = "fail_on")]
    exit_zero: bool,
    #[command(flatten)]
    mending: Mending,
    /// The file that stdin stands for: what it names is looked for beside it.
    #[arg(long, value_name = "PATH", default_value = "stdin.toml")]
    stdin_filename: String,
}

/// What is done about findings.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Mending {
    /// Change the files: apply the fixes that keep the meaning for sure.
    #[arg(long)]
    fix: bool,
    /// Change the files: apply also the fixes that are guesses.
    #[arg(long)]
    unsafe_fixes: bool,
    /// Print what `--fix` or `--unsafe-fixes` would change, and change nothing.
    #[arg(long)]
    diff: bool,
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
    /// Annotations of GitHub Actions.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// Errors only.
    Error,
    /// Warnings too; so it is when nothing is said.
    Warning,
    /// Everything that is found.
    Info,
}

impl FailOn {
    fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Info => Severity::Info,
        }
    }
}

/// Checks pipelines, and mends them when asked to.
///
/// # Errors
/// When a path names no pipeline, or a file cannot be written.
pub fn command(args: &Args, out: Out) -> Outcome {
    let project = project()?;
    settings(&project)?;
    let paths = pipelines(&args.paths)?;
    let Mending { fix, unsafe_fixes, diff } = args.mending;
    let mending = fix || unsafe_fixes || diff;
    let shown = if args.pedantic || args.fail_on == Some(FailOn::Info) { Severity::Info } else { Severity::Warning };
    let (mut parts, mut changes, mut stdin) = (vec![], vec![], None);
    for path in &paths {
        let text = if path == STDIN { Some(read_stdin()?) } else { None };
        let name = if text.is_some() { &args.stdin_filename } else { path };
        let mut loaded = if mending {
            let mended = project.mend(name, text.as_deref(), unsafe_fixes)?;
            if text.is_some() {
                stdin = Some(mended.loaded.sources.get(mended.loaded.pipeline.file).text.clone());
            }
            let own = mended.changes.into_iter().filter(|change| text.is_none() || change.shown != *name);
            changes.extend(keep(own.collect(), diff)?);
            if diff { mended.before } else { mended.loaded }
        } else {
            load(&project, name, text.as_deref())?
        };
        loaded.findings.retain(|finding| finding.severity() >= shown);
        parts.push((cleaned(&loaded.findings), loaded.sources));
    }
    let (findings, sources) = together(parts);
    if diff {
        return differences(&changes, out);
    }
    if let Some(text) = stdin {
        out.result(&text)?;
        out.painted(print(args.format, &findings, &sources, &project, out.err_colour).trim_end());
    } else {
        out.result(&print(args.format, &findings, &sources, &project, out.colour))?;
    }
    if matches!(args.format, Format::Human | Format::Concise) {
        for change in &changes {
            out.note(&format!("changed {}", change.shown));
        }
        out.note(&summary(paths.len(), &findings, args.format, mending));
    }
    Ok(verdict(args, &findings))
}

fn load(project: &Project, name: &str, text: Option<&str>) -> Result<Loaded, Fail> {
    match text {
        Some(text) => Ok(project.load_text(name, text)),
        None => Ok(project.load(name)?),
    }
}

/// Writes changed files unless they are only shown.
fn keep(changes: Vec<Change>, only_shown: bool) -> Result<Vec<Change>, Fail> {
    if !only_shown {
        changes.iter().try_for_each(|change| rewrite(&change.path, &change.new))?;
    }
    Ok(changes)
}

fn differences(changes: &[Change], out: Out) -> Outcome {
    let text: String = changes.iter().map(|change| difference(&change.shown, &change.old, &change.new)).collect();
    out.result(&super::out::clean(&text))?;
    out.note(&match changes.len() {
        0 => "nothing would change".to_owned(),
        files => format!("{} would change", count(files, "file")),
    });
    Ok(if changes.is_empty() { Exit::Done } else { Exit::Failed })
}

fn print(format: Format, findings: &[Diagnostic], sources: &Sources, project: &Project, colour: bool) -> String {
    match format {
        Format::Human => human(findings, sources, colour),
        Format::Concise => concise(findings, sources),
        Format::Json => json(findings, sources),
        Format::Github => github(findings, &from_root(sources, project)),
        Format::Sarif => sarif(findings, &from_root(sources, project), &rule_text),
    }
}

/// The same sources with their paths from the root of the repository, as services know them.
fn from_root(sources: &Sources, project: &Project) -> Sources {
    let root = project.dir.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&project.root);
    let mut moved = Sources::default();
    for (_, source) in sources.iter() {
        let real = project.dir.join(&source.path);
        let real = real.canonicalize().unwrap_or(real);
        let path = real.strip_prefix(root).map_or_else(|_| source.path.clone(), |path| path.to_string_lossy().into_owned());
        moved.add(path, source.text.clone());
    }
    moved
}

fn rule_text(code: Code) -> Option<RuleText> {
    let page = rule_page(code.id)?;
    Some(RuleText { sentence: Page::read(page)?.sentence, markdown: readable(page) })
}

fn summary(checked: usize, findings: &[Diagnostic], format: Format, mending: bool) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity() == severity).count();
    let checked = format!("checked {}", count(checked, "pipeline"));
    if findings.is_empty() {
        return format!("{checked}: no findings");
    }
    let mut counts = vec![count(of(Severity::Error), "error"), count(of(Severity::Warning), "warning")];
    counts.extend(Some(of(Severity::Info)).filter(|infos| *infos > 0).map(|infos| count(infos, "info")));
    let mut parts = vec![format!("{checked}: {}", counts.join(", "))];
    let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref()).filter(|fix| fix.safe).count();
    if fixes > 0 && !mending {
        parts.push(format!("`--fix` mends {fixes}"));
    }
    if format == Format::Human {
        let first = findings.iter().min_by_key(|finding| std::cmp::Reverse(finding.severity()));
        parts.extend(first.map(|finding| format!("`flow explain {}` says more", finding.code)));
    }
    parts.join("; ")
}

fn verdict(args: &Args, findings: &[Diagnostic]) -> Exit {
    let unasked = args.format == Format::Sarif && args.fail_on.is_none();
    let bar = args.fail_on.unwrap_or(FailOn::Warning).severity();
    let bad = findings.iter().any(|finding| finding.severity() >= bar);
    if bad && !unasked && !args.exit_zero { Exit::Failed } else { Exit::Done }
}
