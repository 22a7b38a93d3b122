//! Processes that die, and processes that may not write. A test of this file starts its own binary again with
//! [`ROLE`] set, and the same test function then plays the child.

use super::{create, key};
use flow::name::Bucket;
use flow::store::{Embedded, Store};
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names the store that a child works on.
const ROLE: &str = "FLOW_TEST_STORE_CHILD";

fn child(test: &str, path: &Path) -> Command {
    // Through /proc, so that a child of another user need not be able to walk to the file.
    let mut command = Command::new("/proc/self/exe");
    command.args(["--exact", &format!("store::crash::{test}"), "--nocapture"]).env(ROLE, path);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn role() -> Option<PathBuf> {
    std::env::var_os(ROLE).map(PathBuf::from)
}

/// Says something to the parent, at once.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\nsaid {text}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn heard(line: &str) -> Option<String> {
    line.strip_prefix("said ").map(str::to_owned)
}

/// Writes and acknowledges until it is killed.
async fn write_for_ever(path: &Path) {
    let store = Embedded::open(path, true).unwrap();
    let engine = Bucket::engine();
    let mut n = store.scan(&engine, "count").await.unwrap().len();
    loop {
        n += 1;
        let batch = vec![
            create(&engine, &format!("count.{n:06}"), &"x".repeat(n % 7_000)),
            create(&engine, &format!("twin.{n:06}"), "x"),
        ];
        store.commit(batch).await.unwrap();
        say(&n.to_string());
    }
}

#[tokio::test]
async fn kill_9_loses_no_acknowledged_commit() {
    if let Some(path) = role() {
        return write_for_ever(&path).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".flow").join("state.db");
    let mut last = 0;
    for round in 0..12 {
        let mut writer = child("kill_9_loses_no_acknowledged_commit", &path).spawn().unwrap();
        let mut lines =
            BufReader::new(writer.stdout.take().unwrap()).lines().map_while(Result::ok).filter_map(|line| heard(&line));
        let enough = last + 5 + round * 13;
        for said in lines.by_ref() {
            last = said.parse().unwrap();
            if last >= enough {
                break;
            }
        }
        writer.kill().unwrap();
        // What it had said before it died counts too.
        last = lines.last().map_or(last, |said| said.parse().unwrap());
        writer.wait().unwrap();
        let store = Embedded::open(&path, false).unwrap();
        let (count, twins) =
            (store.scan(&Bucket::engine(), "count").await.unwrap(), store.scan(&Bucket::engine(), "twin").await.unwrap());
        assert!(count.len() >= last && count.len() <= last + 1, "{} are there, {last} were acknowledged", count.len());
        assert_eq!(count.len(), twins.len(), "a batch was torn");
        assert_eq!(count.last().unwrap().key, key(&format!("count.{:06}", count.len())));
        assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_folder_that_may_not_be_written_is_named() {
    if let Some(path) = role() {
        return say(&Embedded::open(&path, true).err().map_or("opened".to_owned(), |error| error.to_string()));
    }
    // The administrator may write everywhere, so the child is nobody.
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let path = folder.path().join("there.db");
    drop(Embedded::open(&path, true).unwrap());
    open(&path, 0o444);
    open(folder.path(), 0o555);
    for (name, said) in [("there.db", "must be writable"), ("new.db", "cannot be made")] {
        let mut command = child("a_folder_that_may_not_be_written_is_named", &folder.path().join(name));
        if rustix::process::geteuid().is_root() {
            use std::os::unix::process::CommandExt;
            command.uid(65_534).gid(65_534).current_dir("/");
        }
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).lines().find_map(heard).expect("the child said nothing");
        assert!(text.contains(said) && text.contains("--store"), "{text}");
    }
    open(folder.path(), 0o755);
}
