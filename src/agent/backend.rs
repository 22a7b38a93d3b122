//! The backend trait and what a backend is told besides its work.

use crate::run::{AgentSpec, Outcome, RunId, Work};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

/// A future of a backend, boxed so that backends are objects.
pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;

/// Performs turns.
pub trait Backend: Send + Sync + std::fmt::Debug {
    /// Its word in `use = "…"`.
    fn name(&self) -> &'static str;

    /// Performs one turn. When `context.stop` fires it stops what it started (politely, then for sure), keeps what
    /// was said, and gives an outcome; it never leaves a process behind.
    fn perform<'a>(&'a self, work: &'a Work, context: &'a Context) -> Future<'a, Outcome>;
}

/// What a backend is told besides its work.
#[derive(Clone)]
pub struct Context {
    /// The run.
    pub run: RunId,
    /// The project's folder, absolute.
    pub project: PathBuf,
    /// The agent as declared and overridden; `None` for processes.
    pub agent: Option<AgentSpec>,
    /// Set once the attempt should stop.
    pub stop: tokio::sync::watch::Receiver<bool>,
    /// Where progress goes.
    pub feed: Arc<dyn Feed>,
    /// Where raw streams are kept while the attempt runs; exists and is private.
    pub scratch: PathBuf,
    /// The store as the driver names it, for `flow note` from inside the attempt.
    pub store: String,
    /// What of the store nobody may see: hidden in everything that the attempt says, as its own secrets are.
    pub hidden: Vec<String>,
}

/// Which of its outputs a program wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Takes what an attempt does while it does it.
pub trait Feed: Send + Sync + std::fmt::Debug {
    /// One line for people: the last thing the agent did. Not kept.
    fn progress(&self, line: &str);

    /// A chunk of one of the raw streams as it came. Kept as the transcript.
    fn transcript(&self, from: Channel, bytes: &[u8]);

    /// The agent's session, as soon as it is known, so that an attempt that dies can be resumed.
    fn session(&self, session: &str);
}
