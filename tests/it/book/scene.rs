//! Runs a page: what a reader copies from it is typed, in the order of the page, in a folder of its own.
//!
//! A page is one scene. Its blocks say by their first words what they are:
//!
//! - `console`: a session in a terminal. `$ ` begins a command (`> ` goes on with it), the rest is what the terminal
//!   shows, compared to the letter but for times and spans of time; `…` alone on a line stands for any lines. What
//!   stands behind a prompt is typed. `^C` is pressed once the terminal shows what stands above it, with the live
//!   line that is drawn there. A command ends with 0, or `$ echo $?` follows.
//! - `sh`: a script; it must end with 0. `sh,outside` needs what no test has (a model, an account, a network): its
//!   commands are only parsed (`commands.rs`).
//! - any block with `file=PATH` is a file that the reader saves, with `append=PATH` the end of one, with `insert=PATH` and
//!   `before=LINE` a part of one. A pipeline that is saved must be clean and pass its tests as it stands at the end.
//!
//! Runs have the ids of [`IDS`], in their order. `UPDATE_BOOK=1` writes into a page what its sessions really show,
//! except for those with `…` or `^C`.

use super::commands::{self, Wanted};
use super::screen::{Screen, WIDTH};
use super::{Block, blocks};
use crate::tidy::root;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The ids of runs in pages, in the order in which a page starts them.
const IDS: [&str; 10] = [
    "01M83SGDEWC8B6AP6ETJVVAC9P",
    "01M83T2K7N4QZ8D5RW1XH63FBE",
    "01M83TQV9M0GJ2C7YKP4NS8TAX",
    "01M83V5R1ZB6EW3H9DXQ70M2KC",
    "01M83VKH84TYN5PJ2CGFA9W7RD",
    "01M83W0D3XQ9K7BZ4MVE6HS1TJ",
    "01M83WDS6GPR2N8AYHTC5J4XQV",
    "01M83WX27JE0M5DFK3BQ9Z8YNW",
    "01M83X9NC4V1S6TGRHWP2A7KDB",
    "01M83XR0H5Z8QJXE9YNM3CT6FG",
];
/// What a program writes before it waits for somebody to type.
const PROMPTS: [&str; 3] = ["[y/N] ", "): ", "> "];
/// Any lines.
const ANY: &str = "…";
/// No command of a page takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A command of a session, and what the terminal shows of it.
struct Step {
    command: String,
    shown: Vec<String>,
}

/// A reader who follows a page.
struct Scene {
    folder: tempfile::TempDir,
    /// Where the reader stands.
    here: PathBuf,
    /// How the last command ended.
    last: i32,
    /// Runs that were seen.
    ids: Vec<String>,
    found: Vec<String>,
}

