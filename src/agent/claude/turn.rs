//! One turn of Claude Code: starts the process, hears its stream, and tries again where only the session was wrong.

use super::flags::{self, INHERITS, Session, Shape};
use super::stream::{Said, Stream};
use super::verdict::{Finished, Verdict};
use crate::agent::backend::{Backend, Channel, Context, Feed, Future};
use crate::agent::environment::environment;
use crate::agent::failure::{Fault, failed, of_end, refused, tail};
use crate::agent::guard::Guard;
use crate::agent::process::{End, How, Listener, Want, run};
use crate::agent::reply;
use crate::agent::run::{bounds, launch, path_of};
use crate::limits;
use crate::run::{AgentSpec, AgentWork, Outcome, Reply, Task, Work};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Performs an agent's turn with Claude Code.
#[derive(Clone, Debug, Default)]
pub struct Claude {
    /// Whose guard.
    pub guard: Guard,
}

impl Backend for Claude {
    fn name(&self) -> &'static str {
        super::PROGRAM
    }

    fn perform<'a>(&'a self, work: &'a Work, context: &'a Context) -> Future<'a, Outcome> {
        Box::pin(async move {
            let (Task::Agent(agent), Some(spec)) = (&work.task, &context.agent) else {
                return failed(refused("an agent's turn was expected, and this is none"));
            };
            let turn = Turn { guard: &self.guard, work, agent, spec, context, shape: Shape::of(agent) };
            turn.perform().await.unwrap_or_else(failed)
        })
    }
}

/// A turn and all that it is made from.
struct Turn<'a> {
    guard: &'a Guard,
    work: &'a Work,
    agent: &'a AgentWork,
    spec: &'a AgentSpec,
    context: &'a Context,
    shape: Shape,
}

impl Turn<'_> {
    /// Runs processes until one has worked in the right session: two changes of session at most.
    async fn perform(&self) -> Result<Outcome, Fault> {
        let key = self.work.idempotency_key(&self.context.run);
        let system = self.system_file(&key)?;
        let own = flags::session_id(&key);
        let first = self.agent.session.clone().map_or_else(|| Session::New(own.clone()), Session::Resumed);
        let (mut session, mut lost, mut taken) = (first, false, false);
        let outcome = loop {
            let (verdict, outcome) = self.process(&session, system.as_deref()).await?;
            match verdict {
                Verdict::Lost if !lost => {
                    lost = true;
                    session = Session::New(own.clone());
                    self.context.feed.progress("the earlier session is gone; starting in a new one");
                }
                Verdict::Taken if !taken => {
                    taken = true;
                    session = Session::Resumed(own.clone());
                    self.context.feed.progress("this attempt was begun before; going on in its session");
                }
                _ => break outcome,
            }
        };
        if let Some(file) = system {
            let _ = std::fs::remove_file(file);
        }
        Ok(outcome)
    }

    /// The system prompt in a private file: as an argument everybody on the machine could read it.
    fn system_file(&self, key: &str) -> Result<Option<PathBuf>, Fault> {
        let Some(system) = &self.agent.system else { return Ok(None) };
        let file = self.context.scratch.join(format!("{key}.system.md"));
        std::fs::write(&file, system)
            .map_err(|error| refused(format!("the system prompt cannot be written to `{}`: {error}", file.display())))?;
        Ok(Some(file))
    }

    /// One process from start to end.
    async fn process(&self, session: &Session, system: Option<&Path>) -> Result<(Verdict, Outcome), Fault> {
        let env = environment(self.work, self.context, INHERITS, &flags::variables(self.spec.access))?;
        let argv = flags::argv(self.spec, session, &self.shape, system, self.work.idle_timeout_ms.is_some());
        let launch = launch(self.guard, self.work, self.context, argv, self.prompt().into_bytes(), env)?;
        let (dir, path) = (launch.dir.clone(), path_of(&launch));
        let mut ears = Ears::new(self.context.feed.clone());
        let end = run(launch, bounds(self.work, self.context, true), &mut ears).await;
        ears.finish();
        let ended =
            of_end(&end, super::PROGRAM, super::PROGRAM, &dir, path.as_deref()).filter(|_| !ended_after_result(&end, &ears));
        let stderr = tail(&ears.stderr).unwrap_or_default();
        let finished = Finished {
            stream: &ears.stream,
            stderr: &stderr,
            end: &end,
            agent: self.agent,
            spec: self.spec,
            session,
            shape: &self.shape,
            ended,
        };
        let (verdict, report, usage) = (finished.verdict(), Some(finished.report()), finished.usage());
        let outcome = match &verdict {
            Verdict::Reply(value) => {
                Outcome::Reply(Reply { value: value.clone(), code: None, agent: report, usage, transcript: None })
            }
            Verdict::Failed(error) => {
                let mut error = error.clone();
                error.stderr_tail = tail(&ears.stderr);
                Outcome::Failed { error: error.into(), agent: report, usage, transcript: None }
            }
            Verdict::Lost | Verdict::Taken => {
                let error = refused("`claude` finds its session neither there nor not there: remove it with `claude --resume`");
                Outcome::Failed { error: error.into(), agent: report, usage, transcript: None }
            }
        };
        Ok((verdict, outcome))
    }

    /// The text on standard input.
    fn prompt(&self) -> String {
        match (&self.shape, &self.agent.schema) {
            (Shape::Prompt, Some(schema)) => format!("{}\n\n{}", self.agent.prompt, reply::instructions(schema)),
            _ => self.agent.prompt.clone(),
        }
    }
}

