//! The end of a run: its status, what it yields, whether it passes.

use super::turn::{Step, Turn};
use crate::run::{ErrorClass, Event, FinalStatus, PhaseStatus, RunError};
use crate::value::Value;

impl Turn<'_> {
    /// Ends a run whose phases are all settled.
    pub(super) fn end(&mut self) -> Step {
        if let Some(reason) = self.state.cancelling.clone() {
            let error = RunError::new(ErrorClass::Cancelled, format!("cancelled: {reason}"), self.at);
            return self.ended(FinalStatus::Cancelled, Some(error));
        }
        if let Some(error) = self.state.over_budget.clone() {
            return self.ended(FinalStatus::Failed, Some(error));
        }
        let failed = self.state.phases.iter().find(|phase| phase.status == PhaseStatus::Failed);
        if let Some(phase) = failed {
            let record = self.state.document().at(&["phases", phase.name.as_str(), "error"]);
            let class = record.get("class").as_str().and_then(ErrorClass::parse).unwrap_or(ErrorClass::Guard);
            let message = record.get("message").as_str().unwrap_or("failed").to_owned();
            let error = RunError::new(class, message, self.at).in_phase(&phase.name);
            return self.ended(FinalStatus::Failed, Some(error));
        }
        self.complete_run()
    }

    fn ended(&mut self, status: FinalStatus, error: Option<RunError>) -> Step {
        self.emit(Event::Ended { status, result: Value::NULL, passed: None, summary: None, error })
    }

    fn complete_run(&mut self) -> Step {
        let plan = &self.program.plan;
        let mut seen = self.state.document().clone();
        seen.set("status", "complete".into());
        seen.set("completed_at", Value::text(&self.at.to_string()));
        let outcome = (|| {
            let result = match &plan.result {
                Some(expr) => self.program.value("result", expr, &seen)?,
                None => Value::NULL,
            };
            seen.set("result", result.clone());
            let passed = match &plan.pass {
                Some(expr) => Some(self.program.guard("pass", expr, &seen).map_err(|(failure, _)| failure)?.holds),
                None => None,
            };
            seen.set("passed", passed.into());
            let summary = plan.summary.as_ref().map(|text| self.program.render("summary", text, &seen)).transpose()?;
            Ok::<_, super::eval::Failure>((result, passed, summary))
        })();
        match outcome {
            Ok((result, passed, summary)) => {
                self.emit(Event::Ended { status: FinalStatus::Complete, result, passed, summary, error: None })
            }
            Err(failure) => {
                let error = RunError::new(ErrorClass::Guard, failure.0, self.at);
                self.ended(FinalStatus::Failed, Some(error))
            }
        }
    }
}