/// What does not come as the page says.
pub(super) fn play(page: &Path) -> Vec<String> {
    let all = blocks(page);
    if !all.iter().any(|block| matches!(block.kind(), "sh" | "console")) {
        return vec![];
    }
    let mut scene = Scene::new();
    if page == Path::new("README.md") {
        // Its reader stands in a checkout.
        copy(&root().join("pipelines"), &scene.here.join("pipelines"));
    }
    let mut text = super::text(page);
    for block in &all {
        let told = scene.block(block);
        if let (Some(told), true) = (told, std::env::var_os("UPDATE_BOOK").is_some()) {
            text = text.replacen(&format!("\n{}```\n", block.text), &format!("\n{told}```\n"), 1);
        }
    }
    if std::env::var_os("UPDATE_BOOK").is_some() {
        std::fs::write(root().join(page), text).unwrap();
    }
    scene.pipelines(&all);
    scene.found
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().canonicalize().unwrap().join("home/you");
        std::fs::create_dir_all(&here).unwrap();
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_flow"), bin.join("flow")).unwrap();
        let git = "[user]\nname = You\nemail = you@example.org\n[init]\ndefaultBranch = main\n";
        std::fs::write(here.join(".gitconfig"), git).unwrap();
        Self { folder, here, last: 0, ids: vec![], found: vec![] }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// Plays a block; gives what it should say if it says something else.
    fn block(&mut self, block: &Block) -> Option<String> {
        if let Some((how, path)) = ["file", "append", "insert"].iter().find_map(|how| Some((*how, block.value(how)?))) {
            let path = self.here.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let there = if how == "file" { String::new() } else { std::fs::read_to_string(&path).unwrap() };
            let place = block.value("before").and_then(|line| there.find(&format!("{line}\n")));
            let (before, after) = there.split_at(place.unwrap_or(there.len()));
            let gap = if there.is_empty() { "" } else { "\n" };
            let text = if how == "insert" { format!("{}{gap}{after}", block.text) } else { format!("{gap}{}", block.text) };
            std::fs::write(path, format!("{before}{text}")).unwrap();
        } else if block.kind() == "sh" && block.has("outside") {
            let refused =
                commands::lines(block).into_iter().filter_map(|line| commands::refused(&line, &self.here, Wanted::Whole));
            self.found.extend(refused.map(|why| format!("{}: {why}", block.place)));
        } else if block.kind() == "sh" {
            let script = self.script(&format!("set -e\n{}", block.text));
            let output = self.command("sh").arg(script).stdin(Stdio::null()).output().unwrap();
            self.stand();
            if !output.status.success() {
                let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
                self.found.push(format!("{}: ends with {}\n{said}", block.place, output.status));
            }
        } else if block.kind() == "console" {
            return self.session(block);
        }
        None
    }

    fn session(&mut self, block: &Block) -> Option<String> {
        let (mut told, mut differs) = (String::new(), false);
        let steps = steps(&block.text);
        for (at, step) in steps.iter().enumerate() {
            let place = format!("{}: `{}`", block.place, step.command);
            let shown = self.typed(step).unwrap_or_else(|why| vec![format!("({why})")]);
            let expected: Vec<_> = step.shown.iter().filter(|line| *line != "^C").cloned().collect();
            if !fits(&expected, &shown) {
                self.found.push(format!("{place} shows\n{}", shown.join("\n")));
                differs = true;
            }
            let asked = steps.get(at + 1).is_some_and(|next| next.command == "echo $?");
            if self.last != 0 && !asked {
                self.found.push(format!("{place} ends with {}, and the page does not show it", self.last));
            }
            let kept = step.shown.iter().any(|line| line == "^C" || line == ANY) || fits(&expected, &shown);
            let lines = if kept { &step.shown } else { &shown };
            told += &format!("$ {}\n", step.command.replace('\n', "\n> "));
            lines.iter().for_each(|line| told += &format!("{line}\n"));
        }
        differs.then_some(told)
    }

    /// Types a command into a terminal, and what is asked for.
    fn typed(&mut self, step: &Step) -> Result<Vec<String>, String> {
        let script = self.script(&format!("stty cols {WIDTH} rows 50\ntrap : INT\n(exit {})\n{}", self.last, step.command));
        let mut child = self.command("script");
        child.args(["-qefc", &format!("sh {}", script.display()), "/dev/null"]);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("`script` of util-linux is there");
        let (keys, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, written) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let _ = sender.send(bytes[..count].to_vec());
            }
        });
        let mut screen = Screen::default();
        let watched = self.watch(step, keys, &written, &mut screen);
        if watched.is_err() {
            let _ = child.kill();
        }
        self.last = child.wait().unwrap().code().unwrap_or(-1);
        self.stand();
        watched.map(|()| self.comparable(&screen))
    }

    /// Reads what a program writes until it ends, and types what the page types.
    fn watch(
        &mut self,
        step: &Step,
        mut keys: ChildStdin,
        written: &Receiver<Vec<u8>>,
        screen: &mut Screen,
    ) -> Result<(), String> {
        let mut typist = Typist { next: 0, row: None, stopped: false };
        let deadline = Instant::now() + PATIENCE;
        loop {
            match written.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => {
                    screen.feed(&bytes);
                    let lines = self.comparable(screen);
                    if let Some(typed) = typist.types(step, screen, &lines)? {
                        keys.write_all(typed.as_bytes()).unwrap();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    let shown = screen.lines().join("\n");
                    return Err(format!("it did not end in {} s; until then it shows\n{shown}", PATIENCE.as_secs()));
                }
            }
        }
    }

    /// A script that says where it ended.
    fn script(&self, text: &str) -> PathBuf {
        let (path, here) = (self.root().join("script"), self.root().join("here"));
        std::fs::write(&path, format!("cd '{}'\ntrap 'pwd >{}' EXIT\n{text}\n", self.here.display(), here.display())).unwrap();
        path
    }

    fn stand(&mut self) {
        if let Ok(here) = std::fs::read_to_string(self.root().join("here")) {
            self.here = PathBuf::from(here.trim_end());
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", format!("{}:/usr/bin:/bin", self.root().join("bin").display()));
        command.env("HOME", self.root().join("home/you")).env("USER", "you").env("TERM", "xterm").env("LANG", "C.UTF-8");
        command.env("SHELL", "/bin/sh").current_dir(&self.here);
        command
    }

    /// The lines of a screen with the ids and paths of the book.
    fn comparable(&mut self, screen: &Screen) -> Vec<String> {
        let mut text = screen.lines().join("\n");
        for id in regex::Regex::new(r"\b01[0-9A-HJKMNP-TV-Z]{24}\b").unwrap().find_iter(&text) {
            if !self.ids.iter().any(|known| known == id.as_str()) {
                self.ids.push(id.as_str().to_owned());
            }
        }
        for (id, good) in self.ids.iter().zip(IDS) {
            text = text.replace(id, good).replace(&id[20..], &good[20..]);
        }
        text = text.replace(self.root().to_str().unwrap(), "");
        text.lines().map(str::to_owned).collect()
    }

    /// The pipelines that were saved are clean, and pass their tests.
    fn pipelines(&mut self, all: &[Block]) {
        let saved = all.iter().filter(|block| block.kind() == "toml" && block.text.starts_with("flow = 1"));
        let mut paths: Vec<_> = saved.filter_map(|block| Some((block.value("file")?, &block.place))).collect();
        paths.reverse();
        paths.dedup_by_key(|(path, _)| path.to_owned());
        for (path, place) in paths {
            let Some(folder) = walk(&self.root().join("home/you")).into_iter().find(|folder| folder.join(path).is_file()) else {
                self.found.push(format!("{place}: `{path}` is not there at the end of the page"));
                continue;
            };
            let project = flow::project::Project::open(&folder);
            let loaded = project.load(path).unwrap();
            self.found.extend(super::problems(&loaded).iter().map(|problem| format!("{place}: {problem}")));
        }
    }
}

