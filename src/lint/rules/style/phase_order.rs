//! Y004: a phase that stands below one that needs it.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let phases = &draft.pipeline.phases;
    let mut found = vec![];
    for (at, phase) in phases.values().enumerate().filter(|(at, _)| draft.net.known[*at]) {
        // Those that need it are in file order.
        let Some(first) = draft.net.needed[at].first().filter(|first| **first < at && draft.net.known[**first]) else { continue };
        let above = &phases[*first];
        let name = &phase.name.value;
        let message = format!("`{name}` stands below `{}`, which needs it", above.name.value);
        let finding = Diagnostic::new(code::Y004, phase.name.span, message).help("move it above: the file then reads as it runs");
        let need = above.needs.iter().find(|need| need.value == *name);
        found.push(match need {
            Some(need) => finding.related(need.span, "needed here"),
            None => finding,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::graph::{Draft, Facts};
    use crate::model;
    use crate::text::FileId;

    /// The names found when the phases of a file need these.
    fn found(phases: &[(&str, &str)]) -> Vec<String> {
        let phase = |(name, needs): &(&str, &str)| format!("[phases.{name}]\nneeds = [{needs}]\nset = '1'\n");
        let text: String = phases.iter().map(phase).collect();
        let (pipeline, _) = model::parse(FileId(0), &text);
        let facts = Facts::default();
        let (draft, _) = Draft::of(&pipeline, &facts);
        check(&draft).iter().map(|finding| text[finding.span.range()].to_owned()).collect()
    }

    #[test]
    fn a_phase_is_told_once_however_many_need_it() {
        assert_eq!(found(&[("a", "'c'"), ("b", "'c'"), ("c", "")]), ["c"]);
        assert_eq!(found(&[("a", ""), ("b", "'a'"), ("c", "'a'")]), [""; 0]);
    }

    #[test]
    fn a_ring_has_no_order() {
        assert_eq!(found(&[("a", "'b'"), ("b", "'a'"), ("c", "'b'")]), [""; 0]);
    }
}
