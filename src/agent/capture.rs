//! Keeps what a program says, within limits, and passes it on as transcript and progress.

use super::backend::{Channel, Feed};
use super::process::{Listener, Want};
use crate::limits;
use std::sync::Arc;

/// Both outputs of a program, each up to [`limits::OUTPUT_BYTES`].
#[derive(Debug)]
pub struct Capture {
    /// Standard output.
    pub out: Vec<u8>,
    /// Standard error.
    pub err: Vec<u8>,
    /// Bytes of standard output that were dropped.
    pub out_dropped: usize,
    /// Bytes of standard error that were dropped.
    pub err_dropped: usize,
    feed: Arc<dyn Feed>,
    noted: bool,
}

impl Capture {
    /// Nothing said yet.
    pub fn new(feed: Arc<dyn Feed>) -> Self {
        Self { out: Vec::new(), err: Vec::new(), out_dropped: 0, err_dropped: 0, feed, noted: false }
    }

    /// Passes on what was kept, and says once that something was not.
    fn pass(&mut self, from: Channel, kept: &[u8], dropped: bool) {
        if !kept.is_empty() {
            self.feed.transcript(from, kept);
            if let Some(line) = last_line(kept) {
                self.feed.progress(&line);
            }
        }
        if dropped && !self.noted {
            self.noted = true;
            let note = format!("[more than {} MiB of output; the rest is dropped]", limits::OUTPUT_BYTES >> 20);
            self.feed.transcript(from, format!("\n{note}\n").as_bytes());
            self.feed.progress(&note);
        }
    }
}

/// Appends what fits; gives how much that was.
fn keep(kept: &mut Vec<u8>, dropped: &mut usize, bytes: &[u8]) -> usize {
    let fits = bytes.len().min(limits::OUTPUT_BYTES - kept.len());
    kept.extend_from_slice(&bytes[..fits]);
    *dropped += bytes.len() - fits;
    fits
}

impl Listener for Capture {
    fn stdout(&mut self, bytes: &[u8]) -> Want {
        let fits = keep(&mut self.out, &mut self.out_dropped, bytes);
        self.pass(Channel::Out, &bytes[..fits], fits < bytes.len());
        Want::More
    }

    fn stderr(&mut self, bytes: &[u8]) {
        let fits = keep(&mut self.err, &mut self.err_dropped, bytes);
        self.pass(Channel::Err, &bytes[..fits], fits < bytes.len());
    }
}

/// The last line that says something, as one short line for people.
pub fn last_line(bytes: &[u8]) -> Option<String> {
    // Only the end is looked at: a piece may be large, and comes often.
    let from = bytes.len().saturating_sub(4 * PROGRESS_CHARS * 4);
    let text = String::from_utf8_lossy(&bytes[from..]);
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(one_line)
}

/// What a line for people holds, in characters.
const PROGRESS_CHARS: usize = 120;

/// A text as one short line: control characters gone, spaces single, cut with an ellipsis.
pub fn one_line(text: &str) -> String {
    let mut out = String::new();
    let mut escaped = false;
    for c in text.chars() {
        if out.chars().count() >= PROGRESS_CHARS {
            out.push('…');
            break;
        }
        match c {
            // Colours and cursor movements of terminals: up to the letter that ends them.
            '\u{1b}' => escaped = true,
            _ if escaped => escaped = !c.is_ascii_alphabetic(),
            c if c.is_whitespace() || c.is_control() => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_people_is_short_and_plain() {
        assert_eq!(one_line("\u{1b}[32mok\u{1b}[0m  two\n three"), "ok two three");
        assert_eq!(one_line(&"x".repeat(500)).chars().count(), PROGRESS_CHARS + 1);
        assert_eq!(last_line(b"one\ntwo\n\n").as_deref(), Some("two"));
        assert_eq!(last_line(b"\n \n"), None);
    }
}
