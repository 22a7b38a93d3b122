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

const PIPELINE: &str = "flow = 1\nname = \"p\"\nsummary = { file = \"texts/sum.md\" }\n[phases.a]\nset = '1'\n";

fn codes(project: &Project, name: &str) -> Vec<(&'static str, String)> {
    let loaded = project.load(name).unwrap();
    let place = |f: &crate::diag::Diagnostic| loaded.sources.get(f.span.file).path.clone();
    let worse = loaded.findings.iter().filter(|f| f.severity() > crate::diag::Severity::Info);
    worse.map(|f| (f.code.id, place(f))).collect()
}

#[test]
fn includes_are_followed_from_the_pipelines_folder_and_frozen() {
    let (_dir, project) = project(&[
        ("flow.toml", ""),
        ("flows/p.toml", PIPELINE),
        ("flows/texts/sum.md", "{% include \"texts/a.md\" %}{% include \"../shared/b.md\" %}"),
        ("flows/texts/a.md", "A {% include \"texts/c.md\" %}"),
        ("flows/texts/c.md", "C {{ status }}"),
        ("shared/b.md", "B {{ statsu }}"),
    ]);
    assert_eq!(codes(&project, "flows/p.toml"), [("T002", "flows/../shared/b.md".to_owned())]);
    std::fs::write(project.root.join("shared/b.md"), "B {{ status }}").unwrap();
    let plan = project.load("flows/p.toml").unwrap().plan.unwrap();
    assert_eq!(plan.path, "flows/p.toml");
    assert_eq!(plan.includes.keys().collect::<Vec<_>>(), ["../shared/b.md", "texts/a.md", "texts/c.md"]);
    let from_below = Project::open(&project.root.join("flows"));
    assert_eq!(from_below.load("p.toml").unwrap().plan.unwrap().digest(), plan.digest(), "wherever one stands");
}

#[test]
fn no_file_leads_out_of_the_project() {
    let (dir, project) = project(&[("in/flow.toml", ""), ("in/p.toml", PIPELINE), ("in/texts/x.md", ""), ("out.md", "secret")]);
    let inside = Project::open(&project.root.join("in"));
    std::os::unix::fs::symlink(dir.path().join("out.md"), dir.path().join("in/texts/sum.md")).unwrap();
    assert_eq!(codes(&inside, "p.toml"), [("S008", "p.toml".to_owned())]);
    let loaded = inside.load("p.toml").unwrap();
    assert!(loaded.sources.iter().all(|(_, source)| !source.text.contains("secret")), "it was not even read");
}

#[test]
fn a_text_that_stands_in_no_file_is_checked_as_if_it_did() {
    let (_dir, project) = project(&[("flow.toml", "agent = \"cluade\"\n"), ("flows/texts/sum.md", "fine")]);
    assert!(project.load_text("flows/new.toml", PIPELINE).plan.is_some());
    assert!(project.load_text("new.toml", PIPELINE).findings.iter().any(|finding| finding.code.id == "I001"));
    assert_eq!(project.findings[0].code.id, "P005");
}
