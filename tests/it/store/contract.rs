//! What every backend does alike. Each function is one promise, run on each backend.

use super::{Site, create, key, put, shown, spec, write};
use flow::name::Bucket;
use flow::store::{BucketSpec, CommitError, Op, Revision, Store, StoreError};
use std::sync::Arc;

macro_rules! contract {
    ($($promise:ident)*) => {
        mod memory { $(#[tokio::test] async fn $promise() { super::$promise(super::Site::memory()).await; })* }
        /// One after the other, since three servers take a while to start.
        #[cfg(feature = "nats")]
        #[tokio::test]
        async fn a_cluster_of_three_does_all_of_it() {
            let cluster = crate::nats::Cluster::start().await;
            // The first account is the one that was asked until the cluster was ready.
            let mut accounts = 1..;
            $(
                println!("{}", stringify!($promise));
                $promise(Site::account(&cluster, accounts.next().unwrap())).await;
            )*
        }
        /// The oldest servers that are supported: each promise on a server of its own.
        #[cfg(feature = "nats")]
        mod old {
            async fn all_of_it(version: &str) {
                $(
                    println!("{version}: {}", stringify!($promise));
                    super::$promise(super::Site::old(version)).await;
                )*
            }
            #[tokio::test]
            async fn the_first_server_that_is_supported_does_all_of_it() {
                all_of_it(crate::nats::OLD[0]).await;
            }
            #[tokio::test]
            async fn the_last_server_without_batches_does_all_of_it() {
                all_of_it(crate::nats::OLD[1]).await;
            }
            #[tokio::test]
            async fn an_early_server_with_batches_does_all_of_it() {
                all_of_it(crate::nats::OLD[2]).await;
            }
        }
        #[cfg(feature = "nats")]
        mod nats { $(#[tokio::test] async fn $promise() { super::$promise(super::Site::nats()).await; })* }
        mod embedded { $(#[tokio::test] async fn $promise() { super::$promise(super::Site::embedded()).await; })* }
    };
}

contract! {
    a_key_is_created_once
    ensuring_leaves_what_is_there
    an_update_needs_the_last_revision
    a_delete_needs_the_last_revision_and_leaves_a_mark
    a_deleted_key_can_be_created_again
    revision_zero_stands_for_never_written
    a_conflict_leaves_nothing_and_names_its_write
    a_conflict_in_another_bucket_leaves_nothing
    a_batch_sees_its_own_writes
    an_empty_batch_is_fine
    revisions_grow_within_a_bucket
    only_the_last_values_are_kept
    less_history_trims_at_once
    a_scan_takes_whole_tokens
    a_scan_is_sorted_and_shows_no_deletes
    buckets_are_apart
    what_is_not_there_is_no_error
    a_bucket_that_nobody_made_takes_no_writes
    settings_are_kept_and_checked
    what_is_kept_is_counted
    values_are_any_bytes
    a_watch_gives_what_is_there_already
    a_watch_wakes_for_another_connection
    a_watch_is_not_woken_by_other_keys
    a_watch_gives_everything_once_and_in_order
    of_many_creators_one_wins
    racing_counters_lose_nothing
}

async fn value(store: &dyn Store, bucket: &Bucket, name: &str) -> Option<String> {
    let entry = store.get(bucket, &key(name)).await.unwrap();
    entry.map(|entry| String::from_utf8(entry.value.unwrap()).unwrap())
}

async fn conflict(store: &dyn Store, batch: Vec<flow::store::Write>) -> (usize, String) {
    match store.commit(batch).await {
        Err(CommitError::Conflict { index, key }) => (index, key.as_str().to_owned()),
        other => panic!("expected a conflict, got {other:?}"),
    }
}

async fn a_key_is_created_once(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    put(&*store, create(&bucket, "a", "one")).await;
    assert_eq!(conflict(&*store, vec![create(&bucket, "a", "two")]).await, (0, "a".to_owned()));
    assert_eq!(value(&*store, &bucket, "a").await.as_deref(), Some("one"));
}

async fn ensuring_leaves_what_is_there(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let first = put(&*store, write(&bucket, "a", Op::Ensure(b"one".to_vec()))).await;
    let again = put(&*store, write(&bucket, "a", Op::Ensure(b"two".to_vec()))).await;
    assert_eq!(first, again, "the revision of what is there");
    assert_eq!(value(&*store, &bucket, "a").await.as_deref(), Some("one"));
    put(&*store, write(&bucket, "a", Op::Delete(first))).await;
    put(&*store, write(&bucket, "a", Op::Ensure(b"three".to_vec()))).await;
    assert_eq!(value(&*store, &bucket, "a").await.as_deref(), Some("three"));
}

async fn an_update_needs_the_last_revision(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let first = put(&*store, create(&bucket, "a", "one")).await;
    let second = put(&*store, write(&bucket, "a", Op::Update(b"two".to_vec(), first))).await;
    assert!(second > first);
    conflict(&*store, vec![write(&bucket, "a", Op::Update(b"lost".to_vec(), first))]).await;
    conflict(&*store, vec![write(&bucket, "b", Op::Update(b"lost".to_vec(), first))]).await;
    assert_eq!(value(&*store, &bucket, "a").await.as_deref(), Some("two"));
    assert_eq!(value(&*store, &bucket, "b").await, None);
}

async fn a_delete_needs_the_last_revision_and_leaves_a_mark(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let first = put(&*store, create(&bucket, "a", "one")).await;
    conflict(&*store, vec![write(&bucket, "a", Op::Delete(Revision(first.0 + 1)))]).await;
    put(&*store, write(&bucket, "a", Op::Delete(first))).await;
    assert_eq!(value(&*store, &bucket, "a").await, None);
    conflict(&*store, vec![write(&bucket, "a", Op::Delete(first))]).await;
    assert_eq!(shown(&store.history(&bucket, &key("a")).await.unwrap()), ["a=one", "a=-"]);
}

async fn a_deleted_key_can_be_created_again(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let first = put(&*store, create(&bucket, "a", "one")).await;
    let gone = put(&*store, write(&bucket, "a", Op::Delete(first))).await;
    let second = put(&*store, create(&bucket, "a", "two")).await;
    assert!(first < gone && gone < second);
    assert_eq!(value(&*store, &bucket, "a").await.as_deref(), Some("two"));
}

async fn revision_zero_stands_for_never_written(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let first = put(&*store, write(&bucket, "a", Op::Update(b"one".to_vec(), Revision(0)))).await;
    conflict(&*store, vec![write(&bucket, "a", Op::Update(b"two".to_vec(), Revision(0)))]).await;
    put(&*store, write(&bucket, "a", Op::Delete(first))).await;
    conflict(&*store, vec![write(&bucket, "a", Op::Update(b"two".to_vec(), Revision(0)))]).await;
}

async fn a_conflict_leaves_nothing_and_names_its_write(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let there = put(&*store, create(&bucket, "there", "old")).await;
    let before = store.head(&bucket).await.unwrap();
    let batch = vec![
        create(&bucket, "new", "x"),
        write(&bucket, "there", Op::Update(b"changed".to_vec(), there)),
        create(&bucket, "there", "again"),
        create(&bucket, "more", "x"),
    ];
    assert_eq!(conflict(&*store, batch).await, (2, "there".to_owned()));
    assert_eq!(shown(&store.scan(&bucket, "").await.unwrap()), ["there=old"]);
    assert_eq!(store.head(&bucket).await.unwrap(), before);
}

async fn a_conflict_in_another_bucket_leaves_nothing(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    put(&*store, create(&bucket, "there", "old")).await;
    let batch = vec![create(&Bucket::engine(), "first", "x"), create(&bucket, "second", "x"), create(&bucket, "there", "x")];
    assert_eq!(conflict(&*store, batch).await, (2, "there".to_owned()));
    assert_eq!(value(&*store, &Bucket::engine(), "first").await, None);
    assert_eq!(value(&*store, &bucket, "second").await, None);
}

async fn a_batch_sees_its_own_writes(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let same = || write(&bucket, "blob", Op::Ensure(b"x".to_vec()));
    let revisions = store.commit(vec![create(&bucket, "a", "1"), same(), same(), create(&bucket, "b", "2")]).await.unwrap();
    assert_eq!(revisions[1], revisions[2]);
    // Without batches, what nothing refers to yet goes first.
    assert_eq!(revisions[3].0, revisions[1].0 + 1 + u64::from(!site.atomic));
    assert_eq!(conflict(&*store, vec![create(&bucket, "c", "1"), create(&bucket, "c", "2")]).await.0, 1);
    let again = vec![write(&bucket, "a", Op::Delete(revisions[0])), create(&bucket, "a", "3")];
    store.commit(again).await.unwrap();
    assert_eq!(value(&*store, &bucket, "a").await.as_deref(), Some("3"));
}

async fn an_empty_batch_is_fine(site: Site) {
    let store = site.connect().await;
    assert_eq!(store.commit(Vec::new()).await.unwrap(), []);
}

async fn revisions_grow_within_a_bucket(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    assert_eq!(store.head(&bucket).await.unwrap(), Revision(0));
    let engine = Bucket::engine();
    let revisions = store.commit(vec![create(&bucket, "a", "1"), create(&engine, "a", "2")]).await.unwrap();
    let later = put(&*store, create(&bucket, "b", "3")).await;
    assert!(Revision(0) < revisions[0] && Revision(0) < revisions[1] && revisions[0] < later);
    assert_eq!(store.head(&bucket).await.unwrap(), later);
}

async fn only_the_last_values_are_kept(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    for bucket in [bucket, Bucket::engine()] {
        let mut last = Revision(0);
        for n in 1..=5 {
            last = put(&*store, write(&bucket, "a", Op::Update(n.to_string().into_bytes(), last))).await;
        }
        let kept = shown(&store.history(&bucket, &key("a")).await.unwrap());
        assert_eq!(kept, if bucket == Bucket::engine() { vec!["a=5"] } else { vec!["a=3", "a=4", "a=5"] });
    }
}

async fn less_history_trims_at_once(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    for name in ["a", "b"] {
        let first = put(&*store, create(&bucket, name, "1")).await;
        put(&*store, write(&bucket, name, Op::Update(b"2".to_vec(), first))).await;
    }
    store.apply(&spec("team-state", 1)).await.unwrap();
    assert_eq!(shown(&store.history(&bucket, &key("a")).await.unwrap()), ["a=2"]);
    assert_eq!(shown(&store.history(&bucket, &key("b")).await.unwrap()), ["b=2"]);
}

async fn a_scan_takes_whole_tokens(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    for name in ["run", "run.1", "run.1.a", "run.10", "run-2", "run/2", "run2", "ru", "runs.1"] {
        put(&*store, create(&bucket, name, "x")).await;
    }
    assert_eq!(shown(&store.scan(&bucket, "run").await.unwrap()), ["run=x", "run.1=x", "run.1.a=x", "run.10=x"]);
    assert_eq!(shown(&store.scan(&bucket, "run.1").await.unwrap()), ["run.1=x", "run.1.a=x"]);
    assert_eq!(store.scan(&bucket, "").await.unwrap().len(), 9);
}

async fn a_scan_is_sorted_and_shows_no_deletes(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    for name in ["b.2", "b.1", "b-1", "B", "b.10"] {
        put(&*store, create(&bucket, name, "x")).await;
    }
    let gone = put(&*store, create(&bucket, "b.3", "x")).await;
    let changed = put(&*store, create(&bucket, "b.0", "x")).await;
    put(&*store, write(&bucket, "b.3", Op::Delete(gone))).await;
    put(&*store, write(&bucket, "b.0", Op::Update(b"y".to_vec(), changed))).await;
    let all = store.scan(&bucket, "").await.unwrap();
    assert_eq!(shown(&all), ["B=x", "b-1=x", "b.0=y", "b.1=x", "b.10=x", "b.2=x"]);
}

async fn buckets_are_apart(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    put(&*store, create(&bucket, "a", "here")).await;
    put(&*store, create(&Bucket::engine(), "a", "there")).await;
    assert_eq!(value(&*store, &bucket, "a").await.as_deref(), Some("here"));
    assert_eq!(shown(&store.scan(&Bucket::engine(), "").await.unwrap()), ["a=there"]);
    assert_eq!(store.buckets().await.unwrap(), [Bucket::engine(), bucket]);
}

async fn what_is_not_there_is_no_error(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    for bucket in [bucket, Bucket::new("nowhere").unwrap()] {
        assert_eq!(store.get(&bucket, &key("a")).await.unwrap(), None);
        assert_eq!(store.scan(&bucket, "a").await.unwrap(), []);
        assert_eq!(store.history(&bucket, &key("a")).await.unwrap(), []);
    }
}

async fn a_bucket_that_nobody_made_takes_no_writes(site: Site) {
    let store = site.connect().await;
    let nowhere = Bucket::new("nowhere").unwrap();
    let batch = vec![create(&Bucket::engine(), "a", "1"), create(&nowhere, "b", "2")];
    let Err(CommitError::Store(StoreError::Failed { cause, .. })) = store.commit(batch).await else {
        panic!("it took the write")
    };
    assert_eq!(cause, "there is no bucket `nowhere`; the next `flow run` of its pipeline makes it");
    assert_eq!(value(&*store, &Bucket::engine(), "a").await, None, "all or nothing");
}

async fn settings_are_kept_and_checked(site: Site) {
    let store = site.connect().await;
    let wanted = BucketSpec { replicas: site.replicas(), ..spec("team-state", 50) };
    assert_eq!(store.describe(&wanted.bucket).await.unwrap(), None);
    store.apply(&wanted).await.unwrap();
    let found = site.connect().await.describe(&wanted.bucket).await.unwrap();
    assert_eq!(found, Some(wanted));
    assert_eq!(store.describe(&Bucket::engine()).await.unwrap().map(|engine| engine.history), Some(1));
    for refused in [spec("team-state", 0), spec("team-state", 65), spec("flow", 2)] {
        assert!(matches!(store.apply(&refused).await, Err(StoreError::Failed { .. })), "{refused:?}");
    }
}

async fn what_is_kept_is_counted(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let one = put(&*store, create(&bucket, "a", "one")).await;
    let two = put(&*store, write(&bucket, "a", Op::Update(b"two".to_vec(), one))).await;
    let gone = put(&*store, create(&bucket, "b", "one")).await;
    put(&*store, write(&bucket, "b", Op::Delete(gone))).await;
    let facts = store.facts().await.unwrap();
    let found = facts.buckets.iter().find(|found| found.spec.bucket == bucket).unwrap();
    assert_eq!((found.keys, found.writes, found.atomic, found.room), (2, 4, site.atomic, None));
    assert!(found.bytes >= 13, "the keys and values alone are 13 bytes: {found:?}");
    assert_eq!(Some(&found.spec), store.describe(&bucket).await.unwrap().as_ref());
    assert_eq!(found.copies.len() as u32, site.replicas().unwrap_or(0));
    let names: Vec<_> = facts.buckets.iter().map(|found| found.spec.bucket.clone()).collect();
    assert_eq!(names, store.buckets().await.unwrap());
    assert!(!facts.keeper.is_empty() && two > one);
}

async fn values_are_any_bytes(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let every: Vec<u8> = (0..=255).collect();
    // As long as the longest entry of a journal; where no message must hold it, longer.
    let long = every.repeat(if site.replicas().is_some() { 2_048 } else { 12_000 });
    let values = [Vec::new(), vec![0], every.clone(), long];
    for (n, value) in values.into_iter().enumerate() {
        let name = format!("value.{n}");
        put(&*store, write(&bucket, &name, Op::Create(value.clone()))).await;
        let read = store.get(&bucket, &key(&name)).await.unwrap().unwrap();
        assert!(read.value == Some(value), "value {n} came back changed");
    }
}

async fn a_watch_gives_what_is_there_already(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let first = put(&*store, create(&bucket, "a.1", "x")).await;
    put(&*store, create(&bucket, "a.2", "y")).await;
    put(&*store, create(&bucket, "b", "z")).await;
    assert_eq!(shown(&store.watch(&bucket, "a", Revision(0)).await.unwrap()), ["a.1=x", "a.2=y"]);
    assert_eq!(shown(&store.watch(&bucket, "a", first).await.unwrap()), ["a.2=y"]);
}

/// A watch in a task of its own, begun before this returns.
fn watching(store: &Arc<dyn Store>, bucket: &Bucket, prefix: &'static str) -> tokio::task::JoinHandle<Vec<String>> {
    let (store, bucket) = (Arc::clone(store), bucket.clone());
    tokio::spawn(async move { shown(&store.watch(&bucket, prefix, Revision(0)).await.unwrap()) })
}

async fn a_watch_wakes_for_another_connection(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let watch = watching(&store, &bucket, "a");
    let other = site.connect().await;
    put(&*other, create(&bucket, "a", "x")).await;
    assert_eq!(watch.await.unwrap(), ["a=x"]);
}

async fn a_watch_is_not_woken_by_other_keys(site: Site) {
    let (store, bucket) = site.with_bucket().await;
    let watch = watching(&store, &bucket, "a");
    for n in 0..20 {
        put(&*store, create(&bucket, &format!("b.{n}"), "x")).await;
        put(&*store, create(&Bucket::engine(), &format!("a.{n}"), "x")).await;
    }
    let seen = put(&*store, create(&bucket, "a.1", "x")).await;
    assert_eq!(watch.await.unwrap(), ["a.1=x"]);
    put(&*store, write(&bucket, "a.1", Op::Delete(seen))).await;
    assert_eq!(shown(&store.watch(&bucket, "a", seen).await.unwrap()), ["a.1=-"], "a delete is shown");
}

async fn a_watch_gives_everything_once_and_in_order(site: Site) {
    const WRITES: usize = 120;
    let (store, bucket) = site.with_bucket().await;
    let writers: Vec<_> = [site.connect().await, site.connect().await, Arc::clone(&store)]
        .into_iter()
        .enumerate()
        .map(|(writer, store)| {
            let bucket = bucket.clone();
            tokio::spawn(async move {
                for n in 0..WRITES / 3 {
                    put(&*store, create(&bucket, &format!("log.{writer}.{n}"), "x")).await;
                    put(&*store, create(&bucket, &format!("noise.{writer}.{n}"), "x")).await;
                }
            })
        })
        .collect();
    let mut seen: Vec<(Revision, String)> = Vec::new();
    while seen.len() < WRITES {
        let after = seen.last().map_or(Revision(0), |(revision, _)| *revision);
        let writes = store.watch(&bucket, "log", after).await.unwrap();
        seen.extend(writes.into_iter().map(|entry| (entry.revision, entry.key.as_str().to_owned())));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0), "in order, none twice");
    let mut names: Vec<_> = seen.into_iter().map(|(_, name)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), WRITES);
}

async fn of_many_creators_one_wins(site: Site) {
    let (_, bucket) = site.with_bucket().await;
    for round in 0..20 {
        let stores = [site.connect().await, site.connect().await, site.connect().await, site.connect().await];
        let racers: Vec<_> = stores
            .into_iter()
            .enumerate()
            .map(|(racer, store)| {
                let bucket = bucket.clone();
                tokio::spawn(async move {
                    let batch = vec![
                        create(&bucket, &format!("race.{round}"), &racer.to_string()),
                        create(&bucket, &format!("trace.{round}.{racer}"), "x"),
                    ];
                    store.commit(batch).await.is_ok().then_some(racer)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for racer in racers {
            winners.extend(racer.await.unwrap());
        }
        let store = site.connect().await;
        assert_eq!(winners.len(), 1, "round {round}");
        assert_eq!(value(&*store, &bucket, &format!("race.{round}")).await, Some(winners[0].to_string()));
        let traces = shown(&store.scan(&bucket, &format!("trace.{round}")).await.unwrap());
        assert_eq!(traces, [format!("trace.{round}.{}=x", winners[0])], "losers leave nothing");
    }
}

async fn racing_counters_lose_nothing(site: Site) {
    const EACH: u32 = 25;
    let (store, bucket) = site.with_bucket().await;
    put(&*store, create(&bucket, "counter", "0")).await;
    let racers: Vec<_> = [site.connect().await, site.connect().await, Arc::clone(&store)]
        .into_iter()
        .map(|store| {
            let bucket = bucket.clone();
            tokio::spawn(async move {
                let mut done = 0;
                while done < EACH {
                    let entry = store.get(&bucket, &key("counter")).await.unwrap().unwrap();
                    let n: u32 = String::from_utf8(entry.value.unwrap()).unwrap().parse().unwrap();
                    let next = Op::Update((n + 1).to_string().into_bytes(), entry.revision);
                    match store.commit(vec![write(&bucket, "counter", next)]).await {
                        Ok(_) => done += 1,
                        Err(CommitError::Conflict { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            })
        })
        .collect();
    for racer in racers {
        racer.await.unwrap();
    }
    assert_eq!(value(&*store, &bucket, "counter").await, Some((3 * EACH).to_string()));
}
