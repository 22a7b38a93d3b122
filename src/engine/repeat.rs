//! The only way back: `repeat`, asked after its phase completed, bounded by its rounds.

use super::context::with_output;
use super::turn::{Step, Turn};
use crate::plan::{Repeat, Then};
use crate::run::{ErrorClass, Event, Guard};

impl Turn<'_> {
    /// Asks the ways back of a phase that completed. True when one was taken, or the phase failed over it.
    pub(super) fn go_back(&mut self, at: usize) -> Step<bool> {
        let phase = self.phase(at);
        if phase.repeat.is_empty() || self.state.cancelling.is_some() || self.state.over_budget.is_some() {
            return Ok(false);
        }
        let output = self.state.document().at(&["phases", phase.name.as_str(), "output"]);
        let mut said = Vec::new();
        for (entry, repeat) in phase.repeat.iter().enumerate() {
            // Going back would archive a failure, and the run would end as if it had not been.
            if let Some(failed) = repeat.body.iter().find(|name| self.state.status_of(name).is_failure()) {
                said.push(format!("`{failed}` failed"));
                continue;
            }
            let guard = match &repeat.when {
                None => None,
                Some(when) => {
                    let input = with_output(self.input_for(at, when), output.clone());
                    match self.program.guard("repeat", when, &input) {
                        Err((failure, guard)) => {
                            self.fail_by_guard(at, ErrorClass::Guard, failure.0, guard)?;
                            return Ok(true);
                        }
                        Ok(verdict) if !verdict.holds => {
                            said.push(format!("`{}` is false", when.text.trim()));
                            continue;
                        }
                        Ok(verdict) => Some(verdict.guard),
                    }
                }
            };
            if self.used(at, entry) < repeat.max {
                self.take_way_back(at, entry, repeat, guard)?;
                return Ok(true);
            }
            let what =
                guard.as_ref().map_or("it always repeats".to_owned(), |guard| format!("`{}` still holds", guard.text.trim()));
            let spent = format!("{what} after {} extra rounds from `{}`", repeat.max, repeat.from);
            if repeat.then == Then::Fail {
                let guard =
                    guard.unwrap_or(Guard { key: "repeat".into(), text: String::new(), line: phase.line, value: true.into() });
                self.fail_by_guard(at, ErrorClass::Exhausted, spent, guard)?;
                return Ok(true);
            }
            said.push(spent);
        }
        self.emit(Event::LoopEnded { owner: phase.name.clone(), reason: format!("no further round: {}", said.join("; ")) })?;
        Ok(false)
    }

    fn used(&self, at: usize, entry: usize) -> u32 {
        let state = self.state.loops.get(&self.phase(at).name);
        state.and_then(|state| state.used.get(entry).copied()).unwrap_or(0)
    }

    fn take_way_back(&mut self, at: usize, entry: usize, repeat: &Repeat, guard: Option<Guard>) -> Step {
        let owner = self.phase(at).name.clone();
        let inner = self.program.inner_owners(&owner).into_iter().filter(|name| repeat.body.contains(name)).collect();
        let entry = u32::try_from(entry).unwrap_or(u32::MAX);
        self.emit(Event::LoopReturned { owner, entry, body: repeat.body.clone(), inner, guard })?;
        for name in &repeat.body {
            if let Some(index) = self.program.at(name) {
                self.state.ready.remove(&index);
                self.look.insert(index);
            }
        }
        Ok(())
    }
}
