//! The only printer. Results go to stdout, everything else to stderr; colours only where somebody sees them.
//!
//! Texts of pipelines and agents may hold escape sequences that move cursors, set titles or write clipboards. What
//! people read is cleaned of them here; JSON has its own escapes.

use super::fail::Fail;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// In a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A way to stress a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Names.
    Bold,
    /// What matters less.
    Dim,
    /// Failures.
    Red,
    /// What is done.
    Green,
    /// What wants a look.
    Yellow,
    /// What goes on.
    Blue,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Blue => "34",
        }
    }
}

/// Where a command writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Out {
    /// Whether stdout has colours.
    pub colour: bool,
    /// Whether stderr has colours.
    pub err_colour: bool,
}

impl Out {
    /// Looks at the terminal and the environment, once.
    pub fn new(when: When) -> Self {
        let auto = |terminal: bool| match when {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                let off = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                terminal && !off && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Self { colour: auto(io::stdout().is_terminal()), err_colour: auto(io::stderr().is_terminal()) }
    }

    /// Writes a result.
    ///
    /// # Errors
    /// When nobody reads any more: ends the command.
    pub fn result(&self, text: &str) -> Result<(), Fail> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()?;
        Ok(())
    }

    /// Writes a line for people to stderr; when that is closed there is nobody to tell.
    pub fn note(&self, line: &str) {
        self.painted(&clean(line));
    }

    /// Writes a line to stderr that was painted, and cleaned, already. In one piece: lines of other processes that write to the
    /// same place stand before it or after it.
    pub fn painted(&self, line: &str) {
        let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
    }

    /// Writes to stderr without ending the line: somebody is to type behind it.
    pub fn prompt(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{}", clean(text));
        let _ = stderr.flush();
    }

    /// A cleaned text, stressed for stdout.
    pub fn paint(&self, paint: Paint, text: &str) -> String {
        painted(self.colour, paint, text)
    }

    /// A cleaned text, stressed for stderr.
    pub fn err_paint(&self, paint: Paint, text: &str) -> String {
        painted(self.err_colour, paint, text)
    }

    /// Says why a command ends.
    pub fn fail(&self, fail: &Fail) {
        if fail.message.is_empty() {
            return;
        }
        self.painted(&format!("{} {}", self.err_paint(Paint::Red, "error:"), clean(&fail.message)));
        for line in &fail.help {
            self.painted(&format!("  {} {}", self.err_paint(Paint::Blue, "help:"), clean(line)));
        }
    }

    /// Says something that does not end the command.
    pub fn warn(&self, text: &str) {
        self.painted(&format!("{} {}", self.err_paint(Paint::Yellow, "warning:"), clean(text)));
    }
}

fn painted(colour: bool, paint: Paint, text: &str) -> String {
    let text = clean(text);
    if colour && !text.is_empty() { format!("\x1b[{}m{text}\x1b[0m", paint.code()) } else { text }
}

/// A text without escape sequences, control characters (but line ends and tabs) and marks that turn text around.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => skip_sequence(&mut chars),
            '\n' | '\t' => out.push(c),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Skips what follows an escape character: a control sequence, a string up to its end, or one character.
fn skip_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => while chars.next().is_some_and(|c| !('\x40'..='\x7e').contains(&c)) {},
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = chars.next() {
                let string_end = c == '\x1b' && chars.next_if_eq(&'\\').is_some();
                if string_end || c == '\x07' || c == '\u{9c}' {
                    return;
                }
            }
        }
        _ => {}
    }
}

/// JSON text for a terminal or a file: what a terminal would obey is escaped as JSON escapes it.
pub fn json_text(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if ('\u{7f}'..='\u{9f}').contains(&c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Rows as lines, columns aligned, two spaces between them.
pub fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_control_characters_do_not_reach_a_terminal() {
        let text = "a\x1b[31mred\x1b[0m\x1b]0;title\x07b\x1b]52;c;aGk=\x1b\\c\r\x08d\u{9b}2Je\tf\ng\u{202e}h\x1b7i";
        assert_eq!(clean(text), "aredbcd2Je\tf\ngh".to_owned() + "i");
    }

    #[test]
    fn an_unfinished_sequence_ends_with_the_text() {
        assert_eq!([clean("a\x1b"), clean("a\x1b["), clean("a\x1b]b")], ["a", "a", "a"]);
    }

    #[test]
    fn json_escapes_what_a_terminal_would_obey() {
        assert_eq!(json_text("\"a\u{9b}b\u{7f}ä\""), "\"a\\u009bb\\u007fä\"");
    }
}
