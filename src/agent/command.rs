//! Backend `command`: any program that reads a prompt and writes a reply.

use super::backend::{Backend, Context, Future};
use super::capture::{Capture, one_line};
use super::environment::{PLAIN, environment};
use super::failure::{Fault, error, failed, of_end, refused, tail};
use super::guard::Guard;
use super::process::{How, run};
use super::reply;
use super::run::{bounds, launch, path_of};
use crate::limits;
use crate::run::{AgentReport, AgentWork, ErrorClass, Outcome, Reply, Task, Usage, Work};
use crate::value::Value;

/// Performs an agent's turn with its own program.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// Whose guard.
    pub guard: Guard,
}

impl Backend for Command {
    fn name(&self) -> &'static str {
        "command"
    }

    fn perform<'a>(&'a self, work: &'a Work, context: &'a Context) -> Future<'a, Outcome> {
        Box::pin(async move {
            let Task::Agent(agent) = &work.task else { return failed(refused("an agent's turn was expected, and this is none")) };
            let report = AgentReport { backend: self.name().to_owned(), ..AgentReport::default() };
            match perform(&self.guard, work, agent, context).await {
                Ok(value) => Outcome::Reply(Reply { value, agent: Some(report), ..Reply::default() }),
                Err(error) => {
                    Outcome::Failed { error: error.into(), agent: Some(report), usage: Usage::default(), transcript: None }
                }
            }
        })
    }
}

/// The whole text on standard input.
fn prompt(agent: &AgentWork) -> String {
    let shape = agent.schema.as_ref().filter(|schema| !reply::is_plain_text(schema)).map(reply::instructions);
    let parts = [agent.system.as_deref(), Some(agent.prompt.as_str()), shape.as_deref()];
    parts.into_iter().flatten().map(str::trim_end).collect::<Vec<_>>().join("\n\n") + "\n"
}

/// Runs the program and reads its reply.
async fn perform(guard: &Guard, work: &Work, agent: &AgentWork, context: &Context) -> Result<Value, Fault> {
    let argv = context.agent.as_ref().and_then(|spec| spec.command.clone()).unwrap_or_default();
    if argv.is_empty() {
        let name = &agent.agent;
        return Err(refused(format!(
            "agent `{name}` uses `command` and names none: add `command = [\"program\", …]` to `[agents.{name}]`"
        )));
    }
    let shown = one_line(&argv.join(" "));
    let env = environment(work, context, PLAIN, &[])?;
    let launch = launch(guard, work, context, argv, prompt(agent).into_bytes(), env)?;
    let (file, dir, path) = (launch.argv[0].clone(), launch.dir.clone(), path_of(&launch));
    let mut capture = Capture::new(context.feed.clone());
    let end = run(launch, bounds(work, context, false), &mut capture).await;
    let told = |mut error: Fault| {
        error.stdout_tail = tail(&capture.out);
        error.stderr_tail = tail(&capture.err);
        error
    };
    if let Some(error) = of_end(&end, &shown, &file, &dir, path.as_deref()) {
        return Err(told(error));
    }
    match end.how {
        How::Code(0) => {}
        // Whether another try helps is not for us to know: the author says so with `retry.on = ["exit"]`.
        How::Code(code) => {
            let mut error = told(error(ErrorClass::Exit, format!("`{shown}` exited with code {code}")));
            error.code = Some(code);
            return Err(error);
        }
        // Nobody asked it to: it crashed, or the system was out of memory.
        How::Signal(signal) => return Err(told(error(ErrorClass::Transient, format!("`{shown}` was ended by signal {signal}")))),
        How::NotStarted(_) | How::GuardLost => return Err(told(error(ErrorClass::Transient, format!("`{shown}` ended")))),
    }
    if capture.out_dropped > 0 {
        let message = format!("the reply of `{shown}` is larger than {} MiB", limits::OUTPUT_BYTES >> 20);
        return Err(told(error(ErrorClass::Invalid, message)));
    }
    let text = String::from_utf8_lossy(&capture.out);
    let text = text.trim_end_matches('\n');
    match &agent.schema {
        Some(schema) => reply::of_shape(text, schema)
            .ok_or_else(|| told(error(ErrorClass::Invalid, format!("the reply of `{shown}` holds no JSON")))),
        None => Ok(Value::text(text)),
    }
}
