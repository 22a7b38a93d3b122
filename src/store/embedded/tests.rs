//! What needs a connection of its own: a full disk page by page, and the ways that queries take.

use super::store::{KEYS, SCAN, SINCE_BY_KEY, SINCE_BY_NUMBER};
use super::{open, writer::Writer};
use crate::name::{Bucket, Key};
use crate::store::{CommitError, Op, StoreError, Write};
use std::sync::Arc;
use tokio::sync::oneshot;

fn create(key: &str, bytes: usize) -> Write {
    Write { bucket: Bucket::engine(), key: Key::new(key).unwrap(), op: Op::Create(vec![7; bytes]) }
}

#[test]
fn on_a_full_disk_a_batch_is_refused_whole_and_smaller_ones_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let connection = open::open(&path, "sqlite:state.db", true).unwrap();
    let writer = Writer { path, shown: "sqlite:state.db".to_owned(), file: None, syncs: Arc::default(), watches: Arc::default() };
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    for limit in pages + 1..pages + 24 {
        connection.query_row(&format!("PRAGMA max_page_count = {limit}"), [], |_| Ok(())).unwrap();
        let (mut group, mut answers) = (Vec::new(), Vec::new());
        for (n, bytes) in [100, 200_000, 100].into_iter().enumerate() {
            let (reply, answer) = oneshot::channel();
            group.push((vec![create(&format!("{limit}.{n}.first"), 10), create(&format!("{limit}.{n}.second"), bytes)], reply));
            answers.push(answer);
        }
        writer.serve(&connection, group);
        for (n, mut answer) in answers.into_iter().enumerate() {
            let stored: i64 = connection
                .query_row("SELECT count(*) FROM writes WHERE key LIKE ?1", [format!("{limit}.{n}.%")], |row| row.get(0))
                .unwrap();
            match answer.try_recv().expect("an answer") {
                Ok(revisions) => assert_eq!((revisions.len(), stored), (2, 2)),
                Err(CommitError::Store(StoreError::Full { cause, .. })) => {
                    assert_eq!(stored, 0, "a refused batch leaves nothing");
                    assert!(cause.contains("make room"), "{cause}");
                }
                Err(other) => panic!("{other}"),
            }
            assert!(n != 1 || stored == 0, "200 kB cannot fit under {limit} pages");
        }
    }
    let total: i64 = connection.query_row("SELECT count(*) FROM writes", [], |row| row.get(0)).unwrap();
    assert!(total > 40, "the small batches went on: {total}");
}

#[test]
fn no_query_walks_more_than_it_gives() {
    let folder = tempfile::tempdir().unwrap();
    let connection = open::open(&folder.path().join("state.db"), "sqlite:state.db", true).unwrap();
    let by_range = "SEARCH writes USING COVERING INDEX writes_of_key (bucket=? AND key>? AND key<?)";
    let by_range_and_row = "SEARCH writes USING INDEX writes_of_key (bucket=? AND key>? AND key<?)";
    let by_number = "SEARCH writes USING INTEGER PRIMARY KEY (rowid>?)";
    for (query, way) in [(KEYS, by_range_and_row), (SCAN, by_range), (SINCE_BY_KEY, by_range), (SINCE_BY_NUMBER, by_number)] {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let texts = vec!["x"; explain.parameter_count()];
        let steps: Vec<String> =
            explain.query_map(rusqlite::params_from_iter(texts), |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        assert!(steps.iter().any(|step| step == way), "{query}: {steps:#?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN writes") || step.contains("TEMP B-TREE")), "{query}: {steps:#?}");
    }
}
