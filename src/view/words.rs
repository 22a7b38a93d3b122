//! Numbers and texts in the words that people read: spans of time, money, one line of a longer text.

use crate::run::RunId;

/// A span of milliseconds: `0.4 s`, `12 s`, `3m 05s`, `2h 04m`.
pub fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..10 => format!("{}.{} s", seconds, ms % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// US dollars: cents, or more digits when it is less than one; nothing for nothing.
pub fn money(usd: f64) -> Option<String> {
    match usd {
        usd if usd <= 0.0 => None,
        usd if usd < 0.01 => Some(format!("${usd:.4}")),
        usd => Some(format!("${usd:.2}")),
    }
}

/// A text on one line: runs of white space are one space, and what is longer than `width` characters ends in `…`.
pub fn one_line(text: &str, width: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.extend(word.chars().take(width + 1));
        length += word.chars().count();
        if length > width {
            let cut: String = line.chars().take(width.saturating_sub(1)).collect();
            return format!("{}…", cut.trim_end());
        }
    }
    line
}

/// The end of a run's id: enough to name it in a command.
pub fn short(run: &RunId) -> &str {
    let id = run.as_str();
    &id[id.len().saturating_sub(6)..]
}

/// `1 phase`, `2 phases`.
pub fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// Bytes: `512 B`, `12 KiB`, `3.4 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let (mut tenths, mut unit) = (bytes.saturating_mul(10), "B");
    for larger in UNITS {
        if tenths < 10_240 {
            break;
        }
        (tenths, unit) = (tenths / 1024, larger);
    }
    if unit == "B" || tenths >= 100 {
        format!("{} {unit}", tenths / 10)
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

/// A word as an argument of a shell: quoted when it must be.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_grow_coarser() {
        let shown = [0, 430, 9_990, 12_000, 185_000, 7_440_000].map(span);
        assert_eq!(shown, ["0.0 s", "0.4 s", "9.9 s", "12 s", "3m 05s", "2h 04m"]);
    }

    #[test]
    fn a_long_text_is_cut_with_an_ellipsis() {
        assert_eq!(one_line("  a\n b\tc ", 10), "a b c");
        assert_eq!(one_line("first second third", 12), "first secon…");
        assert_eq!(one_line("first second", 12), "first second");
        assert_eq!(one_line("ääää", 3), "ää…");
    }

    #[test]
    fn little_money_keeps_its_digits() {
        assert_eq!(
            [0.0, 0.0012, 0.126, 3.0].map(money),
            [None, Some("$0.0012".into()), Some("$0.13".into()), Some("$3.00".into())]
        );
    }

    #[test]
    fn sizes_have_two_digits_at_least() {
        let shown = [0, 1023, 1024, 12 << 10, 3_600_000, 5 << 30, u64::MAX].map(size);
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "12 KiB", "3.4 MiB", "5.0 GiB", "1677721 TiB"]);
    }

    #[test]
    fn a_shell_word_is_quoted_when_it_must_be() {
        assert_eq!(["a-b.toml", "", "it's"].map(shell_word), ["a-b.toml", "''", r"'it'\''s'"]);
    }
}
