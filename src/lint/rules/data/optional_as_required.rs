//! D011: a field that may be left out of an output, read as if it were always there.

use super::maybe_skipped::mended;
use crate::diag::{Diagnostic, code};
use crate::expr::jq::{Segment, SegmentKind};
use crate::graph::{Draft, Reading};
use crate::lint::absent::{Absence, Harm};
use crate::model::{RawKind, RawShape};
use crate::text::Span;
use std::collections::HashSet;

/// Finds it: of each field once in each text. What may not be there as a whole is D002.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let absence = Absence::of(draft);
    let mut seen = HashSet::new();
    let reads = draft.readings.reads.iter().enumerate();
    let found = reads.filter_map(|(at, read)| {
        let harm = absence.left_out(at).filter(|_| absence.skipped(at).is_none())?;
        let path: Vec<&SegmentKind> = read.path[..read.look.optional?].iter().map(|step| &step.kind).collect();
        seen.insert((read.text.whole(), path)).then(|| one(draft, read, &harm)).flatten()
    });
    found.collect()
}

fn one(draft: &Draft<'_>, read: &Reading<'_>, harm: &Harm) -> Option<Diagnostic> {
    let steps = read.look.optional?;
    let phase = &draft.pipeline.phases[read.look.output_of?];
    let name = &phase.name.value;
    let last = read.path.get(steps.checked_sub(1)?)?;
    let message = match &last.kind {
        SegmentKind::Key(field) if field != "output" => format!("`{field}` may be left out of the output of `{name}`"),
        _ => format!("the output of `{name}` may be null"),
    };
    let finding = Diagnostic::new(code::D011, read.text.span(read.range.clone()), message).label(harm.label());
    let shape = phase.output.as_ref().or(phase.form.as_ref())?;
    let output = read.path.iter().position(|step| matches!(&step.kind, SegmentKind::Key(name) if name == "output"))?;
    let declared = declared(&shape.value, read.path.get(output + 1..steps)?).unwrap_or(shape.key);
    let help = if read.site.role.is_jq() {
        "say what counts then, `(… // …)`, or declare it without `?`"
    } else {
        "ask before, `{% if … is defined %}`, or say what stands there then, `| default(\"…\")`; or declare it without `?`"
    };
    Some(mended(finding.related(declared, "declared so here").help(help), read, harm, steps))
}

/// Where a field is declared, in the shorthand.
fn declared(shape: &RawShape, path: &[Segment]) -> Option<Span> {
    let (first, rest) = path.split_first()?;
    match (&shape.kind, &first.kind) {
        (RawKind::List(items), SegmentKind::Index(_) | SegmentKind::Each) => declared(items.first()?, rest),
        (RawKind::Table(fields), SegmentKind::Key(name)) => {
            let (key, inner) = fields.iter().find(|(key, _)| key.value.trim_end_matches('?') == name)?;
            if rest.is_empty() { Some(key.span) } else { declared(inner, rest) }
        }
        _ => None,
    }
}
