//! Random batches on both backends, compared with a table.

use super::{Site, key, spec, write};
use flow::name::Bucket;
use flow::store::{CommitError, Op, Revision, Store};
use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_oneof, proptest};
use std::collections::BTreeMap;

/// An operation whose revision is chosen when it is run: the right one, or one of the past.
#[derive(Clone, Debug)]
enum Wish {
    Create,
    Ensure,
    Update { right: bool },
    Delete { right: bool },
}

fn wish() -> impl Strategy<Value = (usize, usize, Wish)> {
    let kind = prop_oneof![
        Just(Wish::Create),
        Just(Wish::Ensure),
        prop::bool::weighted(0.8).prop_map(|right| Wish::Update { right }),
        prop::bool::weighted(0.8).prop_map(|right| Wish::Delete { right }),
    ];
    (0..2_usize, 0..KEYS.len(), kind)
}

const KEYS: [&str; 6] = ["a", "a.b", "a.b.c", "a-b", "a/b", "b"];
const BUCKETS: [(&str, usize); 2] = [("flow", 1), ("team-state", 3)];

type Writes = BTreeMap<(usize, usize), Vec<(u64, Option<Vec<u8>>)>>;

/// The model: the kept writes of each key, and the last revision.
#[derive(Clone, Default)]
struct Model {
    writes: Writes,
    head: u64,
}

impl Model {
    /// The operation for a wish, and what it does: `Err` is a conflict, `Ok(Some)` a revision that is there.
    fn op(&self, at: (usize, usize), wish: &Wish, value: Vec<u8>) -> (Op, Result<Option<u64>, ()>) {
        let last = self.writes.get(&at).and_then(|writes| writes.last());
        let (revision, present) = last.map_or((0, false), |(revision, value)| (*revision, value.is_some()));
        let named = |right: bool| Revision(if right { revision } else { revision + 1 });
        let judge = |right: bool| if right { Ok(None) } else { Err(()) };
        match wish {
            Wish::Create => (Op::Create(value), if present { Err(()) } else { Ok(None) }),
            Wish::Ensure => (Op::Ensure(value), Ok(present.then_some(revision))),
            Wish::Update { right } => (Op::Update(value, named(*right)), judge(*right)),
            Wish::Delete { right } => (Op::Delete(named(*right)), judge(*right)),
        }
    }

    fn put(&mut self, at: (usize, usize), value: Option<Vec<u8>>) -> u64 {
        self.head += 1;
        let writes = self.writes.entry(at).or_default();
        writes.push((self.head, value));
        writes.drain(..writes.len().saturating_sub(BUCKETS[at.0].1));
        self.head
    }
}

async fn compare(store: &dyn Store, model: &Model) {
    assert_eq!(store.head(&Bucket::engine()).await.unwrap(), Revision(model.head));
    for (b, (bucket, _)) in BUCKETS.iter().enumerate() {
        let bucket = Bucket::new(bucket).unwrap();
        let mut present = Vec::new();
        let mut all = Vec::new();
        for (k, name) in KEYS.iter().enumerate() {
            let writes = model.writes.get(&(b, k)).cloned().unwrap_or_default();
            let history = store.history(&bucket, &key(name)).await.unwrap();
            assert_eq!(history.iter().map(|e| (e.revision.0, e.value.clone())).collect::<Vec<_>>(), writes);
            let last = writes.last().filter(|(_, value)| value.is_some());
            let got = store.get(&bucket, &key(name)).await.unwrap();
            assert_eq!(got.map(|e| (e.revision.0, e.value)), last.cloned());
            present.extend(last.map(|(revision, _)| (*name, *revision)));
            all.extend(writes.iter().map(|(revision, _)| (*revision, *name)));
        }
        present.sort_unstable();
        all.sort_unstable();
        for prefix in ["", "a", "a.b", "c"] {
            let belongs = |name: &str| prefix.is_empty() || name == prefix || name.starts_with(&format!("{prefix}."));
            let scan = store.scan(&bucket, prefix).await.unwrap();
            let keys = store.keys(&bucket, prefix).await.unwrap();
            assert_eq!(keys, scan.iter().map(|e| (e.key.clone(), e.revision)).collect::<Vec<_>>());
            let scan: Vec<_> = scan.iter().map(|e| (e.key.as_str(), e.revision.0)).collect();
            assert_eq!(scan, present.iter().copied().filter(|(name, _)| belongs(name)).collect::<Vec<_>>());
            let expected: Vec<_> = all.iter().copied().filter(|(_, name)| belongs(name)).collect();
            if let Some((first, _)) = expected.first() {
                let after = Revision(*first);
                let later: Vec<_> = expected.iter().copied().filter(|(revision, _)| *revision > after.0).collect();
                if !later.is_empty() {
                    let seen = store.watch(&bucket, prefix, after).await.unwrap();
                    assert_eq!(seen.iter().map(|e| (e.revision.0, e.key.as_str())).collect::<Vec<_>>(), later);
                }
            }
        }
    }
}

async fn run(site: &Site, batches: &[Vec<(usize, usize, Wish)>]) {
    let store = site.connect().await;
    store.apply(&spec("team-state", 3)).await.unwrap();
    let mut model = Model::default();
    for (n, wishes) in batches.iter().enumerate() {
        let mut next = model.clone();
        let (mut batch, mut expected) = (Vec::new(), Ok(Vec::new()));
        for (index, (bucket, name, wish)) in wishes.iter().enumerate() {
            let at = (*bucket, *name);
            let value = format!("{n}.{index}").into_bytes();
            let (op, effect) = next.op(at, wish, value.clone());
            let removes = matches!(op, Op::Delete(_));
            batch.push(write(&Bucket::new(BUCKETS[at.0].0).unwrap(), KEYS[at.1], op));
            let Ok(revisions) = &mut expected else { continue };
            match effect {
                Ok(Some(there)) => revisions.push(Revision(there)),
                Ok(None) => revisions.push(Revision(next.put(at, (!removes).then_some(value)))),
                Err(()) => expected = Err(index),
            }
        }
        match (store.commit(batch).await, expected) {
            (Ok(got), Ok(expected)) => {
                assert_eq!(got, expected);
                model = next;
            }
            (Err(CommitError::Conflict { index, .. }), Err(expected)) => assert_eq!(index, expected),
            (got, expected) => panic!("{got:?} where {expected:?} was expected"),
        }
    }
    compare(&*store, &model).await;
    compare(&*site.connect().await, &model).await;
}

fn on_a_runtime(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn backends_do_what_the_table_does(batches in prop::collection::vec(prop::collection::vec(wish(), 1..5), 1..25)) {
        on_a_runtime(async {
            run(&Site::memory(), &batches).await;
            run(&Site::embedded(), &batches).await;
        });
    }
}
