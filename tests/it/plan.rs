//! The frozen plan: its bytes are what a digest is taken of, so they may never change for a pipeline that does not.

use flow::plan::{Plan, StubReply};
use flow::project::{Loaded, Project};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format/v1")
}

fn loaded() -> Loaded {
    let mut project = Project::open(&folder());
    project.root = folder();
    let loaded = project.load("plan.toml").unwrap();
    let worth = |finding: &&flow::diag::Diagnostic| finding.severity() > flow::diag::Severity::Info;
    let worse: Vec<_> = loaded.findings.iter().filter(worth).cloned().collect();
    assert_eq!(flow::diag::concise(&worse, &loaded.sources), "");
    loaded
}

#[test]
fn a_plan_is_written_as_it_always_was() {
    let plan = loaded().plan.unwrap();
    let pretty = serde_json::to_string_pretty(&plan).unwrap() + "\n";
    let golden = folder().join("plan.json");
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    if pretty != expected {
        let now = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plan.json");
        std::fs::write(&now, &pretty).unwrap();
        panic!("the plan differs from {}: compare it with {}", golden.display(), now.display());
    }
    assert_eq!(plan.bytes(), loaded().plan.unwrap().bytes(), "the same file gives the same bytes");
    assert_eq!(Plan::from_bytes(&plan.bytes()).unwrap(), plan, "what is written is read back");
}

#[test]
fn phases_stand_in_graph_order_with_defaults_where_they_belong() {
    let plan = loaded().plan.unwrap();
    let names: Vec<&str> = plan.phases.iter().map(|phase| phase.name.as_str()).collect();
    assert_eq!(names, ["plan", "work", "check", "review", "keep"]);
    let phase = |name: &str| plan.phases.iter().find(|phase| phase.name.as_str() == name).unwrap();
    assert_eq!(phase("plan").timeout_ms, None, "a question is not timed out by the defaults");
    assert_eq!((phase("check").timeout_ms, phase("review").timeout_ms), (Some(1_800_000), Some(3_600_000)));
    assert_eq!((phase("check").retry.max, phase("review").retry.max, phase("keep").retry.max), (1, 3, 0));
    assert_eq!(phase("review").retry.delay_ms, 1_000);
    assert_eq!(phase("review").env.keys().map(String::as_str).collect::<Vec<_>>(), ["LANG", "TOKEN"]);
    assert!(phase("plan").env.is_empty() && phase("plan").dir.is_none());
    let loops: Vec<(&str, usize, Option<usize>)> =
        plan.loops.iter().map(|ring| (ring.owner.as_str(), ring.body.len(), ring.parent)).collect();
    assert_eq!(loops, [("review", 3, None), ("work", 1, Some(0))], "outer before inner");
    assert_eq!((phase("work").innermost, phase("check").innermost, phase("keep").innermost), (Some(1), Some(0), None));
    assert_eq!(plan.includes.keys().map(String::as_str).collect::<Vec<_>>(), ["plan-style.md"]);
}

#[test]
fn tests_of_a_pipeline_come_with_their_stubs() {
    let loaded = loaded();
    let [test] = loaded.tests.as_slice() else { panic!("one test") };
    let review = &test.stubs.0["review"];
    assert!(matches!(&review[0], StubReply::Fails { message: Some(message), .. } if message == "busy"));
    assert!(matches!(&review[1], StubReply::Reply(value) if value.to_string() == r#"{"score":80}"#));
    assert_eq!(test.files.keys().map(String::as_str).collect::<Vec<_>>(), ["README.md"]);
    assert_eq!(loaded.plan.unwrap().rehearsal, test.stubs, "a rehearsal answers as the first test does");
}
