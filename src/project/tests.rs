//! Loading from a name to a plan, on real folders.

use super::Project;
use crate::diag::Severity;
use crate::project::LoadError;
use std::path::Path;

fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let project = Project::open(dir.path());
    (dir, project)
}

#[test]
fn every_pipeline_inside_the_program_becomes_a_plan() {
    let project = Project::open(Path::new(env!("CARGO_MANIFEST_DIR")));
    for name in super::builtin::pipelines() {
        let loaded = project.load(name).unwrap();
        let errors: Vec<_> = loaded.findings.iter().filter(|f| f.severity() == Severity::Error).collect();
        let shown = crate::diag::concise(&loaded.findings, &loaded.sources);
        assert!(errors.is_empty() && loaded.plan.is_some(), "{name}:\n{shown}");
        assert!(loaded.builtin);
        let plan = loaded.plan.unwrap();
        let again = crate::plan::Plan::from_bytes(&plan.bytes()).unwrap();
        assert_eq!(again.digest(), plan.digest(), "{name} reads back as it was written");
    }
}

#[test]
fn what_is_not_there_is_answered_with_what_could_be_meant() {
    let (_dir, project) = project(&[("flows/build.toml", "flow = 1"), ("flow.toml", "")]);
    let failed = |name: &str| project.load(name).unwrap_err().to_string();
    assert_eq!(failed("flows/biuld.toml"), "there is no pipeline `flows/biuld.toml`: did you mean `flows/build.toml`?");
    assert_eq!(failed("flows/build"), "there is no pipeline `flows/build`: did you mean `flows/build.toml`?");
    assert_eq!(failed("flows"), "there is no pipeline `flows`: it is a folder: name one of flows/build.toml");
    std::fs::write(project.root.join("latin.toml"), b"caf\xe9").unwrap();
    assert!(matches!(project.load("latin.toml"), Err(LoadError::Unreadable { .. })));
}
