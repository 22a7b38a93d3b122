//! What the user of a connection may not do. The server answers a request that it refuses with nothing; beside it comes a
//! line that names the subject. Here the two meet.

use async_nats::{ConnectOptions, Event, ServerError};
use tokio::sync::broadcast;

/// Refusals that are kept for a request that has not looked yet.
const KEPT: usize = 256;

/// Hears what a server refuses.
#[derive(Clone, Debug)]
pub(super) struct Refusals(broadcast::Sender<Denied>);

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Denied {
    /// Publishing, else subscribing.
    publish: bool,
    /// To what.
    subject: String,
}

impl Refusals {
    /// Lets a connection tell its refusals.
    pub(super) fn of(options: ConnectOptions) -> (Self, ConnectOptions) {
        let (sender, _) = broadcast::channel(KEPT);
        let told = sender.clone();
        let options = options.event_callback(move |event| {
            let told = told.clone();
            async move {
                if let Event::ServerError(ServerError::Other(text)) = event
                    && let Some(denied) = Denied::read(&text)
                {
                    // Nobody may be waiting.
                    let _ = told.send(denied);
                }
            }
        });
        (Self(sender), options)
    }

    /// Listens from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Denied> {
        self.0.subscribe()
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
