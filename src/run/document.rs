//! The run document: what guards, templates, views and people see. Written here only, in place.

use super::{AgentReport, Digest, PhaseStatus, RunError, RunState, RunStatus, Started, StartedFile, Time, Usage};
use crate::name::Name;
use crate::value::Value;

/// The document of a run that just began.
pub(super) fn first(started: &Started, plan: &Digest, at: Time) -> Value {
    let files = started.files.iter().map(|(param, file)| (param.as_str(), file_record(file)));
    let phases = started.phases.iter().map(|name| (name.as_str(), fresh(1, Value::list([]))));
    let pipeline = Value::table([("name", Value::text(&started.pipeline)), ("digest", Value::text(plan.as_str()))]);
    let now = Value::text(&at.to_string());
    Value::table([
        ("id", Value::text(started.id.as_str())),
        ("pipeline", pipeline),
        ("rehearsal", started.rehearsal.into()),
        ("series", started.series.as_deref().into()),
        ("cycle", started.cycle.map_or(Value::NULL, Value::int)),
        ("status", RunStatus::Running.as_str().into()),
        ("current", started.phases.first().map(Name::as_str).into()),
        ("progress", Value::int(0)),
        ("started_at", now.clone()),
        ("updated_at", now),
        ("completed_at", Value::NULL),
        ("params", started.params.clone()),
        ("vars", started.vars.clone()),
        ("files", Value::table(files)),
        ("phases", Value::table(phases)),
        ("usage", usage_record(Usage::default())),
        ("failed", Value::list([])),
        ("result", Value::NULL),
        ("passed", Value::NULL),
        ("summary", Value::NULL),
        ("error", Value::NULL),
        ("project", started.project.clone()),
    ])
}

fn file_record(file: &StartedFile) -> Value {
    Value::table([
        ("name", Value::text(&file.name)),
        ("path", Value::text(&file.path)),
        ("text", Value::text(&file.text)),
        ("digest", Value::text(file.digest.as_str())),
        ("meta", file.meta.clone()),
    ])
}

/// The record of a phase that has not started in this round.
pub(super) fn fresh(round: u32, rounds: Value) -> Value {
    Value::table([
        ("status", PhaseStatus::Pending.as_str().into()),
        ("round", Value::int(round.into())),
        ("attempts", Value::int(0)),
        ("started_at", Value::NULL),
        ("completed_at", Value::NULL),
        ("output", Value::NULL),
        ("code", Value::NULL),
        ("error", Value::NULL),
        ("reason", Value::NULL),
        ("notes", Value::list([])),
        ("unchecked", Value::list([])),
        ("items", Value::NULL),
        ("rounds", rounds),
        ("agent", Value::NULL),
    ])
}

/// A failure as the document shows it.
pub(super) fn error_record(error: &RunError) -> Value {
    let mut record = Value::table([
        ("class", Value::text(error.class.as_str())),
        ("message", Value::text(&error.message)),
        ("phase", error.phase.as_ref().map(Name::as_str).into()),
        ("occurred_at", Value::text(&error.occurred_at.to_string())),
    ]);
    if let Some(code) = error.code {
        record.set("code", Value::float(code.into()));
    }
    for (key, tail) in [("stdout_tail", &error.stdout_tail), ("stderr_tail", &error.stderr_tail)] {
        if let Some(tail) = tail {
            record.set(key, Value::text(tail));
        }
    }
    if let Some(resets_at) = error.resets_at {
        record.set("resets_at", Value::text(&resets_at.to_string()));
    }
    record
}

/// Costs as the document shows them.
pub(super) fn usage_record(usage: Usage) -> Value {
    Value::table([
        ("cost_usd", Value::float(usage.cost_usd)),
        ("input_tokens", Value::int(usage.input_tokens)),
        ("output_tokens", Value::int(usage.output_tokens)),
    ])
}

