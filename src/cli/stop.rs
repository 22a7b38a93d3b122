//! Ctrl-C, SIGTERM and a closed terminal: once asks the agents to stop, twice kills them, three times ends at once. A
//! worker begins one step earlier, and takes nothing new.

use super::exit::Exit;
use super::out::{Out, Paint};
use super::progress::Progress;
use crate::drive::Stop;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Listens for signals, and gives the channel that tells of them.
pub fn listen(out: Out, progress: Arc<Progress>, resume: String) -> watch::Receiver<Stop> {
    heed(move |before| {
        let (next, text) = match before {
            Stop::No | Stop::Drain => (
                Stop::Politely,
                format!("stopping: agents are asked to finish what they say; once more stops at once. `{resume}` goes on"),
            ),
            Stop::Politely => (Stop::Now, format!("stopping at once. `{resume}` goes on")),
            Stop::Now => std::process::exit(Exit::Interrupted.code().into()),
        };
        let (out, progress) = (out, progress.clone());
        (next, Box::new(move || progress.urgent(&out.err_paint(Paint::Yellow, &text))))
    })
}

/// The same for a worker, which first only takes nothing new.
pub fn drain(out: Out) -> watch::Receiver<Stop> {
    heed(move |before| {
        let (next, text) = match before {
            Stop::No => {
                (Stop::Drain, "takes nothing new: what is performed ends, then its runs are let go; once more stops agents")
            }
            Stop::Drain => (Stop::Politely, "stopping: agents are asked to finish what they say; once more stops at once"),
            Stop::Politely => (Stop::Now, "stopping at once"),
            Stop::Now => std::process::exit(Exit::Interrupted.code().into()),
        };
        (next, Box::new(move || out.painted(&out.err_paint(Paint::Yellow, text))))
    })
}

/// What a signal leads to, and what is said then.
type Heard = (Stop, Box<dyn FnOnce() + Send>);

fn heed(step: impl Fn(Stop) -> Heard + Send + 'static) -> watch::Receiver<Stop> {
    let (sender, receiver) = watch::channel(Stop::No);
    let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let streams: Vec<_> = signals.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    tokio::spawn(async move {
        let mut streams = streams;
        loop {
            next(&mut streams).await;
            let before = *sender.borrow();
            let (next, say) = step(before);
            // First the stop, then the words: a terminal that is gone may take none.
            let _ = sender.send(next);
            say();
        }
    });
    receiver
}

/// Waits for any of the signals.
async fn next(streams: &mut [tokio::signal::unix::Signal]) {
    std::future::poll_fn(|context| {
        let any = streams.iter_mut().any(|stream| stream.poll_recv(context).is_ready());
        if any { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
