//! R001: phases that nothing bounds in time. Told once: one line under `[defaults]` mends them all.

use crate::diag::{Diagnostic, Edit, Fix, code};
use crate::graph::Draft;
use crate::model::{Phase, Verb};

/// What is suggested: long for an agent's turn, short for a night.
const SUGGESTED: &str = "30m";

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let pipeline = draft.pipeline;
    let (defaults, limits) = (&pipeline.defaults, &pipeline.limits);
    if limits.wall_ms.is_some() || defaults.timeout_ms.is_some() || defaults.idle_timeout_ms.is_some() {
        return vec![];
    }
    let unbounded: Vec<(usize, &Phase)> = pipeline.phases.values().enumerate().filter(|(_, phase)| endless(phase)).collect();
    let Some(((_, first), rest)) = unbounded.split_first() else { return vec![] };
    // Where something could not be read it may have been the timeout.
    if unbounded.iter().any(|(at, _)| !draft.net.known[*at]) || !draft.facts.unread.is_empty() {
        return vec![];
    }
    let message = match rest {
        [] => format!("nothing bounds how long `{}` may take", first.name.value),
        [(_, other)] => format!("nothing bounds how long `{}` and `{}` may take", first.name.value, other.name.value),
        more => format!("nothing bounds how long `{}` and {} other phases may take", first.name.value, more.len()),
    };
    let finding = Diagnostic::new(code::R001, first.name.span, message);
    let finding =
        finding.help(format!("`timeout = \"{SUGGESTED}\"` under `[defaults]` bounds them, `wall` under `[limits]` the run"));
    let edits: Option<Vec<Edit>> = unbounded.iter().map(|(_, phase)| edit(phase)).collect();
    match edits {
        Some(edits) => {
            let message = format!("give {} `timeout = \"{SUGGESTED}\"`", if rest.is_empty() { "it" } else { "each of them" });
            vec![finding.with_fix(Fix { message, safe: false, edits })]
        }
        None => vec![finding],
    }
}

/// Whether a phase works, and says nothing of how long.
fn endless(phase: &Phase) -> bool {
    phase.works() && phase.timeout_ms.is_none() && phase.idle_timeout_ms.is_none()
}

/// A line before the verb: what stands behind a value may be a comment.
fn edit(phase: &Phase) -> Option<Edit> {
    let under_header = phase.header.start < phase.name.span.start;
    let verb = phase.verb.as_ref().filter(|verb| under_header && verb.key.start > phase.header.end)?;
    let mut span = verb.key;
    span.end = span.start;
    // `[phases.x.run]` has a header of its own.
    let own = matches!(verb.value, Verb::Shell(_)) && verb.span.start < verb.key.start;
    (!own).then(|| Edit { span, text: format!("timeout = \"{SUGGESTED}\"\n") })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::graph::{Draft, Facts};
    use crate::lint::apply;
    use crate::model;
    use crate::text::Sources;

    /// Message and mended text of what is found in the lines of a pipeline.
    fn found(lines: &str) -> Option<(String, Option<String>)> {
        let text = format!("flow = 1\nname = 'n'\n{lines}");
        let mut sources = Sources::default();
        let file = sources.add("n.toml", text.as_str());
        let (pipeline, wrong) = model::parse(file, &text);
        assert_eq!(wrong, [], "{text}");
        let facts = Facts::default();
        let finding = check(&Draft::of(&pipeline, &facts).0).pop()?;
        let mended = finding.fix.map(|fix| apply([&fix], &sources).remove(&file).expect("the text changes"));
        let again = |text: &String| check(&Draft::of(&model::parse(file, text).0, &facts).0).is_empty();
        assert!(mended.as_ref().is_none_or(again), "{mended:?}");
        Some((finding.message, mended))
    }

    const TWO: &str = "[phases.a]\nrun = ['true']\n[phases.b]\nrun = ['true'] # quick\n";

    #[test]
    fn what_works_without_a_bound_is_told_once_and_mended_everywhere() {
        let (message, mended) = found(TWO).unwrap();
        assert_eq!(message, "nothing bounds how long `a` and `b` may take");
        assert_eq!(mended.unwrap().matches("timeout = \"30m\"\nrun").count(), 2);
        let (message, _) = found(&format!("{TWO}[phases.c]\nrun = {{ shell = 'true' }}\n")).unwrap();
        assert_eq!(message, "nothing bounds how long `a` and 2 other phases may take");
    }

    #[test]
    fn one_bound_for_all_is_enough_and_who_does_not_work_needs_none() {
        for bound in ["[defaults]\ntimeout = '1h'\n", "[defaults]\nidle_timeout = '5m'\n", "[limits]\nwall = '2h'\n"] {
            assert_eq!(found(&format!("{bound}{TWO}")), None, "{bound}");
        }
        assert_eq!(found("[phases.a]\nset = '1'\n[phases.b]\nask = '?'\nform = { ok = 'boolean' }\n"), None);
        assert_eq!(found("[phases.a]\nrun = ['true']\nidle_timeout = '5m'\n"), None);
    }

    #[test]
    fn a_phase_that_is_written_in_another_way_is_told_and_left_as_it_is() {
        for other in ["[phases]\na = { run = ['true'] }\n", "[phases]\na.run = ['true']\n", "[phases.a.run]\nshell = 'true'\n"] {
            assert_eq!(found(other), Some(("nothing bounds how long `a` may take".to_owned(), None)), "{other}");
        }
    }
}
