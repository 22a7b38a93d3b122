//! Making the connection.

use super::api::{Api, Refused};
use super::store::Nats;
use crate::limits::{ENTRY_BYTES, NATS_ANSWER_MS, NATS_HEADERS};
use crate::store::{StoreError, redacted};
use async_nats::{ConnectOptions, ServerAddr};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// The oldest server that keeps what it acknowledged when it is killed.
const OLDEST: (u64, u64, u64) = (2, 10, 25);

impl Nats {
    /// Connects to one of the servers of a URL (`nats://HOST:PORT`, several with commas between). With `create`, the
    /// engine's bucket is made where it is not there yet.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] says what was tried, at once: nothing is waited for.
    pub async fn open(url: &str, create: bool) -> Result<Self, StoreError> {
        let shown = redacted(url);
        let failed = |cause: String| StoreError::Unreachable { store: format!("`{shown}`"), cause };
        let address = |part: &str| part.trim().parse::<ServerAddr>().ok().filter(|address| !address.host().is_empty());
        let addresses: Option<Vec<ServerAddr>> = url.split(',').map(address).collect();
        let addresses = addresses
            .ok_or_else(|| failed("this is no address; write `nats://HOST:PORT`, several with commas between".to_owned()))?;
        let limit = Duration::from_millis(NATS_ANSWER_MS);
        // The client reads no user and password out of an address.
        let user = addresses.iter().find_map(|address| Some((address.username()?, address.password())));
        let options = match user {
            Some((user, Some(password))) => ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned()),
            Some((token, None)) => ConnectOptions::with_token(token.to_owned()),
            None => ConnectOptions::new(),
        };
        let options = options.name("flow").connection_timeout(limit).request_timeout(Some(limit));
        let client = options.connect(addresses).await;
        let client = client.map_err(|error| failed(format!("{error}; is a nats-server running there?")))?;
        let server = client.server_info();
        if version(&server.version).is_none_or(|found| found < OLDEST) {
            let (major, minor, patch) = OLDEST;
            let found = &server.version;
            return Err(failed(format!("it is nats-server {found}, and `flow` needs {major}.{minor}.{patch} or newer")));
        }
        let (room, least) = (server.max_payload, ENTRY_BYTES + NATS_HEADERS);
        if room < least {
            return Err(failed(format!(
                "its messages have {room} bytes at most, and `flow` needs {least}: set `max_payload` in the configuration of the \
                 server, or of the account, to at least that (1 MiB is usual)"
            )));
        }
        let api = Api { client };
        match api.once("INFO", &Value::Null).await {
            Ok(_) => {}
            Err(Refused::Nobody) => {
                return Err(failed("its JetStream is off: start the server with `-js`, or allow it for the account".to_owned()));
            }
            Err(refused) => return Err(failed(refused.text())),
        }
        let nats = Self { api, shown, atomic: Mutex::new(HashMap::new()) };
        if create {
            nats.make_engine().await?;
        }
        Ok(nats)
    }
}

/// The numbers of `2.15.1` or `2.15.1-beta`.
fn version(text: &str) -> Option<(u64, u64, u64)> {
    let mut numbers = text.split(['.', '-']).map(|part| part.parse::<u64>().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::{OLDEST, version};

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for old in ["2.9.10", "2.10.24", "1.99.99", "2.10", ""] {
            assert!(version(old).is_none_or(|found| found < OLDEST), "{old}");
        }
        for fine in ["2.10.25", "2.11.0", "2.15.1-beta.2", "3.0.0"] {
            assert!(version(fine).is_some_and(|found| found >= OLDEST), "{fine}");
        }
    }
}
