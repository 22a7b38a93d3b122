//! Done means checked: `accept` decides whether a result is kept.

use super::context::with_output;
use super::eval::Failure;
use super::turn::{Step, Turn};
use crate::plan::{AcceptCheck, Expr};
use crate::run::{AttemptId, AttemptStage, ErrorClass, RunError, WorldCheck, WorldResult};
use crate::value::Value;

impl Turn<'_> {
    /// Asks every `that`, and gives the checks of the world that remain.
    pub(super) fn acceptable(&self, at: usize, output: &Value) -> Result<Vec<WorldCheck>, Box<RunError>> {
        let mut checks = Vec::new();
        for accept in &self.phase(at).accept {
            let message = accept.message.as_ref();
            let failed = |failure: Failure| Box::new(self.error(at, ErrorClass::Guard, failure.0));
            match &accept.check {
                AcceptCheck::That(that) => {
                    let input = with_output(self.input_for(at, that), output.clone());
                    let verdict = self.program.guard("accept", that, &input).map_err(|(failure, _)| failed(failure))?;
                    if !verdict.holds {
                        let text = self.message(at, message, Some(output), || format!("`{}` does not hold", that.text.trim()));
                        return Err(Box::new(self.error(at, ErrorClass::Rejected, text)));
                    }
                }
                AcceptCheck::Files(files) => {
                    let paths = self.paths(at, files, output).map_err(failed)?;
                    if !paths.is_empty() {
                        let message = message.map(|_| self.message(at, message, Some(output), String::new));
                        checks.push(WorldCheck::Files { paths, message });
                    }
                }
                AcceptCheck::Run(argv) => {
                    let input = |template| with_output(self.input_for_template(at, template), output.clone());
                    let argv = argv.iter().map(|part| self.program.render("accept", part, &input(part)));
                    let argv = argv.collect::<Result<_, _>>().map_err(failed)?;
                    let message = message.map(|_| self.message(at, message, Some(output), String::new));
                    checks.push(WorldCheck::Run { argv, message });
                }
            }
        }
        Ok(checks)
    }

    /// The paths that `files` gives: one text or a list of texts; null is none.
    fn paths(&self, at: usize, files: &Expr, output: &Value) -> Result<Vec<String>, Failure> {
        let input = with_output(self.input_for(at, files), output.clone());
        let value = self.program.value("files", files, &input)?;
        paths_of(&value).ok_or_else(|| Failure(format!("`files` in line {} gave {value}, not a list of paths", files.line)))
    }

    /// The world was looked at.
    pub(super) fn checked(&mut self, id: &AttemptId, results: Vec<WorldResult>) -> Step {
        let stage = self.state.attempt(id).map(|attempt| attempt.stage.clone());
        let (Some(AttemptStage::Checking { output, .. }), Some(at)) = (stage, self.program.at(&id.phase)) else {
            // It was cancelled meanwhile.
            return Ok(());
        };
        let fails: Vec<_> =
            results.iter().filter_map(|r| if let WorldResult::Fails(text) = r { Some(text.clone()) } else { None }).collect();
        if !fails.is_empty() {
            return self.refuse_reply(at, id, ErrorClass::Rejected, fails.join("\n"));
        }
        let unchecked =
            results.into_iter().filter_map(|r| if let WorldResult::NotChecked(text) = r { Some(text) } else { None }).collect();
        self.complete(at, output, None, unchecked)
    }
}

/// One text or a list of texts; null is none.
pub(super) fn paths_of(value: &Value) -> Option<Vec<String>> {
    if value.is_null() {
        return Some(vec![]);
    }
    if let Some(path) = value.as_str() {
        return Some(vec![path.to_owned()]);
    }
    value.items()?.map(|item| item.as_str().map(str::to_owned)).collect()
}