/// Adds what an agent reported to a phase's record; costs add up over the attempts of a round.
pub(super) fn add_agent(record: &mut Value, report: Option<&AgentReport>, usage: Usage) {
    if report.is_none() && usage == Usage::default() {
        return;
    }
    record.update("agent", |agent| {
        if let Some(report) = report {
            agent.set("backend", Value::text(&report.backend));
            agent.set("model", report.model.as_deref().into());
            agent.set("session", report.session.as_deref().into());
            if !report.denied.is_empty() {
                agent.set("denied", Value::list(report.denied.iter().map(|tool| Value::text(tool))));
            }
        }
        let before: Usage = Usage {
            cost_usd: agent.get("cost_usd").as_f64().unwrap_or(0.0),
            input_tokens: whole(&agent.at(&["tokens", "input"])),
            output_tokens: whole(&agent.at(&["tokens", "output"])),
        };
        let mut sum = before;
        sum += usage;
        agent.set("cost_usd", Value::float(sum.cost_usd));
        let tokens = [("input", Value::int(sum.input_tokens)), ("output", Value::int(sum.output_tokens))];
        agent.set("tokens", Value::table(tokens));
    });
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "token counts are whole and not negative")]
fn whole(value: &Value) -> u64 {
    value.as_f64().unwrap_or(0.0) as u64
}

impl RunState {
    /// Works on the record of a phase.
    pub(super) fn record<R>(&mut self, at: usize, change: impl FnOnce(&mut Value) -> R) -> Option<R> {
        self.document.update("phases", |phases| phases.update_index(at, change))
    }

    /// Changes a phase's status and everything that follows from it: counters, cursor, `current`, `progress`, `failed`.
    pub(super) fn set_status(&mut self, at: usize, status: PhaseStatus) {
        let before = std::mem::replace(&mut self.phases[at].status, status);
        self.record(at, |record| record.set("status", status.as_str().into()));
        if before == status {
            return;
        }
        let count = |on: bool, counter: &mut usize, sign: bool| {
            if on {
                *counter = if sign { *counter + 1 } else { *counter - 1 };
            }
        };
        count(!before.is_settled(), &mut self.unsettled, false);
        count(!status.is_settled(), &mut self.unsettled, true);
        count(before.is_done(), &mut self.done, false);
        count(status.is_done(), &mut self.done, true);
        if matches!(status, PhaseStatus::Running | PhaseStatus::Waiting) {
            self.active.insert(at);
        } else {
            self.active.remove(&at);
        }
        if status.is_settled() {
            // It may have waited for its next attempt.
            self.ready.remove(&at);
        }
        if before.is_done() != status.is_done() {
            self.move_cursor(at);
        }
        if before == PhaseStatus::Failed || status == PhaseStatus::Failed {
            let failed = Value::list(self.failed().map(|name| Value::text(name.as_str())).collect::<Vec<_>>());
            self.document.set("failed", failed);
        }
    }

    fn move_cursor(&mut self, at: usize) {
        let before = self.cursor;
        if !self.phases[at].status.is_done() {
            self.cursor = self.cursor.min(at);
        }
        while self.phases.get(self.cursor).is_some_and(|phase| phase.status.is_done()) {
            self.cursor += 1;
        }
        if self.cursor != before {
            let current = self.phases.get(self.cursor).map(|phase| phase.name.as_str());
            self.document.set("current", current.into());
        }
        let progress = (self.done * 100).checked_div(self.phases.len()).unwrap_or(100);
        self.document.set("progress", Value::int(progress as u64));
    }

    pub(super) fn set_run_status(&mut self, status: RunStatus) {
        if self.status != status {
            self.status = status;
            self.document.set("status", status.as_str().into());
        }
    }

    pub(super) fn add_usage(&mut self, usage: Usage) {
        if usage != Usage::default() {
            self.usage += usage;
            self.document.set("usage", usage_record(self.usage));
        }
    }

    /// Notes the time of an event: the last one, and how long the run was carried.
    ///
    /// The time before a claim does not count: nobody knows when the driver before it died.
    pub(super) fn touch(&mut self, at: Time, claims: bool) {
        if self.owner.is_some() && self.status == RunStatus::Running && !claims {
            self.active_ms += at.since_ms(self.updated_at);
        }
        if at.0 / 1000 != self.updated_at.0 / 1000 {
            self.document.set("updated_at", Value::text(&at.to_string()));
        }
        self.updated_at = at;
    }
}
