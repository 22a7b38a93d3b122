//! Carries a run in the foreground: display, questions, signals; and tells how it ended.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, Paint, clean, json_text};
use super::person::{self, AtTerminal};
use super::place::now;
use super::progress::Progress;
use super::stop;
use crate::agent::Person;
use crate::drive::{Carried, Carrier, CarryOptions, DriveError, Services, StartRefusal};
use crate::run::{LimitsRaised, RunId, RunState, RunStatus};
use crate::store::StoreError;
use crate::view::status::{self, glance};
use crate::view::timeline::plain;
use crate::view::words::{shell_word, short, span};
use std::sync::Arc;
use std::time::Duration;

/// How a run is carried and shown.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct GoArgs {
    /// Print the run document at the end, instead of the summary.
    #[arg(long)]
    pub json: bool,
    /// Ask nobody: what would wait for an answer fails.
    #[arg(long)]
    pub no_input: bool,
    /// Run what the pipeline may execute without asking for trust.
    #[arg(long)]
    pub yes: bool,
    /// Wait this long for a store that does not answer or is full, such as 90s, 2h [default: 10m].
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub store_timeout: Option<u64>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Limits that replace those of a pipeline.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct LimitArgs {
    /// Stop at this many US dollars: replaces the pipeline's limit, for the rest of the run.
    #[arg(long = "max-cost", value_name = "USD", value_parser = dollars)]
    cost: Option<f64>,
    /// Stop at this many tokens, in and out.
    #[arg(long = "max-tokens", value_name = "N")]
    tokens: Option<u64>,
    /// Stop after this much working time, such as 90s, 30m, 2h.
    #[arg(long = "max-wall", value_name = "TIME", value_parser = duration)]
    wall: Option<u64>,
}

fn dollars(text: &str) -> Result<f64, String> {
    let number = text.trim_start_matches('$').parse::<f64>().ok().filter(|usd| usd.is_finite() && *usd > 0.0);
    number.ok_or_else(|| format!("`{text}` is no amount of dollars"))
}

/// Reads a time, in milliseconds.
///
/// # Errors
/// When it is none, in words.
pub fn duration(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no time: write 90s, 30m or 2h");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(unit).filter(|ms| *ms > 0).ok_or_else(wrong)
}

impl LimitArgs {
    /// What was said.
    pub fn raised(&self) -> LimitsRaised {
        LimitsRaised { wall_ms: self.wall, cost_usd: self.cost, tokens: self.tokens }
    }
}

impl GoArgs {
    /// Limits that replace those of the pipeline.
    pub fn raised(&self) -> Option<LimitsRaised> {
        let raised = self.limits.raised();
        (raised != LimitsRaised::default()).then_some(raised)
    }
}

/// A run that is being carried, and how it is shown.
pub struct Going {
    out: Out,
    args: GoArgs,
    /// Shows what goes on.
    pub progress: Arc<Progress>,
    /// Who answers in a rehearsal.
    rehearsed: Option<Arc<dyn Person>>,
}

impl Going {
    /// Nothing goes on yet.
    pub fn new(args: GoArgs, rehearsed: Option<Arc<dyn Person>>, out: Out) -> Self {
        Self { out, args, progress: Arc::new(Progress::new(out)), rehearsed }
    }

    /// Carries a run that has just begun.
    ///
    /// # Errors
    /// When the store fails, or somebody took the run.
    pub async fn begun(&self, carrier: Carrier) -> Outcome {
        let options =
            CarryOptions { store_timeout: self.store_timeout(), no_input: self.args.no_input, ..CarryOptions::default() };
        let stop = stop::listen(self.out, self.progress.clone(), resume(carrier.state().id()));
        let run = carrier.state().id().clone();
        let end = carrier.carry(options, self.person(), stop).await;
        self.ended(&run, end)
    }

    /// Takes up a run that began earlier.
    ///
    /// # Errors
    /// When somebody carries it, it cannot be loaded, the store fails, or somebody takes the run.
    pub async fn again(&self, services: &Services, run: &RunId, retry: bool) -> Outcome {
        let (no_input, raise, store_timeout) = (self.args.no_input, self.args.raised(), self.store_timeout());
        let options = CarryOptions { no_input, retry, raise, store_timeout };
        let stop = stop::listen(self.out, self.progress.clone(), resume(run));
        let end = Carrier::resume(services, run, options, self.progress.clone(), self.person(), stop).await;
        self.ended(run, end)
    }

