//! Pipelines under `tests/scenario` whose own tests say how the engine behaves: played without agents.

use flow::engine::Program;
use flow::project::{Project, params_of_test};
use flow::trial::{Outcome, Prepared, run, unseen};
use std::path::Path;
use std::sync::Arc;

/// Plays all tests of a pipeline; gives its program, with what its guards gave, and the outcomes by name.
fn play(path: &Path) -> (Program, Vec<(String, Outcome)>) {
    let text = std::fs::read_to_string(path).unwrap();
    let project = Project::open(path.parent().unwrap());
    let loaded = project.load_text(path.to_str().unwrap(), &text);
    let plan =
        loaded.plan.unwrap_or_else(|| panic!("{}: {}", path.display(), flow::diag::concise(&loaded.findings, &loaded.sources)));
    let program = Program::new(Arc::new(plan)).counting();
    let outcomes = loaded.tests.iter().map(|test| {
        let prepared = params_of_test(&program.plan, test).map(|params| Prepared { params: params.values, files: params.files });
        let prepared = prepared.map_err(|errors| errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join("\n"));
        (test.name.clone(), run(&program, test, prepared))
    });
    let outcomes = outcomes.collect();
    (program, outcomes)
}

#[test]
fn every_scenario_goes_as_it_says() {
    let mut failures = Vec::new();
    let mut count = 0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenario");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        for (name, outcome) in play(&path).1 {
            count += 1;
            if !outcome.problems.is_empty() {
                failures.push(format!("{}: {name}\n{}", path.display(), outcome.problems.join("\n")));
            }
        }
    }
    assert!(count > 15, "only {count} scenarios were found");
    assert!(failures.is_empty(), "{} of {count} failed\n\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn a_guard_that_was_seen_one_way_only_is_told() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenario/ending.toml");
    let (program, _) = play(&path);
    assert!(unseen(&program.plan, &program.coverage()).is_empty(), "both ways of `pass` are tested");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenario/nested.toml");
    let (program, _) = play(&path);
    let places = unseen(&program.plan, &program.coverage());
    assert!(places.is_empty(), "{places:?}");
}

#[test]
fn shipped_pipelines_pass_their_own_tests_and_see_every_guard_both_ways() {
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let (program, outcomes) = play(&path);
        let failures = outcomes.iter().filter(|(_, outcome)| !outcome.problems.is_empty());
        let failures: Vec<_> = failures.map(|(name, outcome)| format!("{name}\n{}", outcome.problems.join("\n"))).collect();
        assert!(failures.is_empty(), "{}: {} of {}\n\n{}", path.display(), failures.len(), outcomes.len(), failures.join("\n\n"));
        let unseen = unseen(&program.plan, &program.coverage());
        assert!(unseen.is_empty(), "{}: {unseen:#?}", path.display());
    }
}
