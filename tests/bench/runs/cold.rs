//! The program from its start to its exit, as a person types it.

use super::bare;
use super::pairs::{Bench, Target, in_turn, scratch, timed};
use std::path::Path;
use std::process::{Command, Stdio};

const FLOW: &str = env!("CARGO_BIN_EXE_flow");

fn rehearse(folder: &Path) {
    let mut command = Command::new(FLOW);
    command.args(["run", "peer", "--instruction=create-spec", "--rehearse"]).current_dir(folder);
    command.env("XDG_STATE_HOME", folder).env_remove("FLOW_STORE").env_remove("FLOW_AGENT");
    let output = command.stdin(Stdio::null()).output().expect("the program is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Entries of all journals in the folder's store: each is one sync.
fn entries(folder: &Path) -> usize {
    let database = rusqlite::Connection::open(folder.join(".flow/state.db")).expect("the store");
    let count = "SELECT count(*) FROM writes WHERE key LIKE 'flow.run.%'";
    let entries: i64 = database.query_row(count, [], |row| row.get(0)).expect("a number");
    usize::try_from(entries).expect("not negative")
}

/// A rehearsal of PEER on a store that is there already, against its own syncs.
pub fn rehearsal(bench: &mut Bench) {
    let name = "cold rehearsal of PEER";
    if !bench.wants(name) {
        return;
    }
    let folder = scratch();
    // A project of its own: the folder lies in another one.
    std::fs::write(folder.path().join("flow.toml"), "").expect("the folder is writable");
    rehearse(folder.path());
    let before = entries(folder.path());
    rehearse(folder.path());
    let syncs = entries(folder.path()) - before;
    let program = || timed(|| rehearse(folder.path())).0.as_secs_f64();
    let disk = || bare::commits(folder.path(), 20 * syncs, &[("entry", 4_000)]) / 20.0;
    let (_, whole, disk) = in_turn(bench.pairs(40), program, disk);
    let rest = (whole - 2.0 * disk) * 1_000.0;
    let more = format!("{:.1} ms in all, {syncs} commits of it are {:.1} ms bare", whole * 1_000.0, disk * 1_000.0);
    bench.tell(name, rest, "ms beyond twice its commits", Target::AtMost(15.0), &more);
}
