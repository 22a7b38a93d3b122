//! A line of an export: one kept write, `{bucket, key, revision, value}`, what a bucket is like, `{bucket, settings}`, or
//! the end, `{end: {lines}}`, which says how many lines stand before it.
//!
//! `value` is there when writing the parsed JSON again gives the same bytes, else `value_base64`; a delete has `deleted`.
//! Settings stand before the writes of their bucket. The engine's own bucket has none: it is the same everywhere.

use super::{BucketSpec, Entry, Revision, codec};
use crate::name::{Bucket, Key};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, Serialize};

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The settings of a bucket.
    Settings(BucketSpec),
    /// A kept write.
    Write(Bucket, Entry),
    /// The end, and how many lines stand before it.
    End(u64),
}

/// The settings in a line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    replicas: Option<u32>,
    history: u32,
    description: String,
}

/// The end in a line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    lines: u64,
}

/// A line as it is parsed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    end: Option<End>,
    bucket: Option<String>,
    key: Option<String>,
    revision: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    value: Option<serde_json::Value>,
    value_base64: Option<String>,
    deleted: Option<bool>,
    settings: Option<Settings>,
}

/// A value that may be null, which is not the same as none.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(from).map(Some)
}

/// The line of a write.
pub(super) fn of_write(bucket: &Bucket, entry: &Entry) -> String {
    let Entry { key, revision, value } = entry;
    let start = format!("{{\"bucket\":\"{bucket}\",\"key\":\"{key}\",\"revision\":{}", revision.0);
    match value {
        None => format!("{start},\"deleted\":true}}"),
        Some(bytes) => match as_json(bytes) {
            Some(text) => format!("{start},\"value\":{text}}}"),
            None => format!("{start},\"value_base64\":\"{}\"}}", BASE64_STANDARD.encode(bytes)),
        },
    }
}

/// The line of a bucket.
pub(super) fn of_settings(spec: &BucketSpec) -> String {
    let BucketSpec { bucket, replicas, history, description } = spec;
    let settings = Settings { replicas: *replicas, history: *history, description: description.clone() };
    let settings = serde_json::to_string(&settings).unwrap_or_default();
    format!("{{\"bucket\":\"{bucket}\",\"settings\":{settings}}}")
}

/// The line that ends an export of so many lines.
pub(super) fn of_end(lines: u64) -> String {
    format!("{{\"end\":{{\"lines\":{lines}}}}}")
}

/// Reads a line.
///
/// # Errors
/// In words.
pub(super) fn parse(text: &[u8]) -> Result<Line, String> {
    let raw: Raw = codec::read_deep(text)?;
    if let Some(End { lines }) = raw.end {
        return if raw.bucket.is_some() { Err("it has both an end and a bucket".to_owned()) } else { Ok(Line::End(lines)) };
    }
    let bucket = Bucket::new(&raw.bucket.ok_or("it has neither a bucket nor an end")?).map_err(|error| error.to_string())?;
    if let Some(Settings { replicas, history, description }) = raw.settings {
        if raw.key.is_some() || raw.revision.is_some() || raw.value.is_some() {
            return Err("it has both settings and a key".to_owned());
        }
        return Ok(Line::Settings(BucketSpec { bucket, replicas, history, description }));
    }
    let key = raw.key.ok_or("it has neither a key nor settings")?;
    let key = Key::new(&key).map_err(|error| error.to_string())?;
    let revision = Revision(raw.revision.ok_or("it has no revision")?);
    let value = match (raw.value, raw.value_base64, raw.deleted) {
        (Some(value), None, None) => Some(serde_json::to_vec(&value).map_err(|error| error.to_string())?),
        (None, Some(text), None) => Some(BASE64_STANDARD.decode(text).map_err(|_| "its `value_base64` is no Base64")?),
        (None, None, Some(true)) => None,
        _ => return Err("it has not exactly one of `value`, `value_base64` and `deleted`".to_owned()),
    };
    Ok(Line::Write(bucket, Entry { key, revision, value }))
}

/// The text, if it is JSON that would be written just so again.
fn as_json(bytes: &[u8]) -> Option<&str> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let again = serde_json::to_vec(&value).ok()?;
    (again == bytes).then(|| std::str::from_utf8(bytes).ok())?
}

