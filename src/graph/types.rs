//! What type of value is read, as far as it was declared or is the same in every run.

use super::draft::Draft;
use super::reads::{Expression, Reading};
use super::site::{Role, Site};
use crate::expr::jq::{Segment, SegmentKind};
use crate::expr::shape::{Lookup, Type};
use crate::model::{DataKind, Param, ParamType};
use crate::run::{ErrorClass, PhaseStatus, RunStatus};
use std::ops::Range;

impl Draft<'_> {
    /// The type of what is read, null aside.
    pub fn type_of(&self, read: &Reading<'_>) -> Type {
        if read.look.problem.is_some() {
            return Type::Any;
        }
        let names: Vec<Option<&str>> = read.path.iter().map(name).collect();
        match names.as_slice() {
            [Some("params"), Some(param)] => self.pipeline.params.get(*param).map_or(Type::Any, of_param),
            [Some("output"), ..] if read.site.role.sees_output() => self.of_own_output(read),
            [Some("phases" | "previous"), Some(phase), Some("output"), ..] => {
                self.of_output(self.pipeline.phases.get_index_of(*phase), &read.path[3..])
            }
            [Some("status")] => words(RunStatus::ALL.map(RunStatus::as_str)),
            [Some("phases" | "previous"), _, Some("status")] | [Some("phases"), _, Some("rounds"), _, Some("status")] => {
                words(PhaseStatus::ALL.map(PhaseStatus::as_str))
            }
            [Some("error"), Some("class")] | [Some("phases" | "previous"), _, Some("error"), Some("class")] => {
                words(ErrorClass::ALL.map(ErrorClass::as_str))
            }
            [Some("round" | "cycle" | "progress")] if self.is_of_the_run(&read.site) => number(),
            [Some("phases" | "previous"), _, Some("round" | "attempts" | "code")] => number(),
            [Some("rehearsal" | "passed")] => Type::Bool,
            _ => Type::Any,
        }
    }

    /// The type of what an expression reads in one place.
    pub fn type_at(&self, expression: &Expression<'_>, range: &Range<usize>) -> Type {
        let reads = &self.readings.reads[expression.reads.clone()];
        reads.iter().find(|read| read.range == *range).map_or(Type::Any, |read| self.type_of(read))
    }

    /// Whether plain names are those of the run: `select` sees another one, which is a run as well.
    fn is_of_the_run(&self, site: &Site<'_>) -> bool {
        self.names(site.role, site.phase).contains(&"cycle")
    }

    fn of_own_output(&self, read: &Reading<'_>) -> Type {
        let Some(phase) = read.site.phase else { return Type::Any };
        // `result` sees the reply, the others what `result` made of it.
        let file = &self.pipeline.phases[phase];
        let made = file.result.is_some() && read.site.role != Role::Result;
        if made || file.for_each.is_some() { Type::Any } else { self.of_reply(phase, &read.path[1..]) }
    }

    fn of_output(&self, phase: Option<usize>, path: &[Segment]) -> Type {
        let Some(phase) = phase else { return Type::Any };
        let file = &self.pipeline.phases[phase];
        if file.result.is_some() || file.for_each.is_some() { Type::Any } else { self.of_reply(phase, path) }
    }

    fn of_reply(&self, phase: usize, path: &[Segment]) -> Type {
        let Some(reply) = &self.shapes[phase].reply else { return Type::Any };
        let path: Vec<_> = path.iter().map(super::look::seg).collect();
        match reply.lookup(&path) {
            Lookup::Found(found, _) => found,
            _ => Type::Any,
        }
    }
}

fn name(segment: &Segment) -> Option<&str> {
    if let SegmentKind::Key(name) = &segment.kind { Some(name) } else { None }
}

fn number() -> Type {
    Type::Number { whole: true, min: None, max: None }
}

fn words<const N: usize>(words: [&str; N]) -> Type {
    Type::Text { choices: Some(words.iter().map(|word| (*word).to_owned()).collect()) }
}

fn of_param(param: &Param) -> Type {
    match param.kind.as_ref().map_or(ParamType::String, |kind| kind.value) {
        ParamType::Integer | ParamType::Number => Type::Number { whole: false, min: None, max: None },
        ParamType::Boolean => Type::Bool,
        ParamType::Json => Type::Any,
        ParamType::String => {
            let choices = param.choices.as_ref().map(|choices| {
                let text = |choice: &crate::model::Data| {
                    if let DataKind::Text(text) = &choice.kind { Some(text.clone()) } else { None }
                };
                choices.value.iter().filter_map(text).collect()
            });
            Type::Text { choices }
        }
    }
}
