//! Starting, refusing to start, going on.

use super::{Desk, GREET};

const SERIES: &str = "flow = 1\nname = \"one\"\ndescription = \"One at a time\"\n[series]\nkey = \"one\"\n\n[phases.choose]\ndescription = \"Ask\"\nask = \"Go?\"\nform = { go = \"boolean\" }\ntimeout = \"1h\"\n";

const AGENT: &str = "flow = 1\nname = \"work\"\ndescription = \"Work\"\n[agents.worker]\n\n[phases.work]\ndescription = \"Work\"\nagent = \"worker\"\nprompt = \"Work\"\ntimeout = \"1m\"\n";

#[test]
fn a_run_prints_its_summary_to_stdout_and_its_progress_to_stderr() {
    let desk = Desk::new().file("greet.toml", GREET);
    desk.flow("run greet.toml --who world --yes").ends(0).prints("greeted with 11 letters\n").says(
        "run RUN of greet\nsay: starts: echo hello world\nsay: complete\ncount: complete\n\
         shout: skipped: `when` is false: .params.how == \"loudly\" (`when`, line 30)\ngreet ID is complete after N s\n",
    );
    let document = desk.flow("run greet.toml --who world --how loudly --yes --json").ends(0).stdout;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["phases"]["shout"]["status"], "complete");
    assert_eq!(document["result"], 11);
}

#[test]
fn parameters_are_options_and_mistakes_say_what_to_type() {
    let desk = Desk::new().file("greet.toml", GREET);
    let help = "  help: `flow run greet.toml --help` lists its parameters\n";
    desk.flow("run greet.toml").ends(2).says(&format!("error: must provide either --who or --continue\n{help}"));
    desk.flow("run greet.toml --who x --continue").ends(2).says(&format!("error: cannot use both --who and --continue\n{help}"));
    desk.flow("run greet.toml --who x --how loudy")
        .ends(2)
        .says(&format!("error: --how: `loudy` is not one of `kindly`, `loudly` (did you mean `loudly`?)\n{help}"));
    desk.flow("run greet.toml --whoo x").ends(2).says_part("a similar argument exists: '--who'");
    desk.flow("run greet.toml --help").ends(0).prints_part(
        "Greets somebody\n\nUsage: flow run greet.toml [PARAMETERS] [OPTIONS]\n       flow run greet.toml --continue [OPTIONS]\n",
    );
    desk.flow("run gret.toml").ends(3).says("error: there is no pipeline `gret.toml`: did you mean `greet.toml`?\n");
}

#[test]
fn a_pipeline_that_does_not_lint_does_not_run() {
    let desk = Desk::new().file("bad.toml", &GREET.replace("needs = [\"count\"]", "needs = [\"coutn\"]"));
    desk.flow("run bad.toml --who x").ends(2).says_part("G001").says_part("error: `bad.toml` has 1 error and does not run\n");
    desk.flow("lint bad.toml --format concise").ends(1).prints_part("bad.toml:29:10");
}

#[test]
fn an_untrusted_folder_shows_what_it_may_execute_and_asks() {
    let desk = Desk::new().file("greet.toml", GREET);
    desk.flow("run greet.toml --who x").ends(2).prints("").says(
        "`greet.toml` is a pipeline of $PROJECT, and may execute:\n  say: runs echo hello {{ params.who }}\n  shout: runs true\n\
         error: the folder $PROJECT is not trusted yet, and nobody is there to ask\n  help: `--yes` runs it this once\n  \
         help: `trust = [\"$PROJECT\"]` in $HOME/.config/flow/flow.toml trusts the folder\n",
    );
    desk.flow("list").ends(0).prints("");
    desk.flow("run greet.toml --who x --rehearse").ends(0).says_part("[rehearsal] say: complete\n");
    desk.flow("run greet.toml --who x --dry-run").ends(0).prints_part("may execute\n  say: runs echo hello {{ params.who }}\n");
    let desk = desk.home(".config/flow/flow.toml", "trust = [\"$PROJECT\"]\n");
    desk.flow("run greet.toml --who x").ends(0);
}

#[test]
fn a_dry_run_starts_nothing() {
    let desk = Desk::new().file("greet.toml", GREET);
    desk.flow("run greet.toml --who x --dry-run").ends(0).says("dry run: nothing was started\n").prints(
        "would start\n  greet.toml\nparameters\n  who = x\n  how = kindly\nphases\n  say    run echo hello {{ params.who }}\n  \
         count  set                              after say\n  shout  run true                         after count\n         \
         ? when .params.how == \"loudly\"\nmay execute\n  say: runs echo hello {{ params.who }}\n  shout: runs true\n",
    );
    assert!(!desk.project().join(".flow").exists());
}

#[test]
fn without_an_agent_the_error_says_what_was_looked_for() {
    let desk = Desk::new().file("work.toml", AGENT);
    desk.flow("run work.toml --yes")
        .ends(6)
        .says_part("error: no agent found for `worker`: looked on PATH for `claude`")
        .says_part("--rehearse");
    desk.flow("run work.toml --agent cluade --yes").ends(2).says_part("did you mean `claude`?");
    desk.flow("run work.toml --rehearse").ends(0).says_part("rehearsal work ID is complete");
}

#[test]
fn a_second_start_is_refused_and_names_the_first() {
    let desk = Desk::new().file("one.toml", SERIES);
    desk.flow("run one.toml").ends(4);
    desk.flow("run one.toml").ends(7).prints("").says(
        "error: another run is in the way: cycle 1 of `one` is waiting (run `RUN`)\n  help: `flow resume ID` goes on with it; so does \
         --continue instead of the parameters\n  help: `flow show ID` shows it, `flow cancel ID` stops it for good\n",
    );
    desk.flow("run one.toml --rehearse").ends(0);
    desk.flow("cancel latest").ends(3).says("error: run RUN is complete already\n");
    let runs = desk.flow("list --json").ends(0).stdout;
    let runs: serde_json::Value = serde_json::from_str(&runs).unwrap();
    assert_eq!((&runs[0]["cycle"], &runs[0]["rehearsal"], &runs[1]["status"]), (&2.into(), &true.into(), &"waiting".into()));
}

