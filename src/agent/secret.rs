//! Secrets by reference: had where a process starts, kept nowhere, hidden in everything the attempt says.

use super::backend::Feed;
use super::failure::{Fault, refused};
use super::mask::{Mask, Masking};
use crate::limits;
use crate::run::{EnvValue, Outcome, Reply, SecretRef, Work};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The work with its secrets in place of the references, and their values. For memory only.
///
/// # Errors
/// Names the variable and the reference, never a value.
pub async fn resolve(work: &Work, project: &Path) -> Result<(Work, Vec<String>), Fault> {
    let mut work = work.clone();
    let mut values = Vec::new();
    for (name, value) in &mut work.env {
        let EnvValue::Secret { secret } = value else { continue };
        let text = had(secret, project).await.map_err(|why| refused(format!("the secret of `{name}` {why}")))?;
        if text.len() < limits::SECRET_BYTES {
            let short = format!("has {} bytes: one under {} cannot be hidden in logs", text.len(), limits::SECRET_BYTES);
            return Err(refused(format!("the secret of `{name}` ({}) {short}", words(secret))));
        }
        values.push(text.clone());
        *value = EnvValue::Text(text);
    }
    Ok((work, values))
}

/// A reference in words.
fn words(secret: &SecretRef) -> String {
    match secret {
        SecretRef::Env(name) => format!("environment variable `{name}`"),
        SecretRef::File { file } => format!("file `{file}`"),
        SecretRef::Run { run } => format!("output of `{}`", run.join(" ")),
    }
}

/// The value behind a reference, or why it cannot be had.
async fn had(secret: &SecretRef, project: &Path) -> Result<String, String> {
    let reference = words(secret);
    let text = match secret {
        SecretRef::Env(name) => {
            std::env::var(name).map_err(|_| format!("is not there: set the {reference} where `flow` is started"))?
        }
        SecretRef::File { file } => {
            let text = tokio::fs::read_to_string(located(file, project)).await;
            text.map_err(|error| format!("cannot be read from the {reference}: {error}"))?
        }
        SecretRef::Run { run } => output(run, project).await.map_err(|why| format!("cannot be had as the {reference}: {why}"))?,
    };
    Ok(text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text)).to_owned())
}

/// Where a file of a reference is: `~/…`, absolute, or in the project.
fn located(file: &str, project: &Path) -> PathBuf {
    match (file.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => project.join(file),
    }
}

/// What a program writes. Its standard error is not shown: it may hold the secret.
async fn output(argv: &[String], project: &Path) -> Result<String, String> {
    let (program, rest) = argv.split_first().ok_or("it names no program")?;
    let mut command = tokio::process::Command::new(program);
    command.args(rest).current_dir(project).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let limit = Duration::from_millis(limits::SECRET_MS);
    let output = tokio::time::timeout(limit, command.output()).await;
    let output = output.map_err(|_| format!("it took longer than {} s", limit.as_secs()))?.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(output.status.to_string());
    }
    String::from_utf8(output.stdout).map_err(|_| "it is not UTF-8".to_owned())
}

/// A feed that hides secrets before anybody sees them.
#[derive(Debug)]
pub struct MaskedFeed {
    feed: Arc<dyn Feed>,
    mask: Mask,
    masking: Mutex<Masking>,
}

impl MaskedFeed {
    /// In front of another feed.
    pub fn new(feed: Arc<dyn Feed>, mask: Mask) -> Self {
        let masking = Mutex::new(Masking::new(mask.clone()));
        Self { feed, mask, masking }
    }

    /// Gives what was held back at the end.
    pub fn finish(&self) {
        let rest = self.masking.lock().unwrap_or_else(PoisonError::into_inner).finish();
        if !rest.is_empty() {
            self.feed.transcript(&rest);
        }
    }
}

impl Feed for MaskedFeed {
    fn progress(&self, line: &str) {
        self.feed.progress(&self.mask.text(line));
    }

    fn transcript(&self, bytes: &[u8]) {
        let shown = self.masking.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
        if !shown.is_empty() {
            self.feed.transcript(&shown);
        }
    }

    fn session(&self, session: &str) {
        self.feed.session(session);
    }
}

/// An outcome without secrets.
pub fn masked(outcome: Outcome, mask: &Mask) -> Outcome {
    if mask.is_empty() {
        return outcome;
    }
    match outcome {
        Outcome::Reply(reply) => Outcome::Reply(Reply { value: mask.value(&reply.value), ..reply }),
        Outcome::Failed { mut error, agent, usage, transcript } => {
            error.message = mask.text(&error.message);
            error.stdout_tail = error.stdout_tail.map(|tail| mask.text(&tail));
            error.stderr_tail = error.stderr_tail.map(|tail| mask.text(&tail));
            Outcome::Failed { error, agent, usage, transcript }
        }
    }
}
