//! The folder in which raw streams of a run are kept while its attempts go on.

use super::Services;
use crate::run::RunId;
use crate::store::{StoreError, read_head};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The folder of a run.
pub(super) fn folder(root: &Path, run: &RunId) -> PathBuf {
    root.join(".flow").join("tmp").join(run.as_str())
}

/// Removes what drivers that died left of runs that are over; once a process, however many runs it carries.
pub(super) async fn tidy(services: &Services, scratch: &Path) -> Result<(), StoreError> {
    static TIDIED: AtomicBool = AtomicBool::new(false);
    if TIDIED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let Some(others) = scratch.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else { return Ok(()) };
    for other in others.flatten().filter(|other| other.path() != scratch) {
        let Some(run) = other.file_name().to_str().and_then(RunId::parse) else { continue };
        let head = read_head(&*services.store, &run).await?;
        if head.is_some_and(|(head, _)| matches!(head.status.as_str(), "complete" | "failed" | "cancelled")) {
            let _ = std::fs::remove_dir_all(other.path());
        }
    }
    Ok(())
}