/// Whether it had given its result before its guard went away: then the result stands.
fn ended_after_result(end: &End, ears: &Ears) -> bool {
    end.cause.is_none() && end.how == How::GuardLost && ears.stream.result.is_some()
}

/// Hears one process.
struct Ears {
    stream: Stream,
    stderr: Vec<u8>,
    feed: Arc<dyn Feed>,
    passed: usize,
}

impl Ears {
    fn new(feed: Arc<dyn Feed>) -> Self {
        Self { stream: Stream::default(), stderr: Vec::new(), feed, passed: 0 }
    }

    /// Passes on what the stream made of a piece of output.
    fn hear(&mut self, bytes: Option<&[u8]>) -> Want {
        let Self { stream, feed, passed, .. } = self;
        let mut want = Want::More;
        let mut last: Vec<u8> = Vec::new();
        let mut hear = |said: Said<'_>| match said {
            Said::Line(line) if *passed + line.len() <= limits::OUTPUT_BYTES => {
                *passed += line.len();
                feed.transcript(Channel::Out, line);
            }
            Said::Line(line) => {
                if *passed <= limits::OUTPUT_BYTES {
                    *passed = limits::OUTPUT_BYTES + 1;
                    feed.transcript(Channel::Out, b"[the transcript is full; only the result follows]\n");
                }
                last = line.to_vec();
            }
            Said::Session(session) => feed.session(session),
            Said::Progress(line) => feed.progress(&line),
            Said::Result => {
                if !last.is_empty() {
                    feed.transcript(Channel::Out, &last);
                }
                want = Want::Enough;
            }
        };
        match bytes {
            Some(bytes) => stream.push(bytes, &mut hear),
            None => stream.finish(&mut hear),
        }
        want
    }

    fn finish(&mut self) {
        self.hear(None);
    }
}

impl Listener for Ears {
    fn stdout(&mut self, bytes: &[u8]) -> Want {
        self.hear(Some(bytes))
    }

    fn stderr(&mut self, bytes: &[u8]) {
        if self.passed + bytes.len() < limits::OUTPUT_BYTES {
            self.passed += bytes.len() + 1;
            self.feed.transcript(Channel::Err, bytes);
            if !bytes.ends_with(b"\n") {
                // The next event begins on a line of its own.
                self.feed.transcript(Channel::Err, b"\n");
            }
        }
        self.stderr.extend_from_slice(bytes);
        // Only its end is ever shown.
        let over = self.stderr.len().saturating_sub(4 * limits::TAIL_BYTES);
        self.stderr.drain(..over);
    }
}
