//! A full disk, page by page: the limit on pages is a setting of a connection, so these tests hold it themselves.

use super::{open, writer::Writer};
use crate::name::{Bucket, Key};
use crate::store::{CommitError, Op, StoreError, Write};
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

fn create(key: &str, bytes: usize) -> Write {
    Write { bucket: Bucket::engine(), key: Key::new(key).unwrap(), op: Op::Create(vec![7; bytes]) }
}

#[test]
fn on_a_full_disk_a_batch_is_refused_whole_and_smaller_ones_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let connection = open::open(&path, "sqlite:state.db", true).unwrap();
    let writer = Writer { path, shown: "sqlite:state.db".to_owned(), syncs: Arc::default(), changed: watch::Sender::new(()) };
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
