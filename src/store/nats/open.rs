//! Making the connection.

use super::api::{Api, Refused, code};
use super::denied::Refusals;
use super::refusal::reason;
use super::sign::options;
use super::store::Nats;
use crate::limits::{ENTRY_BYTES, NATS_HEADERS};
use crate::store::StoreError;
use crate::store::address::{Address, Server, redacted};
use async_nats::{Client, ConnectOptions, ServerAddr};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Mutex;

/// The oldest server that keeps what it acknowledged when it is killed.
const OLDEST: (u64, u64, u64) = (2, 10, 25);

impl Nats {
    /// Connects to one of the servers of a URL (`nats://HOST:PORT`, several with commas between, options after a `?`). With
    /// `create`, the engine's bucket is made where it is not there yet.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] says what was tried, at once: nothing is waited for.
    pub async fn open(url: &str, create: bool) -> Result<Self, StoreError> {
        let shown = redacted(url);
        let failed = |cause: String| StoreError::Unreachable { store: format!("`{shown}`"), cause };
        let address = Address::parse(url).map_err(&failed)?;
        if let (Some(server), Some(sign_in)) = (address.exposed_to(), &address.sign_in) {
            let (word, place) = (sign_in.word(), server.place());
            return Err(failed(format!(
                "the {word} would go to `{place}` without encryption, for everybody on the way to read: write `tls://`, or sign in \
                 with a file (`creds`, `nkey`), or allow it with the option `insecure=true`"
            )));
        }
        let refusals = Refusals::new();
        let options = refusals.of(options(&address, &refusals).map_err(&failed)?);
        let client = connect(&address, &options).await.map_err(&failed)?;
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
        let api = Api { client, refusals };
        match api.once("INFO", &Value::Null).await {
            Ok(_) => {}
            Err(Refused::Nobody) => {
                return Err(failed("its JetStream is off: start the server with `-js`, or allow it for the account".to_owned()));
            }
            Err(refused) if refused.is(&[code::NO_JETSTREAM]) => {
                return Err(failed(
                    "JetStream is off for the account of its user: `jetstream: enabled` in the account turns it on".to_owned(),
                ));
            }
            Err(refused) => return Err(failed(refused.text())),
        }
        let nats = Self { api, shown: shown.clone(), atomic: Mutex::new(HashMap::new()) };
        if create {
            nats.make_engine().await?;
        }
        Ok(nats)
    }
}

/// Tries all servers at once, and takes the first that lets us in. Later, when a connection is lost, all of them are tried.
async fn connect(address: &Address, options: &ConnectOptions) -> Result<Client, String> {
    let mut known = Vec::new();
    for server in &address.servers {
        let text = format!("{}://{}", if server.tls { "tls" } else { "nats" }, server.place());
        let known_as: ServerAddr = text.parse().map_err(|error| format!("`{}` is no address: {error}", server.place()))?;
        known.push(known_as);
    }
    let attempt = |(server, known): (&Server, &ServerAddr)| {
        let (server, connecting) = (server.clone(), options.clone().connect(known.clone()));
        async move { connecting.await.map_err(|error| (server.place(), reason(&error, &server, address))) }
    };
    let mut attempts: FuturesUnordered<_> = address.servers.iter().zip(&known).map(attempt).collect();
    let mut refused = HashMap::new();
    while let Some(attempt) = attempts.next().await {
        match attempt {
            Ok(client) => {
                // Those that the server told of are kept.
                let told = client.server_pool().await.unwrap_or_default();
                known.extend(told.into_iter().filter(|server| server.is_discovered).map(|server| server.addr));
                client.set_server_pool(&known[..]).await.map_err(|error| error.to_string())?;
                return Ok(client);
            }
            Err((place, why)) => refused.insert(place, why),
        };
    }
    let place = |server: &Server| {
        let place = server.place();
        refused.get(&place).map(|why| format!("`{place}`: {why}"))
    };
    let all: Vec<String> = address.servers.iter().filter_map(place).collect();
    match (&address.servers[..], &all[..]) {
        ([server], _) => Err(refused.remove(&server.place()).unwrap_or_default()),
        _ => Err(format!("none of its servers lets `flow` in: {}", all.join("; "))),
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
