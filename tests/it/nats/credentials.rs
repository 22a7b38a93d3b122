//! What people sign in with, and what servers show: keys, signed tokens, certificates, each made by the test that uses it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, date_time_ymd};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder for files of secrets.
pub struct Drawer(TempDir);

impl Drawer {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    /// Puts a file there that only its owner may read, and gives its path.
    pub fn put(&self, name: &str, text: &str) -> String {
        self.put_with(name, text, 0o600)
    }

    pub fn put_with(&self, name: &str, text: &str, mode: u32) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// A new user's key: public, and its seed.
pub fn user() -> (String, String) {
    let key = KeyPair::new_user();
    (key.public_key(), key.seed().unwrap())
}

/// Who signs for a server that trusts an operator.
pub struct Operator {
    key: KeyPair,
    accounts: Vec<(KeyPair, bool)>,
}

impl Operator {
    /// With two accounts: the first has JetStream, the second has not.
    pub fn new() -> Self {
        let account = |jetstream| (KeyPair::new_account(), jetstream);
        Self { key: KeyPair::new_operator(), accounts: vec![account(true), account(false), account(false)] }
    }

    /// The configuration of a server that trusts it.
    pub fn config(&self) -> String {
        let operator = token(&self.key, &self.key, "operator", json!({}), None);
        let account = |(key, jetstream): &(KeyPair, bool)| {
            let room = if *jetstream { -1 } else { 0 };
            let limits = json!({
                "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
                "mem_storage": room, "disk_storage": room,
            });
            format!("{}: {}", key.public_key(), token(&self.key, key, "account", json!({ "limits": limits }), None))
        };
        let accounts: Vec<String> = self.accounts.iter().map(account).collect();
        format!(
            "jetstream {{ store_dir: STATE }}\noperator: {operator}\nresolver: MEMORY\nsystem_account: {}\nresolver_preload: {{\n{}\n}}",
            self.accounts[2].0.public_key(),
            accounts.join("\n")
        )
    }

    /// A creds file of a new user of an account, and its seed. `end` is when it stops to be good, in seconds since 1970.
    pub fn creds(&self, account: usize, end: Option<i64>) -> (String, String) {
        let user = KeyPair::new_user();
        let seed = user.seed().unwrap();
        let limits = json!({ "subs": -1, "data": -1, "payload": -1, "pub": {}, "sub": {} });
        let token = token(&self.accounts[account].0, &user, "user", limits, end);
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        );
        (text, seed)
    }
}

/// A JWT of NATS: `issuer` says of `subject` what it may.
fn token(issuer: &KeyPair, subject: &KeyPair, kind: &str, mut nats: Value, end: Option<i64>) -> String {
    nats["type"] = kind.into();
    nats["version"] = 2.into();
    let mut claims = json!({
        "jti": subject.public_key(), "iat": 1_700_000_000, "iss": issuer.public_key(), "sub": subject.public_key(),
        "name": kind, "nats": nats,
    });
    if let Some(end) = end {
        claims["exp"] = end.into();
    }
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": "ed25519-nkey" })), part(&claims));
    let signature = issuer.sign(text.as_bytes()).unwrap();
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// Who signs certificates.
pub struct Authority(CertifiedIssuer<'static, rcgen::KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, format!("authority {}", ulid::Ulid::generate()));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a name, good until the end of a year, and its key.
    pub fn sign(&self, name: &str, year: i32) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 12, 31);
        let key = rcgen::KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    /// Puts certificate and key for a name into a drawer, as `NAME.pem` and `NAME.key`.
    pub fn put(&self, drawer: &Drawer, file: &str, name: &str, year: i32) {
        let (certificate, key) = self.sign(name, year);
        drawer.put(&format!("{file}.pem"), &certificate);
        drawer.put(&format!("{file}.key"), &key);
    }
}

/// The lines of a server's configuration that turn TLS on.
pub fn tls(drawer: &Drawer, file: &str, asks_for_certificate: bool) -> String {
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    let (cert, key) = (quoted(&drawer.path(&format!("{file}.pem"))), quoted(&drawer.path(&format!("{file}.key"))));
    let verify =
        if asks_for_certificate { format!("ca_file: {}, verify: true", quoted(&drawer.path("ca.pem"))) } else { String::new() };
    format!("jetstream {{ store_dir: STATE }}\ntls {{ cert_file: {cert}, key_file: {key}, {verify} }}")
}
