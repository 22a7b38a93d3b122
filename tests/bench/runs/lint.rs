//! `flow lint` from its start to its exit: what an editor, a hook and CI wait for.

use super::pairs::{Bench, Target, in_turn, scratch, timed};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const FLOW: &str = env!("CARGO_BIN_EXE_flow");

/// A pipeline as people write them, longer: every phase has a guard over the shape of the one before, a prompt that
/// reads it, and a check of its result.
fn write(folder: &Path, phases: usize) -> String {
    let mut text = String::from(
        "flow = 1\nname = \"large\"\ndescription = \"Many parts\"\n\n[params.goal]\nhelp = \"What for\"\n\n[agents.worker]\naccess = \"read\"\n",
    );
    for at in 0..phases {
        let before = at.saturating_sub(1);
        let (needs, earlier) = if at == 0 {
            (String::new(), String::new())
        } else {
            let needs = format!("needs = [\"p{before}\"]\nwhen = '.phases.p{before}.output.n < {at}'\n");
            (needs, format!(" after {{{{ phases.p{before}.output.text | default('nothing') | fence }}}}"))
        };
        let _ = write!(
            text,
            "\n[phases.p{at}]\ndescription = \"Part {at}\"\n{needs}agent = \"worker\"\ntimeout = \"5m\"\nprompt = \"Do part {at} of {{{{ params.goal }}}}{earlier}.\"\noutput = {{ n = \"integer\", text = \"string\" }}\naccept = [{{ that = '.output.n >= 0', message = \"n is negative\" }}]\n"
        );
    }
    let name = format!("p{phases}.toml");
    std::fs::write(folder.join(&name), text).expect("the folder is writable");
    name
}

fn lint(folder: &Path, name: &str) -> f64 {
    let mut command = Command::new(FLOW);
    command.args(["lint", name, "--fail-on", "error"]).current_dir(folder).env_remove("FLOW_STORE");
    let (time, output) = timed(|| command.stdin(Stdio::null()).output().expect("the program is there"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    time.as_secs_f64()
}

/// 200 phases from the start of the process, and how that grows to 2,000.
pub fn large(bench: &mut Bench) {
    let (start, growth) = ("lint of 200 phases", "lint of 2,000 phases against 200");
    if !bench.wants(start) && !bench.wants(growth) {
        return;
    }
    let folder = scratch();
    std::fs::write(folder.path().join("flow.toml"), "").expect("the folder is writable");
    let (small, large) = (write(folder.path(), 200), write(folder.path(), 2_000));
    let (ratio, large, small) = in_turn(bench.pairs(20), || lint(folder.path(), &large), || lint(folder.path(), &small));
    let more = format!("{:.1} ms for 2,000", large * 1_000.0);
    bench.tell(start, small * 1_000.0, "ms from start to exit", Target::AtMost(50.0), &more);
    bench.tell(growth, ratio, "times", Target::AtMost(12.0), "the start of the process is in both");
}
