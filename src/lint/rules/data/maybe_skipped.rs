//! D002: the output of a phase that may be skipped, read as if it were always there.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::Usage;
use crate::graph::{Draft, Reading};
use crate::lint::absent::{Absence, Harm};
use std::collections::HashSet;
use std::ops::Range;

/// Finds it: of each phase once in each text.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let absence = Absence::of(draft);
    let mut seen = HashSet::new();
    let reads = draft.readings.reads.iter().enumerate();
    let found = reads.filter_map(|(at, read)| {
        let harm = absence.skipped(at)?;
        let phase = read.look.output_of?;
        seen.insert((read.text.whole(), phase)).then(|| one(draft, &absence, read, phase, &harm))
    });
    found.collect()
}

fn one(draft: &Draft<'_>, absence: &Absence<'_, '_>, read: &Reading<'_>, phase: usize, harm: &Harm) -> Diagnostic {
    let file = |at: usize| &draft.pipeline.phases[at];
    let name = &file(phase).name.value;
    let span = read.text.span(read.range.clone());
    let new = |message: String| Diagnostic::new(code::D002, span, message).label(harm.label());
    let decides = absence.decides(phase);
    let finding = if let Some((at, guard)) = decides.and_then(|at| Some((at, file(at).when.as_ref()?))) {
        let why = if at == phase {
            format!("`{name}` is skipped when this is false")
        } else {
            format!("`{}` is skipped when this is false, and `{name}` with it", file(at).name.value)
        };
        new(format!("`{name}` may be skipped, and its output is null then")).related(guard.span, why)
    } else {
        let finding = new(format!("`{name}` may have failed here, and its output is null then"));
        match read.site.phase.and_then(|at| file(at).join.as_ref()) {
            Some(join) => finding.related(join.span, "runs whatever happened before"),
            None => finding,
        }
    };
    let help = if read.site.role.is_jq() {
        format!("say what counts then, `(… // …)`, or ask before: `.phases.{name}.status == \"complete\"`")
    } else {
        format!("ask before, `{{% if phases.{name}.output %}}`, or say what stands there then: `| default(\"…\")`")
    };
    let steps = read.look.skipped.unwrap_or_default();
    mended(finding.help(help), read, harm, steps + 1)
}

/// Adds the edit that lets nothing be nothing, where there is one. In a template that is so for paths of up to `steps`.
pub fn mended(finding: Diagnostic, read: &Reading<'_>, harm: &Harm, steps: usize) -> Diagnostic {
    let text = |range: Range<usize>| read.text.text().get(range).unwrap_or_default();
    let behind = |at: usize| read.text.span(at..at);
    let end = read.range.end;
    if let Harm::Each(each) = harm {
        let plain = read.text.is_plain() && text(each.clone()) == "[]";
        return if plain { finding.suggest("let null have no items", behind(each.end), "?") } else { finding };
    }
    if read.site.role.is_jq() || read.path.len() > steps || !read.text.is_plain() {
        return finding;
    }
    match (harm, read.usage) {
        (Harm::Fails(_), Usage::Text) => match empty(read.text.text()) {
            Some(empty) => finding.suggest("print nothing then", behind(end), format!(" | default({empty})")),
            None => finding,
        },
        (Harm::Fails(_), Usage::Loop) => finding.suggest("take no items then", behind(end), " | default([])"),
        (Harm::Fails(_), Usage::Truth) => {
            let path = text(read.range.clone());
            let asked = format!("({path} is defined and {path})");
            finding.suggest("ask whether it is there", read.text.span(read.range.clone()), asked)
        }
        _ => finding,
    }
}

/// An empty text in quotes that do not end the string of the file that a template stands in. One line without any quotes
/// may stand in either kind.
fn empty(template: &str) -> Option<&'static str> {
    match (template.contains(['"', '\n']), template.contains('\'')) {
        (true, _) => Some("\"\""),
        (false, true) => Some("''"),
        (false, false) => None,
    }
}
