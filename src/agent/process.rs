//! The driver's side of a guarded program: starts the guard, reads what the program says while it says it, and ends it
//! on time limits, silence, or a stop. Knows nothing of agents; whoever listens gives meaning to the output.
//!
//! Start with [`run`]. Dropping its future closes the guard's socket, and the guard then ends everything.

use super::guard::{Failure, Guard, Order, Told, Word};
use super::sweep::{KEY_VARIABLE, RUN_VARIABLE, sweep_marked};
use crate::failpoint;
use crate::limits;
use crate::run::RunId;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::Instant;

/// A program to run under a guard.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Whose guard.
    pub guard: Guard,
    /// Program and arguments; nothing secret.
    pub argv: Vec<String>,
    /// The whole environment; [`RUN_VARIABLE`] and [`KEY_VARIABLE`] must be in it.
    pub env: Vec<(String, String)>,
    /// Working folder, absolute.
    pub dir: PathBuf,
    /// Standard input.
    pub stdin: Vec<u8>,
    /// The run.
    pub run: RunId,
    /// The idempotency key of the turn: its marker.
    pub key: String,
    /// A private folder.
    pub scratch: PathBuf,
}

/// When a program is to be ended.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// In all.
    pub timeout: Option<Duration>,
    /// Without a word on either output.
    pub idle: Option<Duration>,
    /// Whether it gets an interrupt, and time to answer it, before the request to end.
    pub interrupt_first: bool,
    /// Set once it should stop.
    pub stop: watch::Receiver<bool>,
}

/// What a listener wants after what it heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// More.
    More,
    /// Nothing more: the program gets [`limits::LINGER_MS`] to end by itself.
    Enough,
}

/// Hears a program.
pub trait Listener: Send {
    /// A piece of standard output, as it came.
    fn stdout(&mut self, bytes: &[u8]) -> Want;
    /// A piece of standard error, as it came.
    fn stderr(&mut self, bytes: &[u8]);
}

/// Why a program was ended by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It took longer than this.
    Timeout(Duration),
    /// It was silent for this long.
    Idle(Duration),
    /// It was to stop.
    Stopped,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It was never started.
    NotStarted(Failure),
    /// Its guard was killed, and with it everything it guarded.
    GuardLost,
}

/// The end of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub how: How,
    /// Set when we ended it.
    pub cause: Option<Cause>,
}

/// Runs a program to its end. Nothing of it is left when this returns.
pub async fn run(launch: Launch, bounds: Bounds, listener: &mut dyn Listener) -> End {
    if *bounds.stop.borrow() {
        return End { how: How::Signal(rustix::process::Signal::TERM.as_raw()), cause: Some(Cause::Stopped) };
    }
    let marker = format!("{KEY_VARIABLE}={}", launch.key);
    let (child, control) = match spawn(&launch) {
        Ok(started) => started,
        Err(error) => return End { how: How::NotStarted(Failure::of(&error)), cause: None },
    };
    failpoint::pass!("guard.started");
    let (reader, mut writer) = control.into_split();
    let order = match order(&launch, &marker) {
        Ok(order) => order,
        Err(error) => return End { how: How::NotStarted(Failure::of(&error)), cause: None },
    };
    let sent = async {
        writer.write_all(&order).await?;
        writer.write_all(&launch.stdin).await
    };
    // A guard that is gone already shows by the end of its outputs; the writer stays open until we want it closed.
    let _ = sent.await;
    failpoint::pass!("guard.ordered");
    drop(launch);
    let guarded = Guarded { child, words: BufReader::new(reader), writer: Some(writer), bounds, cause: None };
    let (word, cause) = guarded.attend(listener).await;
    let how = match word {
        Some(Word::Ended { code: Some(code), .. }) => How::Code(code),
        Some(Word::Ended { signal, .. }) => How::Signal(signal.unwrap_or(rustix::process::Signal::KILL.as_raw())),
        Some(Word::NotStarted(failure)) => How::NotStarted(failure),
        None => {
            let sweep = move || sweep_marked(&marker, Duration::from_millis(limits::SWEEP_GRACE_MS));
            let _ = tokio::task::spawn_blocking(sweep).await;
            How::GuardLost
        }
    };
    End { how, cause }
}

