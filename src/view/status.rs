//! A run at a glance: what `flow show` prints, and what can be typed next.

use super::timeline::plain;
use super::words::{money, one_line, shell_word, short, span};
use crate::name::Name;
use crate::run::{AttemptStage, PhaseStatus, RunState, RunStatus, Time};
use crate::value::Value;

/// Characters of a reason that a row shows.
const WIDTH: usize = 110;

/// A run at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Facts of the whole run: a label and a text.
    pub facts: Vec<(&'static str, String)>,
    /// The phases, in graph order.
    pub rows: Vec<Row>,
    /// Questions that wait for an answer, with the command that gives it.
    pub questions: Vec<Question>,
    /// The text for people that the pipeline gave at its end.
    pub summary: Option<String>,
    /// Commands that can be typed next, each with what it does.
    pub next: Vec<(String, &'static str)>,
}

/// A phase at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The phase.
    pub phase: Name,
    /// Its status.
    pub status: PhaseStatus,
    /// How long it took, or has been going on.
    pub time: String,
    /// Rounds and attempts, when there was more than one.
    pub tries: String,
    /// What it cost.
    pub cost: String,
    /// Why it is as it is, on one line.
    pub reason: String,
}

/// A question that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The phase that asks.
    pub phase: Name,
    /// What it asks, a line each; fields of a form as `name: type`.
    pub lines: Vec<String>,
    /// The command that answers.
    pub command: String,
}

/// Looks at a run. `carried` says whether somebody is known to carry it now.
pub fn glance(state: &RunState, now: Time, carried: Carried) -> Glance {
    let questions = questions(state);
    Glance {
        facts: facts(state, now, carried),
        rows: state.phases.iter().map(|phase| row(state, &phase.name, phase.status, now)).collect(),
        summary: state.document().get("summary").as_str().map(str::to_owned),
        next: next(state, &questions, carried),
        questions,
    }
}

/// What is said of a run whose process died.
pub const NOBODY: &str = "running, and nobody carries it: its process died";
/// What is said of a run that was submitted and is not carried now.
pub const QUEUED: &str = "waits for a worker of its pool";

/// Whether somebody carries a run at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// A living process does.
    Yes,
    /// Nobody does.
    No,
    /// Nobody does at this moment, and a worker of its pool will.
    Queued,
    /// It cannot be known from here (another machine).
    Unknown,
}

fn facts(state: &RunState, now: Time, carried: Carried) -> Vec<(&'static str, String)> {
    let started = &state.started;
    let document = state.document();
    let mut facts = vec![("run", started.id.to_string()), ("pipeline", pipeline(state))];
    if let (Some(series), Some(cycle)) = (&started.series, started.cycle) {
        facts.push(("series", format!("{series}, cycle {cycle}")));
    }
    if started.rehearsal {
        facts.push(("rehearsal", "no agent worked in it, no process ran".to_owned()));
    }
    let given = started.params.entries().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let given: Vec<_> = given.map(|(name, value)| format!("{name}={}", shell_word(&one_line(&plain(&value), 60)))).collect();
    if !given.is_empty() {
        facts.push(("params", given.join(" ")));
    }
    facts.push(("status", status(state, carried)));
    let done = if state.status.is_over() { state.updated_at } else { now };
    facts.push(("started", format!("{} ({} ago)", state.started_at, span(now.since_ms(state.started_at)))));
    if state.status.is_over() {
        facts.push(("ended", format!("{done} (worked {})", span(state.active_ms))));
    }
    let tokens = state.usage.input_tokens + state.usage.output_tokens;
    if let Some(cost) = money(state.usage.cost_usd) {
        facts.push(("cost", format!("{cost}, {tokens} tokens")));
    } else if tokens > 0 {
        facts.push(("cost", format!("{tokens} tokens")));
    }
    if let Some(git) = git(&document.get("project")) {
        facts.push(("project", git));
    }
    if let Some(message) = document.at(&["error", "message"]).as_str() {
        facts.push(("error", message.to_owned()));
    }
    facts
}

fn pipeline(state: &RunState) -> String {
    let started = &state.started;
    let digest = &started.plan.hex()[..12];
    if started.path == started.pipeline {
        format!("{} (plan {digest})", started.pipeline)
    } else {
        format!("{} ({}, plan {digest})", started.pipeline, started.path)
    }
}

