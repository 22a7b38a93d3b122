//! `run` phases: a plain process under a guard, and its output as the phase wants it.

use super::backend::{Backend, Context, Future};
use super::capture::{Capture, one_line};
use super::environment::{PLAIN, environment, folder};
use super::failure::{Fault, error, failed, of_end, refused, tail};
use super::guard::Guard;
use super::process::{Bounds, How, Launch, run};
use crate::limits;
use crate::run::{ErrorClass, Outcome, Parse, ProcessWork, Program, Reply, Task, Usage, Work};
use crate::value::Value;
use std::time::Duration;

/// Performs processes.
#[derive(Clone, Debug, Default)]
pub struct Processes {
    /// Whose guard.
    pub guard: Guard,
}

impl Backend for Processes {
    fn name(&self) -> &'static str {
        "run"
    }

    fn perform<'a>(&'a self, work: &'a Work, context: &'a Context) -> Future<'a, Outcome> {
        Box::pin(async move {
            let Task::Process(process) = &work.task else {
                return failed(refused("a process was expected, and this is none"));
            };
            match perform(&self.guard, work, process, context).await {
                Ok(reply) => Outcome::Reply(reply),
                Err(error) => failed(error),
            }
        })
    }
}

/// Runs a process to its end.
async fn perform(guard: &Guard, work: &Work, process: &ProcessWork, context: &Context) -> Result<Reply, Fault> {
    let argv = match &process.program {
        Program::Argv(argv) => argv.clone(),
        Program::Shell(script) => vec!["sh".to_owned(), "-c".to_owned(), script.clone()],
    };
    let shown = shown(&process.program);
    let stdin = process.stdin.clone().unwrap_or_default().into_bytes();
    let launch = launch(guard, work, context, argv, stdin, environment(work, context, PLAIN, &[])?)?;
    let (file, dir, path) = (launch.argv[0].clone(), launch.dir.clone(), path_of(&launch));
    let mut capture = Capture::new(context.feed.clone());
    let end = run(launch, bounds(work, context, false), &mut capture).await;
    let told = |mut error: Fault, code: Option<i32>| {
        error.code = code;
        error.stdout_tail = tail(&capture.out);
        error.stderr_tail = tail(&capture.err);
        error
    };
    if let Some(error) = of_end(&end, &shown, &file, &dir, path.as_deref()) {
        return Err(told(error, None));
    }
    let (code, how) = match end.how {
        How::Signal(signal) => (128 + signal, format!("was ended by signal {signal}")),
        How::Code(code) => (code, format!("exited with code {code}")),
        How::NotStarted(_) | How::GuardLost => return Err(told(error(ErrorClass::Transient, format!("`{shown}` ended")), None)),
    };
    if !process.exit.is_empty() && !process.exit.contains(&code) {
        return Err(told(error(ErrorClass::Exit, format!("`{shown}` {how}")), Some(code)));
    }
    let value = parsed(process.parse, &capture, code).map_err(|why| {
        let message = format!("the output of `{shown}` {why}");
        told(error(ErrorClass::Invalid, message), Some(code))
    })?;
    Ok(Reply { value, code: Some(code), agent: None, usage: Usage::default(), transcript: None })
}

/// A launch in the turn's folder.
pub(in crate::agent) fn launch(
    guard: &Guard,
    work: &Work,
    context: &Context,
    argv: Vec<String>,
    stdin: Vec<u8>,
    env: Vec<(String, String)>,
) -> Result<Launch, Fault> {
    let dir = folder(&context.project, work.dir.as_deref())?;
    if argv.first().is_none_or(String::is_empty) {
        return Err(refused("there is no program to run: the list of words is empty"));
    }
    if argv.iter().any(|word| word.contains('\0')) {
        return Err(refused(format!("an argument of `{}` holds a NUL character", argv[0])));
    }
    Ok(Launch {
        guard: guard.clone(),
        argv,
        env,
        dir,
        stdin,
        run: context.run.clone(),
        key: work.idempotency_key(&context.run),
        scratch: context.scratch.clone(),
    })
}

/// The bounds of a turn.
pub(super) fn bounds(work: &Work, context: &Context, interrupt_first: bool) -> Bounds {
    Bounds {
        timeout: work.timeout_ms.map(Duration::from_millis),
        idle: work.idle_timeout_ms.map(Duration::from_millis),
        interrupt_first,
        stop: context.stop.clone(),
    }
}

/// Where a launch looks for its program.
pub(super) fn path_of(launch: &Launch) -> Option<String> {
    launch.env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone())
}

/// A program in a few words.
fn shown(program: &Program) -> String {
    match program {
        Program::Argv(argv) => one_line(&argv.join(" ")),
        Program::Shell(script) => one_line(script.trim().lines().next().unwrap_or_default()),
    }
}

/// The output as the phase wants it, or why it is not like that.
fn parsed(parse: Parse, capture: &Capture, code: i32) -> Result<Value, String> {
    let text = String::from_utf8_lossy(&capture.out);
    let whole = if capture.out_dropped > 0 { Err(format!("is larger than {} MiB", limits::OUTPUT_BYTES >> 20)) } else { Ok(()) };
    Ok(match parse {
        Parse::Raw => {
            let noted = |bytes: &[u8], dropped: usize| {
                let mut text = String::from_utf8_lossy(bytes).into_owned();
                if dropped > 0 {
                    text = format!("{text}\n[{dropped} more bytes were dropped]");
                }
                Value::text(&text)
            };
            let (out, err) = (noted(&capture.out, capture.out_dropped), noted(&capture.err, capture.err_dropped));
            Value::table([("stdout", out), ("stderr", err), ("code", Value::from_serialize(&code))])
        }
        Parse::Json => {
            whole?;
            if text.trim().is_empty() {
                return Err("is empty, and should be JSON".to_owned());
            }
            Value::parse(text.as_bytes()).map_err(|error| format!("is not JSON: {error}"))?
        }
        Parse::Lines => {
            whole?;
            Value::list(text.lines().map(Value::text))
        }
        Parse::Text => {
            whole?;
            Value::text(text.strip_suffix('\n').unwrap_or(&text))
        }
    })
}
