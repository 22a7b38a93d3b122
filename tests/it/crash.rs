//! Recovery, proved on the real binary: it dies at each of its failpoints, and the run ends as if it had not.
//!
//! Nothing here lists the points. An undisturbed run says which it passed and how often; then each is the end of a
//! process of its own. `world.rs` has the run and its invariants, `matrix.rs` makes the cases.

mod beat;
mod matrix;
mod world;

use crate::tidy::sources;

/// What a test says is read in one place, by functions that are in debug builds only; `tests/run` looks into the release.
#[test]
fn a_release_has_no_failpoints() {
    let (inside, others): (Vec<_>, Vec<_>) = sources("src").into_iter().partition(|source| source.path == "src/failpoint.rs");
    let lines: Vec<&str> = inside[0].text.lines().collect();
    for (line, before) in lines.iter().zip([""].iter().chain(&lines)).filter(|(line, _)| line.starts_with("pub(crate) fn")) {
        assert!(before.starts_with("#[cfg(") && before.contains("debug_assertions"), "in every build: {line}");
    }
    let reads =
        others.iter().filter(|source| source.text.contains("FLOW_CRASH") || source.text.contains("env::var(\"FLOW_CLOCK"));
    assert_eq!(reads.map(|source| &source.path).collect::<Vec<_>>(), [] as [&String; 0]);
}
