//! The guard process: takes one order, runs the program in a group of its own, and ends everything that descends from
//! it when the driver is gone, when it is told to, or when the program itself has ended.
//!
//! It adopts orphans (child subreaper), so that even a program's double-forked, own-session children are its
//! descendants. It must never print: its outputs are the program's. Start with [`watch`].

use super::order::{Failure, GUARD_WORD, Order, STAGE_WORD, Told, Word};
use super::{own_program, stage};
use crate::agent::tree::{self, Process, SweepReport};
use crate::limits;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use std::collections::HashSet;
use std::ffi::OsString;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

/// Runs a guard, or the step that becomes the program, when the arguments ask for one; `None` when they do not.
/// To be called before anything else of the program.
pub fn main(args: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.skip(1).peekable();
    if args.next()? != GUARD_WORD {
        return None;
    }
    if args.peek().is_some_and(|word| word == STAGE_WORD) {
        return Some(stage::become_program(args.skip(1)));
    }
    // One thread: the program's death signal is tied to the thread that started it, which must be this one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(drop).and_then(|runtime| runtime.block_on(serve()).ok_or(()));
    Some(if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// From the order to the final word; `None` when the driver was gone before it had given an order.
async fn serve() -> Option<()> {
    // Out of the driver's session: Ctrl-C in its terminal is for the driver, which then tells us.
    let _ = rustix::process::setsid();
    let socket = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
    let socket = std::os::unix::net::UnixStream::from(socket);
    socket.set_nonblocking(true).ok()?;
    let mut control = BufReader::new(UnixStream::from_std(socket).ok()?);
    let mut line = Vec::new();
    control.read_until(b'\n', &mut line).await.ok()?;
    let order: Order = serde_json::from_slice(&line).ok()?;
    let mut stdin = vec![0; order.stdin_bytes];
    control.read_exact(&mut stdin).await.ok()?;
    let word = watch(&order, stdin, &mut control).await;
    let mut text = serde_json::to_vec(&word).ok()?;
    text.push(b'\n');
    // The driver may be dead; then nobody needs the word.
    let _ = control.get_mut().write_all(&text).await;
    Some(())
}

/// Runs the program and stays until nothing of it is left.
async fn watch(order: &Order, stdin: Vec<u8>, control: &mut BufReader<UnixStream>) -> Word {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let mut ears = match Ears::open() {
        Ok(ears) => ears,
        Err(error) => return Word::NotStarted(Failure::of(&error)),
    };
    let group = match start(order, stdin) {
        Ok(group) => group,
        Err(failure) => return Word::NotStarted(failure),
    };
    let status = attend(group, order, control, &mut ears).await;
    let swept = sweep(order, Duration::from_millis(limits::SWEEP_GRACE_MS));
    if let Ok(text) = std::fs::read(&order.failure) {
        let _ = std::fs::remove_file(&order.failure);
        if let Ok(failure) = serde_json::from_slice(&text) {
            return Word::NotStarted(failure);
        }
    }
    Word::Ended {
        code: status.and_then(WaitStatus::exit_status),
        signal: status.map_or(Some(Signal::KILL.as_raw()), WaitStatus::terminating_signal),
        swept: swept.stopped,
        left: swept.left,
    }
}

/// Starts the program in a group of its own and feeds its standard input. Gives the group, which is the program's pid.
fn start(order: &Order, stdin: Vec<u8>) -> Result<Pid, Failure> {
    let me = tree::own_pid().to_string();
    let mut child = Command::new(own_program())
        .arg0("flow")
        .args([GUARD_WORD, STAGE_WORD, &me])
        .arg(&order.failure)
        .args(&order.argv)
        .env_clear()
        .envs(order.env.iter().map(|(name, value)| (name, value)))
        .current_dir(&order.dir)
        .process_group(0)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::of(&error))?;
    if let Some(mut pipe) = child.stdin.take() {
        // A thread of its own: a program that never reads must not keep us from hearing the driver.
        std::thread::spawn(move || pipe.write_all(&stdin));
    }
    // Whoever is collected is collected in `reap`, so the handle is not waited for.
    i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(|| Failure::of(&std::io::Error::other("no process id")))
}

/// The signals that a guard hears.
struct Ears {
    child: tokio::signal::unix::Signal,
    term: tokio::signal::unix::Signal,
    int: tokio::signal::unix::Signal,
    hup: tokio::signal::unix::Signal,
}

impl Ears {
    fn open() -> std::io::Result<Self> {
        Ok(Self {
            child: signal(SignalKind::child())?,
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
        })
    }

    /// Until a child died or somebody asks this guard to stop.
    async fn listen(&mut self) -> Heard {
        tokio::select! {
            _ = self.child.recv() => Heard::Child,
            _ = self.term.recv() => Heard::Stop,
            _ = self.int.recv() => Heard::Stop,
            _ = self.hup.recv() => Heard::Stop,
        }
    }
}

/// What a guard waits for.
enum Heard {
    Child,
    Told(Told),
    Stop,
    Due,
}

/// Waits for the program's end and ends it when asked. `None` when it could not be ended at all.
async fn attend(group: Pid, order: &Order, control: &mut BufReader<UnixStream>, ears: &mut Ears) -> Option<WaitStatus> {
    let mut driver_there = true;
    let mut due: Option<Instant> = None;
    let mut killed = false;
    let mut line = Vec::new();
    loop {
        if let Some(status) = reap(group) {
            return Some(status);
        }
        let heard = tokio::select! {
            heard = ears.listen() => heard,
            end = control.read_until(b'\n', &mut line), if driver_there => match end {
                // What cannot be read is as good as a driver that is gone.
                Ok(n) if n > 0 => serde_json::from_slice(&line).map_or(Heard::Stop, Heard::Told),
                _ => { driver_there = false; Heard::Stop }
            },
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Heard::Due,
        };
        match heard {
            Heard::Child => {}
            Heard::Told(told) => {
                line.clear();
                match told {
                    Told::Interrupt => tell(group, Signal::INT),
                }
            }
            Heard::Stop if due.is_some() => {}
            Heard::Stop => {
                tell(group, Signal::TERM);
                tell(group, Signal::CONT);
                due = Some(Instant::now() + Duration::from_millis(order.grace_ms));
            }
            Heard::Due if killed => return None,
            Heard::Due => {
                tell(group, Signal::KILL);
                killed = true;
                due = Some(Instant::now() + Duration::from_millis(limits::SWEEP_MS));
            }
        }
    }
}

/// Signals the whole group.
fn tell(group: Pid, signal: Signal) {
    let _ = rustix::process::kill_process_group(group, signal);
}

/// Collects every dead child, adopted ones too; the program's status when it is among them.
fn reap(program: Pid) -> Option<WaitStatus> {
    let mut status = None;
    while let Ok(Some((pid, how))) = rustix::process::wait(WaitOptions::NOHANG) {
        if pid == program {
            status = Some(how);
        }
    }
    status
}

/// Ends every descendant and everything that carries the marker.
fn sweep(order: &Order, grace: Duration) -> SweepReport {
    let me = tree::own_pid();
    let find = || -> Vec<Process> {
        let all = tree::snapshot();
        let mut found: HashSet<Process> = tree::descendants(&[me], &all).into_iter().collect();
        found.extend(all.into_iter().filter(|p| p.pid != me && tree::carries(p.pid, &order.marker)));
        found.into_iter().collect()
    };
    tree::stop_all(find, grace)
}
