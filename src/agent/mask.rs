//! Hides secrets in whatever an attempt says: as they are, and in the encodings in which programs like to print them.
//!
//! Pure. A stream is masked piece by piece with [`Masking`], which holds back just enough to find a secret that was
//! cut in two.

use crate::limits::SECRET_BYTES;
use crate::value::Value;
use std::sync::Arc;

/// What stands where a secret stood.
pub const MASK: &str = "***";
/// A line of a secret with several lines is a secret of its own from this length on, in bytes: a key's lines are
/// printed one by one, while shorter ones are ordinary words.
const LINE_BYTES: usize = 16;

/// The texts to hide. Cheap to clone; empty by default.
#[derive(Clone, Default)]
pub struct Mask {
    /// Longest first, so that a secret that begins like another is hidden whole.
    patterns: Arc<[Vec<u8>]>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({} patterns)", self.patterns.len())
    }
}

impl Mask {
    /// Hides these values.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut patterns: Vec<Vec<u8>> = secrets.into_iter().filter(|s| !s.is_empty()).flat_map(forms).collect();
        patterns.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        patterns.dedup();
        Self { patterns: patterns.into() }
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// A text without the secrets.
    pub fn text(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let mut masking = Masking::new(self.clone());
        let mut out = masking.push(text.as_bytes());
        out.extend(masking.finish());
        String::from_utf8_lossy(&out).into_owned()
    }

    /// A value without the secrets, in texts and in keys; a number that is one becomes a text.
    pub fn value(&self, value: &Value) -> Value {
        if self.is_empty() {
            return value.clone();
        }
        if let Some(text) = value.as_str() {
            return Value::text(&self.text(text));
        }
        if let Some(items) = value.items() {
            return Value::list(items.map(|item| self.value(&item)));
        }
        if let Some(entries) = value.entries() {
            return Value::table(entries.map(|(key, value)| (self.text(key), self.value(&value))));
        }
        let plain = value.to_string();
        let masked = self.text(&plain);
        if masked == plain { value.clone() } else { Value::text(&masked) }
    }

    /// The length of the pattern that stands at the beginning of `bytes`.
    fn at(&self, bytes: &[u8]) -> Option<usize> {
        self.patterns.iter().find(|pattern| bytes.starts_with(pattern)).map(Vec::len)
    }

    /// Whether these bytes are the beginning of a pattern that is longer.
    fn begins(&self, bytes: &[u8]) -> bool {
        self.patterns.iter().any(|pattern| pattern.len() > bytes.len() && pattern.starts_with(bytes))
    }

    /// A piece of a longer text without the secrets: also without what may be the end of one at its beginning, or the
    /// beginning of one at its end (before an ellipsis).
    pub fn piece(&self, text: &str) -> String {
        let text = self.text(text);
        let (body, dots) = text.strip_suffix('…').map_or((text.as_str(), ""), |body| (body, "…"));
        let parts = |pattern: &Vec<u8>| SECRET_BYTES..pattern.len().min(body.len() + 1);
        let lengths = |fits: &dyn Fn(&[u8], usize) -> bool| {
            self.patterns.iter().flat_map(|p| parts(p).filter(|n| fits(p, *n))).max().unwrap_or(0)
        };
        let bytes = body.as_bytes();
        let front = lengths(&|p, n| body.is_char_boundary(n) && p.ends_with(&bytes[..n]));
        let back = lengths(&|p, n| body.is_char_boundary(bytes.len() - n) && p.starts_with(&bytes[bytes.len() - n..]));
        let hidden = |length: usize| if length > 0 { MASK } else { "" };
        if front + back > body.len() {
            return format!("{MASK}{dots}");
        }
        format!("{}{}{}{dots}", hidden(front), &body[front..body.len() - back], hidden(back))
    }
}

/// Masks a stream.
#[derive(Debug)]
pub struct Masking {
    mask: Mask,
    /// Bytes that may be the beginning of a secret.
    held: Vec<u8>,
}

impl Masking {
    /// A stream that begins.
    pub fn new(mask: Mask) -> Self {
        Self { mask, held: Vec::new() }
    }

    /// Takes a piece and gives what can be shown by now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.mask.is_empty() {
            return bytes.to_vec();
        }
        self.held.extend_from_slice(bytes);
        self.release(false)
    }

    /// The stream is over: gives the rest.
    pub fn finish(&mut self) -> Vec<u8> {
        self.release(true)
    }

    /// Masks all, or all up to where a secret may have begun that goes on in what is to come.
    fn release(&mut self, all: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.held.len());
        let mut at = 0;
        while at < self.held.len() && (all || !self.mask.begins(&self.held[at..])) {
            if let Some(length) = self.mask.at(&self.held[at..]) {
                out.extend_from_slice(MASK.as_bytes());
                at += length;
            } else {
                out.push(self.held[at]);
                at += 1;
            }
        }
        self.held.drain(..at);
        out
    }
}

