//! D001: the output of a phase that cannot have run when it is read.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, Problem, Reading};
use crate::lint::read;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    read::problems(draft).filter_map(|(read, step, problem)| one(draft, read, step, problem)).collect()
}

fn one(draft: &Draft<'_>, read: &Reading<'_>, step: usize, problem: &Problem) -> Option<Diagnostic> {
    let span = read::span(read, step);
    let name = |at: usize| &draft.pipeline.phases[at].name.value;
    let new = |message: String| Diagnostic::new(code::D001, span, message);
    Some(match problem {
        Problem::TooEarly => new("no phase has run before the checks, so there is no output to read".to_owned())
            .help("put it into `require` or `accept` of a phase"),
        Problem::NoLoop(phase) => {
            let other = name(*phase);
            let reader = read.site.phase.map(|at| format!("`{}`", name(at))).unwrap_or_default();
            if read.site.phase == Some(*phase) {
                return Some(new(format!("`{other}` lies in no loop, so it has no round before this one")));
            }
            new(format!("`{other}` lies in no loop with {reader}, so it has no round before this one"))
                .help(format!("`previous` has the phases of the loops around {reader} only"))
        }
        Problem::NotAbove(phase) => not_above(draft, read, *phase, new),
        _ => return None,
    })
}

fn not_above(draft: &Draft<'_>, read: &Reading<'_>, phase: usize, new: impl Fn(String) -> Diagnostic) -> Diagnostic {
    let name = |at: usize| &draft.pipeline.phases[at].name.value;
    let other = name(phase);
    let Some(reader) = read.site.phase else {
        return new(format!("a phase that uses this agent does not run after `{other}`, whose output is read"))
            .help("put it into the prompt of the phases that do");
    };
    if reader == phase {
        let finding = new(format!("`{other}` has no output before it has run"));
        let help =
            if read.site.role.sees_output() { "its reply is `output`" } else { "what it gave in the round before is `previous`" };
        return finding.help(help);
    }
    let finding = new(format!("`{}` does not run after `{other}`, whose output it reads", name(reader)));
    let finding = finding.related(draft.pipeline.phases[phase].header, format!("`{other}` is not among what it needs"));
    if draft.loops.share(reader, phase) {
        let dot = if read.site.role.is_jq() { "." } else { "" };
        return finding.help(format!("its output of the round before is `{dot}previous.{other}.output`"));
    }
    if draft.net.is_above(reader, phase) {
        return finding.help(format!("`{other}` runs after `{}`: read it further down", name(reader)));
    }
    finding.help(format!("add `\"{other}\"` to the `needs` of `{}`", name(reader)))
}
