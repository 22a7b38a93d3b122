//! What only a file can do: be shared, be foreign, be damaged, be in the wrong place.

use super::{Site, create, key, put, shown};
use flow::name::Bucket;
use flow::run::RunId;
use flow::store::{CommitError, Embedded, Journal, Revision, Store, StoreError};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

/// The message of a store that cannot be opened.
fn refusal(path: &Path) -> String {
    Embedded::open(path, true).expect_err("it was opened").to_string()
}

/// A file of ours with a few values in it, closed.
async fn filled() -> Site {
    let site = Site::embedded();
    let store = site.connect().await;
    for n in 0..200 {
        put(&*store, create(&Bucket::engine(), &format!("a.{n:03}"), &"value ".repeat(200))).await;
    }
    drop(store);
    site
}

#[tokio::test]
async fn a_new_store_is_private_and_ignored_by_git() {
    let site = Site::embedded();
    drop(site.connect().await);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = site.path().parent().unwrap().to_owned();
    assert_eq!(mode(&site.path()), 0o600);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(fs::read_to_string(folder.join(".gitignore")).unwrap(), "*\n");
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".gitignore", "state.db"], "nothing else is left behind");
}

#[tokio::test]
async fn a_folder_of_somebody_else_gets_no_gitignore() {
    let folder = tempfile::tempdir().unwrap();
    Embedded::open(&folder.path().join("state.db"), true).unwrap();
    assert!(!folder.path().join(".gitignore").exists());
}

#[tokio::test]
async fn without_create_nothing_is_made() {
    let site = Site::embedded();
    let error = Embedded::open(&site.path(), false).unwrap_err().to_string();
    assert!(error.ends_with("there is no such file yet; `flow run` makes it"), "{error}");
    assert!(!site.path().parent().unwrap().exists());
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let site = filled().await;
    let store = site.connect().await;
    assert_eq!(store.scan(&Bucket::engine(), "a").await.unwrap().len(), 200);
    assert_eq!(store.head(&Bucket::engine()).await.unwrap(), Revision(200));
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

#[test]
fn processes_that_make_a_store_at_once_share_it() {
    for _ in 0..10 {
        let site = Arc::new(Site::embedded());
        let makers: Vec<_> = (0..4)
            .map(|n| {
                let site = Arc::clone(&site);
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    let store = runtime.block_on(site.connect());
                    runtime.block_on(put(&*store, create(&Bucket::engine(), &format!("a.{n}"), "x")));
                })
            })
            .collect();
        for maker in makers {
            maker.join().unwrap();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(runtime.block_on(site.connect()).scan(&Bucket::engine(), "a")).unwrap().len(), 4);
    }
}

#[tokio::test]
async fn commits_that_wait_share_a_sync() {
    let site = Site::embedded();
    let store = Arc::new(Embedded::open(&site.path(), true).unwrap());
    put(&*store, create(&Bucket::engine(), "warm", "x")).await;
    // All are handed in before the first is awaited: `join_all` polls each once, in order.
    let commits = (0..200).map(|n| store.commit(vec![create(&Bucket::engine(), &format!("a.{n:03}"), "x")]));
    let answers = futures_util::future::join_all(commits).await;
    assert!(answers.iter().all(Result::is_ok));
    assert!(store.syncs() <= 100, "{} syncs for 200 commits", store.syncs());
    assert_eq!(store.scan(&Bucket::engine(), "a").await.unwrap().len(), 200);
}

#[tokio::test]
async fn in_a_shared_transaction_a_conflict_fails_alone() {
    let site = Site::embedded();
    let store = site.connect().await;
    let engine = Bucket::engine();
    let commits = (0..60).map(|n| {
        let name = if n % 3 == 0 { "same".to_owned() } else { format!("a.{n:02}") };
        store.commit(vec![create(&engine, &format!("b.{n:02}"), "x"), create(&engine, &name, "x")])
    });
    let answers = futures_util::future::join_all(commits).await;
    let lost = answers.iter().filter(|answer| matches!(answer, Err(CommitError::Conflict { index: 1, .. }))).count();
    let won = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!((won, lost), (41, 19));
    assert_eq!(store.scan(&engine, "b").await.unwrap().len(), 41, "losers leave nothing");
    let mut revisions: Vec<_> = answers.into_iter().flatten().flatten().collect();
    revisions.sort();
    revisions.dedup();
    assert_eq!(revisions.len(), 82, "no revision is given out twice");
}

#[tokio::test]
async fn a_conflict_costs_no_sync() {
    let site = Site::embedded();
    let store = Embedded::open(&site.path(), true).unwrap();
    put(&store, create(&Bucket::engine(), "a", "x")).await;
    let before = store.syncs();
    assert!(store.commit(vec![create(&Bucket::engine(), "a", "y")]).await.is_err());
    assert_eq!(store.syncs(), before);
}

