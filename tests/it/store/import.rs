//! Moving a store: what an export prints comes back as it was, in every backend from every backend.

use super::journal::{Faulty, UNREADABLE};
use super::{Site, create, key, put, spec, write};
use flow::name::Bucket;
use flow::run::{Owner, RunId};
use flow::store::{BucketSpec, Cut, Import, ImportError, Lease, Op, Store, Tally, claim_write, export};
use std::fmt::Write as _;

/// An export of an empty store.
const NOTHING: &str = "{\"end\":{\"lines\":0}}\n";

async fn exported(store: &dyn Store) -> String {
    let mut text = String::new();
    let keep = |line: &str| {
        text.push_str(line);
        text.push('\n');
        Ok(())
    };
    assert_eq!(export(store, &[], keep).await.unwrap().faults, Vec::<String>::new());
    text
}

async fn import(store: &dyn Store, text: &str) -> Result<Tally, ImportError> {
    let mut check = Import::into(store);
    check.check(text.as_bytes()).await?;
    let mut import = Import::into(store);
    import.write(text.as_bytes()).await?;
    assert_eq!(check.tally(), import.tally(), "a check foresees all of it");
    Ok(import.tally().clone())
}

/// An export without revisions, which are new in each store, and without copies, which only servers have.
fn content(text: &str) -> Vec<String> {
    let plain = regex::Regex::new(r#""revision":\d+,|"replicas":(null|\d+),"#).unwrap();
    text.lines().filter(|line| !line.starts_with("{\"end\"")).map(|line| plain.replace_all(line, "").into_owned()).collect()
}

/// Values of all kinds, with histories, deletes, and a key that is gone.
async fn filled(store: &dyn Store) -> Bucket {
    store.apply(&BucketSpec { description: "a \"b\" ü".to_owned(), ..spec("team-state", 3) }).await.unwrap();
    store.apply(&spec("empty", 64)).await.unwrap();
    let bucket = Bucket::new("team-state").unwrap();
    let mut last = put(store, create(&bucket, "meta", "{\"n\":1}")).await;
    for text in ["{ \"n\": 2 }", "null", "4", ""] {
        last = put(store, write(&bucket, "meta", Op::Update(text.into(), last))).await;
    }
    let gone = put(store, create(&bucket, "gone", "was here")).await;
    put(store, write(&bucket, "gone", Op::Delete(gone))).await;
    let back = put(store, create(&bucket, "back", "1")).await;
    put(store, write(&bucket, "back", Op::Delete(back))).await;
    put(store, create(&bucket, "back", "2")).await;
    let engine = Bucket::engine();
    put(store, write(&engine, "flow.blob.x", Op::Create((0..=255).collect()))).await;
    put(store, write(&engine, "flow.head.x", Op::Create(b"{\"v\":1}".to_vec()))).await;
    bucket
}

async fn moved(from: Site, to: Site, back: Site) {
    let source = from.connect().await;
    filled(&*source).await;
    let text = exported(&*source).await;
    let target = to.connect().await;
    let tally = import(&*target, &text).await.unwrap();
    let writes = text.lines().filter(|line| line.contains("\"key\"")).count() as u64;
    assert_eq!((tally.written, tally.there, tally.made.len(), tally.other.len()), (writes, 0, 2, 0), "{tally:?}");
    assert_eq!(content(&exported(&*target).await), content(&text));
    let again = import(&*target, &text).await.unwrap();
    assert_eq!((again.written, again.there, again.made.len()), (0, writes, 0));
    let home = back.connect().await;
    import(&*home, &exported(&*target).await).await.unwrap();
    assert_eq!(content(&exported(&*home).await), content(&text));
}

#[tokio::test]
async fn a_file_becomes_a_file() {
    moved(Site::embedded(), Site::embedded(), Site::memory()).await;
}

#[cfg(feature = "nats")]
#[tokio::test]
async fn a_file_goes_to_a_server_and_back() {
    moved(Site::embedded(), Site::nats(), Site::embedded()).await;
}

#[cfg(feature = "nats")]
#[tokio::test]
async fn a_server_becomes_a_server() {
    moved(Site::nats(), Site::nats(), Site::memory()).await;
}

#[tokio::test]
async fn an_export_of_before_is_still_taken_in() {
    let golden = include_str!("../../format/v1/export.jsonl");
    let site = Site::embedded();
    let store = site.connect().await;
    let said = import(&*store, golden).await.unwrap_err().to_string();
    assert!(said.starts_with("line 2: there is no bucket `team-state` here"), "{said}");
    assert_eq!(exported(&*store).await, NOTHING, "nothing was written");
    store.apply(&spec("team-state", 2)).await.unwrap();
    let said = import(&*store, golden).await.unwrap_err().to_string();
    assert_eq!(said, "line 4: `meta` has more writes than the bucket `team-state` keeps here, which is 2");
    store.apply(&spec("team-state", 3)).await.unwrap();
    assert_eq!(import(&*store, golden).await.unwrap().written, 4);
    let text = exported(&*store).await;
    let writes: String = text.lines().filter(|line| line.contains("\"key\"")).fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").unwrap();
        text
    });
    assert_eq!(content(&writes), content(golden));
}

