//! Events as lines for people: what `flow logs` prints and what the live display scrolls.

use super::words::{money, one_line, span};
use crate::name::Name;
use crate::run::{
    AttemptId, ErrorClass, Event, FinalStatus, Guard, Illegal, Program, RunError, RunState, Stamped, Started, Task, Time, Usage,
    Work, WorldCheck,
};

/// Characters of a command, question or note that a line shows.
const WIDTH: usize = 160;

/// What kind of news a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Bookkeeping: shown by `flow logs`, left out of the live display.
    Quiet,
    /// Something begins or changes.
    Plain,
    /// Something is done.
    Good,
    /// Something did not go well, and something is done about it.
    Warn,
    /// Something failed.
    Bad,
    /// Somebody must do something.
    Ask,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it happened.
    pub at: Time,
    /// In which phase; `None` is the run itself.
    pub phase: Option<Name>,
    /// What kind of news it is.
    pub tone: Tone,
    /// What happened, on one line (an agent's message may bring more lines).
    pub text: String,
}

/// All lines of a run.
///
/// # Errors
/// An event that does not fit those before it.
pub fn lines(events: &[Stamped]) -> Result<Vec<Line>, Illegal> {
    let mut state: Option<RunState> = None;
    let mut lines = vec![];
    for stamped in events {
        match &mut state {
            Some(state) => state.apply(stamped)?,
            None => state = RunState::replay([stamped.clone()])?,
        }
        if let Some(state) = &state {
            lines.push(line(state, stamped));
        }
    }
    Ok(lines)
}

/// The line of an event, given the state after it.
pub fn line(state: &RunState, stamped: &Stamped) -> Line {
    let (phase, tone, text) = match &stamped.event {
        event @ (Event::AttemptStarted { .. }
        | Event::AttemptContinued { .. }
        | Event::SessionKnown { .. }
        | Event::Noted { .. }
        | Event::Replied { .. }
        | Event::CheckAsked { .. }
        | Event::Asked { .. }
        | Event::Answered { .. }
        | Event::CrashAsked { .. }
        | Event::Stopped { .. }
        | Event::AttemptFailed { .. }
        | Event::RetryScheduled { .. }) => of_attempt(event, stamped.at),
        event @ (Event::PhaseInterrupted { .. }
        | Event::PhaseCompleted { .. }
        | Event::PhaseSkipped { .. }
        | Event::PhaseFailed { .. }
        | Event::PhaseCancelled { .. }
        | Event::LoopReturned { .. }
        | Event::LoopEnded { .. }) => of_phase(state, event),
        event => of_run(state, event),
    };
    Line { at: stamped.at, phase: phase.cloned(), tone, text }
}

type Parts<'a> = (Option<&'a Name>, Tone, String);

fn of_attempt(event: &Event, at: Time) -> Parts<'_> {
    match event {
        Event::AttemptStarted { work, reason } => (Some(&work.attempt.phase), Tone::Plain, started(work, reason.as_deref())),
        Event::AttemptContinued { work } => (Some(&work.attempt.phase), Tone::Plain, "goes on with the answers".to_owned()),
        Event::SessionKnown { attempt, session } => (Some(&attempt.phase), Tone::Quiet, format!("works in session {session}")),
        Event::Noted { phase, note, .. } => (Some(phase), Tone::Plain, format!("notes: {}", one_line(&plain(note), WIDTH))),
        Event::Replied { attempt, code, usage, .. } => (Some(&attempt.phase), Tone::Quiet, replied(*code, *usage)),
        Event::CheckAsked { attempt, checks, .. } => (Some(&attempt.phase), Tone::Quiet, checking(checks)),
        Event::Asked { attempt, questions, .. } => {
            let texts: Vec<_> = questions.iter().map(|question| one_line(&question.question, WIDTH)).collect();
            // The question of an `ask` phase stands in the line that starts it.
            if texts.is_empty() {
                return (Some(&attempt.phase), Tone::Quiet, "waits for an answer".to_owned());
            }
            (Some(&attempt.phase), Tone::Ask, format!("asks: {}", texts.join(" · ")))
        }
        Event::Answered { attempt, by, answers, .. } => {
            let text = format!("answered by {by}: {}", one_line(&plain(answers), WIDTH));
            (Some(&attempt.phase), Tone::Plain, text)
        }
        Event::CrashAsked { attempt } => {
            (Some(&attempt.phase), Tone::Ask, "asks: its driver died while it was under way: rerun, skip or fail?".to_owned())
        }
        Event::Stopped { attempt, usage, .. } => {
            let cost = money(usage.cost_usd).map(|cost| format!(", {cost}")).unwrap_or_default();
            (Some(&attempt.phase), Tone::Quiet, format!("attempt {} was stopped{cost}", attempt.number))
        }
        // Its phase is interrupted or cancelled in the next line, which says why.
        Event::AttemptFailed { attempt, error, .. } if error.class == ErrorClass::Cancelled => {
            (Some(&attempt.phase), Tone::Quiet, format!("attempt {} was stopped: {}", attempt.number, error.message))
        }
        Event::AttemptFailed { attempt, error, .. } => {
            (Some(&attempt.phase), Tone::Warn, format!("attempt {} failed ({}): {}", attempt.number, error.class, failure(error)))
        }
        Event::RetryScheduled { phase, due, reason, .. } => {
            let wait = due.since_ms(at);
            let when = if wait == 0 { "at once".to_owned() } else { format!("in {}", span(wait)) };
            // The failure itself stands in the line before.
            let why = reason.split_once(": ").map_or(reason.as_str(), |(why, _)| why);
            (Some(phase), Tone::Plain, format!("tries again {when} ({})", one_line(why, WIDTH)))
        }
        _ => (None, Tone::Quiet, String::new()),
    }
}

