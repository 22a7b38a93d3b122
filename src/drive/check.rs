//! Looks at the world for the engine: files that must exist, programs that must exit 0.

use super::Services;
use crate::agent::capture::one_line;
use crate::agent::{Channel, Context, Feed};
use crate::limits::{CHECK_MS, TAIL_BYTES};
use crate::name::Name;
use crate::run::{AttemptId, Outcome, Parse, ProcessWork, Program, RunId, Task, Work, WorldCheck, WorldResult};
use indexmap::IndexMap;
use std::sync::Arc;
use tokio::sync::watch;

/// What surrounds a check.
pub(super) struct Around {
    pub services: Services,
    pub run: RunId,
    pub rehearsal: bool,
    /// The attempt whose result is checked: the check runs in its folder, with its variables, within its time.
    pub work: Option<Arc<Work>>,
}

/// Makes one check. A rehearsal makes none and says so.
pub(super) async fn look(check: &WorldCheck, around: &Around) -> WorldResult {
    match check {
        _ if around.rehearsal => WorldResult::NotChecked(check.line()),
        WorldCheck::Files { paths, message } => {
            let root = &around.services.root;
            let dir = around.work.as_ref().and_then(|work| work.dir.as_deref());
            let folder = dir.map_or_else(|| root.clone(), |dir| root.join(dir));
            let missing: Vec<&str> = paths.iter().filter(|path| !folder.join(path).exists()).map(String::as_str).collect();
            if missing.is_empty() {
                return WorldResult::Holds;
            }
            let said = format!("these files are missing: {}", missing.join(", "));
            WorldResult::Fails(message.as_ref().map_or(said.clone(), |message| format!("{message} ({said})")))
        }
        WorldCheck::Run { argv, message } => run_program(argv, message.as_deref(), around).await,
    }
}

/// The work of a check: what its attempt has, but a program of its own. No turn is 0, so its processes are told apart.
fn work_of(argv: &[String], around: &Around) -> Work {
    let start = AttemptId { phase: Name::new("check").expect("a fixed name"), round: 1, item: None, number: 1 };
    let of = around.work.as_deref();
    Work {
        attempt: of.map_or(start, |work| work.attempt.clone()),
        turn: 0,
        task: Task::Process(Box::new(ProcessWork {
            program: Program::Argv(argv.to_vec()),
            stdin: None,
            parse: Parse::Raw,
            exit: vec![],
            schema: None,
        })),
        dir: of.and_then(|work| work.dir.clone()),
        env: of.map_or_else(IndexMap::new, |work| work.env.clone()),
        timeout_ms: Some(of.and_then(|work| work.timeout_ms).unwrap_or(CHECK_MS)),
        idle_timeout_ms: None,
    }
}

async fn run_program(argv: &[String], message: Option<&str>, around: &Around) -> WorldResult {
    let work = work_of(argv, around);
    let services = &around.services;
    let (_keep, stop) = watch::channel(false);
    let context = Context {
        run: around.run.clone(),
        project: services.root.clone(),
        agent: None,
        stop,
        feed: Arc::new(Silent),
        scratch: std::env::temp_dir(),
        store: services.store_url.text().to_owned(),
        hidden: services.store_url.secrets(),
    };
    let said = |text: String| message.map_or(text.clone(), |message| format!("{message}\n{text}"));
    match services.performer.perform(&work, &context).await {
        Outcome::Reply(reply) if reply.code == Some(0) => WorldResult::Holds,
        Outcome::Reply(reply) => {
            let code = reply.code.map_or("a signal".to_owned(), |code| format!("code {code}"));
            let both: String = ["stdout", "stderr"].iter().filter_map(|key| reply.value.get(key).as_str().map(tail)).collect();
            WorldResult::Fails(said(format!("`{}` ended with {code}\n{both}", one_line(&argv.join(" "))).trim_end().to_owned()))
        }
        Outcome::Failed { error, .. } => WorldResult::Fails(said(error.message)),
        Outcome::Lost { reason } => WorldResult::Fails(said(reason)),
    }
}

/// The end of a text, on a character boundary.
fn tail(text: &str) -> String {
    let mut from = text.len().saturating_sub(TAIL_BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..].to_owned()
}

#[derive(Debug)]
struct Silent;

impl Feed for Silent {
    fn progress(&self, _: &str) {}
    fn transcript(&self, _: Channel, _: &[u8]) {}
    fn session(&self, _: &str) {}
}
