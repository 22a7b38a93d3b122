//! What the user of a connection may not do. The server answers a request that it refuses with nothing; beside it comes a
//! line that names the subject. Here the two meet.

use async_nats::{ClientError, ConnectOptions, Event, ServerError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// Refusals that are kept for a request that has not looked yet.
const KEPT: usize = 256;
/// What the client says when the server does not let it in again.
const AUTHORIZATION: &str = "authorization violation";

/// Hears what a server refuses, and why a lost connection does not come back.
#[derive(Clone, Debug)]
pub(super) struct Refusals {
    sender: broadcast::Sender<Denied>,
    trouble: Arc<Mutex<Option<String>>>,
}

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Denied {
    /// Publishing, else subscribing.
    publish: bool,
    /// To what.
    subject: String,
}

impl Refusals {
    pub(super) fn new() -> Self {
        Self { sender: broadcast::channel(KEPT).0, trouble: Arc::default() }
    }

    /// Lets a connection tell its refusals.
    pub(super) fn of(&self, options: ConnectOptions) -> ConnectOptions {
        let refusals = self.clone();
        options.event_callback(move |event| {
            refusals.hear(event);
            std::future::ready(())
        })
    }

    fn hear(&self, event: Event) {
        match event {
            Event::Connected => *self.now() = None,
            Event::ServerError(ServerError::Other(text)) => match Denied::read(&text) {
                // Nobody may be waiting.
                Some(denied) => drop(self.sender.send(denied)),
                None => self.trouble_is(&format!("the server said `{text}`")),
            },
            Event::ClientError(ClientError::Other(text)) if text == AUTHORIZATION => {
                self.trouble_is(&format!("the server refuses the sign-in ({text})"));
            }
            _ => {}
        }
    }

    fn now(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection cannot be made anew because of this.
    pub(super) fn trouble_is(&self, why: &str) {
        *self.now() = Some(why.to_owned());
    }

    /// A text about an answer that does not come, with why that may be.
    pub(super) fn explained(&self, text: String) -> String {
        match &*self.now() {
            Some(why) => format!("{text}: {why}"),
            None => text,
        }
    }

    /// Listens from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Denied> {
        self.sender.subscribe()
    }
}

/// Waits until a request to `subject` is refused, or the subscription to its answer. Who is refused nothing waits forever.
pub(super) async fn refused(mut heard: broadcast::Receiver<Denied>, subject: &str) -> Denied {
    loop {
        match heard.recv().await {
            Ok(denied) if denied.meets(subject) => return denied,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Denied {
    /// From the server's line: `Permissions Violation for Publish to "SUBJECT"`.
    fn read(text: &str) -> Option<Self> {
        let (kind, subject) = text.split_once(" to \"")?;
        let (subject, _) = subject.split_once('"')?;
        let publish = match kind.rsplit_once("Permissions Violation for ")?.1 {
            "Publish" => true,
            "Subscription" => false,
            _ => return None,
        };
        Some(Self { publish, subject: subject.to_owned() })
    }

    /// A subscription that is refused while a request waits is that to its answer, unless it is to keys.
    fn meets(&self, subject: &str) -> bool {
        if self.publish { self.subject == subject } else { !self.subject.starts_with("$KV.") }
    }

    /// In words.
    pub(super) fn text(&self) -> String {
        let verb = if self.publish { "publish" } else { "subscribe" };
        let inbox = if self.publish { "" } else { ", where answers arrive (the option `inbox` names another place)" };
        format!(
            "its user may not {verb} to `{}`{inbox}: the permissions of the user in the server's configuration say so",
            self.subject
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Denied;

    #[test]
    fn refusals_are_read() {
        let denied = |publish, subject: &str| Some(Denied { publish, subject: subject.to_owned() });
        assert_eq!(Denied::read(r#"Permissions Violation for Publish to "$KV.flow.a""#), denied(true, "$KV.flow.a"));
        assert_eq!(
            Denied::read(r#"Permissions Violation for Subscription to "_INBOX.x.*" using queue "q""#),
            denied(false, "_INBOX.x.*")
        );
        assert_eq!(Denied::read("Stale Connection"), None);
        assert_eq!(Denied::read("Permissions Violation for Publish to nothing"), None);
    }
}
