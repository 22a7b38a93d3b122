//! The text that names a NATS store: `nats://[USER:PASSWORD@]HOST:PORT,…?OPTION=VALUE&…`.
//!
//! Options name files and never hold secrets; only what stands before an `@` may be one. Nothing here prints that part,
//! not even where the text cannot be read: what cannot be told apart from a password is taken for one. Pure.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The port of a NATS server, where none is written.
const PORT: u16 = 4222;
/// The options after the `?`.
const OPTIONS: [&str; 7] = ["creds", "nkey", "ca", "cert", "key", "inbox", "insecure"];
/// Those that name a file.
const FILES: [&str; 5] = ["creds", "nkey", "ca", "cert", "key"];

/// Where one server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Whether `tls://` was written.
    pub tls: bool,
    /// Its name or number; an IPv6 number without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl Server {
    /// `HOST:PORT`.
    pub fn place(&self) -> String {
        if self.host.contains(':') { format!("[{}]:{}", self.host, self.port) } else { format!("{}:{}", self.host, self.port) }
    }

    /// Whether what is sent to it stays on this machine.
    pub fn is_here(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost") || self.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// A secret that stands in the text itself.
#[derive(Clone, PartialEq, Eq)]
pub enum InText {
    /// `nats://TOKEN@…`.
    Token(String),
    /// `nats://USER:PASSWORD@…`.
    Password {
        /// Who.
        user: String,
        /// Its password.
        password: String,
    },
}

impl InText {
    /// What nobody may see.
    pub fn secret(&self) -> &str {
        match self {
            Self::Token(secret) | Self::Password { password: secret, .. } => secret,
        }
    }

    /// What it is.
    pub fn word(&self) -> &'static str {
        if matches!(self, Self::Token(_)) { "token" } else { "password" }
    }
}

impl std::fmt::Debug for InText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a {}", self.word())
    }
}

/// What the text says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Address {
    /// At least one.
    pub servers: Vec<Server>,
    /// Who signs in, where the text says it itself.
    pub sign_in: Option<InText>,
    /// The file with JWT and seed.
    pub creds: Option<PathBuf>,
    /// The file with a seed.
    pub nkey: Option<PathBuf>,
    /// The file with the certificates that are trusted, instead of the system's.
    pub ca: Option<PathBuf>,
    /// The file with the own certificate.
    pub cert: Option<PathBuf>,
    /// The file with its key.
    pub key: Option<PathBuf>,
    /// What the subjects of answers begin with.
    pub inbox: Option<String>,
    /// Whether a secret may be sent without encryption.
    pub insecure: bool,
}

/// Whether a text names a NATS store.
pub fn is_nats(url: &str) -> bool {
    url.starts_with("nats://") || url.starts_with("tls://")
}

