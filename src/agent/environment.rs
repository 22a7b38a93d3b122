//! The environment and the folder of what an attempt starts: an allow-list of what the driver has, what the phase says,
//! and what names the run.

use super::backend::Context;
use super::failure::{Fault, refused};
use super::sweep::{KEY_VARIABLE, RUN_VARIABLE};
use crate::run::{EnvValue, Work};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// What every program gets.
const COMMON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "TERM",
    "TMPDIR",
    "TZ",
    "SSH_AUTH_SOCK",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
/// The same, by how they begin.
const COMMON_PREFIXES: &[&str] = &["LC_", "XDG_"];

/// What one backend's programs get besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherits {
    /// Variables by how they begin.
    pub prefixes: &'static [&'static str],
    /// Variables of those that are kept back all the same, by what their names contain.
    pub except: &'static [&'static str],
}

/// A plain process gets nothing besides.
pub const PLAIN: Inherits = Inherits { prefixes: &[], except: &[] };

impl Inherits {
    /// Whether a variable of the driver is passed on.
    pub fn passes(&self, name: &str) -> bool {
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        COMMON.contains(&name)
            || begins(COMMON_PREFIXES)
            || (begins(self.prefixes) && !self.except.iter().any(|part| name.contains(part)))
    }

    /// The driver's variables that are passed on; what is not UTF-8 is not.
    pub fn inherited(&self) -> Vec<(String, String)> {
        let all = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        all.filter(|(name, _)| self.passes(name)).collect()
    }

    /// Values among them that are credentials.
    pub fn credentials(&self) -> Vec<String> {
        credentials(self.inherited().into_iter().map(|(name, value)| (name.into(), value.into())))
    }
}

/// The values of variables that are credentials, going by their names.
pub fn credentials(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<String> {
    let named = |name: &str| ["_KEY", "_TOKEN", "_SECRET", "_PASSWORD"].iter().any(|end| name.ends_with(end));
    let texts = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    // Shorter ones are placeholders, and hiding them would mutilate ordinary words.
    texts.filter(|(name, value)| named(name) && value.len() >= 8).map(|(_, value)| value).collect()
}

/// The whole environment of what a turn starts. Later ones win: inherited, `own`, the phase's, the run's.
///
/// # Errors
/// A secret that was not resolved, which is a fault of whoever called the backend.
pub fn environment(
    work: &Work,
    context: &Context,
    inherits: Inherits,
    own: &[(&str, String)],
) -> Result<Vec<(String, String)>, Fault> {
    let mut env: indexmap::IndexMap<String, String> = inherits.inherited().into_iter().collect();
    env.extend(own.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    for (name, value) in &work.env {
        match value {
            EnvValue::Text(text) => env.insert(name.clone(), text.clone()),
            EnvValue::Secret { .. } => return Err(refused(format!("the secret of `{name}` was not resolved"))),
        };
    }
    env.insert(RUN_VARIABLE.to_owned(), context.run.to_string());
    env.insert("FLOW_PHASE".to_owned(), work.attempt.phase.to_string());
    env.insert("FLOW_ATTEMPT".to_owned(), work.attempt.to_string());
    env.insert("FLOW_ROUND".to_owned(), work.attempt.round.to_string());
    env.insert(KEY_VARIABLE.to_owned(), work.idempotency_key(&context.run));
    env.insert("FLOW_STORE".to_owned(), context.store.clone());
    if let Some((name, _)) = env.iter().find(|(name, value)| bad_variable(name, value)) {
        return Err(refused(format!("`{name}` cannot be an environment variable: a name has no `=`, and neither part a NUL")));
    }
    Ok(env.into_iter().collect())
}

/// What the system would refuse.
fn bad_variable(name: &str, value: &str) -> bool {
    name.is_empty() || name.contains(['=', '\0']) || value.contains('\0')
}

/// The folder a turn works in.
///
/// # Errors
/// One that leaves the project, or is not there.
pub fn folder(project: &Path, dir: Option<&str>) -> Result<PathBuf, Fault> {
    if !project.is_dir() {
        let gone = format!("the project's folder `{}` is not there any more", project.display());
        return Err(refused(format!("{gone}: bring it back, or go on with `flow resume` where it is now")));
    }
    let Some(dir) = dir else { return Ok(project.to_owned()) };
    let mut depth = 0_i32;
    let inside = Path::new(dir).components().all(|part| {
        depth += match part {
            Component::Normal(_) => 1,
            Component::CurDir => 0,
            Component::ParentDir => -1,
            Component::RootDir | Component::Prefix(_) => i32::MIN / 2,
        };
        depth >= 0
    });
    if !inside {
        return Err(refused(format!("the folder `{dir}` is outside the project: write one relative to it, without `..`")));
    }
    let path = project.join(dir);
    if path.is_dir() { Ok(path) } else { Err(refused(format!("the folder `{dir}` does not exist in `{}`", project.display()))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_variables_are_passed_on() {
        const AGENT: Inherits = Inherits { prefixes: &["ANTHROPIC_"], except: &["SESSION"] };
        for name in ["PATH", "HOME", "LC_ALL", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK", "HTTPS_PROXY"] {
            assert!(PLAIN.passes(name), "{name}");
        }
        for name in ["ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "LD_PRELOAD", "FLOW_RUN", "PATHS"] {
            assert!(!PLAIN.passes(name), "{name}");
        }
        assert!(AGENT.passes("ANTHROPIC_API_KEY") && !AGENT.passes("ANTHROPIC_SESSION_ID"));
    }

    #[test]
    fn a_folder_stays_in_the_project_and_exists() {
        let project = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(project.path().join("sub")).expect("creates");
        assert_eq!(folder(project.path(), None).expect("is there"), project.path());
        assert_eq!(folder(project.path(), Some("sub/../sub")).expect("is there"), project.path().join("sub/../sub"));
        for bad in ["..", "sub/../..", "/etc", "missing"] {
            let error = folder(project.path(), Some(bad)).expect_err(bad);
            assert!(error.message.contains(bad), "{}", error.message);
        }
    }
}