/// The forms in which a secret may be printed.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.as_bytes().to_vec(), percent(secret, false), percent(secret, true), json(secret)];
    for url_safe in [false, true] {
        // Inside a longer text (`user:secret`) the secret begins at any of three places of the encoding.
        forms.extend((0..3).filter_map(|before| base64_inside(secret.as_bytes(), before, url_safe)));
    }
    if secret.contains('\n') {
        let lines = secret.lines().map(str::trim).filter(|line| line.len() >= LINE_BYTES);
        forms.extend(lines.map(|line| line.as_bytes().to_vec()));
    }
    forms.retain(|form| form.len() >= SECRET_BYTES);
    forms
}

/// As in a JSON text, without the quotes.
fn json(text: &str) -> Vec<u8> {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.trim_start_matches('"').trim_end_matches('"').as_bytes().to_vec()
}

/// As in a URL, or as in a form (`+` for a space).
fn percent(text: &str, form: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            b' ' if form => out.push(b'+'),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}

/// The characters of a base64 text that depend on nothing but `bytes`, when `before` others precede them modulo three.
fn base64_inside(bytes: &[u8], before: usize, url_safe: bool) -> Option<Vec<u8>> {
    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let table = if url_safe { URL_SAFE } else { STANDARD };
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit) & 1));
    // A character holds six bits; those that share bits with what stands before or after are left out.
    let bits: Vec<u8> = bits.skip((6 - before * 8 % 6) % 6).collect();
    let text: Vec<u8> =
        bits.chunks_exact(6).map(|six| table[usize::from(six.iter().fold(0, |number, bit| number << 1 | bit))]).collect();
    (text.len() >= 6).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_common_encoding() {
        let mask = Mask::of(["pa ss/wörd\"1"]);
        for shown in ["pa ss/wörd\"1", "pa%20ss%2Fw%C3%B6rd%221", "pa+ss%2Fw%C3%B6rd%221", "pa ss/wörd\\\"1"] {
            assert_eq!(mask.text(&format!("<{shown}>")), "<***>", "{shown}");
        }
        // `printf %s 'me:pa ss/wörd"1' | base64` and the same for `m:` and the password alone.
        for shown in ["bWU6cGEgc3Mvd8O2cmQiMQ==", "bTpwYSBzcy93w7ZyZCIx", "cGEgc3Mvd8O2cmQiMQ=="] {
            let hidden = mask.text(shown);
            assert!(hidden.contains(MASK) && hidden.len() < 12, "{shown}: {hidden}");
        }
    }

    #[test]
    fn a_secret_that_is_cut_anywhere_is_hidden() {
        let text = "begin s3cret-value end s3cret-value";
        for cut in 0..text.len() {
            let mut masking = Masking::new(Mask::of(["s3cret-value", "s3cret"]));
            let mut out = masking.push(&text.as_bytes()[..cut]);
            out.extend(masking.push(&text.as_bytes()[cut..]));
            out.extend(masking.finish());
            assert_eq!(String::from_utf8_lossy(&out), "begin *** end ***", "cut at {cut}");
        }
    }

    #[test]
    fn only_what_may_be_a_secret_is_held_back() {
        let mut masking = Masking::new(Mask::of(["s3cret-value", "s3cret"]));
        let pieces = [("go on\ns3c", "go on\n"), ("an", "s3can"), (" s3cret", " "), ("s!", "***s!"), ("s3cret-va", "")];
        for (piece, shown) in pieces {
            assert_eq!(String::from_utf8_lossy(&masking.push(piece.as_bytes())), shown, "after {piece:?}");
        }
        assert_eq!(masking.finish(), b"***-va");
    }

    #[test]
    fn a_piece_shows_no_part_of_a_secret_that_was_cut() {
        let mask = Mask::of(["s3cret-value"]);
        for (piece, shown) in [
            ("token s3cret-", "token ***"),
            ("token s3cre…", "token ***…"),
            ("t-value is the token", "*** is the token"),
            ("cret-value and s3cret-v", "*** and ***"),
            ("s3cret-value", "***"),
            ("a value, s3", "a value, s3"),
            ("-valu", "-valu"),
        ] {
            assert_eq!(mask.piece(piece), shown, "{piece}");
        }
    }

    #[test]
    fn values_are_masked_in_texts_keys_and_numbers() {
        let mask = Mask::of(["12345"]);
        let value = Value::parse(br#"{"a12345": ["x12345", 12345, 7, null]}"#).expect("is JSON");
        assert_eq!(mask.value(&value).to_string(), r#"{"a***":["x***","***",7,null]}"#);
    }

    #[test]
    fn the_lines_of_a_key_are_secrets_themselves() {
        let mask = Mask::of(["-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nok\n"]);
        assert_eq!(mask.text("MIIEvQIBADANBgkqhkiG9w0 ok"), "*** ok");
    }

    #[test]
    fn without_secrets_nothing_changes() {
        assert_eq!(Mask::default().text("as it is"), "as it is");
        assert_eq!(Mask::of([""]).text("as it is"), "as it is");
    }
}