/// Who types while a command runs.
struct Typist {
    /// The first line of the page that was not typed yet.
    next: usize,
    /// The line of the screen that was typed into.
    row: Option<usize>,
    stopped: bool,
}

impl Typist {
    fn types(&mut self, step: &Step, screen: &Screen, lines: &[String]) -> Result<Option<String>, String> {
        if let Some(at) = step.shown.iter().position(|line| line == "^C")
            && !self.stopped
            && fits(&step.shown[..at], lines)
        {
            self.stopped = true;
            return Ok(Some("\x03".to_owned()));
        }
        let (row, prompt) = screen.cursor();
        if !PROMPTS.iter().any(|end| prompt.ends_with(end)) || self.row == Some(row) {
            return Ok(None);
        }
        let answers = step.shown.iter().enumerate().skip(self.next);
        let mut answers = answers.filter(|(_, line)| line.starts_with(prompt.trim_end()));
        let Some((at, line)) = answers.next() else { return Err(format!("the page does not answer `{prompt}`")) };
        (self.next, self.row) = (at + 1, Some(row));
        Ok(Some(format!("{}\n", line[prompt.trim_end().len()..].trim_start())))
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let inside = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let inside = inside.filter(|path| path.is_dir() && !path.file_name().unwrap().to_str().unwrap().starts_with('.'));
    std::iter::once(folder.to_owned()).chain(inside.flat_map(|folder| walk(&folder))).collect()
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = vec![];
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), shown: vec![] });
            continue;
        }
        let step = steps.last_mut().expect("a session begins with `$ `");
        match line.strip_prefix("> ") {
            Some(more) if step.shown.is_empty() => step.command += &format!("\n{more}"),
            _ => step.shown.push(line.trim_end().to_owned()),
        }
    }
    for step in &mut steps {
        while step.shown.last().is_some_and(String::is_empty) {
            step.shown.pop();
        }
    }
    steps
}