#[tokio::test]
async fn what_was_begun_is_gone_on_with_and_what_differs_is_named() {
    let source = Site::memory().connect().await;
    let bucket = filled(&*source).await;
    let text = exported(&*source).await;
    let lines: Vec<&str> = text.lines().collect();
    for upto in 0..=lines.len() {
        let store = Site::memory().connect().await;
        import(&*store, &lines[..upto].join("\n")).await.unwrap();
        let tally = import(&*store, &text).await.unwrap();
        assert_eq!(tally.written + tally.there, 10, "after {upto} lines");
        assert_eq!(content(&exported(&*store).await), content(&text), "after {upto} lines");
    }
    let store = Site::memory().connect().await;
    store.apply(&spec("team-state", 3)).await.unwrap();
    put(&*store, create(&bucket, "back", "other")).await;
    put(&*store, create(&bucket, "meta", "null")).await;
    let before = exported(&*store).await;
    let said = import(&*store, &text).await.unwrap_err().to_string();
    let line = |key: &str| 1 + lines.iter().position(|line| line.contains(&format!("\"key\":\"{key}\""))).unwrap();
    assert_eq!(
        said,
        format!("the store has something else under `back` of the bucket `team-state` (line {})", line("back")),
        "`meta` has what its first kept write was, so it only goes on"
    );
    assert_eq!(exported(&*store).await, before, "nothing was written");
}

#[tokio::test]
async fn rows_are_written_only_when_all_lines_came() {
    let source = Site::memory().connect().await;
    filled(&*source).await;
    let text = exported(&*source).await;
    let lines: Vec<&str> = text.lines().collect();
    let all = lines.len() as u64 - 1;
    let other = Site::memory().connect().await;
    put(&*other, create(&Bucket::engine(), "flow.blob.other", "1")).await;
    let more = exported(&*other).await;
    let blob = lines.iter().position(|line| line.contains("flow.blob.x")).unwrap();
    let cases = [
        (text.clone(), None),
        (format!("{text}{more}"), None),
        (format!("{more}{text}"), None),
        (format!("{}\n{more}{}\n", lines[..3].join("\n"), lines[3..].join("\n")), None),
        (lines[..lines.len() - 1].join("\n"), Some(Cut { told: None, came: all })),
        ([&lines[..blob], &lines[blob + 1..]].concat().join("\n"), Some(Cut { told: Some(all), came: all - 1 })),
        (format!("{}\n{more}", lines[..lines.len() - 1].join("\n")), Some(Cut { told: Some(1), came: all + 1 })),
    ];
    for (text, cut) in cases {
        let store = Site::memory().connect().await;
        assert_eq!(import(&*store, &text).await.unwrap().cut, cut, "{text}");
        let row = store.get(&Bucket::engine(), &key("flow.head.x")).await.unwrap();
        assert_eq!(row.is_some(), cut.is_none(), "{text}");
    }
}

#[tokio::test]
async fn an_export_has_an_end_only_when_all_of_the_engines_bucket_was_read() {
    let store = Faulty::on_memory(&[]);
    let bucket = filled(&*store).await;
    for (bucket, has_end) in [(&bucket, true), (&Bucket::engine(), false)] {
        put(&*store, create(bucket, UNREADABLE, "1")).await;
        let mut last = String::new();
        let keep = |line: &str| {
            last = line.to_owned();
            Ok(())
        };
        assert!(!export(&*store, &[], keep).await.unwrap().faults.is_empty());
        assert_eq!(last.starts_with("{\"end\""), has_end, "{bucket}: {last}");
    }
}

#[tokio::test]
async fn lines_may_be_mixed_as_long_as_those_of_a_key_are_in_order() {
    let source = Site::memory().connect().await;
    filled(&*source).await;
    let text = exported(&*source).await;
    let revision = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["revision"].as_u64();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_by_key(|line| revision(line));
    let store = Site::memory().connect().await;
    import(&*store, &lines.join("\n")).await.unwrap();
    assert_eq!(content(&exported(&*store).await), content(&text));
    lines.sort_by_key(|line| revision(line).map(|revision| u64::MAX - revision));
    let said = import(&*Site::memory().connect().await, &lines.join("\n")).await.unwrap_err().to_string();
    assert!(said.contains("lines of a key must be in order"), "{said}");
}

