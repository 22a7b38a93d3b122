//! What is typed about a NATS store besides its URL, folded into the URL: from there on one text names the store.

use super::fail::Fail;
use crate::store::StoreUrl;
use crate::store::address::{Address, located};
use std::path::{Path, PathBuf};

/// Files that a NATS store needs.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "NATS")]
pub struct NatsArgs {
    /// Sign in with this file of a JWT and a seed [default: `FLOW_NATS_CREDS`].
    #[arg(id = "nats-creds", long = "nats-creds", value_name = "FILE")]
    creds: Option<PathBuf>,
    /// Sign in with the seed in this file [default: `FLOW_NATS_NKEY`].
    #[arg(id = "nats-nkey", long = "nats-nkey", value_name = "FILE")]
    nkey: Option<PathBuf>,
    /// Trust the certificates in this file instead of the system's [default: `FLOW_NATS_CA`].
    #[arg(id = "nats-ca", long = "nats-ca", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Show the server this certificate [default: `FLOW_NATS_CERT`].
    #[arg(id = "nats-cert", long = "nats-cert", value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The key of that certificate [default: `FLOW_NATS_KEY`].
    #[arg(id = "nats-key", long = "nats-key", value_name = "FILE")]
    key: Option<PathBuf>,
}

/// An option with its name, its variable, what was typed, and its place in the URL.
type Part<'a> = (&'static str, &'static str, Option<&'a PathBuf>, fn(&mut Address) -> &mut Option<PathBuf>);

impl NatsArgs {
    fn parts(&self) -> [Part<'_>; 5] {
        [
            ("--nats-creds", "FLOW_NATS_CREDS", self.creds.as_ref(), |address| &mut address.creds),
            ("--nats-nkey", "FLOW_NATS_NKEY", self.nkey.as_ref(), |address| &mut address.nkey),
            ("--nats-ca", "FLOW_NATS_CA", self.ca.as_ref(), |address| &mut address.ca),
            ("--nats-cert", "FLOW_NATS_CERT", self.cert.as_ref(), |address| &mut address.cert),
            ("--nats-key", "FLOW_NATS_KEY", self.key.as_ref(), |address| &mut address.key),
        ]
    }

    /// The URL of a store that is no NATS store.
    ///
    /// # Errors
    /// When an option was typed that such a store cannot have.
    pub fn of_file(&self, url: StoreUrl) -> Result<StoreUrl, Fail> {
        match self.parts().into_iter().find(|(_, _, typed, _)| typed.is_some()) {
            Some((option, ..)) => Err(Fail::usage(format!("`{option}` is for a store on NATS, and the store is `{url}`"))
                .help("`--store nats://HOST:PORT`, FLOW_STORE or `store` in `flow.toml` names one on NATS")),
            None => Ok(url),
        }
    }

    /// Puts what was typed in the place of what the URL says, and what the environment says where the URL says nothing.
    fn fold(&self, address: &mut Address, here: &Path) {
        let variable = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let signs_in = self.creds.is_some() || self.nkey.is_some();
        let is_settled = address.sign_in.is_some() || address.creds.is_some() || address.nkey.is_some() || signs_in;
        // A certificate and its key belong together.
        let has_pair = address.cert.is_some() || address.key.is_some() || self.cert.is_some() || self.key.is_some();
        if signs_in {
            (address.creds, address.nkey) = (None, None);
        }
        if self.cert.is_some() && self.key.is_some() {
            (address.cert, address.key) = (None, None);
        }
        for (option, name, typed, slot) in self.parts() {
            let is_free = match option {
                "--nats-creds" | "--nats-nkey" => !is_settled,
                "--nats-cert" | "--nats-key" => !has_pair,
                _ => address.ca.is_none(),
            };
            let found = typed.cloned().or_else(|| variable(name).filter(|_| is_free));
            if let Some(path) = found {
                *slot(address) = Some(located(&path, here));
            }
        }
    }
}

/// Who named the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// `--store`.
    Option,
    /// `FLOW_STORE`.
    Variable,
    /// `flow.toml`.
    File,
}

/// A store that somebody named.
#[derive(Clone, Debug)]
pub struct Named {
    /// As it was written.
    pub url: StoreUrl,
    /// Where.
    pub whence: Whence,
}

impl Named {
    /// The URL with everything that was said of the store.
    ///
    /// # Errors
    /// A secret where others can read it, and options that do not fit.
    pub fn settled(self, args: &NatsArgs, root: &Path) -> Result<StoreUrl, Fail> {
        let here = std::env::current_dir().unwrap_or_else(|_| root.to_owned());
        let base = if self.whence == Whence::File { root } else { &here };
        let mut address = match self.url.from_folder(base).address() {
            None => return args.of_file(self.url),
            // Who opens the store says what is wrong with it.
            Some(Err(_)) => return Ok(self.url),
            Some(Ok(address)) => address,
        };
        if let Some(sign_in) = &address.sign_in {
            self.refuse(sign_in.word())?;
        }
        args.fold(&mut address, &here);
        let url = StoreUrl::from(address.text());
        match url.address() {
            Some(Err(error)) => Err(Fail::usage(format!("the store `{url}`: {error}"))),
            _ => Ok(url),
        }
    }

    /// A secret that others can read where it stands.
    fn refuse(&self, word: &str) -> Result<(), Fail> {
        let (place, who) = match self.whence {
            Whence::Variable => return Ok(()),
            Whence::Option => ("in `--store`", "whoever can list the processes of this machine can read it"),
            Whence::File => ("in `store` of `flow.toml`", "whoever gets the project can read it"),
        };
        let url = &self.url;
        Err(Fail::usage(format!("the {word} {place} (`{url}`) is not safe there: {who}"))
            .help("put the URL into FLOW_STORE, or name a file: `--nats-creds FILE`, `--nats-nkey FILE`"))
    }
}
