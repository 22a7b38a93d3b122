//! `flow lint` as people and their CI type it: formats, levels, marks, fixes, stdin, codes.

use super::Desk;
use crate::tidy::root;
use std::io::Write as _;

/// A misspelt parameter (an error with a guess), an unused mark (a warning with a safe fix), an unused parameter (a
/// warning).
const WRONG: &str = "flow = 1
name = \"greet\"
description = \"Greets\"

[params.who]
help = \"Whom\"

# flow: ignore[Y003] it was long
[params.how]
help = \"How\"

[phases.greet]
description = \"Greet\"
set = '.params.whom' # a guess
";

fn desk() -> Desk {
    Desk::new().file("p/a.toml", WRONG)
}

impl Desk {
    fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.project().join(path)).unwrap()
    }

    /// Types a command with something on stdin.
    fn typed(&self, line: &str, stdin: &str) -> super::Did {
        let mut child = self.command(super::words(line)).stdin(std::process::Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        self.did(line, &child.wait_with_output().unwrap())
    }
}

#[test]
fn the_code_says_whether_something_is_bad_enough() {
    let desk = desk();
    desk.flow("lint p").ends(1);
    desk.flow("lint p --exit-zero").ends(0).prints_part("error[D006]");
    desk.flow("lint p --fail-on error --exit-zero").ends(2);
    let warned = desk.file("p/a.toml", &WRONG.replace("whom", "who"));
    warned.flow("lint p").ends(1);
    warned.flow("lint p --fail-on error").ends(0).prints_part("warning[D007]");
    warned.flow("lint p --format sarif").ends(0);
    warned.flow("lint p --format sarif --fail-on warning").ends(1);
}

#[test]
fn a_project_sets_levels() {
    let desk = desk().file("p/a.toml", &WRONG.replace("whom", "who"));
    let desk = desk.file("flow.toml", "[lint.levels]\nD007 = \"off\"\nunused-ignore = \"error\"\n");
    desk.flow("lint p --format concise").ends(1).prints("p/a.toml:8:1: M003 error Y003 has nothing to say here\n");
    desk.flow("run p/a.toml --rehearse").ends(2).says_part("error[M003]");
    let desk = desk.file("flow.toml", "[[lint.paths]]\nmatch = [\"p/\"]\nlevels = { D007 = \"off\", M003 = \"info\" }\n");
    desk.flow("lint p").ends(0).says("checked 1 pipeline: no findings\n");
    desk.flow("lint p --pedantic --format concise").ends(0).prints("p/a.toml:8:1: M003 info Y003 has nothing to say here\n");
    let desk = desk.file("flow.toml", "[lint.levels]\nD006 = \"off\"\n");
    desk.flow("lint p").ends(2).says_part("D006 is an error: a pipeline with it does not run");
}

#[test]
fn fixes_change_their_places_and_nothing_else() {
    let desk = desk();
    desk.flow("lint p").ends(1).says_part("; `--fix` mends 1;");
    let safe = "--- p/a.toml\n+++ p/a.toml\n@@ -5,7 +5,6 @@\n [params.who]\n help = \"Whom\"\n \n-# flow: ignore[Y003] it was long\n [params.how]\n help = \"How\"\n \n";
    desk.flow("lint p --fix --diff").ends(1).prints(safe).says("1 file would change\n");
    assert_eq!(desk.text("p/a.toml"), WRONG);
    desk.flow("lint p --fix").ends(1).says_part("changed p/a.toml\n").prints_part("error[D006]");
    let once = WRONG.replace("# flow: ignore[Y003] it was long\n", "");
    assert_eq!(desk.text("p/a.toml"), once);
    desk.flow("lint p --fix --diff").ends(0).prints("").says("nothing would change\n");
    desk.flow("lint p --unsafe-fixes --format concise").ends(1).prints_part("D007 warning");
    assert_eq!(desk.text("p/a.toml"), once.replace("whom", "who"));
}

