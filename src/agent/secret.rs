//! Secrets by reference: had where a process starts, kept nowhere, hidden in everything the attempt says.

use super::backend::{Channel, Feed};
use super::environment::credentials;
use super::failure::{Fault, refused};
use super::mask::{Mask, Masking};
use super::sweep::RUN_VARIABLE;
use crate::limits;
use crate::run::{EnvValue, Outcome, Reply, RunId, SecretRef, Work};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The variable that names the variables of an attempt that hold secrets: what the attempt says through `flow note` is
/// masked where it is said.
const SECRETS_VARIABLE: &str = "FLOW_SECRETS";

/// Hides the secrets that this process was given as part of an attempt, and `more`.
pub fn given(more: Vec<String>) -> Mask {
    let names = std::env::var(SECRETS_VARIABLE).unwrap_or_default();
    let mut secrets: Vec<String> = names.split(',').filter_map(|name| std::env::var(name).ok()).collect();
    secrets.extend(credentials(std::env::vars_os()));
    secrets.extend(more);
    Mask::of(secrets.iter().map(String::as_str))
}

/// The work with its secrets in place of the references, and their values. For memory only.
///
/// # Errors
/// Names the variable and the reference, never a value.
pub async fn resolve(work: &Work, project: &Path, run: &RunId) -> Result<(Work, Vec<String>), Fault> {
    let mut work = work.clone();
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for (name, value) in &mut work.env {
        let EnvValue::Secret { secret } = value else { continue };
        let text = had(secret, project, run).await.map_err(|why| refused(format!("the secret of `{name}` {why}")))?;
        if text.len() < limits::SECRET_BYTES {
            let short = format!("has {} bytes: one under {} cannot be hidden in logs", text.len(), limits::SECRET_BYTES);
            return Err(refused(format!("the secret of `{name}` ({}) {short}", words(secret))));
        }
        names.push(name.clone());
        values.push(text.clone());
        *value = EnvValue::Text(text);
    }
    if !names.is_empty() {
        work.env.insert(SECRETS_VARIABLE.to_owned(), EnvValue::Text(names.join(",")));
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
async fn had(secret: &SecretRef, project: &Path, run_id: &RunId) -> Result<String, String> {
    let reference = words(secret);
    let text = match secret {
        SecretRef::Env(name) => {
            std::env::var(name).map_err(|_| format!("is not there: set the {reference} where `flow` is started"))?
        }
        SecretRef::File { file } => {
            let text = tokio::fs::read_to_string(located(file, project)).await;
            text.map_err(|error| format!("cannot be read from the {reference}: {error}"))?
        }
        SecretRef::Run { run } => {
            output(run, project, run_id).await.map_err(|why| format!("cannot be had as the {reference}: {why}"))?
        }
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

/// What a program writes. Its standard error is not shown: it may hold the secret. It carries the mark of the run, so that
/// it is found when the driver dies meanwhile.
async fn output(argv: &[String], project: &Path, run: &RunId) -> Result<String, String> {
    let (program, rest) = argv.split_first().ok_or("it names no program")?;
    let mut command = tokio::process::Command::new(program);
    command.env(RUN_VARIABLE, run.as_str());
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
    /// Of each output its own: a secret may be cut in two by what goes to the other.
    out: Mutex<Masking>,
    err: Mutex<Masking>,
}

impl MaskedFeed {
    /// In front of another feed.
    pub fn new(feed: Arc<dyn Feed>, mask: Mask) -> Self {
        let masking = || Mutex::new(Masking::new(mask.clone()));
        Self { feed, out: masking(), err: masking(), mask }
    }

    fn pass(&self, from: Channel, step: impl FnOnce(&mut Masking) -> Vec<u8>) {
        let masking = if from == Channel::Out { &self.out } else { &self.err };
        let shown = step(&mut masking.lock().unwrap_or_else(PoisonError::into_inner));
        if !shown.is_empty() {
            self.feed.transcript(from, &shown);
        }
    }

    /// Gives what was held back at the end.
    pub fn finish(&self) {
        self.pass(Channel::Out, Masking::finish);
        self.pass(Channel::Err, Masking::finish);
    }
}

impl Feed for MaskedFeed {
    fn progress(&self, line: &str) {
        self.feed.progress(&self.mask.piece(line));
    }

    fn transcript(&self, from: Channel, bytes: &[u8]) {
        self.pass(from, |masking| masking.push(bytes));
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
            error.message = mask.piece(&error.message);
            error.stdout_tail = error.stdout_tail.map(|tail| mask.piece(&tail));
            error.stderr_tail = error.stderr_tail.map(|tail| mask.piece(&tail));
            Outcome::Failed { error, agent, usage, transcript }
        }
        Outcome::Lost { reason } => Outcome::Lost { reason: mask.piece(&reason) },
    }
}