/// Starts the guard with one end of a socket pair as its standard input.
fn spawn(launch: &Launch) -> std::io::Result<(Child, UnixStream)> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let ours = UnixStream::from_std(ours)?;
    let mut command = std::process::Command::new(launch.guard.program());
    std::os::unix::process::CommandExt::arg0(&mut command, "flow");
    command
        .arg(super::guard::GUARD_WORD)
        .env_clear()
        .env(RUN_VARIABLE, launch.run.as_str())
        .env(KEY_VARIABLE, &launch.key)
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // The command keeps its copy of the guard's end until it is dropped, which is here.
    let child = Command::from(command).spawn()?;
    Ok((child, ours))
}

/// The order line.
fn order(launch: &Launch, marker: &str) -> std::io::Result<Vec<u8>> {
    let order = Order {
        argv: launch.argv.clone(),
        env: launch.env.clone(),
        dir: launch.dir.clone(),
        marker: marker.to_owned(),
        grace_ms: limits::GRACE_MS,
        stdin_bytes: launch.stdin.len(),
        failure: launch.scratch.join(format!("{}.failure", launch.key)),
    };
    let mut line = serde_json::to_vec(&order)?;
    line.push(b'\n');
    Ok(line)
}

/// A guard at work.
struct Guarded {
    child: Child,
    words: BufReader<OwnedReadHalf>,
    writer: Option<OwnedWriteHalf>,
    bounds: Bounds,
    cause: Option<Cause>,
}

/// How far the ending has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The program runs.
    Running,
    /// It has said all; it may end by itself until then.
    Lingering(Instant),
    /// It was interrupted; it may end by itself until then.
    Interrupted(Instant),
    /// The guard is ending it and must be done by then.
    Closing(Instant),
    /// The guard has spoken or is gone; outputs are read until then.
    Draining(Instant),
}

impl Guarded {
    /// Reads outputs and words until both are over.
    async fn attend(mut self, listener: &mut dyn Listener) -> (Option<Word>, Option<Cause>) {
        let (mut out, mut err) = (self.child.stdout.take(), self.child.stderr.take());
        let (mut out_bytes, mut err_bytes) = (vec![0; 64 << 10], vec![0; 16 << 10]);
        let begin = Instant::now();
        let mut heard = begin;
        let mut stage = Stage::Running;
        let mut line = Vec::new();
        let mut word = None;
        let mut stop = self.bounds.stop.clone();
        while !matches!(stage, Stage::Draining(_)) || out.is_some() || err.is_some() {
            let draining = matches!(stage, Stage::Draining(_));
            let due = self.due(stage, begin, heard);
            tokio::select! {
                n = read(&mut out, &mut out_bytes) => {
                    heard = Instant::now();
                    if n == 0 { out = None; continue; }
                    if listener.stdout(&out_bytes[..n]) == Want::Enough && stage == Stage::Running {
                        stage = Stage::Lingering(after(limits::LINGER_MS));
                    }
                }
                n = read(&mut err, &mut err_bytes) => {
                    heard = Instant::now();
                    if n == 0 { err = None; continue; }
                    listener.stderr(&err_bytes[..n]);
                }
                _ = self.words.read_until(b'\n', &mut line), if !draining => {
                    word = serde_json::from_slice(&line).ok();
                    stage = Stage::Draining(after(limits::DRAIN_MS));
                }
                () = wanted(&mut stop), if stage == Stage::Running && self.cause.is_none() => {
                    stage = self.end_for(Cause::Stopped).await;
                }
                () = until(due), if due.is_some() => match self.next(stage, begin).await {
                    Some(next) => stage = next,
                    None => break,
                }
            }
        }
        // The guard ends right after its word; one that does not is not waited for.
        if tokio::time::timeout(Duration::from_millis(limits::DRAIN_MS), self.child.wait()).await.is_err() {
            let _ = self.child.start_kill();
            let _ = self.child.wait().await;
        }
        (word, self.cause)
    }