#[test]
fn a_fix_reaches_the_files_that_a_pipeline_names_and_keeps_their_permissions() {
    use std::os::unix::fs::PermissionsExt as _;
    let pipeline = "flow = 1\nname = \"a\"\n[params.who]\nhelp = \"Whom\"\n[agents.w]\n[phases.ask]\nagent = \"w\"\nprompt = { file = \"ask.md\" }\n";
    let desk = Desk::new().file("p/a.toml", pipeline).file("p/ask.md", "Greet {{ params.whom }}.\r\n");
    let path = desk.project().join("p/ask.md");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    desk.flow("lint p/a.toml --unsafe-fixes").says_part("changed p/ask.md\n");
    assert_eq!(desk.text("p/ask.md"), "Greet {{ params.who }}.\r\n");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn stdin_is_checked_as_if_it_were_a_file() {
    let desk = desk().file("p/ask.md", "Hi");
    desk.typed("lint - --stdin-filename p/new.toml --format concise", WRONG).ends(1).prints_part("p/new.toml:14:16: D006 error");
    desk.typed("lint - --unsafe-fixes", WRONG).prints_part("set = '.params.who' # a guess\n").says_part("D007");
    desk.typed("lint -", "flow = 1\nname = \"a\"\n[phases.a]\nset = '1'\n").ends(0).prints("");
}

#[test]
fn github_gets_annotations_with_errors_first() {
    let desk = desk().file("p/b,c.toml", "flow = 1\nname = \"100%\"\n[phases.a]\nset = '1'\n");
    let did = desk.flow("lint p --format github").ends(1);
    let lines: Vec<&str> = did.stdout.lines().collect();
    assert!(lines[0].starts_with("::error file=p/a.toml,line=14,endLine=14,col=16,endColumn=20,title=D006 "), "{lines:#?}");
    assert!(lines[1].starts_with("::error file=p/b%2Cc.toml,line=2,") && lines[1].contains("100%25"), "{lines:#?}");
    assert!(lines[2..].iter().all(|line| line.starts_with("::warning file=p/a.toml,")), "{lines:#?}");
}

#[test]
fn sarif_is_what_its_schema_says() {
    let schema = root().join("target/tools/sarif/schema.json");
    let schema = std::fs::read_to_string(&schema)
        .unwrap_or_else(|error| panic!("{}: {error}; `bash tests/bring sarif` brings the schema of SARIF", schema.display()));
    let mut schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    // The one pattern of it that is no regular expression: of the language, which is not said here.
    for part in ["run", "toolComponent"] {
        assert!(schema["definitions"][part]["properties"]["language"].as_object_mut().unwrap().remove("pattern").is_some());
    }
    let validator = jsonschema::options().with_draft(jsonschema::Draft::Draft7).build(&schema).unwrap();
    let read = |text: &str| -> serde_json::Value { serde_json::from_str(text).unwrap() };
    let broken = "flow = 1\nname = \"a b\"\n[phases.ö]\nset = '.phases.nö'\nneeds = [\"ö\", \"x\"]\n";
    let desk = desk().file("p/ü b.toml", broken).file("p/c.toml", "flow = 1\nname = ");
    std::fs::create_dir(desk.project().join(".git")).unwrap();
    let below = desk.project().join("p");
    let output = desk.command(["lint", ".", "--format", "sarif", "--pedantic"]).current_dir(below).output().unwrap();
    let document = read(std::str::from_utf8(&output.stdout).unwrap());
    let wrong: Vec<String> =
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0" })), "the schema is one that refuses");
    let run = &document["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), flow::diag::code::ALL.len());
    let results = run["results"].as_array().unwrap();
    let uris: std::collections::BTreeSet<_> =
        results.iter().map(|one| one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap()).collect();
    assert_eq!(uris.into_iter().collect::<Vec<_>>(), ["p/%C3%BC%20b.toml", "p/a.toml", "p/c.toml"]);
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][at]["id"], result["ruleId"]);
    }
}

#[test]
fn a_finding_that_moved_is_the_same_alert() {
    let prints = |text: &str| -> Vec<String> {
        let did = Desk::new().file("a.toml", text).flow("lint a.toml --format sarif");
        let document: serde_json::Value = serde_json::from_str(&did.stdout).unwrap();
        let results = document["runs"][0]["results"].as_array().unwrap().iter();
        results.map(|one| one["partialFingerprints"]["flow/v1"].as_str().unwrap().to_owned()).collect()
    };
    let before = prints(WRONG);
    assert_eq!(before, prints(&WRONG.replace("[params.who]", "# a line more\n\n[params.who]")));
    assert_eq!(before.iter().collect::<std::collections::HashSet<_>>().len(), before.len());
    assert_ne!(before, prints(&WRONG.replace("[phases.greet]", "[phases.other]")));
}

#[test]
fn a_rule_is_explained() {
    let desk = Desk::new();
    desk.flow("explain D003").ends(0).prints_part("# D003 `unknown-field`\n").prints_part("# <- D003\n");
    desk.flow("explain unknown-field").ends(0).prints_part("# D003 `unknown-field`\n");
    desk.flow("explain D999").ends(2).says_part("there is no rule `D999`");
    desk.flow("explain unknown-feild").ends(2).says_part("did you mean `flow explain unknown-field`?");
    let listed = desk.flow("explain").ends(0);
    assert!(listed.stdout.lines().any(|line| line.starts_with("M003  unused-ignore")), "{}", listed.stdout);
}

#[test]
fn hooks_of_pre_commit_run_what_they_say() {
    let text = std::fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    let hooks: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
    let wrong = WRONG.replace(" = ", "=");
    let desk = Desk::new().file("p/a.toml", &wrong).file("p/good.toml", super::GREET);
    for hook in hooks.as_array().unwrap() {
        let entry = hook["entry"].as_str().unwrap().strip_prefix("flow ").unwrap();
        desk.flow(&format!("{entry} p/good.toml")).ends(0);
        // pre-commit stops at a code, and at a file that was changed.
        let bad = desk.flow(&format!("{entry} p/a.toml"));
        assert!(matches!(bad.code, Some(1 | 2)) || desk.text("p/a.toml") != wrong, "{}: {:?}", bad.command, bad.code);
        assert_eq!((&hook["language"], &hook["id"]), (&"rust".into(), &entry_id(entry).into()));
    }
}

fn entry_id(entry: &str) -> String {
    format!("flow-{}", entry.split(' ').next().unwrap())
}
