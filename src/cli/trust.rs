//! Trust, per project folder, asked once: a pipeline may run programs, and so may a folder that somebody else wrote.
//!
//! Kept in the user's own state, never in the project. Built-in pipelines are trusted, and what executes nothing
//! (rehearsals, lint, test, graph, dry runs) never asks.

use super::exit::Exit;
use super::fail::Fail;
use super::out::{Out, Paint, clean};
use super::person;
use crate::plan::Plan;
use crate::view::powers::powers;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// The version of the file.
const FORMAT: u32 = 1;

/// `trust.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Trusted {
    version: u32,
    /// Folders, absolute, with links resolved.
    folders: Vec<PathBuf>,
}

/// Makes sure that a pipeline of this folder may execute what it says.
///
/// # Errors
/// When somebody says no, or nobody can be asked.
pub fn ensure(root: &Path, name: &str, plan: &Plan, yes: bool, out: Out) -> Result<(), Fail> {
    let powers = powers(plan);
    if powers.is_empty() || yes || is_trusted(root) {
        return Ok(());
    }
    out.painted(&out.err_paint(Paint::Yellow, &format!("`{name}` is a pipeline of {}, and may execute:", root.display())));
    for power in &powers {
        out.note(&format!("  {power}"));
    }
    if !person::is_there() {
        let fail = Fail::usage(format!("the folder {} is not trusted yet, and nobody is there to ask", root.display()));
        return Err(fail.help("`--yes` runs it this once").help(format!(
            "`trust = [{:?}]` in {} trusts the folder",
            root.display().to_string(),
            shown(user_config())
        )));
    }
    out.prompt("Trust all pipelines of this folder? [y/N] ");
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    if !matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Err(Fail::new(Exit::Usage, "not trusted: nothing was started")
            .help("`--rehearse` walks through it without executing anything"));
    }
    remember(root).unwrap_or_else(|error| out.warn(&format!("it will be asked again: {error}")));
    Ok(())
}

/// Whether a folder, or one above it, is trusted.
pub fn is_trusted(root: &Path) -> bool {
    let listed = |folders: &[PathBuf]| folders.iter().any(|folder| folder.is_absolute() && root.starts_with(folder));
    listed(&read().folders) || listed(&configured())
}

fn read() -> Trusted {
    let text = state_file().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    serde_json::from_slice::<Trusted>(&text).ok().filter(|trusted| trusted.version == FORMAT).unwrap_or_default()
}

/// Adds a folder. The file is replaced whole, so that two at once leave one of two good files.
fn remember(root: &Path) -> Result<(), String> {
    let path = state_file().ok_or("there is no home folder to remember it in")?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut trusted = read();
    trusted.version = FORMAT;
    trusted.folders.push(root.to_path_buf());
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let text = serde_json::to_string_pretty(&trusted).unwrap_or_default();
    writeln!(file, "{text}").map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// `trust = ["/path"]` of the user's own `flow.toml`.
fn configured() -> Vec<PathBuf> {
    let text = user_config().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let folders = table.get("trust").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let home = std::env::home_dir();
    let path = |text: &str| match (text.strip_prefix("~/"), &home) {
        (Some(below), Some(home)) => home.join(below),
        _ => PathBuf::from(text),
    };
    folders.iter().filter_map(toml::Value::as_str).map(path).collect()
}

fn state_file() -> Option<PathBuf> {
    Some(user_folder("XDG_STATE_HOME", ".local/state")?.join("flow/trust.json"))
}

fn user_config() -> Option<PathBuf> {
    Some(user_folder("XDG_CONFIG_HOME", ".config")?.join("flow/flow.toml"))
}

fn user_folder(variable: &str, default: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| Some(std::env::home_dir()?.join(default)))
}

fn shown(path: Option<PathBuf>) -> String {
    clean(&path.unwrap_or_default().display().to_string())
}
