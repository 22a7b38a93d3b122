//! From the options of an address to those of a connection: files are read and looked at here, before anything is sent,
//! since the server would only say that it does not know who that is.

use super::denied::Refusals;
use crate::limits::{FILE_BYTES, NATS_ANSWER_MS};
use crate::store::address::{Address, InText};
use async_nats::{Auth, AuthError, ConnectOptions};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Characters of a seed.
const SEED: usize = 58;

/// The options of a connection. A file is read again for each connection: one that was replaced meanwhile signs in.
pub(super) fn options(address: &Address, refusals: &Refusals) -> Result<ConnectOptions, String> {
    let limit = Duration::from_millis(NATS_ANSWER_MS);
    let mut options = match (&address.sign_in, Signer::of(address)) {
        (Some(InText::Password { user, password }), _) => ConnectOptions::with_user_and_password(user.clone(), password.clone()),
        (Some(InText::Token(token)), _) => ConnectOptions::with_token(token.clone()),
        (None, Some(signer)) => {
            signer.read()?;
            let refusals = refusals.clone();
            ConnectOptions::with_auth_callback(move |nonce| {
                let signed = signer.sign(&nonce).map_err(|why| {
                    refusals.trouble_is(&why);
                    AuthError::new(why)
                });
                std::future::ready(signed)
            })
        }
        (None, None) => ConnectOptions::new(),
    };
    options = options.name("flow").connection_timeout(limit).request_timeout(Some(limit)).require_tls(address.demands_tls());
    if let Some(file) = &address.ca {
        pem("ca", &contents("ca", file)?, file, "CERTIFICATE-----")?;
        options = options.add_root_certificates(file.clone());
    }
    if let (Some(cert), Some(key)) = (&address.cert, &address.key) {
        pem("cert", &contents("cert", cert)?, cert, "CERTIFICATE-----")?;
        pem("key", &secret("key", key)?, key, "PRIVATE KEY-----")?;
        options = options.add_client_certificate(cert.clone(), key.clone());
    }
    if let Some(inbox) = &address.inbox {
        options = options.custom_inbox_prefix(inbox);
    }
    // A server may name others of its cluster, and what may be sent to this one may not be sent there.
    if address.sign_in.is_some() && !address.demands_tls() && !address.insecure {
        options = options.ignore_discovered_servers();
    }
    Ok(options)
}

/// Signs with what a file holds.
struct Signer {
    option: &'static str,
    file: PathBuf,
}

impl Signer {
    fn of(address: &Address) -> Option<Self> {
        let of = |option, file: &Option<PathBuf>| Some(Self { option, file: file.clone()? });
        of("creds", &address.creds).or_else(|| of("nkey", &address.nkey))
    }

    /// The JWT, where the file is one of creds, and the key.
    fn read(&self) -> Result<(Option<String>, KeyPair), String> {
        let (text, named) = (secret(self.option, &self.file)?, named(self.option, &self.file));
        let seed = seed(&text);
        let jwt = text.lines().map(str::trim).find(|line| line.starts_with("eyJ") && line.split('.').count() == 3);
        let seed = match (self.option, seed, jwt) {
            ("creds", None, _) | ("creds", _, None) => {
                return Err(format!("{named} holds no user JWT and seed; `nsc generate creds` writes one"));
            }
            (_, Some(seed), _) if seed.starts_with("SU") => seed,
            (_, Some(_), _) => return Err(format!("{named} holds the seed of no user: one begins with `SU`")),
            (_, None, _) => {
                return Err(format!("{named} holds no seed: one has {SEED} letters and digits, and begins with `SU`"));
            }
        };
        let key = KeyPair::from_seed(seed).map_err(|_| format!("the seed in {named} has a mistake: copy it again"))?;
        Ok((jwt.filter(|_| self.option == "creds").map(str::to_owned), key))
    }

    fn sign(&self, nonce: &[u8]) -> Result<Auth, String> {
        let (jwt, key) = self.read()?;
        let signature = key.sign(nonce).map_err(|_| format!("{} cannot sign", named(self.option, &self.file)))?;
        let mut auth = Auth::new();
        auth.nkey = jwt.is_none().then(|| key.public_key());
        auth.jwt = jwt;
        auth.signature = Some(signature);
        Ok(auth)
    }
}

/// When the JWT of a creds file ran out, if it did.
pub(super) fn expired(creds: &Path) -> Option<String> {
    let text = std::fs::read_to_string(creds).ok()?;
    let claims = text.lines().find_map(|line| line.trim().split('.').nth(1))?;
    let claims: serde_json::Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let end = jiff::Timestamp::from_second(claims["exp"].as_i64().filter(|end| *end > 0)?).ok()?;
    (end <= jiff::Timestamp::now()).then(|| end.to_string())
}

/// A file of an option, for messages.
fn named(option: &str, file: &Path) -> String {
    format!("the file `{}` of the option `{option}`", file.display())
}

fn contents(option: &str, file: &Path) -> Result<String, String> {
    let named = named(option, file);
    let facts = std::fs::metadata(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("{named} is not there"),
        _ => format!("{named} cannot be read: {error}"),
    })?;
    if facts.is_dir() {
        return Err(format!("{named} is a folder"));
    }
    if facts.len() > FILE_BYTES {
        return Err(format!("{named} has {} bytes, which no such file has", facts.len()));
    }
    let text = std::fs::read_to_string(file).map_err(|error| format!("{named} cannot be read: {error}"))?;
    if text.trim().is_empty() { Err(format!("{named} is empty")) } else { Ok(text) }
}

/// The contents of a file that nobody else may read.
fn secret(option: &str, file: &Path) -> Result<String, String> {
    let text = contents(option, file)?;
    let mode = std::fs::metadata(file).map_or(0, |facts| facts.permissions().mode());
    if mode & 0o077 != 0 {
        let path = file.display();
        return Err(format!(
            "{} may be read by others than you (mode {:o}): `chmod 600 {path}`",
            named(option, file),
            mode & 0o777
        ));
    }
    Ok(text)
}

/// The seed in a file: a line of its own, perhaps in a frame.
fn seed(text: &str) -> Option<&str> {
    let is_seed = |line: &&str| {
        line.len() == SEED && line.starts_with('S') && line.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b))
    };
    text.lines().map(str::trim).find(is_seed)
}

fn pem(option: &str, text: &str, file: &Path, end: &str) -> Result<(), String> {
    let has = text.lines().any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(end));
    let what = if end.starts_with('C') { "certificate" } else { "private key" };
    if has { Ok(()) } else { Err(format!("{} holds no {what} in the form PEM", named(option, file))) }
}
