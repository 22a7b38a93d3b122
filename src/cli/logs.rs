//! `flow logs`.

use super::alive;
use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, Paint, clean};
use super::place::{self, Place, StoreArg, Told, wait};
use crate::name::Name;
use crate::run::{AttemptId, Digest, Event, RunState, RunStatus, Stamped};
use crate::store::{Journal, Store, get_blob, key, read_head};
use crate::view::timeline::{Line, Tone, line, lines};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked for whether the process of a silent run still lives.
const LOOK: Duration = Duration::from_secs(1);

/// Arguments of `flow logs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An id, its beginning or its end, or `latest`.
    #[arg(value_name = "RUN")]
    run: String,
    /// Only what concerns this phase.
    #[arg(value_name = "PHASE")]
    phase: Option<String>,
    /// Go on printing until the run is over or waits.
    #[arg(short, long, conflicts_with = "transcript")]
    follow: bool,
    /// Print what agents and processes wrote, raw, instead of what happened.
    #[arg(long)]
    transcript: bool,
    #[command(flatten)]
    store: StoreArg,
}

/// Prints what happened.
///
/// # Errors
/// When there is no such run, or it cannot be read.
pub fn command(args: &Args, out: Out) -> Outcome {
    let place = Place::find(&args.store)?;
    wait(async {
        let store = place.open_existing().await?;
        let told = place::named(&store, &args.run).await?;
        let phase = args.phase.as_deref().map(|phase| place::phase(&told.state, phase)).transpose()?;
        if args.transcript {
            return transcripts(&*store, &told, phase.as_ref(), out).await;
        }
        let all = lines(&told.events).map_err(|error| Fail::new(Exit::Store, error.to_string()))?;
        let width = told.state.phases.iter().map(|phase| phase.name.as_str().len()).max().unwrap_or(0);
        let printer = Printer { out, phase, width };
        printer.print(&all)?;
        if args.follow { follow(&store, told, &printer, out).await } else { Ok(Exit::Done) }
    })
}

struct Printer {
    out: Out,
    phase: Option<Name>,
    width: usize,
}

impl Printer {
    fn print(&self, lines: &[Line]) -> Result<(), Fail> {
        let mut text = String::new();
        for line in lines.iter().filter(|line| self.phase.is_none() || self.phase == line.phase) {
            let stamp = self.out.paint(Paint::Dim, &line.at.to_string());
            let phase = line.phase.as_ref().map_or("-", Name::as_str);
            let said = match tone(line.tone) {
                Some(paint) => self.out.paint(paint, &line.text),
                None => clean(&line.text),
            };
            let _ = writeln!(text, "{stamp}  {phase:<width$}  {said}", width = self.width);
        }
        self.out.result(&text)
    }
}

/// The colour of a line.
pub fn tone(tone: Tone) -> Option<Paint> {
    match tone {
        Tone::Plain => None,
        Tone::Quiet => Some(Paint::Dim),
        Tone::Good => Some(Paint::Green),
        Tone::Warn | Tone::Ask => Some(Paint::Yellow),
        Tone::Bad => Some(Paint::Red),
    }
}

/// Prints what is written to the journal from now on, until the run is over or waits, or its process is found dead.
async fn follow(store: &Arc<dyn Store>, told: Told, printer: &Printer, out: Out) -> Outcome {
    let Told { mut state, mut head, .. } = told;
    let journal = Journal::new(store.clone(), state.id().clone());
    let prefix = key::entries(state.id());
    let engine = crate::name::Bucket::engine();
    let mut seen = store.head(&engine).await?;
    let pooled = read_head(&**store, state.id()).await?.is_some_and(|(head, _)| head.pool.is_some());
    let mut dead = None;
    loop {
        let new = journal.since(&head).await?;
        let silent = new.entries.is_empty();
        for (_, stamped) in new.events() {
            state.apply(stamped).map_err(|error| Fail::new(Exit::Store, error.to_string()))?;
            printer.print(&[line(&state, stamped)])?;
        }
        head = new.head;
        // A run that its driver let go is taken by another worker of its pool.
        if settled(&state) && !(state.status == RunStatus::Interrupted && pooled) {
            return Ok(Exit::Done);
        }
        // Told only when nothing came after it was looked for: another process may have taken the run meanwhile.
        if let Some(standstill) = dead.filter(|_| silent) {
            alive::tell(state.id(), standstill, out);
            return Ok(Exit::Done);
        }
        tokio::select! {
            written = store.watch(&engine, &prefix, seen) => {
                seen = written?.iter().map(|entry| entry.revision).max().unwrap_or(seen);
                dead = None;
            }
            () = tokio::time::sleep(LOOK) => dead = alive::standstill(&state, alive::carried(&**store, &state).await?),
        }
    }
}

fn settled(state: &RunState) -> bool {
    state.status.is_over() || matches!(state.status, RunStatus::Waiting | RunStatus::Interrupted)
}

/// The raw streams of all attempts, in order, each under a line that names it.
async fn transcripts(store: &dyn Store, told: &Told, phase: Option<&Name>, out: Out) -> Outcome {
    let mut found = false;
    for (attempt, digest) in told.events.iter().filter_map(transcript) {
        if phase.is_some_and(|phase| *phase != attempt.phase) {
            continue;
        }
        found = true;
        let bytes = get_blob(store, digest).await?;
        let title = format!("== {} round {} attempt {}", attempt.phase, attempt.round, attempt.number);
        out.note(&title);
        match bytes {
            Some(bytes) => out.result(&ended(clean(&String::from_utf8_lossy(&bytes))))?,
            None => out.warn(&format!("the transcript {digest} is not in the store")),
        }
    }
    if !found {
        out.note("no transcript is kept of it");
    }
    Ok(Exit::Done)
}

fn ended(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// The transcript that an event names, and whose it is.
pub fn transcript(stamped: &Stamped) -> Option<(&AttemptId, &Digest)> {
    match &stamped.event {
        Event::Replied { attempt, transcript: Some(digest), .. }
        | Event::AttemptFailed { attempt, transcript: Some(digest), .. }
        | Event::Stopped { attempt, transcript: Some(digest), .. } => Some((attempt, digest)),
        _ => None,
    }
}
