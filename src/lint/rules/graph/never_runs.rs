//! G005: a phase whose guard can never hold. What only waits for it is not told again.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::constant;
use crate::expr::jq::syntax::{Kind, Node, Op, Step};
use crate::graph::{Draft, Expression, Role};
use crate::model::{Join, OnError};
use crate::run::PhaseStatus;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let guards = draft.readings.expressions.iter().filter(|expression| expression.site.role == Role::When);
    guards.filter_map(|guard| one(draft, guard, guard.site.phase?)).collect()
}

fn one(draft: &Draft<'_>, guard: &Expression<'_>, phase: usize) -> Option<Diagnostic> {
    let name = &draft.pipeline.phases[phase].name.value;
    let root = guard.parsed.root();
    let new = |node: &Node, message: String| Diagnostic::new(code::G005, guard.site.text.span(node.range.clone()), message);
    if constant(root) == Some(false) {
        let finding = new(root, format!("`{name}` never runs: its guard is always false"));
        return Some(finding.help("say what it depends on; a phase that is not wanted any more can go"));
    }
    conjuncts(root).into_iter().find_map(|node| {
        let (need, why) = impossible(draft, phase, node)?;
        let finding = new(node, format!("`{name}` never runs: {why}"));
        let header = draft.pipeline.phases[need].header;
        Some(
            finding
                .related(header, format!("`{name}` needs it"))
                .help("a phase that also runs after a failure says so: `join = \"always\"`"),
        )
    })
}

/// What must all hold.
fn conjuncts(node: &Node) -> Vec<&Node> {
    match &node.kind {
        Kind::Binary(left, Op::And, _, right) => [conjuncts(left), conjuncts(right)].concat(),
        _ => vec![node],
    }
}

/// Why a condition about a need cannot hold when the phase is reached: which need, and in words.
fn impossible(draft: &Draft<'_>, phase: usize, node: &Node) -> Option<(usize, String)> {
    let Kind::Binary(left, Op::Equal(op), _, right) = &node.kind else { return None };
    let file = &draft.pipeline.phases[phase];
    let join = file.join.as_ref().map_or(Join::Any, |join| join.value);
    let (of, field) = record(left)?;
    let need = draft.net.needs[phase].iter().copied().find(|need| draft.pipeline.phases[*need].name.value == of)?;
    if join == Join::Always || !draft.net.known[phase] {
        return None;
    }
    let sure = draft.net.is_sure(need, phase);
    let after = format!("`{of}` is complete or skipped by then, or else this phase is cancelled");
    let why = match (field, *op, &right.kind) {
        ("status", "==", Kind::Text(word)) => match word.as_str() {
            "skipped" if sure => format!("it is skipped itself when `{of}` was"),
            "complete" | "skipped" => return None,
            word if PhaseStatus::ALL.iter().any(|status| status.as_str() == word) => after,
            _ => return None,
        },
        ("status", "!=", Kind::Text(word)) if word == "complete" && sure => format!("`{of}` is always complete by then"),
        ("error", "!=", Kind::Call(null, _, args)) if null == "null" && args.is_empty() => {
            let goes_on = draft.pipeline.phases[need].on_error.as_ref();
            if goes_on.is_some_and(|on_error| on_error.value == OnError::Continue) {
                return None;
            }
            after
        }
        _ => return None,
    };
    Some((need, why))
}

/// `.phases.NAME.FIELD`
fn record(node: &Node) -> Option<(&str, &str)> {
    let Kind::Path(base, parts) = &node.kind else { return None };
    let key = |at: usize| match parts.get(at).map(|part| &part.step) {
        Some(Step::Key(name, _)) => Some(name.as_str()),
        _ => None,
    };
    let is_record = matches!(base.kind, Kind::Identity) && parts.len() == 3 && key(0) == Some("phases");
    if is_record { Some((key(1)?, key(2)?)) } else { None }
}