    fn store_timeout(&self) -> Option<Duration> {
        self.args.store_timeout.map(Duration::from_millis)
    }

    fn person(&self) -> Option<Arc<dyn Person>> {
        if self.rehearsed.is_some() {
            return self.rehearsed.clone();
        }
        let there = !self.args.no_input && person::is_there();
        there.then(|| Arc::new(AtTerminal::new(self.out, Some(self.progress.clone()))) as Arc<dyn Person>)
    }

    fn ended(&self, run: &RunId, end: Result<Carried, DriveError>) -> Outcome {
        self.progress.finish();
        let kept = |error| match error {
            DriveError::Store(StoreError::Away { .. }) => {
                Fail::from(error).help(format!("`{}` goes on where it was", resume(run)))
            }
            error => error.into(),
        };
        match end.map_err(kept)? {
            Carried::Ended(state) => self.over(&state),
            Carried::Waiting(state) => {
                let printed = self.document(&state);
                self.questions(&state);
                with_output(&state, printed, Exit::Waiting)
            }
            Carried::Interrupted(state) => {
                let printed = self.document(&state);
                let text = format!("interrupted: `{}` goes on where it was", resume(state.id()));
                self.out.painted(&self.out.err_paint(Paint::Yellow, &text));
                with_output(&state, printed, Exit::Interrupted)
            }
        }
    }

    fn document(&self, state: &RunState) -> Result<(), Fail> {
        if self.args.json {
            let text = serde_json::to_string_pretty(state.document()).unwrap_or_default();
            self.out.result(&format!("{}\n", json_text(&text)))?;
        }
        Ok(())
    }

    fn questions(&self, state: &RunState) {
        for question in status::questions(state) {
            self.out.painted(&self.out.err_paint(Paint::Yellow, &format!("{} waits for an answer:", question.phase)));
            for line in &question.lines {
                self.out.note(&format!("  {line}"));
            }
            self.out.note(&format!("  answer with `{}`", question.command));
        }
        self.out.note(&format!("then `{}` goes on; in a terminal it asks there", resume(state.id())));
    }

    /// The run is over: results to stdout, how it ended to stderr.
    fn over(&self, state: &RunState) -> Outcome {
        let passed = state.document().get("passed").as_bool() != Some(false);
        let printed = self.document(state).and_then(|()| self.result(state));
        self.out.painted(&self.closing(state, passed));
        let exit = match state.status {
            RunStatus::Complete if passed => Exit::Done,
            RunStatus::Cancelled => Exit::Cancelled,
            _ => Exit::Failed,
        };
        if exit != Exit::Done {
            for (command, what) in glance(state, now(), status::Carried::No).next {
                self.out.painted(&format!("  {command}  {}", self.out.err_paint(Paint::Dim, &format!("# {what}"))));
            }
        }
        with_output(state, printed, exit)
    }

    /// What the run yields, if it is complete.
    fn result(&self, state: &RunState) -> Result<(), Fail> {
        let (summary, result) = (state.document().get("summary"), state.document().get("result"));
        let text = match summary.as_str() {
            _ if state.status != RunStatus::Complete || self.args.json => return Ok(()),
            Some(summary) => summary.trim_end().to_owned(),
            None if result.is_null() => return Ok(()),
            None if result.as_str().is_some() => plain(&result),
            None => serde_json::to_string_pretty(&result).unwrap_or_default(),
        };
        if text.is_empty() { Ok(()) } else { self.out.result(&format!("{}\n", clean(&text))) }
    }

    fn closing(&self, state: &RunState, passed: bool) -> String {
        let rehearsal = if state.started.rehearsal { "rehearsal " } else { "" };
        let word = match state.status {
            RunStatus::Complete if passed => "is complete",
            RunStatus::Complete => "is complete and does not pass,",
            RunStatus::Cancelled => "was cancelled",
            _ => "failed",
        };
        let cost = crate::view::words::money(state.usage.cost_usd).map(|cost| format!(", {cost}")).unwrap_or_default();
        // What its process said stands with the phase that failed.
        let (document, error) = (state.document(), state.document().get("error"));
        let (message, phase) = (error.get("message"), error.get("phase"));
        let tail = document.at(&["phases", phase.as_str().unwrap_or_default(), "error", "stderr_tail"]);
        let told = |message| format!(": {}", crate::view::timeline::told(message, tail.as_str()).replace('\n', "\n    "));
        let why = message.as_str().map(told).unwrap_or_default();
        let name = format!("{rehearsal}{} {}", state.started.pipeline, short(state.id()));
        let text = format!("{name} {word} after {}{cost}{why}", span(state.active_ms));
        let paint = if state.status == RunStatus::Complete && passed { Paint::Green } else { Paint::Red };
        self.out.err_paint(paint, &text)
    }

