//! Folders that may not be written, that are files, that are gone or somewhere else.

use super::{PIPELINE, begun, desk, with};
use crate::cli::{Desk, Did};
use crate::kill::wait_for;
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Types a command as somebody who may write only where everybody may: the administrator may write everywhere.
fn as_nobody(desk: &Desk, words: &str) -> Did {
    // Through its open file, since the program may lie where nobody may look.
    let program = fs::File::open(env!("CARGO_BIN_EXE_flow")).unwrap();
    let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
    command.arg0("flow").args(words.split(' ')).current_dir(desk.project()).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent").stdin(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    desk.did(words, &command.output().unwrap())
}

#[test]
fn in_a_folder_that_may_not_be_written_nothing_starts_and_nothing_is_lost() {
    let desk = desk();
    let (project, flow) = (desk.project(), desk.project().join(".flow"));
    mode(project.parent().unwrap(), 0o755);
    mode(&project, 0o555);
    as_nobody(&desk, "run steps.toml --yes")
        .ends(5)
        .says_part("`$PROJECT/.flow` cannot be made: Permission denied (os error 13); make its folder writable, or name another");
    as_nobody(&desk, "list").ends(0).says_part("there is no run in $PROJECT yet");
    mode(&project, 0o755);
    desk.flow("run steps.toml --yes").ends(0);
    // The store is there, and may be looked at by nobody but its owner: that is not the same as not being there.
    as_nobody(&desk, "list").ends(5).says_part("it cannot be looked at (Permission denied");
    mode(&flow, 0o555);
    mode(&flow.join("state.db"), 0o444);
    for words in ["list", "show latest", "store export", "run steps.toml --yes"] {
        as_nobody(&desk, words).ends(5).says_part("the file and its folder must be writable");
    }
    mode(&flow, 0o700);
    mode(&flow.join("state.db"), 0o600);
    desk.flow("show latest --jq .status").ends(0).prints("\"complete\"\n");
}

#[test]
fn what_stands_in_the_place_of_the_store_is_named_and_left_alone() {
    let desk = desk().file(".flow", "a file of somebody");
    desk.flow("run steps.toml --yes")
        .ends(5)
        .says_part("`$PROJECT/.flow` is a file, where the folder of the store should be: move");
    desk.flow("list").ends(5).says_part("`$PROJECT/.flow` is a file");
    assert_eq!(fs::read_to_string(desk.project().join(".flow")).unwrap(), "a file of somebody");
    fs::create_dir(desk.project().join("folder")).unwrap();
    for words in ["run steps.toml --yes", "list", "store export"] {
        desk.flow(&format!("{words} --store sqlite:folder")).ends(5).says_part("it is a folder; name a file in it");
    }
    let desk = desk.file("notes.txt", "not a database, and long enough to be taken for the head of one, which it is not either");
    for words in ["run steps.toml --yes", "list", "store export"] {
        desk.flow(&format!("{words} --store sqlite:notes.txt"))
            .ends(5)
            .says_part("the file is no SQLite database; it was left as it");
    }
    let desk = desk.file("empty.db", "");
    desk.flow("list --store sqlite:empty.db").ends(5).says_part("the file is empty").says_part("bring back a copy of it");
    assert!(begun(&desk).is_empty());
    assert_eq!(fs::metadata(desk.project().join("empty.db")).unwrap().len(), 0);
}

#[test]
fn where_the_streams_of_attempts_cannot_go_nothing_is_performed() {
    let desk = desk();
    fs::create_dir(desk.project().join(".flow")).unwrap();
    let desk = desk.file(".flow/tmp", "in the way");
    desk.flow("run steps.toml --yes").ends(5).says_part(".flow/tmp/RUN cannot be made: Not a directory");
    assert!(begun(&desk).is_empty());
    fs::remove_file(desk.project().join(".flow/tmp")).unwrap();
    desk.flow("run steps.toml --continue --yes").ends(0);
}

/// Starts the run and waits until its second phase holds.
fn holding(desk: &Desk, more: &[&str]) -> Child {
    let child = desk.command([&["run", "steps.toml", "--yes"], more].concat()).spawn().unwrap();
    wait_for(&desk.project().join("holds"));
    child
}

#[test]
fn a_store_that_is_moved_during_a_run_is_noticed_and_goes_on_when_it_is_back() {
    let desk = desk().file("hold", "");
    let child = holding(&desk, &[]);
    let (here, there) = (desk.project().join(".flow"), desk.project().join("elsewhere"));
    fs::rename(&here, &there).unwrap();
    let desk = desk.file("go", "");
    let did = desk.did("run steps.toml", &child.wait_with_output().unwrap());
    did.ends(5).says_part("was removed or replaced while it was in use, so nothing more can be kept");
    // A run of another store must not be written into the place of the first.
    desk.flow("list").ends(0).says_part("there is no run in $PROJECT yet");
    desk.flow(&format!("show latest --store sqlite:{} --jq .phases.one.status", there.join("state.db").display()))
        .ends(0)
        .prints("\"complete\"\n");
    let _ = fs::remove_dir_all(&here);
    fs::rename(&there, &here).unwrap();
    desk.flow("run steps.toml --continue --yes").ends(0);
    assert_eq!(begun(&desk), ["one", "two", "two", "three"]);
}

#[test]
fn a_project_that_vanishes_during_a_run_is_named_and_the_run_goes_on_when_it_is_back() {
    let desk = desk().file("hold", "");
    let (project, away) = (desk.project(), desk.project().with_file_name("away"));
    let store = format!("sqlite:{}", desk.project().with_file_name("state.db").display());
    let child = holding(&desk, &["--store", &store]);
    fs::rename(&project, &away).unwrap();
    fs::write(away.join("go"), "").unwrap();
    let output = child.wait_with_output().unwrap();
    fs::rename(&away, &project).unwrap();
    desk.did("run steps.toml", &output)
        .ends(1)
        .says_part("two: complete\n")
        .says_part("the project's folder `$PROJECT` is not there any more: bring it back, or go on with `flow resume` where it");
    // Between two drivers, a folder that a phase works in.
    desk.flow(&format!("run steps.toml --continue --yes --store {store}")).ends(0);
    assert_eq!(begun(&desk), ["one", "two", "three"]);
}

#[test]
fn a_folder_of_a_phase_that_vanished_between_two_drivers_is_named() {
    let desk = with(&PIPELINE.replace("needs = [\"two\"]", "needs = [\"two\"]\ndir = \"sub\""));
    let desk = desk.file("sub/kept", "").file("hold", "");
    let mut child = holding(&desk, &[]);
    child.kill().unwrap();
    child.wait().unwrap();
    fs::remove_dir_all(desk.project().join("sub")).unwrap();
    let desk = desk.file("go", "");
    desk.flow("run steps.toml --continue --yes").ends(1).says_part("the folder `sub` does not exist in `$PROJECT`");
    let desk = desk.file("sub/back", "");
    desk.flow("run steps.toml --continue --yes").ends(0);
    assert_eq!(begun(&desk), ["one", "two", "two", "three"]);
}

#[test]
fn a_working_folder_that_is_gone_is_said() {
    let desk = Desk::new();
    let gone = desk.project().join("gone");
    fs::create_dir(&gone).unwrap();
    let script = "cd gone && rmdir ../gone && exec \"$FLOW\" list";
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(desk.project()).env("FLOW", env!("CARGO_BIN_EXE_flow")).stdin(Stdio::null());
    desk.did("list", &command.output().unwrap()).ends(3).says_part("the working folder is gone");
}
