//! What an attempt says while it works: progress to the observer, the raw stream to a file, its session to the journal.

use super::Observer;
use super::tasks::Word;
use crate::agent::{Channel, Feed};
use crate::run::{AttemptId, Outcome, Stimulus};
use crate::store::{Write, blob_writes};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::UnboundedSender;

/// The feed of one turn.
pub(super) struct TurnFeed {
    attempt: AttemptId,
    observer: Arc<dyn Observer>,
    words: UnboundedSender<Word>,
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl TurnFeed {
    pub(super) fn new(
        attempt: AttemptId,
        turn: u32,
        scratch: &Path,
        observer: Arc<dyn Observer>,
        words: UnboundedSender<Word>,
    ) -> Self {
        let path = transcript_path(scratch, &attempt, turn);
        Self { attempt, observer, words, path, file: Mutex::new(None) }
    }

    /// Takes the raw stream, and removes its file.
    pub(super) fn take_transcript(&self) -> Option<Vec<u8>> {
        let opened = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        opened.as_ref()?;
        let bytes = std::fs::read(&self.path).ok()?;
        let _ = std::fs::remove_file(&self.path);
        Some(bytes)
    }
}

/// Where the raw stream of a turn is kept while it goes on.
pub(super) fn transcript_path(scratch: &Path, attempt: &AttemptId, turn: u32) -> PathBuf {
    scratch.join(format!("{attempt}.{turn}.transcript"))
}

impl Feed for TurnFeed {
    fn progress(&self, line: &str) {
        self.observer.progress(&self.attempt.phase, line);
    }

    fn transcript(&self, _: Channel, bytes: &[u8]) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            let opened = OpenOptions::new().create(true).append(true).open(&self.path);
            match opened {
                Ok(opened) => *file = Some(opened),
                Err(error) => return self.observer.notice(&format!("the transcript of {} is not kept: {error}", self.attempt)),
            }
        }
        if let Some(file) = file.as_mut() {
            // A transcript is a convenience: an attempt does not fail because its disk is full.
            let _ = file.write_all(bytes);
        }
    }

    fn session(&self, session: &str) {
        let stimulus = Stimulus::Session { attempt: self.attempt.clone(), session: session.to_owned() };
        let _ = self.words.send(Word::Happened(stimulus, None));
    }
}

impl std::fmt::Debug for TurnFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TurnFeed({})", self.attempt)
    }
}

/// Puts the raw stream of a turn into the same batch, and its digest into the outcome.
pub(super) fn with_transcript(stimulus: Stimulus, transcript: Option<Vec<u8>>, more: &mut Vec<Write>) -> Stimulus {
    match stimulus {
        Stimulus::Finished { attempt, turn, outcome } => {
            let outcome = Box::new(keep_transcript(*outcome, transcript, more));
            Stimulus::Finished { attempt, turn, outcome }
        }
        other => other,
    }
}

/// The same of an outcome alone.
pub(super) fn keep_transcript(mut outcome: Outcome, bytes: Option<Vec<u8>>, more: &mut Vec<Write>) -> Outcome {
    let Some(bytes) = bytes else { return outcome };
    let (digest, writes) = blob_writes(&bytes);
    match &mut outcome {
        Outcome::Reply(reply) => reply.transcript = Some(digest),
        Outcome::Failed { transcript, .. } => *transcript = Some(digest),
        Outcome::Lost { .. } => return outcome,
    }
    more.extend(writes);
    outcome
}
