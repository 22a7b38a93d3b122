//! What a batch comes to, before anything is sent: pure.

use crate::name::{Bucket, Key};
use crate::store::step::{Last, Step, step};
use crate::store::{Op, Revision, Write};
use std::collections::HashMap;

/// The last writes of keys, as they were read or as a batch believes them to be.
pub(super) type Lasts = HashMap<(Bucket, Key), Last>;

/// What becomes of one write of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Send it, expecting this revision; none when the batch itself wrote the key before.
    Send(Option<Revision>),
    /// It is there already.
    There(Revision),
    /// The write at this index, of the same batch, is it.
    Same(usize),
}

/// The revision that a write of this very batch will get.
const OWN: Revision = Revision(u64::MAX);

/// What a batch believes: for each key, that its first write will succeed.
pub(super) fn believed(batch: &[Write]) -> Lasts {
    let mut lasts = Lasts::new();
    for write in batch {
        let last = match &write.op {
            Op::Create(_) | Op::Ensure(_) => Last::NEVER,
            Op::Update(_, revision) | Op::Delete(revision) => Last { revision: *revision, present: revision.0 != 0 },
        };
        lasts.entry((write.bucket.clone(), write.key.clone())).or_insert(last);
    }
    lasts
}

/// What becomes of each write, each seeing those before it; the index of the first that fails.
pub(super) fn acts(batch: &[Write], lasts: &Lasts) -> Result<Vec<Act>, usize> {
    let mut seen = lasts.clone();
    let mut wrote: HashMap<(Bucket, Key), usize> = HashMap::new();
    let mut acts = Vec::with_capacity(batch.len());
    for (index, write) in batch.iter().enumerate() {
        let key = (write.bucket.clone(), write.key.clone());
        let last = seen.get(&key).copied().unwrap_or(Last::NEVER);
        let expected = (last.revision != OWN).then_some(last.revision);
        let present = match step(&write.op, last) {
            Step::Conflict => return Err(index),
            Step::Keep(revision) => {
                acts.push(if revision == OWN { Act::Same(wrote[&key]) } else { Act::There(revision) });
                continue;
            }
            Step::Put(_) => true,
            Step::Remove => false,
        };
        acts.push(Act::Send(expected));
        seen.insert(key.clone(), Last { revision: OWN, present });
        wrote.insert(key, index);
    }
    Ok(acts)
}

/// The revision of each write, once those that were sent have theirs.
pub(super) fn revisions(acts: &[Act], sent: &HashMap<usize, Revision>) -> Vec<Revision> {
    let of = |index: &usize| sent.get(index).copied().unwrap_or(Revision(0));
    let revision = |(index, act): (usize, &Act)| match act {
        Act::Send(_) => of(&index),
        Act::There(revision) => *revision,
        Act::Same(index) => of(index),
    };
    acts.iter().enumerate().map(revision).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(key: &str, op: Op) -> Write {
        Write { bucket: Bucket::engine(), key: Key::new(key).unwrap(), op }
    }

    #[test]
    fn a_batch_sees_its_own_writes() {
        let batch = [
            write("a", Op::Create(vec![])),
            write("b", Op::Ensure(vec![])),
            write("b", Op::Ensure(vec![])),
            write("c", Op::Delete(Revision(7))),
            write("c", Op::Create(vec![])),
        ];
        let acts = acts(&batch, &believed(&batch)).unwrap();
        let never = Act::Send(Some(Revision(0)));
        assert_eq!(acts, [never.clone(), never, Act::Same(1), Act::Send(Some(Revision(7))), Act::Send(None)]);
        let sent = HashMap::from([(0, Revision(10)), (1, Revision(11)), (3, Revision(12)), (4, Revision(13))]);
        assert_eq!(revisions(&acts, &sent).iter().map(|revision| revision.0).collect::<Vec<_>>(), [10, 11, 11, 12, 13]);
    }

    #[test]
    fn a_write_that_cannot_follow_another_is_named() {
        let batch = [write("a", Op::Update(vec![], Revision(3))), write("a", Op::Create(vec![]))];
        assert_eq!(acts(&batch, &believed(&batch)), Err(1));
    }
}
