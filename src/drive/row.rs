//! The row of a run, by which others list it. On disk it is written with each entry. Where the store is elsewhere, entries
//! of a run that just goes on are sent alone, which is all that a server can do at once, and the row follows a moment later.
//!
//! Who carries a run and what its status is are written with their entries everywhere: others decide by these.

use super::DriveError;
use super::carrier::{Beside, Carrier};
use crate::limits::ROW_MS;
use crate::run::RunStatus;
use crate::store::{CommitError, Revision, RunHead, head_write, read_head};
use std::time::{Duration, Instant};

/// What a driver knows of the row of its run.
#[derive(Default)]
pub(super) struct Row {
    /// Where it stands in the store.
    revision: Option<Revision>,
    /// The status that it tells, once this driver wrote it.
    status: Option<RunStatus>,
    /// When it is to be written, if entries are ahead of it.
    due: Option<Instant>,
}

impl Row {
    /// As it was read.
    pub(super) fn read(revision: Option<Revision>) -> Self {
        Self { revision, ..Self::default() }
    }

    pub(super) fn revision(&self) -> Option<Revision> {
        self.revision
    }

    /// When it is to be written by itself; none when it tells all there is.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn written(&mut self, status: RunStatus, revision: Revision) {
        *self = Self { revision: Some(revision), status: Some(status), due: None };
    }

    /// An entry was written without it.
    pub(super) fn fall_behind(&mut self) {
        self.due.get_or_insert_with(|| Instant::now() + Duration::from_millis(ROW_MS));
    }
}

impl Carrier {
    /// Whether the next entry may be written without the row: not when it changes the run's status, and not before this
    /// driver has written the row, which it does with its claim.
    pub(super) fn row_may_wait(&self) -> bool {
        let running = RunStatus::Running;
        self.services.store.is_elsewhere() && self.state.status == running && self.row.status == Some(running)
    }

    /// Writes the row by itself.
    ///
    /// # Errors
    /// The store failed, or the row is that of another driver.
    pub(super) async fn write_row(&mut self) -> Result<(), DriveError> {
        let write = head_write(&self.row_of(self.head.seq), self.row.revision);
        match self.put(vec![(write, Beside::Row)], vec![]).await {
            Ok(()) => Ok(()),
            Err(CommitError::Store(error)) => Err(error.into()),
            // It is read, and written again soon.
            Err(CommitError::Conflict { .. } | CommitError::Unknown { .. }) => {
                self.reread_row().await?;
                self.row.fall_behind();
                Ok(())
            }
        }
    }

    /// Reads the row.
    ///
    /// # Errors
    /// The store failed, or the row is that of another driver: it tells of an entry that this one did not write.
    pub(super) async fn reread_row(&mut self) -> Result<(), DriveError> {
        let row = read_head(&*self.services.store, self.state.id()).await?;
        if row.as_ref().is_some_and(|(row, _)| row.seq > self.head.seq) {
            return Err(DriveError::Lost(self.state.id().clone()));
        }
        self.row = Row::read(row.map(|(_, revision)| revision));
        Ok(())
    }

    /// What the row tells after the entry of this number.
    pub(super) fn row_of(&self, seq: u64) -> RunHead {
        let state = &self.state;
        let text = |key: &str| state.document().get(key).as_str().map(str::to_owned);
        RunHead {
            id: state.id().clone(),
            pipeline: state.started.pipeline.clone(),
            series: state.started.series.clone(),
            cycle: state.started.cycle,
            rehearsal: state.started.rehearsal,
            status: state.status.as_str().to_owned(),
            current: text("current"),
            started_at: state.started_at,
            updated_at: state.updated_at,
            seq,
            pool: self.pool.clone(),
        }
    }
}