/// Whether lines are the expected ones, but for times and live lines; `…` is any lines.
fn fits(expected: &[String], shown: &[String]) -> bool {
    match (expected.split_first(), shown.split_first()) {
        (None, None) => true,
        (Some((line, rest)), _) if line == ANY => (0..=shown.len()).any(|skipped| fits(rest, &shown[skipped..])),
        (Some((line, rest)), Some((found, others))) => timeless(line) == timeless(found) && fits(rest, others),
        _ => false,
    }
}

/// A line without what differs each time.
fn timeless(line: &str) -> String {
    let span = r"(\d+h \d\dm|\d+m \d\ds|\d+(\.\d+)? s)";
    let patterns = [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ".to_owned(), "TIME"),
        // Whether a span is long enough to be told differs, too.
        (format!(r"complete( in)? +{span}"), "complete"),
        (format!(r"\b{span}"), "SPAN"),
        (r"^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] (\S+)  \S+".to_owned(), "⠋ $1  SPAN"),
        (r"\b[0-9a-f]{7}\b|[0-9a-f]{64}".to_owned(), "DIGEST"),
        (r"process \d+ on \S+".to_owned(), "process PID on HOST"),
        (r"\d+ MiB free".to_owned(), "N MiB free"),
        // Columns are as wide as what stands in them.
        (" {2,}".to_owned(), "  "),
    ];
    let mut line = line.to_owned();
    for (pattern, with) in patterns {
        line = regex::Regex::new(&pattern).unwrap().replace_all(&line, with).into_owned();
    }
    line
}

#[test]
fn lines_are_compared_but_for_times_and_what_is_left_out() {
    let lines = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
    assert!(fits(&lines("a in 1.0 s|…|z"), &lines("a in 22 s|b|c|z")));
    assert!(fits(&lines("…"), &[]));
    assert!(!fits(&lines("a|…|z"), &lines("a|b")));
    assert!(!fits(&lines("a|b"), &lines("a|b|c")));
    assert!(fits(&lines("⠙ work  3s  running"), &lines("⠏ work  0s  running")));
}

#[test]
fn a_page_that_says_something_else_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let found = |text: &str| {
        let page = folder.path().join("page.md");
        std::fs::write(&page, text.replace("~~~", "```")).unwrap();
        play(&page).join("\n")
    };
    assert_eq!(found("~~~console\n$ cd /usr\n$ pwd\n/usr\n$ false\n$ echo $?\n1\n~~~\n"), "");
    assert!(found("~~~console\n$ echo one\ntwo\n~~~\n").ends_with("`echo one` shows\none"));
    assert!(found("~~~console\n$ false\n~~~\n").contains("ends with 1, and the page does not show it"));
    assert!(found("~~~sh\ntrue\nfalse\n~~~\n").contains("exit status: 1"));
    assert!(found("~~~sh,outside\nflow list --jsn\n~~~\n").contains("'--json'"));
    let broken = "~~~toml,file=x.toml\nflow = 1\nname = \"x\"\n~~~\n~~~sh\ntrue\n~~~\n";
    assert!(found(broken).contains("P0"), "{}", found(broken));
    let asks = "~~~console\n$ printf 'Go? [y/N] '; read a; echo \"$a\"\nGo? [y/N] y\ny\n~~~\n";
    assert_eq!(found(asks), "");
    assert!(found(&asks.replace("Go? [y/N] y\n", "")).contains("the page does not answer `Go? [y/N] `"));
}
