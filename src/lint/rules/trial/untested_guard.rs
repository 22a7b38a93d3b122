//! X001: a guard that the tests of the pipeline never see both true and false.
//!
//! No test is run for it: the path that a test expects says which guards held. Where a test expects none, any guard may
//! have been seen in it, and nothing is said; `flow test` knows all.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::{Phase, Pipeline};
use crate::text::Span;
use std::collections::HashMap;

/// How often a phase is started.
#[derive(Clone, Copy, Default)]
struct Starts {
    /// In how many tests.
    tests: usize,
    /// How often in the test that starts it most often.
    most: usize,
}

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let pipeline = draft.pipeline;
    let Some(starts) = starts(pipeline).filter(|_| draft.facts.unread.is_empty()) else { return vec![] };
    let of = |name: &str| starts.get(name).copied().unwrap_or_default();
    let mut found = vec![];
    for (at, phase) in pipeline.phases.values().enumerate() {
        let name = phase.name.value.as_str();
        if let Some(when) = &phase.when {
            // In a loop a phase may be started in one round and skipped in another.
            let always = of(name).tests == pipeline.tests.len() && draft.loops.innermost[at].is_none();
            match of(name).tests {
                // What fails before it starts is not in the path, and its guard held.
                0 if phase.require.is_empty() => found.push(never(when.span, "true", &format!("no test starts `{name}`"))),
                _ if always => found.push(never(when.span, "false", &format!("every test starts `{name}`"))),
                _ => {}
            }
        }
        found.extend(
            backs(pipeline, phase)
                .filter(|(from, _)| of(from).most == 1 && of(name).tests > 0)
                .map(|(from, span)| never(span, "true", &format!("no test goes back to `{from}`"))),
        );
    }
    found
}

/// The starts of each phase; nothing unless all tests say which phases they start.
fn starts(pipeline: &Pipeline) -> Option<HashMap<&str, Starts>> {
    let mut all: HashMap<&str, Starts> = HashMap::new();
    for test in &pipeline.tests {
        let mut here: HashMap<&str, usize> = HashMap::new();
        for name in &test.expect.path.as_ref()?.value {
            *here.entry(&name.value).or_default() += 1;
        }
        for (name, times) in here {
            let starts = all.entry(name).or_default();
            starts.tests += 1;
            starts.most = starts.most.max(times);
        }
    }
    (!pipeline.tests.is_empty()).then_some(all)
}

/// The guarded ways back to phases that are surely started again when one is taken.
fn backs<'a>(pipeline: &'a Pipeline, phase: &'a Phase) -> impl Iterator<Item = (&'a str, Span)> {
    phase.repeat.iter().filter_map(|repeat| {
        let from = pipeline.phases.get(&repeat.from.as_ref()?.value)?;
        (from.when.is_none() && from.require.is_empty()).then_some((from.name.value.as_str(), repeat.when.as_ref()?.span))
    })
}

fn never(guard: Span, answer: &str, why: &str) -> Diagnostic {
    let message = format!("the tests never see this guard {answer}: {why}");
    Diagnostic::new(code::X001, guard, message).help("add a test in which it is, and let it expect that `path`")
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::graph::{Draft, Facts};
    use crate::model;
    use crate::text::FileId;

    const PHASES: &str = "flow = 1
name = 'x'
[phases.a]
run = ['true']
[phases.b]
needs = ['a']
when = '.phases.a.code == 0'
run = ['true']
exit = [0, 1]
repeat = { from = 'a', when = '.phases.b.code == 1', max = 1 }
[phases.c]
needs = ['b']
when = '.phases.b.code == 0'
set = '1'
";

    /// What is found when the tests expect these paths (`-`: none).
    fn found(paths: &[&str]) -> Vec<String> {
        let test = |path: &&str| {
            let names: Vec<String> = path.split_whitespace().map(|name| format!("'{name}'")).collect();
            let path = if **path == *"-" { String::new() } else { format!("path = [{}], ", names.join(", ")) };
            format!("[[tests]]\nname = 't'\nexpect = {{ {path}status = 'complete' }}\n")
        };
        let tests: String = paths.iter().map(test).collect();
        let text = format!("{PHASES}{tests}");
        let (pipeline, wrong) = model::parse(FileId(0), &text);
        assert_eq!(wrong, []);
        let facts = Facts::default();
        let (draft, _) = Draft::of(&pipeline, &facts);
        let part = |message: &str| message.split("guard ").nth(1).unwrap().to_owned();
        check(&draft).iter().map(|finding| part(&finding.message)).collect()
    }

    #[test]
    fn one_way_is_not_enough() {
        assert_eq!(found(&["a b c"]), ["true: no test goes back to `a`", "false: every test starts `c`"]);
        assert_eq!(found(&["a", "a b a b"]), ["true: no test starts `c`"]);
    }

    #[test]
    fn what_was_seen_both_ways_or_may_have_been_is_not_told() {
        assert!(found(&["a b a b", "a b c"]).is_empty(), "`b` lies in a loop, and may be skipped in one round of it");
        assert!(found(&["a b c", "-"]).is_empty(), "the second test may have seen anything");
        assert!(found(&[]).is_empty());
    }
}
