//! Which phases, and which fields of their outputs, are read anywhere.

use crate::expr::jq::{Segment, SegmentKind};
use crate::graph::Draft;
use std::collections::HashSet;

/// What is read of each phase.
pub struct Used<'d> {
    /// Phases that are mentioned at all.
    mentioned: Vec<bool>,
    /// Phases whose output is read as a whole, or in a way that nobody can follow.
    whole: Vec<bool>,
    /// Phases of whose output single fields are read.
    partly: Vec<bool>,
    /// Those fields.
    fields: HashSet<(usize, &'d str)>,
}

impl<'d> Used<'d> {
    /// Looks at all reads.
    pub fn of(draft: &'d Draft<'_>) -> Self {
        let n = draft.pipeline.phases.len();
        let none = vec![false; n];
        let mut used = Self { mentioned: none.clone(), whole: none.clone(), partly: none, fields: HashSet::new() };
        for read in &draft.readings.reads {
            let key = |at: usize| key(&read.path, at);
            let index = |name: &str| draft.pipeline.phases.get_index_of(name);
            match (key(0), key(1)) {
                (Some("output"), _) if read.site.role.sees_output() => {
                    if let Some(phase) = read.site.phase {
                        used.output(phase, &read.path[1..]);
                    }
                }
                (Some("phases" | "previous"), Some(name)) => {
                    if let Some(phase) = index(name) {
                        used.mentioned[phase] = true;
                        used.record(phase, &read.path[2..]);
                    }
                }
                (Some("phases" | "previous"), None) | (None, _) => used.everything(),
                _ => {}
            }
        }
        used
    }

    fn everything(&mut self) {
        self.mentioned.fill(true);
        self.whole.fill(true);
    }

    fn record(&mut self, phase: usize, path: &'d [Segment]) {
        match key(path, 0) {
            Some("output") => self.output(phase, &path[1..]),
            Some("rounds" | "items") | None => self.whole[phase] = true,
            Some(_) => {}
        }
    }

    fn output(&mut self, phase: usize, path: &'d [Segment]) {
        match key(path, 0) {
            Some(field) => {
                self.partly[phase] = true;
                self.fields.insert((phase, field));
            }
            None => self.whole[phase] = true,
        }
    }

    /// Whether anything of a phase is read.
    pub fn is_mentioned(&self, phase: usize) -> bool {
        self.mentioned[phase]
    }

    /// Whether the fields of an output that are read are known: some are, and nobody reads it as a whole.
    pub fn by_field(&self, phase: usize) -> bool {
        !self.whole[phase] && self.partly[phase]
    }

    /// Whether a field of an output is read.
    pub fn reads(&self, phase: usize, field: &str) -> bool {
        self.fields.contains(&(phase, field))
    }
}

fn key(path: &[Segment], at: usize) -> Option<&str> {
    match &path.get(at)?.kind {
        SegmentKind::Key(name) => Some(name),
        SegmentKind::Index(_) | SegmentKind::Each | SegmentKind::Unknown => None,
    }
}
