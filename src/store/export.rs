//! A whole store as JSON lines: what each bucket is like and each kept write of it (`line.rs`), deletes included.
//!
//! Reads a few keys at a time, so a big store needs little memory. It is no snapshot: what is written meanwhile may or may
//! not be in it. The last line says that it is the end, so that an import knows whether it has all of it. [`salvage`] is for
//! a store whose file is damaged; `import.rs` takes the lines back.

use super::codec::{self, Fault};
use super::{Entry, Store, StoreError, embedded, key, line};
use crate::limits::EXPORT_READS;
use crate::name::{Bucket, Key};
use futures_util::{StreamExt, stream};
use std::io;
use std::path::Path;

/// What an export gave.
#[derive(Debug, Default)]
pub struct Exported {
    /// Lines before the end: of writes and of settings.
    pub lines: u64,
    /// What could not be read and is left out, or is there and is not what was written.
    pub faults: Vec<String>,
}

/// Writes the kept writes of some buckets, or of all when none is named: by bucket, then key, oldest first. Of a key
/// that is there no more, what it was is written as long as that is kept. Where the buckets could not be read, or something
/// of the engine's own, there is no end: nobody can know whether the runs are whole, and another export may read it.
///
/// # Errors
/// Only when `line` fails; it gets each line without its end.
pub async fn export(store: &dyn Store, buckets: &[Bucket], mut line: impl FnMut(&str) -> io::Result<()>) -> io::Result<Exported> {
    let mut exported = Exported::default();
    let buckets = match buckets {
        [] => store.buckets().await.unwrap_or_else(|fault| {
            exported.faults.push(left_out(&fault));
            vec![Bucket::engine()]
        }),
        named => named.to_vec(),
    };
    let mut is_whole = exported.faults.is_empty();
    for bucket in &buckets {
        if *bucket != Bucket::engine() {
            match store.describe(bucket).await {
                Ok(Some(spec)) => {
                    line(&line::of_settings(&spec))?;
                    exported.lines += 1;
                }
                Ok(None) => {}
                Err(fault) => exported.faults.push(left_out(&fault)),
            }
        }
        // Rows of runs are read before the names of entries are: then each entry that a row tells of is among the lines.
        let rows = if *bucket == Bucket::engine() { store.scan(bucket, key::HEADS).await.ok() } else { None };
        let before = exported.faults.len();
        let keys = store.written(bucket).await.unwrap_or_else(|fault| {
            exported.faults.push(left_out(&fault));
            Vec::new()
        });
        let rows = rows.as_ref();
        let read = |key: Key| async move {
            match rows.filter(|_| key.as_str().starts_with(key::HEADS)) {
                Some(rows) => Ok(rows.iter().filter(|row| row.key == key).cloned().collect()),
                None => store.history(bucket, &key).await,
            }
        };
        let mut histories = stream::iter(keys).map(read).buffered(EXPORT_READS);
        while let Some(writes) = histories.next().await {
            match writes {
                // Nothing but the mark of a delete is kept.
                Ok(writes) if writes.iter().all(|write| write.value.is_none()) => {}
                Ok(writes) => {
                    for entry in &writes {
                        line(&line::of_write(bucket, entry))?;
                        exported.lines += 1;
                    }
                }
                Err(fault) => exported.faults.push(left_out(&fault)),
            }
        }
        is_whole &= *bucket != Bucket::engine() || exported.faults.len() == before;
    }
    if is_whole {
        line(&line::of_end(exported.lines))?;
    }
    Ok(exported)
}

fn left_out(fault: &StoreError) -> String {
    format!("left out: {fault}")
}

/// The same of a file that is damaged, as far as it can be read, in the order of writing. Nothing of it is changed.
/// Entries of journals that are there and are not what was written are printed and told. It has an end, since there is no
/// more of it; a row is in the file with each entry that it counts, so that an import sees which journals are not whole.
///
/// # Errors
/// Only when `line` fails.
pub fn salvage(file: &Path, mut line: impl FnMut(&str) -> io::Result<()>) -> io::Result<Exported> {
    let mut exported = Exported::default();
    let lost = embedded::salvage(file, |bucket, entry: &Entry| {
        exported.lines += 1;
        let journal =
            *bucket == Bucket::engine() && entry.key.as_str().strip_prefix(key::RUNS).is_some_and(|rest| rest.starts_with('.'));
        if journal && let Err(Fault::Bad(cause)) = codec::decode(entry.value.as_deref().unwrap_or_default()) {
            exported.faults.push(format!("printed, and not to be trusted: `{}`: {cause}", entry.key));
        }
        line(&line::of_write(bucket, entry))
    })?;
    line(&line::of_end(exported.lines))?;
    exported.faults.extend(lost);
    Ok(exported)
}
