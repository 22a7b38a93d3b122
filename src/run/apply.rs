//! Events to state: copies facts, evaluates nothing, refuses what does not fit.

use super::document::{add_agent, error_record, first, fresh};
use super::{
    AgentReport, Attempt, AttemptId, AttemptStage, Event, FinalStatus, Illegal, LoopState, PhaseState, PhaseStatus, RunError,
    RunState, RunStatus, Stamped, Started, Task, Time, Usage, Work,
};
use crate::limits::NOTES;
use crate::name::Name;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl RunState {
    /// The state after a run's first event.
    pub fn begin(started: Started, at: Time) -> Self {
        let phase = |name: &Name| PhaseState {
            name: name.clone(),
            status: PhaseStatus::Pending,
            round: 1,
            attempts: 0,
            retries: 0,
            attempt: None,
            due: None,
            feedback: None,
            answered: vec![],
            session: None,
            session_round: 0,
            notes: 0,
        };
        let phases: Vec<_> = started.phases.iter().map(phase).collect();
        let index = phases.iter().enumerate().map(|(at, phase)| (phase.name.clone(), at)).collect();
        let document = first(&started, &started.plan, at);
        Self {
            started_at: at,
            updated_at: at,
            status: RunStatus::Running,
            owner: None,
            unsettled: phases.len(),
            phases,
            index: Arc::new(index),
            loops: BTreeMap::new(),
            usage: Usage::default(),
            active_ms: 0,
            raised: super::LimitsRaised::default(),
            cancelling: None,
            over_budget: None,
            requests: BTreeSet::new(),
            active: BTreeSet::new(),
            done: 0,
            cursor: 0,
            ready: BTreeSet::new(),
            draining: false,
            document,
            started: Arc::new(started),
        }
    }

    /// Rebuilds a state from a journal. `None` when the run never began (a cycle number that was taken in vain).
    ///
    /// # Errors
    /// The first event that does not fit: the journal is not one that this program, or an older one, wrote.
    pub fn replay(events: impl IntoIterator<Item = Stamped>) -> Result<Option<Self>, Illegal> {
        let mut state: Option<Self> = None;
        for stamped in events {
            match (&mut state, stamped.event) {
                (None, Event::Started(started)) => state = Some(Self::begin(*started, stamped.at)),
                (None, Event::Abandoned { .. }) => return Ok(None),
                (None, event) => {
                    return Err(Illegal { state: "a journal without a start".into(), what: kind(&event) });
                }
                (Some(state), event) => state.apply(&Stamped { at: stamped.at, event })?,
            }
        }
        Ok(state)
    }

    /// Applies one event.
    ///
    /// # Errors
    /// The event does not fit this state; the state is unchanged.
    pub fn apply(&mut self, stamped: &Stamped) -> Result<(), Illegal> {
        self.check(&stamped.event)?;
        let at = stamped.at;
        self.touch(at, matches!(stamped.event, Event::Claimed { .. }));
        match &stamped.event {
            Event::Started(_) | Event::Abandoned { .. } => {}
            Event::Claimed { owner } => {
                self.owner = Some(owner.clone());
                if !self.status.is_over() {
                    self.set_run_status(RunStatus::Running);
                }
            }
            Event::Released { .. } => self.release(),
            Event::AttemptStarted { work, reason } => self.start_attempt(work, reason.as_deref(), at),
            Event::AttemptContinued { work } => self.continue_attempt(work),
            Event::SessionKnown { attempt, session } => self.note_session(attempt, session),
            Event::Noted { phase, note, request } => {
                self.requests.extend(request.clone());
                self.note(phase, note, at);
            }
            Event::Replied { attempt, code, agent, usage, .. } => self.reply(attempt, *code, agent.as_ref(), *usage),
            Event::CheckAsked { attempt, output, checks } => {
                let stage = AttemptStage::Checking { output: output.clone(), checks: checks.clone() };
                self.set_stage(attempt, stage, PhaseStatus::Running);
            }
            Event::Asked { attempt, questions, due } => {
                let stage = AttemptStage::Asking { questions: questions.clone(), due: *due };
                self.set_stage(attempt, stage, PhaseStatus::Waiting);
            }
            Event::Answered { attempt, answers, request, .. } => {
                self.requests.extend(request.clone());
                self.keep_answers(attempt, answers);
                self.set_stage(attempt, AttemptStage::Performing, PhaseStatus::Running);
            }
            Event::CrashAsked { attempt } => self.set_stage(attempt, AttemptStage::Crashed, PhaseStatus::Waiting),
            Event::Stopped { attempt, agent, usage, .. } => self.stopped(attempt, agent.as_ref(), *usage),
            Event::AttemptFailed { attempt, error, agent, usage, .. } => {
                self.fail_attempt(attempt, error, agent.as_ref(), *usage);
            }
            Event::RetryScheduled { phase, due, counts, feedback, reason } => {
                let index = self.at(phase);
                let known = &mut self.phases[index];
                known.due = Some(*due);
                known.retries += u32::from(*counts);
                known.feedback.clone_from(feedback);
                self.record(index, |record| record.set("reason", Value::text(reason)));
            }
            _ => self.apply_settling(&stamped.event, at),
        }
        Ok(())
    }

    /// The events that settle phases or the run.
    fn apply_settling(&mut self, event: &Event, at: Time) {
        match event {
            Event::PhaseInterrupted { phase, reason } => {
                self.settle(phase, PhaseStatus::Interrupted, Some(reason), None, at);
            }
            Event::PhaseCompleted { phase, output, error, reason, unchecked } => {
                self.settle(phase, PhaseStatus::Complete, reason.as_deref(), error.as_ref(), at);
                let index = self.at(phase);
                self.record(index, |record| {
                    record.set("output", output.clone());
                    if !unchecked.is_empty() {
                        record.set("unchecked", Value::list(unchecked.iter().map(|what| Value::text(what))));
                    }
                });
            }
            Event::PhaseSkipped { phase, reason, .. } => self.settle(phase, PhaseStatus::Skipped, Some(reason), None, at),
            Event::PhaseFailed { phase, error, .. } => {
                self.settle(phase, PhaseStatus::Failed, Some(&error.message), Some(error), at);
            }
            Event::PhaseCancelled { phase, reason } => self.settle(phase, PhaseStatus::Cancelled, Some(reason), None, at),
            Event::LoopReturned { owner, entry, body, inner, .. } => self.go_back(owner, *entry, body, inner),
            Event::LoopEnded { owner, reason } => {
                let index = self.at(owner);
                self.record(index, |record| record.set("reason", Value::text(reason)));
            }
            Event::Reopened { phases, reason, request } => {
                self.requests.extend(request.clone());
                self.reopen(phases, reason);
            }
            Event::LimitsRaised(raised) => {
                self.raised.wall_ms = raised.wall_ms.or(self.raised.wall_ms);
                self.raised.cost_usd = raised.cost_usd.or(self.raised.cost_usd);
                self.raised.tokens = raised.tokens.or(self.raised.tokens);
            }
            Event::CancelAsked { reason, request } => {
                self.requests.extend(request.clone());
                self.cancelling = Some(reason.clone());
            }
            Event::BudgetExceeded { error } => self.over_budget = Some(error.clone()),
            Event::Ended { status, result, passed, summary, error } => {
                let status = match status {
                    FinalStatus::Complete => RunStatus::Complete,
                    FinalStatus::Failed => RunStatus::Failed,
                    FinalStatus::Cancelled => RunStatus::Cancelled,
                };
                self.set_run_status(status);
                self.owner = None;
                self.document.set("completed_at", Value::text(&at.to_string()));
                self.document.set("result", result.clone());
                self.document.set("passed", (*passed).into());
                self.document.set("summary", summary.as_deref().into());
                self.document.set("error", error.as_ref().map_or(Value::NULL, error_record));
            }
            _ => {}
        }
    }

    /// Whether an event fits; every name and attempt in it must be known, and be in a state that allows it.
    fn check(&self, event: &Event) -> Result<(), Illegal> {
        let illegal = |what: String| Err(Illegal { state: format!("run {} ({})", self.started.id, self.status.as_str()), what });
        match event {
            Event::Started(_) | Event::Abandoned { .. } => return illegal("a second start".into()),
            Event::AttemptStarted { work, .. } => {
                let phase = &work.attempt.phase;
                match self.phase(phase) {
                    None => return illegal(format!("an attempt of `{phase}`, which is no phase of it")),
                    Some(known) if known.attempt.is_some() => return illegal(format!("a second attempt of `{phase}` at once")),
                    Some(known) if known.status.is_settled() => {
                        return illegal(format!("an attempt of `{phase}`, which is {}", known.status.as_str()));
                    }
                    Some(_) => {}
                }
            }
            Event::AttemptContinued { work } if self.attempt(&work.attempt).is_none() => {
                return illegal(format!("a turn of {}, which is not under way", work.attempt));
            }
            Event::SessionKnown { attempt, .. }
            | Event::Replied { attempt, .. }
            | Event::CheckAsked { attempt, .. }
            | Event::Asked { attempt, .. }
            | Event::Answered { attempt, .. }
            | Event::CrashAsked { attempt }
            | Event::AttemptFailed { attempt, .. }
                if self.attempt(attempt).is_none() =>
            {
                return illegal(format!("{} of {attempt}, which is not under way", kind(event)));
            }
            _ => {}
        }
        for phase in phases_of(event) {
            if !self.index.contains_key(phase) {
                return illegal(format!("{} of `{phase}`, which is no phase of it", kind(event)));
            }
        }
        Ok(())
    }

    /// Index of a phase that [`Self::check`] has seen.
    fn at(&self, phase: &Name) -> usize {
        self.index[phase]
    }

    fn release(&mut self) {
        self.owner = None;
        if self.status.is_over() {
            return;
        }
        let waits = |at: &usize| self.phases[*at].status == PhaseStatus::Waiting;
        let waiting = !self.active.is_empty() && self.active.iter().all(waits);
        self.set_run_status(if waiting { RunStatus::Waiting } else { RunStatus::Interrupted });
    }

    fn start_attempt(&mut self, work: &Work, reason: Option<&str>, at: Time) {
        let index = self.at(&work.attempt.phase);
        let known = &mut self.phases[index];
        let first = known.attempts == 0;
        known.attempts = work.attempt.number;
        known.due = None;
        known.feedback = None;
        known.attempt = Some(Attempt {
            id: work.attempt.clone(),
            work: Arc::new(work.clone()),
            started_at: at,
            stage: AttemptStage::Performing,
        });
        let attempts = Value::int(known.attempts.into());
        self.record(index, |record| {
            record.set("attempts", attempts);
            if first || record.get("started_at").is_null() {
                record.set("started_at", Value::text(&at.to_string()));
            }
            record.set("completed_at", Value::NULL);
            record.set("error", Value::NULL);
            record.set("reason", reason.into());
        });
        self.set_status(index, PhaseStatus::Running);
        self.resume_status();
    }

    /// Keeps the answers to an agent's questions for the attempts that follow in this round.
    fn keep_answers(&mut self, id: &AttemptId, answers: &Value) {
        let index = self.at(&id.phase);
        let known = &mut self.phases[index];
        if let Some(Attempt { stage: AttemptStage::Asking { questions, .. }, .. }) = &known.attempt
            && !questions.is_empty()
        {
            known.answered.push((questions.clone(), answers.clone()));
        }
    }

    fn continue_attempt(&mut self, work: &Work) {
        let index = self.at(&work.attempt.phase);
        if let Some(attempt) = &mut self.phases[index].attempt {
            attempt.work = Arc::new(work.clone());
            attempt.stage = AttemptStage::Performing;
        }
        self.set_status(index, PhaseStatus::Running);
    }

    fn set_stage(&mut self, id: &AttemptId, stage: AttemptStage, status: PhaseStatus) {
        let index = self.at(&id.phase);
        let asked = match &stage {
            AttemptStage::Asking { questions, .. } => {
                self.phases[index].attempt.as_ref().map(|attempt| asked(&attempt.work, questions))
            }
            _ => None,
        };
        if let Some(attempt) = &mut self.phases[index].attempt {
            attempt.stage = stage;
        }
        self.record(index, |record| match asked {
            Some(asked) => record.set("asked", asked),
            None if record.has("asked") => record.set("asked", Value::NULL),
            None => {}
        });
        self.set_status(index, status);
        self.resume_status();
    }

    /// A run that somebody carries waits exactly while all that is under way waits for a person.
    fn resume_status(&mut self) {
        if self.owner.is_none() || self.status.is_over() {
            return;
        }
        let waits = |at: &usize| self.phases[*at].status == PhaseStatus::Waiting;
        let waiting = !self.active.is_empty() && self.active.iter().all(waits);
        self.set_run_status(if waiting { RunStatus::Waiting } else { RunStatus::Running });
    }

    fn note_session(&mut self, id: &AttemptId, session: &str) {
        let index = self.at(&id.phase);
        let known = self.phases[index].session.get_or_insert_with(AgentReport::default);
        if known.session.as_deref() != Some(session) {
            known.session = Some(session.to_owned());
            known.session_cost_usd = 0.0;
        }
        self.phases[index].session_round = id.round;
        self.record(index, |record| record.update("agent", |agent| agent.set("session", Value::text(session))));
    }

    fn note(&mut self, phase: &Name, note: &Value, at: Time) {
        let index = self.at(phase);
        if self.phases[index].notes as usize >= NOTES {
            return;
        }
        self.phases[index].notes += 1;
        let entry = Value::table([("at", Value::text(&at.to_string())), ("note", note.clone())]);
        self.record(index, |record| record.update("notes", |notes| notes.push(entry)));
    }

    fn reply(&mut self, id: &AttemptId, code: Option<i32>, agent: Option<&AgentReport>, usage: Usage) {
        let index = self.at(&id.phase);
        if let Some(report) = agent {
            self.phases[index].session = Some(report.clone());
            self.phases[index].session_round = id.round;
        }
        self.record(index, |record| {
            record.set("code", code.map_or(Value::NULL, |code| Value::float(code.into())));
            add_agent(record, agent, usage);
        });
        self.add_usage(usage);
    }

    fn fail_attempt(&mut self, id: &AttemptId, error: &RunError, agent: Option<&AgentReport>, usage: Usage) {
        let index = self.at(&id.phase);
        let known = &mut self.phases[index];
        known.attempt = None;
        if let Some(report) = agent.filter(|report| report.session.is_some()) {
            known.session = Some(report.clone());
            known.session_round = id.round;
        }
        self.record(index, |record| {
            record.set("error", error_record(error));
            if let Some(code) = error.code {
                record.set("code", Value::float(code.into()));
            }
            add_agent(record, agent, usage);
        });
        self.add_usage(usage);
        self.set_status(index, PhaseStatus::Running);
    }

    /// Counts what a stopped attempt cost; the phase may be in any state, and even in a later round.
    fn stopped(&mut self, id: &AttemptId, agent: Option<&AgentReport>, usage: Usage) {
        let index = self.at(&id.phase);
        let known = &mut self.phases[index];
        if let Some(report) = agent.filter(|report| report.session.is_some() && known.round == id.round) {
            known.session = Some(report.clone());
            known.session_round = id.round;
        }
        if known.round == id.round {
            self.record(index, |record| add_agent(record, agent, usage));
        }
        self.add_usage(usage);
    }

    fn settle(&mut self, phase: &Name, status: PhaseStatus, reason: Option<&str>, error: Option<&RunError>, at: Time) {
        let index = self.at(phase);
        let known = &mut self.phases[index];
        known.attempt = None;
        known.due = None;
        known.feedback = None;
        self.record(index, |record| {
            if reason.is_some() || status != PhaseStatus::Complete {
                record.set("reason", reason.into());
            }
            record.set("error", error.map_or(Value::NULL, error_record));
            if record.has("asked") {
                record.set("asked", Value::NULL);
            }
            if status.is_settled() {
                record.set("completed_at", Value::text(&at.to_string()));
            }
        });
        self.set_status(index, status);
        self.resume_status();
    }

    /// Archives and resets the body of a loop.
    fn go_back(&mut self, owner: &Name, entry: u32, body: &[Name], inner: &[Name]) {
        for phase in body {
            let index = self.at(phase);
            let known = &mut self.phases[index];
            known.round += 1;
            known.attempts = 0;
            known.retries = 0;
            known.attempt = None;
            known.due = None;
            known.feedback = None;
            known.answered.clear();
            known.notes = 0;
            let round = known.round;
            self.record(index, |record| {
                let mut rounds = record.get("rounds");
                record.set("rounds", Value::NULL);
                let archived = std::mem::replace(record, Value::NULL);
                rounds.push(archived);
                *record = fresh(round, rounds);
            });
            self.set_status(index, PhaseStatus::Pending);
        }
        for name in inner {
            self.loops.insert(name.clone(), LoopState::default());
        }
        let state = self.loops.entry(owner.clone()).or_default();
        state.returns += 1;
        let entry = entry as usize;
        if state.used.len() <= entry {
            state.used.resize(entry + 1, 0);
        }
        state.used[entry] += 1;
    }

    fn reopen(&mut self, phases: &[Name], reason: &str) {
        for phase in phases {
            let index = self.at(phase);
            self.phases[index].retries = 0;
            self.phases[index].due = None;
            self.record(index, |record| {
                record.set("output", Value::NULL);
                record.set("error", Value::NULL);
                record.set("completed_at", Value::NULL);
                record.set("reason", Value::text(reason));
            });
            self.set_status(index, PhaseStatus::Pending);
        }
        self.cancelling = None;
        self.over_budget = None;
        self.set_run_status(RunStatus::Running);
        for key in ["completed_at", "result", "passed", "summary", "error"] {
            self.document.set(key, Value::NULL);
        }
    }
}

