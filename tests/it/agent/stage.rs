//! A project, a run and a feed to perform turns in.

use super::hand::{carriers, guard, run_id};
use flow::agent::{Backend, Channel, Context, Feed, Performer};
use flow::name::Name;
use flow::run::{AgentSpec, AgentWork, AttemptId, EnvValue, Outcome, Parse, ProcessWork, Program, RunId, Task, Work};
use flow::value::Value;
use indexmap::IndexMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Keeps what it is fed.
#[derive(Debug, Default)]
pub struct Fed {
    pub progress: Mutex<Vec<String>>,
    pub transcript: Mutex<Vec<u8>>,
    pub sessions: Mutex<Vec<String>>,
}

impl Feed for Fed {
    fn progress(&self, line: &str) {
        self.progress.lock().expect("whole").push(line.to_owned());
    }

    fn transcript(&self, _: Channel, bytes: &[u8]) {
        self.transcript.lock().expect("whole").extend_from_slice(bytes);
    }

    fn session(&self, session: &str) {
        self.sessions.lock().expect("whole").push(session.to_owned());
    }
}

/// Where turns are performed.
pub struct Stage {
    pub project: tempfile::TempDir,
    pub scratch: tempfile::TempDir,
    pub run: RunId,
    pub fed: Arc<Fed>,
    pub stop: watch::Sender<bool>,
    pub spec: serde_json::Value,
}

pub fn name(text: &str) -> Name {
    Name::new(text).expect("is a name")
}

pub fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).expect("is JSON")
}

/// A recorded stream.
pub fn recorded(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agent/claude").join(file);
    assert!(path.is_file(), "{} is missing", path.display());
    path.display().to_string()
}

/// The folder of the program that plays recorded streams.
pub fn players() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agent/bin")
}

impl Stage {
    /// With an agent `coder` of this declaration.
    pub fn new(spec: &str) -> Self {
        Self {
            project: tempfile::tempdir().expect("a folder"),
            scratch: tempfile::tempdir().expect("a folder"),
            run: run_id(),
            fed: Arc::default(),
            stop: watch::channel(false).0,
            spec: serde_json::from_str(spec).expect("is JSON"),
        }
    }

    /// A turn of any task.
    pub fn work(task: Task, env: &[(&str, &str)]) -> Work {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), EnvValue::Text((*value).to_owned())));
        Work {
            attempt: AttemptId { phase: name("plan"), round: 2, item: None, number: 3 },
            turn: 1,
            task,
            dir: None,
            env: env.collect(),
            timeout_ms: None,
            idle_timeout_ms: None,
        }
    }

    /// A turn of the agent.
    pub fn agent(prompt: &str, schema: Option<&str>, play: &[(&str, &str)]) -> Work {
        let agent = AgentWork {
            agent: name("coder"),
            prompt: prompt.to_owned(),
            system: None,
            schema: schema.map(json),
            session: None,
            session_cost_usd: 0.0,
        };
        let mut work = Self::work(Task::Agent(Box::new(agent)), play);
        let path = format!("{}:{}", players().display(), std::env::var("PATH").expect("tests have a PATH"));
        work.env.insert("PATH".to_owned(), EnvValue::Text(path));
        work
    }

    /// A turn of a process.
    pub fn process(program: Program, parse: Parse, exit: &[i32]) -> Work {
        let process = ProcessWork { program, stdin: None, parse, exit: exit.to_vec(), schema: None };
        Self::work(Task::Process(Box::new(process)), &[])
    }

    /// A shell script.
    pub fn script(script: &str, parse: Parse) -> Work {
        Self::process(Program::Shell(script.to_owned()), parse, &[0])
    }

    pub async fn perform(&self, work: &Work) -> Outcome {
        let spec: AgentSpec = serde_json::from_value(self.spec.clone()).expect("is a spec");
        let performer = Performer::new(IndexMap::from([(name("coder"), spec)])).guarded_by(&guard());
        let context = Context {
            run: self.run.clone(),
            project: self.project.path().canonicalize().expect("is there"),
            agent: None,
            stop: self.stop.subscribe(),
            feed: self.fed.clone(),
            scratch: self.scratch.path().to_owned(),
            store: "sqlite:.flow/state.db".to_owned(),
            hidden: vec![],
        };
        let outcome = performer.perform(work, &context).await;
        assert_eq!(carriers(&self.run), [] as [i32; 0], "a process was left behind");
        outcome
    }

    /// Performs, and says what came in one line.
    pub fn said(&self, work: &Work) -> String {
        said(&super::hand::block_on(self.perform(work)))
    }

    pub fn transcript(&self) -> String {
        String::from_utf8_lossy(&self.fed.transcript.lock().expect("whole")).into_owned()
    }

    pub fn progress(&self) -> Vec<String> {
        self.fed.progress.lock().expect("whole").clone()
    }
}

/// An outcome in one line.
pub fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Reply(reply) => format!("reply: {}", reply.value),
        Outcome::Failed { error, .. } => format!("{}: {}", error.class, error.message),
        Outcome::Lost { reason } => format!("lost: {reason}"),
    }
}
