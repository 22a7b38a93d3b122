//! Shipped pipelines played for real: a git repository, processes that run, and shell scripts as agents. What their own
//! tests cannot show is shown here: the programs that they start.

use crate::cli::Desk;
use crate::tidy::root;
use std::process::Command;

/// A desk with a shipped pipeline whose agents are `sh NAME.sh`, in a git repository.
fn desk(pipeline: &str, prompts: &[&str]) -> Desk {
    let read = |path: &str| std::fs::read_to_string(root().join("pipelines").join(path)).unwrap();
    let agents = regex::Regex::new(r"(?m)^\[agents\.(\w+)\]$").unwrap();
    let text = read(&format!("{pipeline}.toml"));
    let text = agents.replace_all(&text, "[agents.$1]\nuse = \"command\"\ncommand = [\"sh\", \"$1.sh\"]");
    let prompts = prompts.iter().map(|prompt| format!("{pipeline}/{prompt}"));
    let desk = prompts.fold(Desk::new(), |desk, path| desk.file(&path, &read(&path)));
    let desk = desk.file("p.toml", &text).file(".gitignore", "/.flow/\n");
    git(&desk, "init --quiet --initial-branch main");
    desk
}

/// Types a git command; its author is nobody in particular.
fn git(desk: &Desk, line: &str) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=n", "-c", "user.email=n@example.org"]).args(line.split(' '));
    assert!(command.current_dir(desk.project()).status().unwrap().success(), "git {line}");
}

const FIX: &[&str] = &["fix.md", "summary.txt"];
const RUN: &str = "run p.toml --yes --no-input";

/// A program, its test, and what the user has not committed yet.
fn broken(fixer: &str) -> Desk {
    let desk = desk("fix-tests", FIX).file("half.sh", "echo $(($1 * 2))\n");
    let desk = desk.file("tests/half.sh", "[ $(sh half.sh 8) = 4 ] || { echo 'half of 8 is not 4'; exit 1; }\n");
    let desk = desk.file("fixer.sh", fixer);
    git(&desk, "add .");
    git(&desk, "commit --quiet -m one");
    let test = std::fs::read_to_string(desk.project().join("tests/half.sh")).unwrap();
    desk.file("tests/half.sh", &format!("{test}# mine\n"))
}

#[test]
fn red_tests_become_green_and_a_bent_test_goes_back_to_the_agent() {
    let reply = r#"echo '{ "outcome": "fixed", "cause": "it doubles", "summary": "it halves" }'"#;
    let fixer = format!(
        "prompt=$(cat)\ncase $prompt in\n*'not accepted'*) tree=${{prompt#*--source=}}\n  \
         git restore --source=${{tree%% *}} -- tests && echo 'echo $(($1 / 2))' >half.sh ;;\n*) echo : >tests/half.sh ;;\nesac\n{reply}\n"
    );
    let desk = broken(&fixer);
    let index = std::fs::read(desk.project().join(".git/index")).unwrap();
    desk.flow(&format!("{RUN} --command 'sh tests/half.sh'"))
        .ends(0)
        .says_part("fix: attempt 1 failed (rejected): tests were changed")
        .prints_part("Green after 1 round: sh tests/half.sh\n")
        .prints_part("Changed:  half.sh\n");
    let test = std::fs::read_to_string(desk.project().join("tests/half.sh")).unwrap();
    assert!(test.ends_with("# mine\n"), "what the user had not committed is still there: {test}");
    assert_eq!(std::fs::read(desk.project().join(".git/index")).unwrap(), index, "the project's index is left alone");
    desk.flow(&format!("{RUN} --command 'sh tests/half.sh'")).ends(0).prints_part("Green, nothing to do");
}

#[test]
fn tests_that_stay_red_do_not_pass_and_a_missing_program_is_for_a_person() {
    let desk = broken(r#"echo '{ "outcome": "fixed", "cause": "who knows", "summary": "nothing" }'"#);
    desk.flow(&format!("{RUN} --rounds 2 --command 'sh tests/half.sh'"))
        .ends(1)
        .prints_part("Still red after 2 rounds")
        .prints_part("    half of 8 is not 4\n");
    desk.flow(&format!("{RUN} --command 'no-such-program'")).ends(1).says_part("the tests cannot be run with `no-such-program`");
    desk.flow(&format!("{RUN} --command 'sh tests/half.sh' --tests '('"))
        .ends(2)
        .says_part("--tests is not a regular expression");
}

const REVIEW: &[&str] = &["correctness.md", "security.md", "maintainability.md", "how.md", "summary.txt"];

#[test]
fn findings_decide_the_exit_code_of_a_review() {
    let finding = |file: &str, severity: &str| {
        format!(r#"{{ "file": "{file}", "line": 1, "severity": "{severity}", "title": "t", "why": "w", "suggestion": "s" }}"#)
    };
    let script = |findings: &str| format!("cat >/dev/null; echo '{{ \"verdict\": \"v\", \"findings\": [{findings}] }}'\n");
    let desk = desk("review-changes", REVIEW).file("correctness.sh", &script(&finding("new file.txt", "low")));
    let desk = desk.file("security.sh", &script(&finding("./new file.txt", "high")));
    let desk = desk.file("maintainability.sh", "exit 3\n");
    git(&desk, "add .");
    git(&desk, "commit --quiet -m one");
    desk.flow(RUN).ends(0).prints_part("Nothing to review: no file differs from main (.)");
    git(&desk, "checkout --quiet -b feature");
    let desk = desk.file("new file.txt", "new\n");
    git(&desk, "add .");
    desk.flow(RUN)
        .ends(1)
        .prints_part("1 finding in 1 changed file against main\n")
        .prints_part("  high      new file.txt:1  t  (correctness, security)\n")
        .prints_part("  no answer: maintainability (");
    desk.flow(&format!("{RUN} --fail-on critical")).ends(0);
    desk.flow(&format!("{RUN} --fail-on critical --require-all")).ends(1);
    desk.flow(&format!("{RUN} --paths ':!*.txt'")).ends(0).prints_part("Nothing to review");
    desk.flow(&format!("{RUN} --base nowhere")).ends(1).says_part("git knows no `nowhere`");
    let desk = desk.file("correctness.sh", "exit 3\n").file("security.sh", "exit 3\n");
    desk.flow(RUN).ends(1).says_part("no reviewer answered, so nothing is reviewed");
}