fn status(state: &RunState, carried: Carried) -> String {
    let progress = state.document().get("progress");
    let current = state.document().get("current");
    let at = current.as_str().map(|phase| format!(", at `{phase}`")).unwrap_or_default();
    let passed = state.document().get("passed").as_bool();
    let word = state.status.as_str();
    match state.status {
        RunStatus::Complete if passed == Some(false) => "complete, and does not pass".to_owned(),
        RunStatus::Complete => word.to_owned(),
        RunStatus::Running if carried == Carried::No => format!("{NOBODY} ({progress} %{at})"),
        RunStatus::Running | RunStatus::Interrupted if carried == Carried::Queued => format!("{QUEUED} ({progress} %{at})"),
        _ => format!("{word} ({progress} %{at})"),
    }
}

/// `main at 0123abcd, 3 files changed`, as it was when the run began.
fn git(project: &Value) -> Option<String> {
    if project.is_null() {
        return None;
    }
    let commit = project.get("commit").as_str().map_or("no commit yet".to_owned(), |commit| commit.chars().take(8).collect());
    let branch = project.get("branch").as_str().map(|branch| format!("{branch} at ")).unwrap_or_default();
    let dirty: Vec<_> = project.get("dirty").items().into_iter().flatten().map(|path| plain(&path)).collect();
    let changed = match dirty.len() {
        0 => String::new(),
        1..=3 => format!(", changed before it began: {}", dirty.join(" ")),
        n => format!(", {n} files changed before it began"),
    };
    Some(format!("{branch}{commit}{changed}"))
}

fn row(state: &RunState, name: &Name, status: PhaseStatus, now: Time) -> Row {
    let record = state.document().at(&["phases", name.as_str()]);
    let time = |key: &str| record.get(key).as_str().and_then(Time::parse);
    let took = match (time("started_at"), time("completed_at")) {
        (Some(from), Some(to)) => span(to.since_ms(from)),
        (Some(from), None) if matches!(status, PhaseStatus::Running | PhaseStatus::Waiting) => span(now.since_ms(from)),
        _ => String::new(),
    };
    let whole = |key: &str| record.get(key).as_f64().unwrap_or(0.0);
    let mut tries = vec![];
    if whole("round") > 1.0 {
        tries.push(format!("round {}", whole("round")));
    }
    if whole("attempts") > 1.0 {
        tries.push(format!("attempt {}", whole("attempts")));
    }
    let cost = record.at(&["agent", "cost_usd"]).as_f64().and_then(money).unwrap_or_default();
    Row { phase: name.clone(), status, time: took, tries: tries.join(", "), cost, reason: reason(&record, status) }
}

fn reason(record: &Value, status: PhaseStatus) -> String {
    let error = record.at(&["error", "message"]);
    let class = record.at(&["error", "class"]);
    let text = match (status, error.as_str()) {
        (PhaseStatus::Complete | PhaseStatus::Skipped, _) | (_, None) => record.get("reason").as_str().map(str::to_owned),
        (_, Some(message)) => Some(format!("{}: {message}", plain(&class))),
    };
    let note = record.get("notes").items().and_then(Iterator::last);
    let note = note.map(|note| format!("noted: {}", plain(&note.get("note")))).filter(|_| !status.is_settled());
    one_line(&text.or(note).unwrap_or_default(), WIDTH)
}

/// What a phase asks now: the question and form of an `ask` phase, or an agent's questions.
pub fn asked(state: &RunState, phase: &Name) -> Option<(String, Value, Vec<crate::run::Question>)> {
    let attempt = state.phase(phase)?.attempt.as_ref()?;
    match (&attempt.stage, &attempt.work.task) {
        (AttemptStage::Asking { questions, .. }, crate::run::Task::Ask(ask)) if questions.is_empty() => {
            Some((ask.question.clone(), ask.form.clone(), vec![]))
        }
        (AttemptStage::Asking { questions, .. }, _) => Some((String::new(), Value::NULL, questions.clone())),
        (AttemptStage::Crashed, _) => Some((String::new(), Value::NULL, vec![crash_question()])),
        _ => None,
    }
}