#[tokio::test]
async fn dropping_a_store_finishes_what_was_handed_in() {
    let site = Site::embedded();
    let store = site.connect().await;
    let mut commit = store.commit(vec![create(&Bucket::engine(), "a", "x")]);
    // Polled once: handed in. Then nobody waits for the answer.
    assert!(futures_util::FutureExt::now_or_never(&mut commit).is_none_or(|answer| answer.is_ok()));
    drop(commit);
    drop(store);
    assert_eq!(shown(&site.connect().await.scan(&Bucket::engine(), "").await.unwrap()), ["a=x"]);
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let site = filled().await;
    let raw = rusqlite::Connection::open(site.path()).unwrap();
    raw.pragma_update(None, "user_version", 7).unwrap();
    drop(raw);
    let error = Embedded::open(&site.path(), true).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 7, known: 1, .. }), "{error}");
    assert!(error.to_string().ends_with("has format 7, and this program reads up to 1: use a newer `flow`"), "{error}");
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let site = Site::embedded();
    fs::create_dir(site.path().parent().unwrap()).unwrap();
    rusqlite::Connection::open(site.path())
        .unwrap()
        .execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
        .unwrap();
    let before = fs::read(site.path()).unwrap();
    let error = refusal(&site.path());
    assert!(error.contains("was not made by `flow`; it was left as it is"), "{error}");
    assert_eq!(fs::read(site.path()).unwrap(), before);
}

#[tokio::test]
async fn files_that_are_no_database_are_left_alone() {
    let site = Site::embedded();
    fs::create_dir(site.path().parent().unwrap()).unwrap();
    for (content, said) in [
        (&b"{\"json\": \"of somebody, and long enough to be read as a header\"}"[..], "no SQLite database"),
        (b"", "not made by"),
    ] {
        fs::write(site.path(), content).unwrap();
        let error = refusal(&site.path());
        assert!(error.contains(said), "{error}");
        assert_eq!(fs::read(site.path()).unwrap(), content);
    }
    let folder = site.path().parent().unwrap().to_owned();
    assert!(refusal(&folder).contains("it is a folder"), "{}", refusal(&folder));
}

#[tokio::test]
async fn a_file_that_was_cut_short_is_refused_and_left_alone() {
    let site = filled().await;
    let whole = fs::read(site.path()).unwrap();
    for keep in [whole.len() - 1, whole.len() / 2, 4096, 100, 50] {
        fs::write(site.path(), &whole[..keep]).unwrap();
        let error =
            Embedded::open(&site.path(), true).err().unwrap_or_else(|| panic!("{keep} of {} bytes were opened", whole.len()));
        let error = error.to_string();
        assert!(error.contains("cut short") || error.contains("no SQLite database"), "{keep}: {error}");
        assert_eq!(fs::read(site.path()).unwrap(), whole[..keep], "{keep} bytes were changed");
    }
}

#[tokio::test]
async fn damage_inside_is_an_error_and_never_a_panic() {
    let site = filled().await;
    let whole = fs::read(site.path()).unwrap();
    for page in 1..whole.len() / 4096 {
        let mut broken = whole.clone();
        broken[page * 4096..page * 4096 + 64].fill(0xA5);
        fs::write(site.path(), &broken).unwrap();
        let Ok(store) = Embedded::open(&site.path(), false) else { continue };
        let read = store.scan(&Bucket::engine(), "").await;
        let findings = store.check().await;
        let noticed = read.is_err() || findings.as_ref().map_or(true, |findings| !findings.is_empty());
        assert!(noticed, "page {page} is broken and nothing noticed");
        if let Err(error) = read {
            assert!(error.to_string().contains("flow store export"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    let error = refusal(&folder.path().join("file").join("state.db"));
    assert!(error.contains("is a file, where the folder of the store should be") && error.contains("--store"), "{error}");
}

/// The golden file was written by format 1 and is never written again: a journal of two entries with a blob, a document
/// with three values, and a deleted key.
#[tokio::test]
async fn a_file_of_format_1_can_be_read() {
    let site = Site::embedded();
    fs::create_dir(site.path().parent().unwrap()).unwrap();
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/format/v1/state.db"), site.path()).unwrap();
    let store = site.connect().await;
    let journal = Journal::new(Arc::clone(&store), RunId::parse("01J9ZQ4YV6T1N2M3P4Q5R6S7T8").unwrap());
    let loaded = journal.load().await.unwrap();
    assert_eq!(loaded.entries.iter().map(|entry| entry.events.len()).collect::<Vec<_>>(), [1, 2]);
    let bucket = Bucket::new("team-state").unwrap();
    assert_eq!(store.describe(&bucket).await.unwrap().map(|spec| spec.history), Some(3));
    assert_eq!(shown(&store.history(&bucket, &key("meta")).await.unwrap()), ["meta=2", "meta=3", "meta=4"]);
    assert_eq!(shown(&store.history(&bucket, &key("gone")).await.unwrap()), ["gone=x", "gone=-"]);
    journal.append(&loaded.head, "me", &[loaded.entries[0].events[0].clone()], Vec::new()).await.unwrap();
}