    /// When something has to be done next without a word from anybody.
    fn due(&self, stage: Stage, begin: Instant, heard: Instant) -> Option<Instant> {
        match stage {
            Stage::Running => {
                let timeout = self.bounds.timeout.map(|span| begin + span);
                let idle = self.bounds.idle.map(|span| heard + span);
                timeout.into_iter().chain(idle).min()
            }
            Stage::Lingering(at) | Stage::Interrupted(at) | Stage::Closing(at) | Stage::Draining(at) => Some(at),
        }
    }

    /// Does what is due; `None` when there is nothing left to wait for.
    async fn next(&mut self, stage: Stage, begin: Instant) -> Option<Stage> {
        match stage {
            Stage::Running => {
                let timed_out = self.bounds.timeout.filter(|span| begin.elapsed() >= *span);
                let cause = timed_out.map_or(Cause::Idle(self.bounds.idle.unwrap_or_default()), Cause::Timeout);
                Some(self.end_for(cause).await)
            }
            Stage::Lingering(_) | Stage::Interrupted(_) => Some(self.close()),
            Stage::Closing(_) => {
                // The guard itself does not answer: its death kills the program, and the sweep finds the rest.
                let _ = self.child.start_kill();
                Some(Stage::Draining(after(limits::DRAIN_MS)))
            }
            Stage::Draining(_) => None,
        }
    }

    /// Begins to end the program.
    async fn end_for(&mut self, cause: Cause) -> Stage {
        self.cause = Some(cause);
        if self.bounds.interrupt_first
            && let Some(writer) = &mut self.writer
            && let Ok(mut line) = serde_json::to_vec(&Told::Interrupt)
        {
            line.push(b'\n');
            if writer.write_all(&line).await.is_ok() {
                return Stage::Interrupted(after(limits::GRACE_MS));
            }
        }
        self.close()
    }

    /// Closes the guard's ear: it ends everything.
    fn close(&mut self) -> Stage {
        self.writer = None;
        Stage::Closing(after(limits::GRACE_MS + 2 * limits::SWEEP_MS))
    }
}

/// That many milliseconds from now.
fn after(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms)
}

/// Reads a piece; 0 at the end. A reader that is closed is never ready.
async fn read<R: tokio::io::AsyncRead + Unpin>(reader: &mut Option<R>, bytes: &mut [u8]) -> usize {
    match reader {
        Some(reader) => reader.read(bytes).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}

/// Until the stop is wanted; for ever when nobody can want it any more.
async fn wanted(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Until a moment; for ever without one.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Why a program could not be started, in words that name it, where it was looked for, and what to do.
pub fn not_started(program: &str, dir: &Path, path: Option<&str>, failure: &Failure) -> String {
    use super::guard::FailureKind;
    match failure.kind {
        FailureKind::NotFound if program.contains('/') => {
            format!(
                "`{program}` cannot be started from `{}`: it, or the interpreter its first line names, does not exist",
                dir.display()
            )
        }
        FailureKind::NotFound => {
            format!("`{program}` was not found on PATH ({}): install it, or write its full path", path.unwrap_or("not set"))
        }
        FailureKind::Denied => format!("`{program}` may not be executed: check its permissions (`chmod +x`)"),
        FailureKind::TooLarge => {
            format!("`{program}` cannot be started: its arguments are too large for the system; pass long texts through `stdin`")
        }
        FailureKind::Other => format!("`{program}` cannot be started: {}", failure.message),
    }
}