fn of_phase<'a>(state: &RunState, event: &'a Event) -> Parts<'a> {
    match event {
        Event::PhaseInterrupted { phase, reason } => (Some(phase), Tone::Warn, format!("interrupted: {reason}")),
        Event::PhaseCompleted { phase, error, unchecked, .. } => {
            let (tone, mut text) = completed(state, phase, error.as_ref());
            if !unchecked.is_empty() {
                text = format!("{text}; not checked: {}", one_line(&unchecked.join(", "), WIDTH));
            }
            (Some(phase), tone, text)
        }
        Event::PhaseSkipped { phase, reason, guard } => {
            (Some(phase), Tone::Plain, format!("skipped: {}{}", one_line(reason, WIDTH), line_of(guard.as_ref())))
        }
        Event::PhaseFailed { phase, error, guard } => {
            let text = format!("failed ({}): {}{}", error.class, failure(error), line_of(guard.as_ref()));
            (Some(phase), Tone::Bad, text)
        }
        Event::PhaseCancelled { phase, reason } => (Some(phase), Tone::Warn, format!("cancelled: {}", one_line(reason, WIDTH))),
        Event::LoopReturned { owner, body, guard, .. } => {
            let to = body.first().map_or("the start", Name::as_str);
            let round = state.loop_round(owner);
            let why = guard.as_ref().map(|guard| format!(": {}{}", one_line(&guard.text, WIDTH), line_of(Some(guard))));
            (Some(owner), Tone::Warn, format!("goes back to `{to}` for round {round}{}", why.unwrap_or_default()))
        }
        Event::LoopEnded { owner, reason } => (Some(owner), Tone::Plain, reason.clone()),
        _ => (None, Tone::Quiet, String::new()),
    }
}

fn of_run<'a>(state: &RunState, event: &'a Event) -> Parts<'a> {
    let (tone, text) = match event {
        Event::Started(started) => (Tone::Plain, title(started)),
        Event::Claimed { owner } => (Tone::Quiet, format!("carried by process {} on {}", owner.pid, owner.host)),
        Event::Released { reason } => (Tone::Quiet, format!("let go: {reason}")),
        Event::Reopened { phases, reason, .. } => {
            let names: Vec<_> = phases.iter().map(Name::as_str).collect();
            (Tone::Plain, format!("{}: {}", reason, names.join(", ")))
        }
        Event::LimitsRaised(raised) => {
            let cost = raised.cost_usd.map(|usd| format!("${usd}"));
            let tokens = raised.tokens.map(|tokens| format!("{tokens} tokens"));
            let all: Vec<_> = [raised.wall_ms.map(span), cost, tokens].into_iter().flatten().collect();
            (Tone::Plain, format!("limits are now {}", all.join(", ")))
        }
        Event::CancelAsked { reason, .. } => (Tone::Warn, format!("is being cancelled: {reason}")),
        Event::BudgetExceeded { error } => (Tone::Bad, error.message.clone()),
        Event::Ended { status, passed, error, .. } => ended(state, *status, *passed, error.as_ref()),
        Event::Abandoned { .. } => (Tone::Quiet, "its start never came; the number stays used".to_owned()),
        _ => (Tone::Quiet, String::new()),
    };
    (None, tone, text)
}

/// A run in one line: pipeline, cycle, id.
pub fn title(started: &Started) -> String {
    let cycle = match (started.cycle, &started.series) {
        (Some(cycle), Some(series)) => format!(", cycle {cycle} of {series}"),
        _ => String::new(),
    };
    let rehearsal = if started.rehearsal { ", a rehearsal" } else { "" };
    format!("run {} of {}{cycle}{rehearsal}", started.id, started.pipeline)
}

