//! Plays one test: stubs answer in order, timers fire at once, checks look at the test's own files.

use super::world::World;
use crate::engine::{Program, actions, check_before_start, decide, document_keys, document_view, series_key, variables};
use crate::expr::jq::Input;
use crate::name::Name;
use crate::plan::{StubReply, Test, Verb};
use crate::run::{
    Action, AttemptId, Claim, Event, FORMAT, Outcome as Ended, Owner, Parse, Reply, RunError, RunId, RunState, Stamped, Started,
    StartedFile, Stimulus, Task, Time, Usage, Work, WorldCheck, WorldResult,
};
use crate::value::Value;
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Stimuli that one test may take: a test that needs more does not end.
const STEPS: usize = 100_000;

/// What a test starts from, checked by whoever knows files: parameters with defaults, and file parameters.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// Parameters; absent ones are null.
    pub params: Value,
    /// File parameters.
    pub files: IndexMap<String, StartedFile>,
}

/// How a test went.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What did not come as expected, one text each; empty means passed.
    pub problems: Vec<String>,
    /// The phases started, in order.
    pub path: Vec<Name>,
    /// The run at its end, when it began.
    pub document: Option<Value>,
    /// Documents whose view gave something else when applied to its own result.
    pub not_idempotent: Vec<String>,
}

/// Plays a test. `prepared` is its parameters, or why they were refused.
pub fn run(program: &Program, test: &Test, prepared: Result<Prepared, String>) -> Outcome {
    let world = World::new(&test.files);
    match prepared.and_then(|prepared| begin(program, prepared, &world)) {
        Ok(state) => {
            let mut play = Play { program, test, world, state, at: EPOCH, used: BTreeMap::new(), outcome: Outcome::default() };
            play.go_to_the_end();
            play.compare()
        }
        Err(refusal) => refused(test, &refusal),
    }
}

/// 2026-01-02T03:04:05Z: any fixed moment, so that two plays of a test are the same.
const EPOCH: Time = Time(1_767_323_045_000);

fn refused(test: &Test, refusal: &str) -> Outcome {
    let mut outcome = Outcome::default();
    match &test.error {
        Some(error) if refusal.contains(error.as_str()) => {}
        Some(error) => outcome.problems.push(format!("the start was refused with\n  {refusal}\nand not with\n  {error}")),
        None => outcome.problems.push(format!("the start was refused: {refusal}")),
    }
    outcome
}

/// The state of a run that begins as the test says, or why it cannot.
fn begin(program: &Program, prepared: Prepared, world: &World) -> Result<RunState, String> {
    let plan = &program.plan;
    let id = RunId::parse("01JGGGGGGGGGGGGGGGGGGGGGGG").ok_or("a fixed id")?;
    let mut started = Started {
        format: FORMAT,
        program: String::new(),
        id,
        pipeline: plan.name.clone(),
        path: plan.path.clone(),
        plan: plan.digest(),
        rehearsal: false,
        series: None,
        cycle: None,
        params: prepared.params,
        vars: Value::NULL,
        files: prepared.files,
        documents: IndexMap::new(),
        bucket: None,
        phases: plan.phases.iter().map(|phase| phase.name.clone()).collect(),
        project: Value::NULL,
        agents: IndexMap::new(),
    };
    let files = RunState::begin(started.clone(), EPOCH).document().get("files");
    started.vars =
        variables(program, &started.params, &files, &|pattern| world.glob(pattern)).map_err(|error| error.to_string())?;
    started.series = series_key(program, &started.params, &started.vars, &files).map_err(|error| error.to_string())?;
    started.cycle = started.series.as_ref().map(|_| 1);
    let state = RunState::begin(started.clone(), EPOCH);
    for check in check_before_start(program, &state).map_err(|error| error.to_string())? {
        if let WorldResult::Fails(text) = look(&check, world) {
            return Err(text);
        }
    }
    started.documents = document_keys(program, &state).map_err(|error| error.to_string())?;
    Ok(RunState::begin(started, EPOCH))
}

