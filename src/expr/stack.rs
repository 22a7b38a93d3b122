//! Evaluation threads: expressions recurse over values and definitions, so they run on a stack that is large enough.
//!
//! A few threads with [`STACK_BYTES`] of stack are kept; [`on_big_stack`] lends one to a closure, and runs it in place
//! when it is on such a thread already.

use crate::limits::{STACK_BYTES, STACK_RESERVE_BYTES};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that wait for work; more than this many are not kept.
const KEPT: usize = 4;
/// A program that cannot evaluate can do nothing that it is for; the command line finds out at its start.
pub(super) const NO_ROOM: &str = "the system has room for an evaluation thread";
static IDLE: Mutex<Vec<Sender<Job>>> = Mutex::new(Vec::new());

thread_local! {
    /// Lowest address an evaluation may reach; 0 when this is no evaluation thread.
    static FLOOR: Cell<usize> = const { Cell::new(0) };
}

/// Lowest stack address that an evaluation on this thread may reach, if the thread has a large stack.
pub(super) fn floor() -> Option<usize> {
    Some(FLOOR.get()).filter(|floor| *floor > 0)
}

/// Marks the thread as an evaluation thread; to be called near the beginning of its stack.
fn settle() {
    let here = 0u8;
    FLOOR.set(std::ptr::from_ref(&here).addr().saturating_sub(STACK_BYTES - STACK_RESERVE_BYTES));
}

/// Runs `work` on a thread with a large stack. A panic of `work` goes on in the caller.
pub fn on_big_stack<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    if floor().is_some() {
        return work();
    }
    let (done, answer) = channel();
    let worker = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_else(hire);
    let job: Job = Box::new(move || {
        let _ = done.send(catch_unwind(AssertUnwindSafe(work)));
    });
    worker.send(job).expect("an idle evaluation thread waits for work");
    let result = answer.recv().expect("an evaluation thread answers");
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.len() < KEPT {
        idle.push(worker);
    }
    drop(idle);
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Like [`on_big_stack`], for work that borrows: it pays for a new thread. All that the work hands to [`on_big_stack`] stays on
/// that thread.
///
/// # Errors
/// When the system has no room for such a thread; the work was not begun.
pub fn on_new_stack<R: Send>(work: impl FnOnce() -> R + Send) -> std::io::Result<R> {
    if floor().is_some() {
        return Ok(work());
    }
    std::thread::scope(|scope| {
        let builder = Builder::new().name("eval".into()).stack_size(STACK_BYTES);
        let thread = builder.spawn_scoped(scope, || {
            settle();
            work()
        })?;
        Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

fn hire() -> Sender<Job> {
    let (jobs, inbox) = channel::<Job>();
    let builder = Builder::new().name("eval".into()).stack_size(STACK_BYTES);
    let thread = builder.spawn(move || {
        settle();
        for job in inbox {
            job();
        }
    });
    thread.expect(NO_ROOM);
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_inside_work_runs_in_place() {
        let outer = on_big_stack(|| (std::thread::current().id(), on_big_stack(|| std::thread::current().id())));
        assert_eq!(outer.0, outer.1);
        assert_ne!(outer.0, std::thread::current().id());
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_thread_lives_on() {
        let panic = catch_unwind(|| on_big_stack(|| resume_unwind(Box::new("boom")))).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"boom"));
        assert_eq!(on_big_stack(|| 7), 7);
    }
}
