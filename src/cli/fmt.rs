//! `flow fmt`.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, clean};
use super::paths::{STDIN, pipelines, read_stdin};
use super::pipeline::{cleaned, project};
use super::rewrite::{difference, rewrite};
use crate::diag::human;
use crate::model::format;
use crate::text::Sources;
use crate::view::words::count;
use std::path::Path;

/// Arguments of `flow fmt`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Pipelines, or folders with pipelines; `-` formats stdin to stdout.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<String>,
    /// Write nothing: list the files that would change; exit code 1 when there are any.
    #[arg(long)]
    check: bool,
    /// Write nothing: print what would change; exit code 1 when something would.
    #[arg(long)]
    diff: bool,
}

/// A file, or stdin, before and after.
struct Formatted {
    path: String,
    old: String,
    new: String,
}

/// Formats pipelines. All are read before any is written, and one with syntax errors is left alone.
///
/// # Errors
/// When a path names no file, or a file cannot be written.
pub fn command(args: &Args, out: Out) -> Outcome {
    let (texts, typed) = texts(&args.paths)?;
    let all = texts.len();
    let formatted: Vec<_> = texts.into_iter().filter_map(|(path, old)| formatted(path, old, out)).collect();
    let broken = all - formatted.len();
    let writes = !args.check && !args.diff;
    if typed && writes {
        formatted.iter().try_for_each(|file| out.result(&file.new))?;
        return Ok(if broken == 0 { Exit::Done } else { Exit::Failed });
    }
    let changed: Vec<_> = formatted.iter().filter(|file| file.old != file.new).collect();
    for Formatted { path, old, new } in &changed {
        match (args.diff, args.check) {
            (true, _) => out.result(&clean(&difference(path, old, new)))?,
            (false, true) => out.result(&format!("{}\n", clean(path)))?,
            (false, false) => {
                rewrite(Path::new(path), new)?;
                out.note(&format!("changed {path}"));
            }
        }
    }
    out.note(&summary(all, changed.len(), broken, writes));
    Ok(if broken > 0 || !writes && !changed.is_empty() { Exit::Failed } else { Exit::Done })
}

/// The texts that were named, and whether they come from stdin.
fn texts(paths: &[String]) -> Result<(Vec<(String, String)>, bool), Fail> {
    if paths == [STDIN] {
        return Ok((vec![(STDIN.to_owned(), read_stdin()?)], true));
    }
    if paths.iter().any(|path| path == STDIN) {
        return Err(Fail::usage("`-` is stdin, and cannot stand beside other paths").help("`flow fmt -` formats stdin alone"));
    }
    let project = project()?;
    let mut texts = vec![];
    for path in pipelines(paths)? {
        let text = project.text(&path)?;
        texts.push((path, text));
    }
    Ok((texts, false))
}

/// Formats a text, or shows why it cannot be.
fn formatted(path: String, old: String, out: Out) -> Option<Formatted> {
    let mut sources = Sources::default();
    let file = sources.add(path.as_str(), old.as_str());
    match format(file, &old) {
        Ok(new) => Some(Formatted { path, old, new }),
        Err(found) => {
            out.painted(human(&cleaned(&found), &sources, out.err_colour).trim_end());
            None
        }
    }
}

/// What was done, or would be.
fn summary(all: usize, changed: usize, broken: usize, writes: bool) -> String {
    let mut parts = vec![match (changed, writes) {
        (0, _) => "nothing to change".to_owned(),
        (n, true) => format!("{n} changed"),
        (n, false) => format!("{n} would change"),
    }];
    if broken > 0 {
        parts.push(format!("{broken} left alone"));
    }
    let what = if writes { "formatted" } else { "checked" };
    format!("{what} {}: {}", count(all, "pipeline"), parts.join(", "))
}
