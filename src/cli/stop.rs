//! Ctrl-C, SIGTERM and a closed terminal: once asks the agents to stop, twice kills them, three times ends at once.

use super::exit::Exit;
use super::out::{Out, Paint};
use super::progress::Progress;
use crate::drive::Stop;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Listens for signals, and gives the channel that tells of them.
pub fn listen(out: Out, progress: Arc<Progress>, resume: String) -> watch::Receiver<Stop> {
    let (sender, receiver) = watch::channel(Stop::No);
    let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let streams: Vec<_> = signals.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    tokio::spawn(async move {
        let mut streams = streams;
        loop {
            next(&mut streams).await;
            let before = *sender.borrow();
            let text = match before {
                Stop::No => {
                    format!("stopping: agents are asked to finish what they say; once more stops at once. `{resume}` goes on")
                }
                Stop::Politely => format!("stopping at once. `{resume}` goes on"),
                Stop::Now => std::process::exit(Exit::Interrupted.code().into()),
            };
            // First the stop, then the words: a terminal that is gone may take none.
            let _ = sender.send(if before == Stop::No { Stop::Politely } else { Stop::Now });
            progress.urgent(&out.err_paint(Paint::Yellow, &text));
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
