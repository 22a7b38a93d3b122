//! The name of a store, as it is handed on: whole to those who open it, without secrets to everybody else.

use super::address::{Address, is_nats, located, redacted};
use std::path::Path;
use std::sync::Arc;

/// Lines of a file with a secret that are shorter than this are no part of it.
const SECRET_LINE: usize = 24;

/// The text that names a store. Printed in any way, it is without secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(Arc<str>);

impl From<&str> for StoreUrl {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for StoreUrl {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

impl std::fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

impl StoreUrl {
    /// The text itself, with its secrets: to open the store with.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The same store, named from everywhere: relative paths of its options are relative to `base`.
    #[must_use]
    pub fn from_folder(&self, base: &Path) -> Self {
        let Some(Ok(mut address)) = self.address() else { return self.clone() };
        address.files_mut().for_each(|file| *file = located(file, base));
        address.text().into()
    }

    /// What the text says, where it names a NATS store.
    pub fn address(&self) -> Option<Result<Address, String>> {
        is_nats(&self.0).then(|| Address::parse(&self.0))
    }

    /// What nobody may see of it: its password or token, and what the files that it names keep. A file that cannot be read
    /// is told where the store is opened.
    pub fn secrets(&self) -> Vec<String> {
        let Some(Ok(address)) = self.address() else { return Vec::new() };
        let mut secrets: Vec<String> = address.sign_in.iter().map(|sign_in| sign_in.secret().to_owned()).collect();
        // As it is written, too, since that is what a process finds in its environment.
        secrets.extend(
            self.0
                .split_once("://")
                .and_then(|(_, rest)| rest.split_once('@'))
                .map(|(user, _)| user.split_once(':').map_or(user, |(_, password)| password).to_owned()),
        );
        for file in [&address.creds, &address.nkey, &address.key].into_iter().flatten() {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let lines = text.lines().map(str::trim).filter(|line| line.len() >= SECRET_LINE && !line.contains(' '));
            secrets.extend(lines.map(str::to_owned));
        }
        secrets.retain(|secret| !secret.is_empty());
        secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_named_from_their_folder_and_secrets_are_not_shown() {
        let url = StoreUrl::from("nats://a?creds=me.creds&ca=/p/ca.pem");
        assert_eq!(url.from_folder(Path::new("/q")).text(), "nats://a:4222?creds=/q/me.creds&ca=/p/ca.pem");
        let url = StoreUrl::from("nats://me:p%40ssword@a,b");
        assert_eq!(format!("{url} {url:?}"), "nats://…@a:4222,nats://…@b:4222 StoreUrl(nats://…@a:4222,nats://…@b:4222)");
        assert_eq!(url.secrets(), ["p@ssword", "p%40ssword"]);
        assert_eq!(StoreUrl::from("sqlite:a").from_folder(Path::new("/q")).text(), "sqlite:a");
    }
}
