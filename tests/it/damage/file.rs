//! A file that is not what was written: cut short, with a byte that fell over, from a later version. Nothing is worked
//! with that was changed, nothing is overwritten, and what is still there can be had.

use super::{PIPELINE, desk, with};
use crate::cli::Desk;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

/// A folder where a few runs have been.
fn filled() -> Desk {
    let desk = desk();
    for _ in 0..3 {
        desk.flow("run steps.toml --yes").ends(0);
    }
    desk
}

fn database(desk: &Desk) -> PathBuf {
    desk.project().join(".flow/state.db")
}

/// The lines of an export without its end, and the code that it ended with.
fn export(desk: &Desk) -> (BTreeSet<String>, Option<i32>, String) {
    let output = desk.command(["store", "export"]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(lines.lines().next_back().is_some_and(|line| line.starts_with("{\"end\"")), "{lines}");
    let lines = lines.lines().filter(|line| !line.starts_with("{\"end\"")).map(str::to_owned);
    (lines.collect(), output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn of_a_file_that_was_cut_short_everything_that_is_left_is_exported() {
    let desk = filled();
    let (whole, code, _) = export(&desk);
    assert_eq!(code, Some(0));
    let bytes = fs::read(database(&desk)).unwrap();
    let pages = bytes.len() / 4096;
    let mut had = vec![];
    for keep in [pages - 1, pages * 3 / 4, pages / 2, 1] {
        let cut = &bytes[..keep * 4096];
        fs::write(database(&desk), cut).unwrap();
        for command in ["list", "show latest", "why latest", "run steps.toml --continue --yes", "run steps.toml --yes"] {
            desk.flow(command)
                .ends(5)
                .says_part(
                    "the file of the store sqlite:$PROJECT/.flow/state.db is damaged: something in it was changed, or it was cut",
                )
                .says_part("nothing was changed: `flow store export` saves what can still be read");
        }
        desk.flow("doctor").ends(1).prints_part("✗ store sqlite:$PROJECT/.flow/state.db: the file of the store");
        let (left, code, said) = export(&desk);
        assert_eq!(code, Some(5), "{said}");
        assert!(said.contains("is damaged") && said.contains("could be read"), "{said}");
        let made_up: Vec<_> = left.iter().filter(|line| !line.contains("\"deleted\":true") && !whole.contains(*line)).collect();
        assert!(made_up.is_empty(), "{keep} pages give what was never written: {made_up:?}");
        // What is not there is said, one by one as far as the index is there.
        assert!(said.contains("lost: "), "{said}");
        had.push(left.len());
        assert!(fs::read(database(&desk)).unwrap() == cut, "the file was changed");
        assert!(!desk.project().join(".flow/state.db-wal").exists(), "something was left beside it");
    }
    assert!(had[0] > whole.len() / 2 && had.is_sorted_by(|a, b| a >= b) && had[3] == 0, "{had:?} of {}", whole.len());
    fs::write(database(&desk), &bytes[..bytes.len() - 10]).unwrap();
    let (left, code, said) = export(&desk);
    assert!(code == Some(5) && said.contains("ends within a page"), "{said}");
    assert!(left.intersection(&whole).count() + 1 >= whole.len(), "{} of {}: {said}", left.len(), whole.len());
    fs::write(database(&desk), &bytes).unwrap();
    assert_eq!(export(&desk), (whole, Some(0), String::new()), "a copy that is brought back is as good as ever");
    desk.flow("doctor").ends(0);
}

#[test]
fn a_file_that_is_refused_keeps_the_log_of_its_last_writes() {
    let desk = desk();
    let died = desk.command(["run", "steps.toml", "--yes"]).env("FLOW_CRASH_AT", "attempt.ended:2").output().unwrap();
    assert_eq!(died.status.signal(), Some(9));
    let log = desk.project().join(".flow/state.db-wal");
    let (bytes, logged) = (fs::read(database(&desk)).unwrap(), fs::read(&log).unwrap());
    // The first page says how many there should be; in the log it says so again, so that is cut as well.
    fs::write(database(&desk), &bytes[..4096]).unwrap();
    fs::write(&log, &logged[..32 + 24 + 4096]).unwrap();
    for command in ["list", "run steps.toml --continue --yes", "store export", "doctor"] {
        let _ = desk.flow(command);
        assert!(fs::read(database(&desk)).unwrap() == bytes[..4096], "`flow {command}` changed the file");
        assert!(fs::read(&log).unwrap() == logged[..32 + 24 + 4096], "`flow {command}` changed the log");
    }
    fs::write(database(&desk), &bytes).unwrap();
    fs::write(&log, &logged).unwrap();
    desk.flow("run steps.toml --continue --yes").ends(0);
}

#[test]
fn a_page_that_was_overwritten_loses_what_stood_on_it_and_nothing_else() {
    let desk = filled();
    let (whole, ..) = export(&desk);
    let bytes = fs::read(database(&desk)).unwrap();
    let mut partly = 0;
    for page in (1..bytes.len() / 4096).step_by(3) {
        let mut broken = bytes.clone();
        broken[page * 4096..page * 4096 + 48].fill(0xA5);
        fs::write(database(&desk), &broken).unwrap();
        let (left, code, said) = export(&desk);
        let kept = left.intersection(&whole).count();
        partly += usize::from(kept > 0 && kept < whole.len());
        assert!(code == Some(5) || kept == whole.len(), "page {page}: {} of {} and code {code:?}", kept, whole.len());
        assert!(kept == whole.len() || !said.is_empty(), "page {page}: {kept} of {}", whole.len());
        assert!(fs::read(database(&desk)).unwrap() == broken, "page {page}: the file was changed");
    }
    assert!(partly > 2, "no page cost only a part");
}

/// Changes one byte of a text in the file: the last, wherever it stands, for a page keeps what once stood on it.
fn flip(desk: &Desk, text: &str) {
    let mut bytes = fs::read(database(desk)).unwrap();
    let places: Vec<_> = (0..bytes.len() - text.len()).filter(|at| bytes[*at..].starts_with(text.as_bytes())).collect();
    assert!(!places.is_empty(), "{text} stands in the file");
    for at in places {
        bytes[at + text.len() - 1] ^= 1;
    }
    fs::write(database(desk), bytes).unwrap();
}

#[test]
fn a_byte_that_fell_over_in_an_event_is_found_and_named() {
    let desk = desk().file("hold", "");
    let mut child = desk.command(["run", "steps.toml", "--yes"]).spawn().unwrap();
    crate::kill::wait_for(&desk.project().join("holds"));
    child.kill().unwrap();
    child.wait().unwrap();
    // Moves the log into the file.
    desk.flow("list").ends(0);
    let good = fs::read(database(&desk)).unwrap();
    flip(&desk, "\"type\":\"phase_completed\",\"phase\":\"one");
    for command in ["show latest", "why latest", "logs latest", "run steps.toml --continue --yes", "resume latest --yes"] {
        desk.flow(command)
            .ends(5)
            .says_part("`flow.run.RUN.0000000002` in the store is damaged: its content does not have the hash that was written with it; \
                        entry 1 is whole. Nothing was changed: bring back a copy of the store from before, or save what there is with \
                        `flow store export`");
    }
    desk.flow("list").ends(0).prints_part("running");
    desk.flow("doctor").ends(1).prints_part("✗ run RUN: `flow.run.RUN.0000000002` in the store is damaged");
    fs::write(database(&desk), good).unwrap();
    let desk = desk.file("go", "");
    desk.flow("run steps.toml --continue --yes").ends(0);
}

#[test]
fn a_byte_that_fell_over_in_a_plan_or_a_blob_is_found_and_named() {
    let two = "[phases.two]\nneeds = [\"one\"]\n";
    let desk = with(&PIPELINE.replace(
        &format!("{two}agent = \"worker\"\nprompt = \"Work\"\n"),
        &format!("{two}ask = \"Go on?\"\nform = {{ yes = \"boolean\" }}\n"),
    ));
    desk.flow("run steps.toml --yes").ends(4);
    desk.flow("doctor").ends(0).prints_part("✓ store: 1 plan and 1 blob are what their digests say\n");
    let good = fs::read(database(&desk)).unwrap();

    flip(&desk, "\"description\":\"Three phases");
    for command in ["resume latest --yes", "why latest", "answer latest two yes=true"] {
        desk.flow(command).ends(5).says_part("in the store is damaged: its content does not have the digest it is stored under");
    }
    desk.flow("show latest --jq .status").ends(0).prints("\"waiting\"\n");
    let found = desk.flow("doctor").ends(1).stdout;
    assert_eq!(found.matches("✗ `flow.plan.").count(), 1, "{found}");

    fs::write(database(&desk), &good).unwrap();
    flip(&desk, "said aside");
    desk.flow("logs latest --transcript")
        .ends(5)
        .says_part("`flow.blob.")
        .says_part("does not have the digest it is stored under");
    desk.flow("show latest").ends(0);
    let found = desk.flow("doctor").ends(1).stdout;
    assert_eq!(found.matches("✗ `flow.blob.").count(), 1, "{found}");
    fs::write(database(&desk), &good).unwrap();
    desk.flow("doctor").ends(0);
}

#[test]
fn what_is_missing_and_was_named_is_found_by_the_doctor() {
    let desk = filled();
    let file = rusqlite::Connection::open(database(&desk)).unwrap();
    file.execute("DELETE FROM writes WHERE key LIKE 'flow.plan.%' OR key LIKE 'flow.blob.%'", []).unwrap();
    drop(file);
    desk.flow("doctor")
        .ends(1)
        .prints_part("is not in the store\n")
        .prints_part("✗ run RUN: its plan sha256:")
        .prints_part("✗ run RUN: the transcript sha256:");
}

#[test]
fn a_store_of_a_later_version_is_refused_by_every_command() {
    let desk = filled();
    let file = rusqlite::Connection::open(database(&desk)).unwrap();
    file.pragma_update(None, "user_version", 7).unwrap();
    drop(file);
    let before = fs::read(database(&desk)).unwrap();
    for command in
        ["run steps.toml --yes", "run steps.toml --continue --yes", "list", "show latest", "store export", "cancel latest"]
    {
        desk.flow(command).ends(5).says_part("has format 7, and this program reads up to 1: use a newer `flow`");
    }
    desk.flow("doctor").ends(1).prints_part("use a newer `flow`");
    assert!(fs::read(database(&desk)).unwrap() == before);
}
