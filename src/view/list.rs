//! Runs as rows: what `flow list` prints.

use super::status::{Carried, NOBODY, QUEUED};
use super::words::span;
use crate::run::{RunStatus, Time};
use crate::store::RunHead;

/// One run. Serialised it is a row of `flow list --json`, whose form is stable.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Name of its pipeline.
    pub pipeline: String,
    /// The series it belongs to.
    pub series: Option<String>,
    /// Its number in the series.
    pub cycle: Option<u64>,
    /// Its status, a word of the run document.
    pub status: String,
    /// The first phase that is neither complete nor skipped.
    pub current: Option<String>,
    /// When it began.
    pub started_at: String,
    /// When the last event happened.
    pub updated_at: String,
    /// Whether no real agent worked in it.
    pub rehearsal: bool,
    /// Whether a living process carries it; null when that cannot be known from here.
    pub carried: Option<bool>,
    /// The pool whose workers carry it, if it was submitted to one.
    pub pool: Option<String>,
}

impl Row {
    /// The row of a run.
    pub fn of(head: &RunHead, carried: Carried) -> Self {
        Self {
            id: head.id.to_string(),
            pipeline: head.pipeline.clone(),
            series: head.series.clone(),
            cycle: head.cycle,
            status: head.status.clone(),
            current: head.current.clone(),
            started_at: head.started_at.to_string(),
            updated_at: head.updated_at.to_string(),
            rehearsal: head.rehearsal,
            carried: match carried {
                Carried::Yes => Some(true),
                Carried::No | Carried::Queued => Some(false),
                Carried::Unknown => None,
            },
            pool: head.pool.as_ref().map(ToString::to_string),
        }
    }
}

/// The columns of the table for people, a header first.
pub fn table(rows: &[Row], now: Time) -> Vec<[String; 6]> {
    let header = ["RUN", "PIPELINE", "SERIES", "STATUS", "CURRENT", "STARTED"].map(str::to_owned);
    let row = |row: &Row| {
        let series = match (&row.series, row.cycle) {
            (Some(series), Some(cycle)) => format!("{series} #{cycle}"),
            _ => "-".to_owned(),
        };
        let running = row.status == RunStatus::Running.as_str();
        let status = match &row.pool {
            Some(_) if row.carried == Some(false) && (running || row.status == RunStatus::Interrupted.as_str()) => QUEUED,
            None if row.carried == Some(false) && running => NOBODY,
            _ => row.status.as_str(),
        };
        let status = if row.rehearsal { format!("{status} (rehearsal)") } else { status.to_owned() };
        let started = Time::parse(&row.started_at).map(|at| format!("{} ago", span(now.since_ms(at))));
        let current = row.current.clone().unwrap_or_else(|| "-".to_owned());
        [row.id.clone(), row.pipeline.clone(), series, status, current, started.unwrap_or_default()]
    };
    std::iter::once(header).chain(rows.iter().map(row)).collect()
}