/// All that is asked now.
pub fn questions(state: &RunState) -> Vec<Question> {
    let asking = state.phases.iter().filter_map(|phase| {
        let (question, form, questions) = asked(state, &phase.name)?;
        let (lines, names) = if questions.is_empty() {
            let fields = fields(&form);
            let shown: Vec<_> = fields.iter().map(|(name, kind)| format!("  {name}: {kind}")).collect();
            let lines = question.trim().lines().map(str::to_owned).chain(shown).collect();
            (lines, fields.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
        } else {
            let texts = questions.iter().enumerate().map(|(at, question)| numbered(at + 1, question));
            let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
            (lines, (1..=questions.len()).map(|number| number.to_string()).collect())
        };
        let arguments = names.iter().map(|name| format!("{name}=…")).collect::<Vec<_>>().join(" ");
        let command = format!("flow answer {} {} {arguments}", short(state.id()), phase.name);
        Some(Question { phase: phase.name.clone(), lines, command })
    });
    asking.collect()
}

fn numbered(number: usize, question: &crate::run::Question) -> String {
    let choices = if question.choices.is_empty() { String::new() } else { format!(" ({})", question.choices.join(" | ")) };
    format!("{number}. {}{choices}", question.question.trim())
}

fn crash_question() -> crate::run::Question {
    let question = "Its driver died while it was under way: what now?".to_owned();
    crate::run::Question { question, choices: ["rerun", "skip", "fail"].map(str::to_owned).to_vec() }
}

/// The fields of a form and the types of their values, in words.
pub fn fields(form: &Value) -> Vec<(String, String)> {
    let properties = form.get("properties");
    let required: Vec<_> = form.get("required").items().into_iter().flatten().map(|name| plain(&name)).collect();
    let field = |(name, schema): (&str, Value)| {
        let optional = if required.iter().any(|known| known == name) { "" } else { ", may be left out" };
        (name.to_owned(), format!("{}{optional}", kind(&schema)))
    };
    properties.entries().into_iter().flatten().map(field).collect()
}

/// The JSON type that a schema declares; of several the first that is not null.
pub fn kind_of(schema: &Value) -> Option<String> {
    let kind = schema.get("type");
    let first = || kind.items()?.map(|kind| plain(&kind)).find(|kind| kind != "null");
    kind.as_str().map(str::to_owned).or_else(first)
}

fn kind(schema: &Value) -> String {
    if let Some(choices) = schema.get("enum").items() {
        return choices.map(|choice| plain(&choice)).collect::<Vec<_>>().join(" | ");
    }
    match kind_of(schema).as_deref() {
        Some("boolean") => "true | false".to_owned(),
        Some("array") => "a list, as JSON".to_owned(),
        Some("object") => "a table, as JSON".to_owned(),
        Some("string") => "text".to_owned(),
        Some(word) => word.to_owned(),
        None => "anything, as JSON".to_owned(),
    }
}

/// What can be typed next.
fn next(state: &RunState, questions: &[Question], carried: Carried) -> Vec<(String, &'static str)> {
    let id = short(state.id());
    let logs = (format!("flow logs {id} -f"), "follow it");
    let why = (format!("flow why {id}"), "why each phase ran, was skipped or failed");
    let resume = (format!("flow resume {id}"), "go on with it");
    match state.status {
        RunStatus::Running if carried == Carried::No => vec![resume, why],
        RunStatus::Interrupted if carried == Carried::Queued => vec![logs, resume],
        RunStatus::Running => vec![logs, (format!("flow cancel {id}"), "stop it for good")],
        RunStatus::Interrupted => vec![resume, why],
        RunStatus::Waiting => {
            let mut next: Vec<_> = questions.iter().map(|question| (question.command.clone(), "answer")).collect();
            next.push((format!("flow resume {id}"), "answer in the terminal and go on"));
            next
        }
        RunStatus::Complete => vec![(format!("flow show {id} --jq .result"), "what it yields"), why],
        RunStatus::Failed => vec![why, (format!("flow retry {id}"), "run again what failed, and go on")],
        RunStatus::Cancelled => vec![(format!("flow retry {id}"), "run what was cancelled, and go on")],
    }
}