/// What a person is asked, as the run document shows it while the phase waits.
fn asked(work: &Work, questions: &[super::Question]) -> Value {
    match &work.task {
        Task::Ask(ask) => Value::table([("question", Value::text(&ask.question)), ("form", ask.form.clone())]),
        _ => Value::table([("questions", Value::from_serialize(&questions))]),
    }
}

/// The word of an event, for messages.
fn kind(event: &Event) -> String {
    let json = serde_json::to_value(event).unwrap_or_default();
    json.get("type").and_then(|kind| kind.as_str()).unwrap_or("an event").to_owned()
}

/// The phases that an event names, besides those of its attempt.
fn phases_of(event: &Event) -> Vec<&Name> {
    match event {
        Event::Noted { phase, .. }
        | Event::RetryScheduled { phase, .. }
        | Event::PhaseInterrupted { phase, .. }
        | Event::PhaseCompleted { phase, .. }
        | Event::PhaseSkipped { phase, .. }
        | Event::PhaseFailed { phase, .. }
        | Event::PhaseCancelled { phase, .. }
        | Event::LoopEnded { owner: phase, .. } => vec![phase],
        Event::LoopReturned { body, owner, .. } => body.iter().chain([owner]).collect(),
        Event::Reopened { phases, .. } => phases.iter().collect(),
        Event::Stopped { attempt, .. } => vec![&attempt.phase],
        _ => vec![],
    }
}