    /// Says what a run has done already and what comes next.
    pub fn announce(&self, state: &RunState) {
        let done: Vec<_> = state.phases.iter().filter(|phase| phase.status.is_done()).map(|phase| phase.name.as_str()).collect();
        let done = if done.is_empty() { "nothing is done yet".to_owned() } else { format!("done: {}", done.join(", ")) };
        let next = state.document().get("current");
        let next = next.as_str().map(|phase| format!("; next: {phase}")).unwrap_or_default();
        let title = crate::view::timeline::title(&state.started);
        let given = state.started.params.entries().into_iter().flatten().filter(|(_, value)| !value.is_null());
        let given: Vec<_> = given.map(|(name, value)| format!("{name}={}", shell_word(&plain(&value)))).collect();
        self.out.note(&format!("goes on with {title}"));
        if !given.is_empty() {
            self.out.note(&format!("  {}", crate::view::words::one_line(&given.join(" "), 200)));
        }
        self.out.note(&format!("  {done}{next}"));
    }
}

/// How a run ended, whatever became of the printing: a reader that went away changes nothing of it.
fn with_output(state: &RunState, printed: Result<(), Fail>, exit: Exit) -> Outcome {
    match printed {
        Ok(()) | Err(Fail { exit: Exit::Done, .. }) => Ok(exit),
        Err(fail) => Err(fail.help(format!("the run is kept: `flow show {} --json`", short(state.id())))),
    }
}

/// The command that goes on with a run.
pub fn resume(run: &RunId) -> String {
    format!("flow resume {}", short(run))
}

impl From<DriveError> for Fail {
    fn from(error: DriveError) -> Self {
        let message = error.to_string();
        match error {
            DriveError::Store(error) => error.into(),
            DriveError::NoRun(..) | DriveError::NeverBegan(_) => {
                Self::new(Exit::NoInput, message).help("`flow list` shows the runs")
            }
            DriveError::Carried { run, .. } => {
                let id = short(&run).to_owned();
                Self::new(Exit::Conflict, message)
                    .help(format!("`flow logs {id} -f` follows it, `flow cancel {id}` stops it for good"))
            }
            DriveError::InTheWay(way) => {
                let id = short(&way.run).to_owned();
                Self::new(Exit::Conflict, message)
                    .help(format!("`{}` goes on with it, `flow cancel {id}` stops it for good", resume(&way.run)))
            }
            DriveError::Stopped(run) => {
                Self::new(Exit::Interrupted, message).help(format!("`{}` goes on where it was", resume(&run)))
            }
            DriveError::Fenced { .. } => Self::new(Exit::Store, message),
            DriveError::Lost(run) => {
                Self::new(Exit::Conflict, message).help(format!("`flow show {}` says who has it", short(&run)))
            }
            DriveError::NoPlan { .. } | DriveError::BadPlan { .. } | DriveError::Scratch { .. } => {
                Self::new(Exit::Store, message)
            }
            DriveError::NoFolder(_) => Self::new(Exit::NoInput, message),
            DriveError::Illegal { .. } | DriveError::Stuck { .. } => {
                Self::new(Exit::Ours, message).help("this is a mistake of flow itself; what was journaled is kept")
            }
        }
    }
}

impl From<StartRefusal> for Fail {
    fn from(refusal: StartRefusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            StartRefusal::Start(_) => Self::usage(message),
            StartRefusal::InTheWay(way) => {
                let id = short(&way.run).to_owned();
                Self::new(Exit::Conflict, format!("another run is in the way: {message}"))
                    .help(format!("`{}` goes on with it; so does --continue instead of the parameters", resume(&way.run)))
                    .help(format!("`flow show {id}` shows it, `flow cancel {id}` stops it for good"))
            }
            StartRefusal::Drive(error) => error.into(),
        }
    }
}