#[test]
fn there_is_nothing_to_continue_and_it_says_why() {
    let desk = Desk::new().file("greet.toml", GREET);
    let start = "  help: `flow run greet.toml --who=…` starts a new one\n";
    desk.flow("run greet.toml --continue")
        .ends(3)
        .says(&format!("error: there is no run of `greet` to continue: there is no run here yet\n{start}"));
    desk.flow("run greet.toml --who x --yes").ends(0);
    let did = desk.flow("run greet.toml --continue").ends(3);
    assert!(did.stderr.contains("the newest one (") && did.stderr.contains(") is complete"), "{}", did.stderr);
    desk.flow("resume latest").ends(3).says_part("run RUN is complete: there is nothing left to do");
}

#[test]
fn a_store_that_cannot_be_opened_ends_with_its_own_code() {
    let desk = Desk::new().file("greet.toml", GREET).file("broken.db", "this is no database, only some text that is long enough");
    desk.flow("list --store sqlite:nowhere.db").ends(5);
    desk.flow("list --store sqlite:broken.db").ends(5).says_part("error: ");
    desk.flow("list --store what").ends(5).says_part("a file is written `sqlite:what`");
    desk.flow("run greet.toml --who x --yes --store sqlite:elsewhere/s.db").ends(0);
    let desk = desk.env("FLOW_STORE", "sqlite:elsewhere/s.db");
    desk.flow("show latest --jq .status").ends(0).prints("\"complete\"\n");
}

#[test]
fn limits_stop_a_run_and_can_be_raised() {
    let pipeline = "flow = 1\nname = \"long\"\ndescription = \"Long\"\n[phases.wait]\ndescription = \"Wait\"\nrun = [\"sleep\", \"30\"]\ntimeout = \"1m\"\n";
    let desk = Desk::new().file("long.toml", pipeline);
    desk.flow("run long.toml --yes --max-wall 1s").ends(1).says_part("long ID failed after");
    desk.flow("show latest --jq .error.class").ends(0).prints("\"budget\"\n");
    desk.flow("run long.toml --yes --max-wall soon").ends(2).says_part("`soon` is no time");
}

#[test]
fn what_failed_is_said_once_and_can_be_retried() {
    let pipeline = "flow = 1\nname = \"fail\"\ndescription = \"Fails until the file is there\"\n[phases.look]\ndescription = \"Look\"\nrun = [\"cat\", \"there\"]\ntimeout = \"1m\"\n";
    let desk = Desk::new().file("fail.toml", pipeline);
    let message = "`cat there` exited with code 1 (cat: there: No such file or directory)";
    desk.flow("run fail.toml --yes").ends(1).prints("").says_part(&format!("look: failed (exit): {message}\n"));
    desk.flow("retry latest nothing --yes").ends(2).says_part("has no phase `nothing`");
    let desk = desk.file("there", "now\n");
    desk.flow("retry latest look --yes").ends(0).says_part("look: complete");
    desk.flow("retry latest").ends(3).says_part("nothing failed in run RUN");
}

#[test]
fn a_run_that_was_over_does_not_meet_a_newer_one_of_its_series() {
    let pipeline = "flow = 1\nname = \"work\"\ndescription = \"Fails until the file is there, then asks\"\n[series]\nkey = \"work\"\n[phases.look]\ndescription = \"Look\"\nrun = [\"cat\", \"there\"]\ntimeout = \"1m\"\n[phases.ask]\ndescription = \"Ask\"\nneeds = [\"look\"]\nask = \"Well?\"\nform = { well = \"string\" }\ntimeout = \"1h\"\n";
    let desk = Desk::new().file("work.toml", pipeline);
    desk.flow("run work.toml --yes").ends(1);
    let listed = desk.command(["list", "--json"]).output().unwrap();
    let runs: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let first = runs[0]["id"].as_str().unwrap().to_owned();
    let desk = desk.file("there", "now\n");
    desk.flow("run work.toml --yes").ends(4);
    let told = "another run is in the way: cycle 2 of `work` is waiting (run `RUN`)";
    for line in [format!("retry {first} --yes"), format!("resume {first} --yes")] {
        desk.flow(&line).ends(7).says_part(told).says_part("`flow resume ID` goes on with it");
    }
    let status = |desk: &Desk| desk.flow(&format!("show {first} --jq .status")).stdout;
    assert_eq!(status(&desk), "\"failed\"\n");
    desk.flow("cancel latest").ends(0);
    desk.flow(&format!("retry {first} --yes")).ends(4);
    assert_eq!(status(&desk), "\"waiting\"\n");
}

#[test]
fn a_system_without_room_for_a_stack_is_told_of_before_anything_begins() {
    let desk = Desk::new().file("greet.toml", GREET);
    let program = format!("ulimit -v 200000; exec {} run greet.toml --who world --yes", env!("CARGO_BIN_EXE_flow"));
    let output = std::process::Command::new("sh").args(["-c", &program]).current_dir(desk.project()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(70), "{said}");
    assert!(said.starts_with("error: the system gives no thread with a stack of 256 MiB: "), "{said}");
    assert!(said.contains("\n  help: raise what limits it: `ulimit -v`"), "{said}");
    assert!(!desk.project().join(".flow").exists(), "nothing was begun");
}
