//! `flow store export`: everything that is stored, one JSON object a line.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::Out;
use super::place::{Place, StoreArg, wait};
use crate::store::Entry;
use std::io::Write;

/// Arguments of `flow store`.
#[derive(Debug, clap::Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

/// What can be done with a store.
#[derive(Debug, clap::Subcommand)]
enum StoreCommand {
    /// Print everything that is stored, one JSON object a line.
    Export(Args),
}

/// Arguments of `flow store export`.
#[derive(Debug, clap::Args)]
struct Args {
    #[command(flatten)]
    store: StoreArg,
}

/// Prints everything: `{bucket, key, revision, value}`, or `value_base64` where the bytes are not JSON as it would be
/// written again.
///
/// # Errors
/// When the store cannot be read.
pub fn command(args: &StoreArgs, _out: Out) -> Outcome {
    let StoreCommand::Export(args) = &args.command;
    let place = Place::find(&args.store)?;
    wait(async {
        let Some(store) = place.open().await? else { return Err(place.nothing()) };
        let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
        for bucket in store.buckets().await? {
            for entry in store.scan(&bucket, "").await? {
                serde_json::to_writer(&mut stdout, &row(bucket.as_str(), &entry)).map_err(std::io::Error::from)?;
                stdout.write_all(b"\n")?;
            }
        }
        stdout.flush()?;
        Ok::<_, Fail>(Exit::Done)
    })
}

fn row(bucket: &str, entry: &Entry) -> serde_json::Value {
    let bytes = entry.value.as_deref().unwrap_or_default();
    let mut row = serde_json::json!({ "bucket": bucket, "key": entry.key.as_str(), "revision": entry.revision.0 });
    let parsed = serde_json::from_slice::<serde_json::Value>(bytes).ok();
    match parsed.filter(|value| serde_json::to_vec(value).is_ok_and(|again| again == bytes)) {
        Some(value) => row["value"] = value,
        None => row["value_base64"] = base64(bytes).into(),
    }
    row
}

/// Base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_padded() {
        let shown = ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes()));
        assert_eq!(shown, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }
}
