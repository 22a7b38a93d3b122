//! The program as people meet it: what is typed, what is printed where, and how it ends.
//!
//! Each test has a folder, a home and an environment of its own. What differs from run to run (ids, times, paths) is
//! replaced before anything is compared; the rest is compared to the letter.

mod ask;
#[cfg(feature = "nats")]
mod client_nats;
#[cfg(feature = "nats")]
mod cluster;
#[cfg(feature = "nats")]
mod connect;
mod form;
mod lint;
mod look;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "nats")]
mod old_nats;
mod reference;
#[cfg(feature = "nats")]
mod rights;
mod run;
mod stop;
mod store;
#[cfg(feature = "nats")]
mod store_nats;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder to type commands in.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
}

/// What a command did.
pub(crate) struct Did {
    command: String,
    /// What it wrote to stdout, made comparable.
    pub(crate) stdout: String,
    /// What it wrote to stderr, made comparable.
    pub(crate) stderr: String,
    code: Option<i32>,
}

impl Desk {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), env: vec![] };
        std::fs::create_dir_all(desk.path("project")).unwrap();
        std::fs::create_dir_all(desk.path("home")).unwrap();
        desk
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(below)
    }

    /// The folder that commands are typed in.
    pub(crate) fn project(&self) -> PathBuf {
        self.path("project")
    }

    /// Puts a file into the project.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        Self::put(&self.project().join(path), text);
        self
    }

    /// Puts a file into the user's home.
    pub(crate) fn home(self, path: &str, text: &str) -> Self {
        Self::put(&self.path("home").join(path), &text.replace("$PROJECT", self.project().to_str().unwrap()));
        self
    }

    fn put(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Sets an environment variable for all commands.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The program with its arguments, ready to be started.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flow"));
        command.args(args).current_dir(self.project()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.path("home")).env("FLOW", env!("CARGO_BIN_EXE_flow"));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Types a command; words are split at spaces, and a word may be quoted with `'`.
    pub(crate) fn flow(&self, line: &str) -> Did {
        let output = self.command(words(line)).output().unwrap();
        self.did(line, &output)
    }

    /// What a finished command did.
    pub(crate) fn did(&self, line: &str, output: &Output) -> Did {
        let text = |bytes: &[u8]| self.comparable(std::str::from_utf8(bytes).expect("prints UTF-8"));
        Did { command: line.to_owned(), stdout: text(&output.stdout), stderr: text(&output.stderr), code: output.status.code() }
    }

    /// A text without what differs from run to run.
    fn comparable(&self, text: &str) -> String {
        let text =
            text.replace(self.project().to_str().unwrap(), "$PROJECT").replace(self.path("home").to_str().unwrap(), "$HOME");
        let replace =
            |text: String, pattern: &str, with: &str| regex::Regex::new(pattern).unwrap().replace_all(&text, with).into_owned();
        let text = replace(text, r"\b01[0-9A-HJKMNP-TV-Z]{24}\b", "RUN");
        let text = replace(text, r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\b", "TIME");
        let text = replace(text, r"\b\d+(\.\d+)? s\b", "N s");
        let text = replace(text, r"\b(resume|show|why|logs|cancel|retry|answer) [0-9A-HJKMNP-TV-Z]{6}\b", "$1 ID");
        let text = replace(text, r"\bprocess \d+ on \S+", "process PID on HOST");
        replace(text, r"(?m)^((?:rehearsal )?\S+) [0-9A-HJKMNP-TV-Z]{6} (is|failed|was)", "$1 ID $2")
    }
}

impl Did {
    /// It ended with this code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "`flow {}`\nstdout: {}\nstderr: {}", self.command, self.stdout, self.stderr);
        self
    }

    /// It wrote exactly this to stdout.
    #[track_caller]
    pub(crate) fn prints(self, expected: &str) -> Self {
        assert_eq!(self.stdout, expected, "stdout of `flow {}`; stderr: {}", self.command, self.stderr);
        self
    }

    /// It wrote exactly this to stderr.
    #[track_caller]
    pub(crate) fn says(self, expected: &str) -> Self {
        assert_eq!(self.stderr, expected, "stderr of `flow {}`; stdout: {}", self.command, self.stdout);
        self
    }

    /// What it wrote to stdout has this in it.
    #[track_caller]
    pub(crate) fn prints_part(self, part: &str) -> Self {
        assert!(
            self.stdout.contains(part),
            "stdout of `flow {}` lacks\n{part}\nit is\n{}\nstderr: {}",
            self.command,
            self.stdout,
            self.stderr
        );
        self
    }

    /// What it wrote to stderr has this in it.
    #[track_caller]
    pub(crate) fn says_part(self, part: &str) -> Self {
        assert!(self.stderr.contains(part), "stderr of `flow {}` lacks\n{part}\nit is\n{}", self.command, self.stderr);
        self
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

/// A pipeline with a process, a value and a guard.
pub(crate) const GREET: &str = r#"flow = 1
name = "greet"
description = "Greets somebody"
result = '.phases.count.output'
summary = "greeted with {{ phases.count.output }} letters"

[params.who]
help = "Whom"
required = true

[params.how]
help = "In which way"
choices = ["kindly", "loudly"]
default = "kindly"

[phases.say]
description = "Say it"
run = ["echo", "hello {{ params.who }}"]
parse = "text"
timeout = "1m"

[phases.count]
description = "Count the letters"
needs = ["say"]
set = '.phases.say.output | length'

[phases.shout]
description = "Only loudly"
needs = ["count"]
when = '.params.how == "loudly"'
run = ["true"]
timeout = "1m"
"#;