/// A check of the world, by the test's files; programs are not run.
fn look(check: &WorldCheck, world: &World) -> WorldResult {
    match check {
        WorldCheck::Files { paths, message } => {
            let missing: Vec<_> = paths.iter().filter(|path| !world.exists(path)).cloned().collect();
            if missing.is_empty() {
                return WorldResult::Holds;
            }
            let text = format!("missing: {}", missing.join(", "));
            WorldResult::Fails(message.as_ref().map_or(text.clone(), |message| format!("{message} ({text})")))
        }
        WorldCheck::Run { .. } => WorldResult::NotChecked(check.line()),
    }
}

struct Play<'a> {
    program: &'a Program,
    test: &'a Test,
    world: World,
    state: RunState,
    at: Time,
    /// Stubs used, by phase.
    used: BTreeMap<Name, usize>,
    outcome: Outcome,
}

impl Play<'_> {
    fn go_to_the_end(&mut self) {
        let owner = Owner { driver: "test".into(), host: "test".into(), boot_id: String::new(), pid: 0, pid_start: 0 };
        let mut documents: BTreeMap<Name, Value> = BTreeMap::new();
        let mut next = Some(Stimulus::Claim { owner, how: Claim::default() });
        for _ in 0..STEPS {
            let Some(stimulus) = next.take() else { return };
            self.at = self.at.plus_ms(1_000);
            match decide(self.program, &mut self.state, self.at, stimulus) {
                Ok(events) => self.follow(&events),
                Err(illegal) => return self.outcome.problems.push(illegal.to_string()),
            }
            self.views(&mut documents);
            match self.next() {
                Ok(stimulus) => next = stimulus,
                Err(problem) => return self.outcome.problems.push(problem),
            }
        }
        self.outcome.problems.push(format!("the run did not end within {STEPS} steps"));
    }

    fn follow(&mut self, events: &[Stamped]) {
        for stamped in events {
            match &stamped.event {
                Event::AttemptStarted { work, .. } if work.attempt.number == 1 => {
                    self.outcome.path.push(work.attempt.phase.clone());
                }
                Event::PhaseCompleted { phase, .. } => {
                    let value = self.program.at(phase).is_some_and(|at| matches!(self.program.phase(at).verb, Verb::Set { .. }));
                    if value {
                        self.outcome.path.push(phase.clone());
                    }
                }
                _ => {}
            }
        }
    }

    /// Every view, applied to what it gave before, and once more to its own result.
    fn views(&mut self, documents: &mut BTreeMap<Name, Value>) {
        for name in self.program.plan.documents.keys() {
            let before = documents.get(name).cloned().unwrap_or_default();
            let first = document_view(self.program, self.state.document(), name, before);
            let second = first.clone().and_then(|first| document_view(self.program, self.state.document(), name, first));
            match (first, second) {
                (Ok(first), Ok(second)) => {
                    if first != second && !self.outcome.not_idempotent.contains(&name.to_string()) {
                        self.outcome.not_idempotent.push(name.to_string());
                        self.outcome
                            .problems
                            .push(format!("the view of `{name}` is not idempotent: applied to its own result it differs"));
                    }
                    documents.insert(name.clone(), first);
                }
                (Err(error), _) | (_, Err(error)) => {
                    let text = error.to_string();
                    if !self.outcome.problems.contains(&text) {
                        self.outcome.problems.push(text);
                    }
                }
            }
        }
    }

    /// What the world says next: the first thing that should be going on, done.
    fn next(&mut self) -> Result<Option<Stimulus>, String> {
        let mut todo = actions(self.program, &self.state);
        if todo.len() > 1 && matches!(todo[0], Action::Timer(_)) {
            todo.rotate_left(1);
        }
        Ok(match todo.into_iter().next() {
            None => None,
            Some(Action::Timer(at)) => {
                self.at = self.at.max(at);
                Some(Stimulus::Tick)
            }
            Some(Action::Perform(work)) => Some(self.perform(&work)?),
            Some(Action::Check { attempt, checks, .. }) => {
                let results = checks.iter().map(|check| look(check, &self.world)).collect();
                Some(Stimulus::Checked { attempt, results })
            }
            Some(Action::Ask { attempt, questions, .. }) => {
                let answers = if questions.is_empty() { self.reply(&attempt)? } else { made_up(&questions) };
                Some(Stimulus::Answered { phase: attempt.phase, answers, by: "the test".into(), request: None })
            }
        })
    }

    fn perform(&mut self, work: &Work) -> Result<Stimulus, String> {
        let attempt = work.attempt.clone();
        let outcome = match self.stub(&attempt)? {
            StubReply::Reply(value) => {
                let code = process_code(work, &value);
                Ended::Reply(Reply { value, code, ..Reply::default() })
            }
            StubReply::Fails { class, message } => {
                let message = message.unwrap_or_else(|| format!("the test says {class}"));
                let error = RunError::new(class, message, self.at);
                Ended::Failed { error, agent: None, usage: Usage::default(), transcript: None }
            }
        };
        Ok(Stimulus::Finished { attempt, turn: work.turn, outcome: Box::new(outcome) })
    }

    fn reply(&mut self, attempt: &AttemptId) -> Result<Value, String> {
        match self.stub(attempt)? {
            StubReply::Reply(value) => Ok(value),
            StubReply::Fails { class, .. } => Err(format!("a question cannot fail with {class}: stub its answers")),
        }
    }

    fn stub(&mut self, attempt: &AttemptId) -> Result<StubReply, String> {
        let phase = &attempt.phase;
        let Some(stubs) = self.test.stubs.0.get(phase) else {
            return Err(format!("`{phase}` ran and the test has no stub for it: add `{phase} = …` to its stubs"));
        };
        let used = self.used.entry(phase.clone()).or_default();
        let stub = stubs.get(*used).cloned();
        *used += 1;
        stub.ok_or_else(|| {
            let count = if stubs.len() == 1 { "1 stub".to_owned() } else { format!("{} stubs", stubs.len()) };
            format!("`{phase}` ran {used} times and the test has {count}: write `{phase} = […]`, a reply for each time")
        })
    }

    fn compare(mut self) -> Outcome {
        let test = self.test;
        let document = self.state.document().clone();
        let mut problems = std::mem::take(&mut self.outcome.problems);
        if let Some(path) = test.path.as_ref().filter(|path| **path != self.outcome.path) {
            problems.push(format!("path\n  expected {}\n  found    {}", names(path), names(&self.outcome.path)));
        }
        let status = self.state.status.as_str();
        if let Some(wanted) = test.status.as_ref().filter(|wanted| *wanted != status) {
            let why = document.at(&["error", "message"]).as_str().map(|message| format!(": {message}")).unwrap_or_default();
            problems.push(format!("status\n  expected {wanted}\n  found    {status}{why}"));
        }
        if let Some(that) = &test.that {
            match self.program.boolean(&that.text, &Input::of(&document)) {
                Ok(true) => {}
                Ok(false) => problems.push(format!("`{}` (line {}) is false", that.text.trim(), that.line)),
                Err(error) => problems.push(format!("`{}` (line {}) failed: {error}", that.text.trim(), that.line)),
            }
        }
        let result = document.get("result");
        if let Some(wanted) = test.result.as_ref().filter(|wanted| **wanted != result) {
            problems.push(format!("result\n  expected {wanted}\n  found    {result}"));
        }
        let error = document.at(&["error", "message"]);
        if let Some(wanted) = test.error.as_ref().filter(|wanted| !error.as_str().is_some_and(|e| e.contains(wanted.as_str()))) {
            problems.push(format!("error\n  expected one that says {wanted}\n  found    {error}"));
        }
        self.outcome.problems = problems;
        self.outcome.document = Some(document);
        self.outcome
    }
}

/// The exit code that a stubbed process has: the one in a raw reply, else 0.
fn process_code(work: &Work, value: &Value) -> Option<i32> {
    let Task::Process(process) = &work.task else { return None };
    let raw = process.parse == Parse::Raw;
    let code = value.get("code").to::<i32>().ok().filter(|_| raw);
    Some(code.unwrap_or(0))
}

/// Answers to an agent's questions: the first choice, or a text that says it is made up.
fn made_up(questions: &[crate::run::Question]) -> Value {
    let answer =
        |question: &crate::run::Question| Value::text(question.choices.first().map_or("(the test's answer)", |c| c.as_str()));
    Value::list(questions.iter().map(answer).collect::<Vec<_>>())
}

fn names(path: &[Name]) -> String {
    path.iter().map(Name::as_str).collect::<Vec<_>>().join(" ")
}
