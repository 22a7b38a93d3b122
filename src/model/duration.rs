//! Durations (`30m`, `1h30m`, `250ms`) and counts (`200k`, `2M`).

use std::fmt::Write as _;

/// The longest duration: a year is more than any phase needs and far below any overflow.
const LONGEST_MS: u64 = 366 * 24 * 3_600_000;

/// Milliseconds of a duration: numbers with the units `d`, `h`, `m`, `s`, `ms`, larger units first, no spaces.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub(super) fn parse_duration(text: &str) -> Result<u64, String> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut last = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        if digits == 0 {
            return Err("is no duration".to_owned());
        }
        let unit = match &rest[digits..digits + letters] {
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            "" if digits < rest.len() => return Err("is no duration".to_owned()),
            "" => return Err("lacks a unit".to_owned()),
            other => return Err(format!("has the unit `{other}`, and durations have `d`, `h`, `m`, `s` or `ms`")),
        };
        if unit >= last {
            return Err("has its units in the wrong order".to_owned());
        }
        last = unit;
        let part = rest[..digits].parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
        total = part.and_then(|part| total.checked_add(part)).filter(|ms| *ms <= LONGEST_MS).ok_or("is longer than a year")?;
        rest = &rest[digits + letters..];
    }
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(total) }
}

/// What an author may have meant by a text that is no duration.
pub(super) fn suggest_duration(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = rest.get(..digits).filter(|n| !n.is_empty())?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = match rest[..letters].to_ascii_lowercase().as_str() {
            "" | "s" | "sec" | "secs" | "second" | "seconds" => "s",
            "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => "ms",
            "m" | "min" | "mins" | "minute" | "minutes" => "m",
            "h" | "hr" | "hrs" | "hour" | "hours" => "h",
            "d" | "day" | "days" => "d",
            _ => return None,
        };
        write!(out, "{number}{unit}").ok()?;
        rest = rest[letters..].trim_start();
    }
    parse_duration(&out).is_ok().then_some(out)
}

/// A count: a whole number, with `k` for thousands or `M` for millions.
pub(super) fn parse_count(text: &str) -> Option<u64> {
    let (digits, unit) = match text.as_bytes().last()? {
        b'k' => (&text[..text.len() - 1], 1_000),
        b'M' => (&text[..text.len() - 1], 1_000_000),
        _ => (text, 1),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse::<u64>().ok()?.checked_mul(unit)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sums_of_units() {
        let read = |text| parse_duration(text);
        assert_eq!(read("30m"), Ok(1_800_000));
        assert_eq!(read("1h30m"), Ok(5_400_000));
        assert_eq!(read("250ms"), Ok(250));
        assert_eq!(read("1d2h3m4s5ms"), Ok(93_784_005));
        assert_eq!(read("0s"), Ok(0));
        for bad in ["", "30", "m", "30 m", "1.5h", "-1s", "5m1h", "1s1s", "3w", "99999999999999999999s", "400d", "5é"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn words_for_units_are_understood_in_suggestions_only() {
        assert_eq!(suggest_duration("30 minutes").as_deref(), Some("30m"));
        assert_eq!(suggest_duration("1 hour 30 min").as_deref(), Some("1h30m"));
        assert_eq!(suggest_duration("90").as_deref(), Some("90s"));
        assert_eq!(suggest_duration("soon"), None);
    }

    #[test]
    fn counts_may_be_written_in_thousands_and_millions() {
        assert_eq!(parse_count("200k"), Some(200_000));
        assert_eq!(parse_count("2M"), Some(2_000_000));
        assert_eq!(parse_count("7"), Some(7));
        for bad in ["", "k", "2m", "-1", "1.5M", "99999999999999999999M"] {
            assert_eq!(parse_count(bad), None, "{bad}");
        }
    }
}