#[cfg(test)]
mod tests {
    use super::{Line, as_json, of_end, of_settings, of_write, parse};
    use crate::name::{Bucket, Key};
    use crate::store::{BucketSpec, Entry, Revision};
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    fn encode(bytes: &[u8]) -> String {
        BASE64_STANDARD.encode(bytes)
    }

    fn decode(text: &str) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(text).ok()
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(encode(&[0xFB, 0xFF]), "+/8=");
    }

    #[test]
    fn what_was_not_encoded_is_not_decoded() {
        for odd in ["Z", "Zg", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9v\n", "Zm9v=", "Zm=v", "Z-9v", "ü"] {
            assert_eq!(decode(odd), None, "{odd}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..50)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn only_json_that_survives_is_shown_as_json() {
        for same in ["null", "{\"b\":1,\"a\":[2.5,\"ü\"]}"] {
            assert_eq!(as_json(same.as_bytes()), Some(same));
        }
        for other in ["{ }", "1e3", "1.50", "{\"a\":1,\"a\":2}", "\"\\u00fc\"", "123456789012345678901234567890", "", "{}\n"] {
            assert_eq!(as_json(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn every_line_comes_back() {
        let (bucket, key) = (Bucket::new("team-state").unwrap(), Key::new("a.b=2E/c").unwrap());
        let deep = format!("{}1{}", "[".repeat(126), "]".repeat(126));
        let deeper = format!("{}1{}", "[".repeat(500), "]".repeat(500));
        let texts: Vec<&[u8]> =
            vec![b"", b"null", b"{\"n\":1}", b"{ }", b"1e3", &[0, 255, 10], deep.as_bytes(), deeper.as_bytes()];
        let values = texts.into_iter().map(|text| Some(text.to_vec())).chain([None]);
        for (n, value) in values.enumerate() {
            let entry = Entry { key: key.clone(), revision: Revision(n as u64 + 1), value };
            let line = of_write(&bucket, &entry);
            assert_eq!(parse(line.as_bytes()), Ok(Line::Write(bucket.clone(), entry)), "{line}");
        }
        for replicas in [None, Some(3)] {
            let spec = BucketSpec { bucket: bucket.clone(), replicas, history: 50, description: "a \"b\"\nü".to_owned() };
            assert_eq!(parse(of_settings(&spec).as_bytes()), Ok(Line::Settings(spec)));
        }
        assert_eq!(parse(of_end(7).as_bytes()), Ok(Line::End(7)));
    }

    #[test]
    fn what_is_no_line_is_told_in_words() {
        for (line, why) in [
            ("", "EOF"),
            ("{", "EOF"),
            ("[1]", "invalid"),
            ("{\"bucket\":\"flow\",\"key\":\"a\",\"revision\":1,\"valeu\":1}", "unknown field `valeu`"),
            ("{\"bucket\":\"a b\",\"key\":\"a\",\"revision\":1,\"value\":1}", "`a b` has the character ' '"),
            ("{\"bucket\":\"flow\",\"key\":\"a..b\",\"revision\":1,\"value\":1}", "`a..b` has an empty part"),
            ("{\"bucket\":\"flow\",\"key\":\"a\",\"value\":1}", "it has no revision"),
            ("{\"bucket\":\"flow\",\"key\":\"a\",\"revision\":-1,\"value\":1}", "invalid value"),
            ("{\"bucket\":\"flow\",\"key\":\"a\",\"revision\":1}", "not exactly one of"),
            ("{\"bucket\":\"flow\",\"key\":\"a\",\"revision\":1,\"value\":1,\"deleted\":true}", "not exactly one of"),
            ("{\"bucket\":\"flow\",\"key\":\"a\",\"revision\":1,\"value_base64\":\"Zg\"}", "no Base64"),
            ("{\"bucket\":\"flow\",\"revision\":1,\"value\":1}", "neither a key nor settings"),
            ("{}", "neither a bucket nor an end"),
            ("{\"end\":{\"lines\":1},\"bucket\":\"flow\"}", "both an end and a bucket"),
            ("{\"end\":{}}", "missing field `lines`"),
            ("{\"bucket\":\"x\",\"key\":\"a\",\"settings\":{\"history\":1,\"description\":\"\"}}", "both settings and a key"),
        ] {
            let said = parse(line.as_bytes()).unwrap_err();
            assert!(said.contains(why), "{line}: {said}");
        }
    }
}
