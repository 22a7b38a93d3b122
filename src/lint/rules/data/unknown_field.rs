//! D003: a field that is not there: not in the declared shape of a phase, or (in jq, where that gives null) not in the
//! run document.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, Problem, Reading};
use crate::lint::read;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    read::problems(draft).filter_map(|(read, step, problem)| one(draft, read, step, problem)).collect()
}

fn one(draft: &Draft<'_>, read: &Reading<'_>, step: usize, problem: &Problem) -> Option<Diagnostic> {
    let name = read::name(read, step);
    match problem {
        Problem::Field(phase, known) => {
            let phase = &draft.pipeline.phases[*phase];
            let message = format!("the output of `{}` has no field `{name}`", phase.name.value);
            let finding = read::unknown(code::D003, read, step, message, known.iter().map(String::as_str));
            let shape = phase.output.as_ref().or(phase.form.as_ref());
            Some(match shape {
                Some(shape) => finding.related(shape.key, "its shape is declared here"),
                None if known.is_empty() => {
                    finding.help(format!("it is a text; declare its shape, `output = {{ {name} = \"…\" }}`"))
                }
                None => finding,
            })
        }
        _ if !read.site.role.is_jq() => None,
        Problem::RunField(of, known) => {
            let message = if known.is_empty() { format!("{of} has no fields") } else { format!("{of} has no field `{name}`") };
            Some(read::unknown(code::D003, read, step, message, known.iter().map(String::as_str)))
        }
        Problem::Name(known) => {
            let message = format!("the run has no field `{name}`");
            Some(read::unknown(code::D003, read, step, message, known.iter().copied()))
        }
        Problem::Hidden(why) if !read.guarded => {
            Some(Diagnostic::new(code::D003, read::span(read, step), format!("`.{name}` is not in sight here")).help(*why))
        }
        _ => None,
    }
}
