//! What a pipeline and the files it names become when the fixes of its findings are applied, to the end.

use super::Project;
use super::load::{LoadError, Loaded};
use crate::diag::Severity;
use crate::lint::apply;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Rounds of fixes: one may bring another into the light.
const ROUNDS: usize = 16;

/// What came of fixing a pipeline.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The pipeline as it was before the first fix.
    pub before: Loaded,
    /// As it is after the last one.
    pub loaded: Loaded,
    /// The files that change.
    pub changes: Vec<Change>,
}

/// A file that fixes change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it is, for whoever writes it.
    pub path: PathBuf,
    /// As people know it.
    pub shown: String,
    /// Its text as it is.
    pub old: String,
    /// Its text as it becomes.
    pub new: String,
}

impl Project {
    /// Applies the safe fixes of a pipeline's findings, or all of them, and looks again until none is left. Writes
    /// nothing. A round of safe fixes after which there are more errors than before is not taken.
    ///
    /// `text` stands in for the pipeline's file, as in [`Project::load_text`].
    ///
    /// # Errors
    /// As [`Project::load`].
    pub fn mend(&self, name: &str, text: Option<&str>, guesses: bool) -> Result<Mended, LoadError> {
        let load = |project: &Self, text: Option<&str>| match text {
            Some(text) => Ok(project.load_text(name, text)),
            None => project.load(name),
        };
        let before = load(self, text)?;
        let (mut project, mut own) = (self.clone(), text.map(str::to_owned));
        let (mut loaded, mut changed) = (before.clone(), BTreeMap::new());
        for _ in 0..ROUNDS {
            let fixes = loaded.findings.iter().filter_map(|finding| finding.fix.as_ref());
            let texts = apply(fixes.filter(|fix| guesses || fix.safe), &loaded.sources);
            if texts.is_empty() || loaded.builtin {
                break;
            }
            let mut next = (project.clone(), own.clone(), changed.clone());
            for (file, text) in texts {
                let shown = &loaded.sources.get(file).path;
                let path = self.dir.join(shown);
                if file == loaded.pipeline.file && next.1.is_some() {
                    next.1 = Some(text.clone());
                } else {
                    next.0.stand_in(&path, &text);
                }
                next.2.insert(shown.clone(), (path, text));
            }
            let after = load(&next.0, next.1.as_deref())?;
            if !guesses && errors(&after) > errors(&loaded) {
                break;
            }
            (project, own, changed) = next;
            loaded = after;
        }
        let old = |shown: &str| {
            before.sources.iter().find(|(_, source)| source.path == shown).map(|(_, source)| source.text.to_string())
        };
        let changes = changed.into_iter().filter_map(|(shown, (path, new))| {
            Some(Change { path, old: old(&shown)?, shown, new }).filter(|change| change.old != change.new)
        });
        let changes = changes.collect();
        Ok(Mended { before, loaded, changes })
    }
}

fn errors(loaded: &Loaded) -> usize {
    loaded.findings.iter().filter(|finding| finding.severity() == Severity::Error).count()
}