#[tokio::test]
async fn a_mistake_in_the_last_line_is_found_before_the_first_is_written() {
    let source = Site::memory().connect().await;
    filled(&*source).await;
    let good = exported(&*source).await;
    let end = good.lines().count() + 1;
    for (line, why) in [
        ("{\"bucket\":\"flow\"", format!("line {end}: EOF")),
        ("{\"bucket\":\"flow\",\"key\":\"a b\",\"revision\":9,\"value\":1}", format!("line {end}: `a b` has the character ' '")),
        (
            "{\"bucket\":\"other\",\"key\":\"a\",\"revision\":9,\"value\":1}",
            format!("line {end}: there is no bucket `other` here"),
        ),
        (
            "{\"bucket\":\"other\",\"settings\":{\"history\":65,\"description\":\"\"}}",
            format!("line {end}: the store failed to make"),
        ),
        (
            "{\"bucket\":\"empty\",\"settings\":{\"history\":64,\"description\":\"\"}}",
            "come after writes of it, or twice".to_owned(),
        ),
    ] {
        let store = Site::memory().connect().await;
        let said = import(&*store, &format!("{good}{line}\n")).await.unwrap_err().to_string();
        assert!(said.contains(&why), "{said}");
        assert_eq!(exported(&*store).await, NOTHING);
    }
    let store = Site::memory().connect().await;
    store.apply(&spec("team-state", 2)).await.unwrap();
    let said = import(&*store, &good).await.unwrap_err().to_string();
    assert!(said.contains("the bucket `team-state` keeps 3 values of a key where this comes from, and 2 here"), "{said}");
}

#[tokio::test]
async fn nobody_carries_a_run_in_the_store_that_it_was_moved_to() {
    let source = Site::memory().connect().await;
    let run = RunId::parse("01J9ZQ4YV6T1N2M3P4Q5R6S7T8").unwrap();
    let owner = Owner { driver: "me".to_owned(), host: "far".to_owned(), boot_id: "x".to_owned(), pid: 7, pid_start: 8 };
    let lease = Lease { owner, token: 1, beat: 4 };
    put(&*source, claim_write(&run, &lease, None)).await;
    put(&*source, create(&Bucket::engine(), &format!("flow.pool.p.task.{run}.a.1"), "{}")).await;
    put(&*source, create(&Bucket::engine(), &format!("flow.pool.p.run.{run}"), "{}")).await;
    let store = Site::memory().connect().await;
    let tally = import(&*store, &exported(&*source).await).await.unwrap();
    assert_eq!((tally.written, tally.left_out, tally.carried.len()), (1, 2, 1));
    assert_eq!((&tally.carried[0].run, &tally.carried[0].lease), (&run, &lease));
    assert_eq!(store.keys(&Bucket::engine(), "").await.unwrap()[0].0, key(&format!("flow.pool.p.run.{run}")));
}

/// Ten thousand keys with three values each, and some big ones.
async fn many(store: &dyn Store) -> String {
    let mut text = "{\"bucket\":\"many\",\"settings\":{\"replicas\":null,\"history\":3,\"description\":\"\"}}\n".to_owned();
    let big = "x".repeat(400_000);
    let mut revision = 0;
    for n in 0..10_000 {
        for value in 0..3 {
            revision += 1;
            let value = if n % 1_000 == 0 { format!("\"{big}{value}\"") } else { format!("{{\"n\":{n},\"value\":{value}}}") };
            writeln!(text, "{{\"bucket\":\"many\",\"key\":\"k{n:05}\",\"revision\":{revision},\"value\":{value}}}").unwrap();
        }
    }
    assert_eq!(import(store, &text).await.unwrap().written, 30_000);
    text
}

#[tokio::test]
async fn ten_thousand_keys_are_moved_into_a_file() {
    let site = Site::embedded();
    let store = site.connect().await;
    let text = many(&*store).await;
    assert!(content(&exported(&*store).await) == content(&text), "an export of it is not what went in");
}

#[cfg(feature = "nats")]
#[tokio::test]
async fn ten_thousand_keys_are_moved_to_a_server() {
    let site = Site::nats();
    let store = site.connect().await;
    let text = many(&*store).await;
    assert!(content(&exported(&*store).await) == content(&text), "an export of it is not what went in");
    assert_eq!(store.head(&Bucket::new("many").unwrap()).await.unwrap(), flow::store::Revision(30_000));
}
