//! Requests to JetStream and what comes back.

use super::denied::{Denied, Refusals, refused};
use crate::limits::{NATS_ANSWER_MS, NATS_PATIENCE_MS};
use crate::store::StoreError;
use async_nats::client::RequestErrorKind;
use async_nats::{Client, HeaderMap, Request};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Codes of the server that are no failures to us.
pub(super) mod code {
    /// A write expected another revision; the second when one on the same key is under way.
    pub(in crate::store::nats) const WRONG_REVISION: [u64; 2] = [10071, 10164];
    /// There is no such message.
    pub(in crate::store::nats) const NO_MESSAGE: u64 = 10037;
    /// There is no such stream.
    pub(in crate::store::nats) const NO_STREAM: u64 = 10059;
    /// Somebody made the stream meanwhile.
    pub(in crate::store::nats) const STREAM_EXISTS: u64 = 10058;
    /// A single server cannot keep copies, and a cluster not more than it has servers.
    pub(in crate::store::nats) const REPLICAS: [u64; 2] = [10074, 10005];
    /// The stream takes no batches any more.
    pub(in crate::store::nats) const NO_BATCHES: u64 = 10174;
    /// A message of a batch did not come, or was refused.
    pub(in crate::store::nats) const INCOMPLETE: u64 = 10176;
    /// The stream, or what the account may store, is full.
    pub(in crate::store::nats) const FULL: [u64; 4] = [10077, 10047, 10023, 10002];
    /// The account has no JetStream.
    pub(in crate::store::nats) const NO_JETSTREAM: u64 = 10039;
    /// JetStream has no leader yet.
    pub(in crate::store::nats) const NOT_READY: [u64; 2] = [10008, 10009];
}

/// Why a request has no good answer.
#[derive(Clone, Debug)]
pub(super) enum Refused {
    /// The server said no.
    Said { code: u64, text: String },
    /// The user has no right to it: it was not done.
    Denied(Denied),
    /// Nobody listens: no such stream, no leader, or no JetStream.
    Nobody,
    /// No answer came: whether the request arrived is not known.
    Silence(String),
    /// It was never sent.
    Unsent(String),
}

impl Refused {
    pub(super) fn is(&self, codes: &[u64]) -> bool {
        matches!(self, Self::Said { code, .. } if codes.contains(code))
    }

    /// Whether waiting may help.
    fn passes(&self) -> bool {
        matches!(self, Self::Nobody | Self::Silence(_)) || self.is(&code::NOT_READY)
    }

    /// In words.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Said { code, text } => format!("{text} ({code})"),
            Self::Nobody => "nobody answers: JetStream is off, or has no leader".to_owned(),
            Self::Denied(denied) => denied.text(),
            Self::Silence(text) | Self::Unsent(text) => text.clone(),
        }
    }

    /// As an error of the store `store`, which was `doing` something.
    pub(super) fn error(&self, store: &str, doing: String) -> StoreError {
        if self.is(&code::FULL) {
            return StoreError::Full { store: store.to_owned(), cause: self.text() };
        }
        if self.passes() {
            return StoreError::Away { store: store.to_owned(), cause: format!("{} (to {doing})", self.text()) };
        }
        StoreError::Failed { doing, cause: self.text() }
    }
}

/// A connection.
#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) client: Client,
    pub(super) refusals: Refusals,
}

impl Api {
    /// Sends once and waits for the answer; an empty one is null.
    pub(super) async fn send(&self, subject: &str, headers: HeaderMap, payload: Vec<u8>) -> Result<Value, Refused> {
        let timeout = Some(Duration::from_millis(NATS_ANSWER_MS));
        let mut request = Request::new().payload(payload.into()).timeout(timeout);
        if !headers.is_empty() {
            request = request.headers(headers);
        }
        let heard = self.refusals.listen();
        let answer = tokio::select! {
            answer = self.client.send_request(subject.to_owned(), request) => answer,
            denied = refused(heard, subject) => return Err(Refused::Denied(denied)),
        };
        let answer = answer.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => Refused::Nobody,
            RequestErrorKind::TimedOut => {
                Refused::Silence(self.refusals.explained(format!("no answer within {} s", NATS_ANSWER_MS / 1000)))
            }
            RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded => Refused::Unsent(error.to_string()),
            RequestErrorKind::Other => Refused::Silence(self.refusals.explained(error.to_string())),
        })?;
        if answer.payload.is_empty() {
            return Ok(Value::Null);
        }
        let answer: Value = serde_json::from_slice(&answer.payload)
            .map_err(|error| Refused::Silence(format!("the answer of the server is no JSON: {error}")))?;
        match answer.get("error") {
            None => Ok(answer),
            Some(error) => Err(Refused::Said {
                code: error["err_code"].as_u64().unwrap_or(0),
                text: error["description"].as_str().unwrap_or("refused").to_owned(),
            }),
        }
    }

    /// Sends once, and wants no answer.
    pub(super) async fn tell(&self, subject: &str, headers: HeaderMap, payload: Vec<u8>) -> Result<(), Refused> {
        let told = self.client.publish_with_headers(subject.to_owned(), headers, payload.into()).await;
        told.map_err(|error| Refused::Unsent(error.to_string()))
    }

    /// Asks JetStream something, once.
    pub(super) async fn once(&self, what: &str, body: &Value) -> Result<Value, Refused> {
        let payload = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(&format!("$JS.API.{what}"), HeaderMap::new(), payload).await
    }

    /// Asks JetStream something that changes nothing, again while the server is away.
    pub(super) async fn ask(&self, what: &str, body: &Value) -> Result<Value, Refused> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(20);
        loop {
            match self.once(what, body).await {
                Err(refused) if refused.passes() && begun.elapsed() < Duration::from_millis(NATS_PATIENCE_MS) => {
                    // A stream that was never made has nobody either: that is told apart by asking for it.
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                answer => return answer,
            }
        }
    }
}