fn started(work: &Work, reason: Option<&str>) -> String {
    let AttemptId { number, round, .. } = work.attempt;
    let what = match &work.task {
        Task::Agent(agent) => {
            let session = if agent.session.is_some() { ", in its session" } else { "" };
            format!("agent {}{session}", agent.agent)
        }
        Task::Process(process) => match &process.program {
            Program::Argv(argv) => one_line(&argv.join(" "), WIDTH),
            Program::Shell(script) => format!("sh: {}", one_line(script, WIDTH)),
        },
        Task::Ask(ask) => format!("asks: {}", one_line(&ask.question, WIDTH)),
    };
    let mut text = match (number, round) {
        (1, 1) => format!("starts: {what}"),
        (1, round) => format!("starts round {round}: {what}"),
        (number, _) => format!("starts attempt {number}: {what}"),
    };
    if let (Some(reason), 1) = (reason, number) {
        text = format!("{text} ({})", one_line(reason, WIDTH));
    }
    text
}

fn replied(code: Option<i32>, usage: Usage) -> String {
    let code = code.map(|code| format!("exit code {code}"));
    let tokens = (usage.output_tokens > 0).then(|| format!("{} tokens in, {} out", usage.input_tokens, usage.output_tokens));
    let facts: Vec<_> = [code, money(usage.cost_usd), tokens].into_iter().flatten().collect();
    if facts.is_empty() { "replied".to_owned() } else { format!("replied: {}", facts.join(", ")) }
}

fn checking(checks: &[WorldCheck]) -> String {
    let one = |check: &WorldCheck| match check {
        WorldCheck::Files { paths, .. } => format!("files {}", one_line(&paths.join(" "), WIDTH)),
        WorldCheck::Run { argv, .. } => format!("`{}`", one_line(&argv.join(" "), WIDTH)),
    };
    format!("checks {}", checks.iter().map(one).collect::<Vec<_>>().join(" and "))
}

fn completed(state: &RunState, phase: &Name, error: Option<&RunError>) -> (Tone, String) {
    if let Some(error) = error {
        return (Tone::Warn, format!("failed ({}), and the run goes on: {}", error.class, failure(error)));
    }
    let record = state.document().at(&["phases", phase.as_str()]);
    let time = |key: &str| record.get(key).as_str().and_then(Time::parse);
    let took = match (time("started_at"), time("completed_at")) {
        // The document's times are whole seconds: a difference of one may be no time at all.
        (Some(from), Some(to)) if to.since_ms(from) >= 2_000 => format!(" in {}", span(to.since_ms(from))),
        _ => String::new(),
    };
    let cost = record.at(&["agent", "cost_usd"]).as_f64().and_then(money).map(|cost| format!(", {cost}"));
    let code = record.get("code").as_f64().filter(|code| *code != 0.0).map(|code| format!(", exit code {code}"));
    (Tone::Good, format!("complete{took}{}{}", cost.unwrap_or_default(), code.unwrap_or_default()))
}

fn ended(state: &RunState, status: FinalStatus, passed: Option<bool>, error: Option<&RunError>) -> (Tone, String) {
    let took = format!(" in {}", span(state.active_ms));
    let cost = money(state.usage.cost_usd).map(|cost| format!(", {cost}")).unwrap_or_default();
    let why = error.map(|error| format!(": {}", failure(error))).unwrap_or_default();
    match status {
        FinalStatus::Complete if passed == Some(false) => (Tone::Bad, format!("complete{took}{cost}, and does not pass")),
        FinalStatus::Complete => (Tone::Good, format!("complete{took}{cost}")),
        FinalStatus::Failed => (Tone::Bad, format!("failed{took}{cost}{why}")),
        FinalStatus::Cancelled => (Tone::Warn, format!("cancelled{took}{cost}{why}")),
    }
}

/// The message of a failure, with the last line that its process wrote.
fn failure(error: &RunError) -> String {
    told(&error.message, error.stderr_tail.as_deref())
}

/// A message, with the last line of what its process wrote to stderr where it does not say that already.
pub fn told(message: &str, stderr_tail: Option<&str>) -> String {
    let said = stderr_tail.and_then(|tail| tail.lines().rev().find(|line| !line.trim().is_empty()));
    match said {
        Some(said) if !message.contains(said.trim()) => format!("{message} ({})", one_line(said, WIDTH)),
        _ => message.to_owned(),
    }
}

fn line_of(guard: Option<&Guard>) -> String {
    guard.map(|guard| format!(" (`{}`, line {})", guard.key, guard.line)).unwrap_or_default()
}

/// A value as people write it: a text without quotes, anything else as JSON.
pub fn plain(value: &crate::value::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