impl Address {
    /// Reads a text; the error is a sentence without anything secret.
    ///
    /// # Errors
    /// When it cannot be read, or says two things at once.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (servers, options) = url.split_once('?').map_or((url, ""), |(servers, options)| (servers, options));
        let mut address = Self::default();
        let mut written: Vec<Option<&str>> = Vec::new();
        let mut tls = false;
        for part in servers.split(',') {
            let part = part.trim();
            let (scheme, rest) = part.split_once("://").map_or((None, part), |(scheme, rest)| (Some(scheme), rest));
            tls = match scheme {
                Some("nats") => false,
                Some("tls") => true,
                None => tls,
                Some(_) => return Err(no_address()),
            };
            let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
            address.servers.push(server(tls, place).ok_or_else(no_address)?);
            written.push(user);
        }
        // An address that is cut out of the middle of a password looks like one more server.
        if written.iter().skip(1).any(|user| user.is_some() && *user != written[0]) {
            let encoded = "write `,` as `%2C`, `?` as `%3F` and `@` as `%40` in it";
            return Err(format!("all servers have one user, and the first address names it; a password is encoded: {encoded}"));
        }
        address.sign_in = written[0].filter(|user| !user.is_empty()).map(in_text);
        for option in options.split('&').filter(|option| !option.is_empty()) {
            address.option(option, options.contains('@'))?;
        }
        address.check()?;
        Ok(address)
    }

    /// Takes one option; `odd` when what stands there may be the end of a password.
    fn option(&mut self, option: &str, odd: bool) -> Result<(), String> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = decoded(value);
        let file =
            || if value.is_empty() { Err(format!("the option `{name}` names no file")) } else { Ok(Some(value.clone().into())) };
        match name {
            "creds" => self.creds = file()?,
            "nkey" => self.nkey = file()?,
            "ca" => self.ca = file()?,
            "cert" => self.cert = file()?,
            "key" => self.key = file()?,
            "inbox" => {
                let token =
                    |token: &str| !token.is_empty() && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
                if !value.split('.').all(token) {
                    return Err("the option `inbox` is words of letters, digits, `_` and `-` with dots between".to_owned());
                }
                self.inbox = Some(value);
            }
            "insecure" => {
                self.insecure = match value.as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err("the option `insecure` is `true` or `false`".to_owned()),
                }
            }
            _ => return Err(unknown(if odd { "" } else { name })),
        }
        Ok(())
    }

    /// What does not go together.
    fn check(&self) -> Result<(), String> {
        let mut ways: Vec<String> = self.sign_in.iter().map(|sign_in| format!("a {} in the address", sign_in.word())).collect();
        ways.extend([("creds", &self.creds), ("nkey", &self.nkey)].iter().filter_map(|(name, file)| {
            file.as_ref()?;
            Some(format!("the option `{name}`"))
        }));
        if ways.len() > 1 {
            return Err(format!("it has two ways to sign in, {}: keep one", ways.join(" and ")));
        }
        match (&self.cert, &self.key) {
            (Some(_), None) => Err("`cert` has no `key`: `key=FILE` names the file with the key of the certificate".to_owned()),
            (None, Some(_)) => Err("`key` has no `cert`: `cert=FILE` names the file with the certificate of the key".to_owned()),
            _ => Ok(()),
        }
    }

    /// Whether nothing is sent without encryption.
    pub fn demands_tls(&self) -> bool {
        self.ca.is_some() || self.cert.is_some() || self.servers.iter().any(|server| server.tls)
    }

    /// A server that would be sent a secret that everybody on the way can read.
    pub fn exposed_to(&self) -> Option<&Server> {
        self.sign_in.as_ref()?;
        if self.demands_tls() || self.insecure {
            return None;
        }
        self.servers.iter().find(|server| !server.is_here())
    }

    /// The files it names, with the option of each.
    pub fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.creds, &mut self.nkey, &mut self.ca, &mut self.cert, &mut self.key].into_iter().flatten()
    }

    /// As a text again, secrets included.
    pub fn text(&self) -> String {
        let user = match &self.sign_in {
            None => String::new(),
            Some(InText::Token(token)) => format!("{}@", encoded(token, true)),
            Some(InText::Password { user, password }) => format!("{}:{}@", encoded(user, true), encoded(password, true)),
        };
        let mut text = self.servers(&user);
        let files = [&self.creds, &self.nkey, &self.ca, &self.cert, &self.key];
        let files = FILES.iter().zip(files).filter_map(|(name, file)| Some((*name, file.as_ref()?.display().to_string())));
        let rest = self.inbox.iter().map(|inbox| ("inbox", inbox.clone()));
        let rest = rest.chain(self.insecure.then(|| ("insecure", "true".to_owned())));
        for (index, (name, value)) in files.chain(rest).enumerate() {
            let _ = write!(text, "{}{name}={}", if index == 0 { '?' } else { '&' }, encoded(&value, false));
        }
        text
    }

    /// For people: the servers.
    pub fn shown(&self) -> String {
        self.servers(if self.sign_in.is_some() { "…@" } else { "" })
    }

    fn servers(&self, user: &str) -> String {
        let server = |server: &Server| format!("{}://{user}{}", if server.tls { "tls" } else { "nats" }, server.place());
        self.servers.iter().map(server).collect::<Vec<_>>().join(",")
    }
}

fn no_address() -> String {
    "this is no address; write `nats://HOST:PORT`, several with commas between, options after a `?`".to_owned()
}

fn unknown(name: &str) -> String {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_') {
        return "what stands after the `?` is no option; a `?` in a password is written `%3F`".to_owned();
    }
    let names = OPTIONS.iter().copied();
    let near = names.clone().map(|known| (strsim::damerau_levenshtein(known, &name.to_ascii_lowercase()), known)).min();
    if let Some((0..=2, near)) = near {
        return format!("a NATS store has no option `{name}`: did you mean `{near}`?");
    }
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    format!("a NATS store has no option `{name}`; there are {}", names.join(", "))
}

fn server(tls: bool, place: &str) -> Option<Server> {
    let place = place.strip_suffix('/').unwrap_or(place);
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (rest.is_empty() || rest.starts_with(':')).then_some(())?;
        (host, rest.strip_prefix(':'))
    } else {
        let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (!host.is_empty() && host.bytes().all(plain)).then_some(())?;
        (host, port)
    };
    let port = port.map_or(Some(PORT), |port| port.parse().ok())?;
    Some(Server { tls, host: host.to_owned(), port })
}

fn in_text(user: &str) -> InText {
    match user.split_once(':') {
        Some((user, password)) => InText::Password { user: decoded(user), password: decoded(password) },
        None => InText::Token(decoded(user)),
    }
}

/// A text without percent signs; one that begins nothing stands for itself.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = || u8::from_str_radix(std::str::from_utf8(after.get(..2)?).ok()?, 16).ok();
        let encoded = if *first == b'%' { pair() } else { None };
        bytes.push(encoded.unwrap_or(*first));
        rest = if encoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The other way: all but plain characters, or only what would be read as something else.
fn encoded(text: &str, all: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || (!all && !b"%&# ".contains(&byte) && byte.is_ascii_graphic()) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A path as its author wrote it, made absolute: `~/` is the home folder, and the rest is relative to `base`.
pub fn located(path: &Path, base: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => base.join(path),
    }
}

