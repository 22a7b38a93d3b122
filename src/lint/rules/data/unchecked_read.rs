//! D009: a field of an output whose shape is declared nowhere, so that nothing checks whether it is there.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::SegmentKind;
use crate::graph::{Draft, Reading};
use crate::model::{Parse, Phase, Verb};
use std::collections::HashSet;

/// Finds it: once for each phase that is read.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    draft.readings.reads.iter().filter_map(|read| one(draft, read, &mut seen)).collect()
}

fn one(draft: &Draft<'_>, read: &Reading<'_>, seen: &mut HashSet<usize>) -> Option<Diagnostic> {
    let at = read.look.output_of.filter(|at| read.look.problem.is_none() && draft.net.known[*at])?;
    let phase = &draft.pipeline.phases[at];
    let output = read.path.iter().position(|step| matches!(&step.kind, SegmentKind::Key(name) if name == "output"))?;
    let field = read.path.get(output + 1)?;
    let SegmentKind::Key(name) = &field.kind else { return None };
    if !is_unchecked(phase) || !seen.insert(at) {
        return None;
    }
    let message = format!("`{name}` is read of the output of `{}`, whose shape is not declared", phase.name.value);
    let finding = Diagnostic::new(code::D009, read.text.span(field.range.clone()), message)
        .label("nothing checks whether it is there")
        .related(phase.header, "declares no `output`");
    Some(finding.help(format!("declare it: `output = {{ {name} = \"…\" }}`")))
}

/// Whether what a phase gives comes from outside and is of no known shape.
fn is_unchecked(phase: &Phase) -> bool {
    let declared = phase.output.is_some() || phase.form.is_some() || phase.result.is_some() || phase.for_each.is_some();
    let json = phase.parse.as_ref().is_some_and(|parse| parse.value == Parse::Json);
    !declared
        && match phase.verb.as_ref().map(|verb| &verb.value) {
            Some(Verb::Agent(_)) => true,
            Some(Verb::Run(_) | Verb::Shell(_)) => json,
            _ => false,
        }
}