/// A text without what may be a secret: of one that cannot be read, all before the last `@` goes, its scheme excepted. What
/// has no scheme may be an address of which it was forgotten; only a file is named as it is.
pub fn redacted(url: &str) -> String {
    if is_nats(url)
        && let Ok(address) = Address::parse(url)
    {
        return address.shown();
    }
    let Some(at) = url.rfind('@').filter(|_| !url.starts_with("sqlite:")) else { return url.to_owned() };
    let is_scheme = |scheme: &&str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
    match url[..at].split_once("://").map(|(scheme, _)| scheme).filter(is_scheme) {
        Some(scheme) => format!("{scheme}://…{}", &url[at..]),
        None => format!("…{}", &url[at..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Address {
        Address::parse(url).expect(url)
    }

    #[test]
    fn servers_users_and_options_are_read() {
        let address = read("nats://me:p%40ss@a:1,b,tls://[::1]:3?ca=/p/c%61.pem");
        let places: Vec<String> = address.servers.iter().map(Server::place).collect();
        assert_eq!(places, ["a:1", "b:4222", "[::1]:3"]);
        assert_eq!(address.servers.iter().map(|server| server.tls).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(address.sign_in, Some(InText::Password { user: "me".to_owned(), password: "p@ss".to_owned() }));
        assert_eq!(address.ca.as_deref(), Some(Path::new("/p/ca.pem")));
        assert_eq!(read("nats://t%6Fken@a").sign_in, Some(InText::Token("token".to_owned())));
    }

    #[test]
    fn a_text_comes_back_as_it_was() {
        for url in [
            "nats://127.0.0.1:4222",
            "nats://me:p%40ss%2C%3F%2F@a:1,nats://me:p%40ss%2C%3F%2F@b:2",
            "tls://t%C3%B6ken@a:1?ca=/p/ca.pem&cert=/p/my%20cert.pem&key=/p/k%26y.pem",
            "nats://[::1]:3?creds=/p/me@x.creds&inbox=_INBOX_me&insecure=true",
        ] {
            assert_eq!(read(url).text(), url);
        }
        assert_eq!(read("tls://a,b:2/").text(), "tls://a:4222,tls://b:2");
        assert_eq!(read("nats://me:1@a,b").text(), "nats://me:1@a:4222,nats://me:1@b:4222");
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for (url, part) in [
            ("nats://", "is no address"),
            ("nats://a:port", "is no address"),
            ("nats://a,http://b", "is no address"),
            ("nats://a?cred=x", "no option `cred`: did you mean `creds`?"),
            ("nats://a?verbose=1", "there are `creds`, `nkey`"),
            ("nats://a?creds=", "`creds` names no file"),
            ("nats://a?creds=x&nkey=y", "two ways to sign in, the option `creds` and the option `nkey`"),
            ("nats://me:x@a?creds=x", "a password in the address and the option `creds`"),
            ("nats://a?cert=x", "`key=FILE`"),
            ("nats://a?key=x", "`cert=FILE`"),
            ("nats://a?insecure=yes", "`true` or `false`"),
            ("nats://a?inbox=a.>", "`inbox`"),
            ("nats://a,me:x@b", "`%2C`"),
        ] {
            let error = Address::parse(url).expect_err(url);
            assert!(error.contains(part), "{url}: {error}");
        }
    }

    #[test]
    fn a_secret_is_never_shown_however_it_is_written() {
        for user in [
            "tok3n",
            "me:tok3n",
            "me:tok3n,tok3n",
            "tok3n,tok3n",
            "me:tok3n?tok3n",
            "tok3n?tok3n=1",
            "me:tok3n@tok3n",
            "me:/tok3n",
            "me:tok3n#%",
        ] {
            for url in [
                format!("nats://{user}@host"),
                format!("tls://{user}@host:1,other:2"),
                format!("abcd://{user}@host:1"),
                format!("{user}@host:1"),
                format!("{user}@host:1,nats://{user}@other"),
            ] {
                let said = format!("{} {:?}", redacted(&url), Address::parse(&url));
                assert!(!said.contains("tok3n"), "{url}: {said}");
            }
        }
        assert_eq!(redacted("nats://me:secret@host:1,nats://me:secret@other:2"), "nats://…@host:1,nats://…@other:2");
        assert_eq!(redacted("sqlite:a@b"), "sqlite:a@b");
    }

    #[test]
    fn a_secret_goes_in_the_clear_only_to_this_machine() {
        for url in [
            "nats://me:x@127.0.0.1",
            "nats://me:x@localhost,[::1]",
            "nats://far",
            "tls://me:x@far",
            "nats://x@far?insecure=true",
            "nats://x@far?ca=f",
        ] {
            assert_eq!(read(url).exposed_to(), None, "{url}");
        }
        assert_eq!(read("nats://me:x@127.0.0.1,far").exposed_to().map(Server::place).as_deref(), Some("far:4222"));
    }
}
