//! The compact JSON text of a value, as jq prints it: `3.0` is `3`, infinities are the largest numbers, NaN is null.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of jq are floats; what becomes an index is bounded first"
)]

use super::{Value, meter};
use crate::limits::EVAL_TEXT_BYTES;
use jaq_json::{Num, Val};
use std::fmt::{self, Write};

/// Whole numbers up to here are exact in JSON everywhere.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_value(&self.0, f)
    }
}

/// The JSON text; inside an evaluation its length counts.
pub(super) fn text(value: &Val) -> String {
    let mut out = Capped { text: String::new(), cap: EVAL_TEXT_BYTES };
    if write_value(value, &mut out).is_err() {
        meter::too_large();
    }
    out.text
}

impl Value {
    /// The JSON text as a value; inside an evaluation its length counts.
    pub(crate) fn json_text(&self) -> Self {
        Self::from(text(&self.0))
    }
}

/// The beginning of the JSON text, for messages.
pub(crate) fn brief(value: &Val) -> String {
    const SHOWN: usize = 60;
    let mut out = Capped { text: String::new(), cap: SHOWN };
    if write_value(value, &mut out).is_err() {
        out.text.push('…');
    }
    out.text
}

/// A text that refuses to grow beyond its cap.
struct Capped {
    text: String,
    cap: usize,
}

impl Write for Capped {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let left = self.cap.saturating_sub(self.text.len());
        if part.len() <= left {
            self.text.push_str(part);
            return Ok(());
        }
        self.text.push_str(&part[..part.floor_char_boundary(left)]);
        Err(fmt::Error)
    }
}

fn write_value<W: Write>(value: &Val, out: &mut W) -> fmt::Result {
    meter::spend(1);
    match value {
        Val::Null => out.write_str("null"),
        Val::Bool(true) => out.write_str("true"),
        Val::Bool(false) => out.write_str("false"),
        Val::Num(number) => write_number(number, out),
        Val::TStr(bytes) | Val::BStr(bytes) => write_text(&String::from_utf8_lossy(bytes), out),
        Val::Arr(items) => {
            out.write_char('[')?;
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.write_char(',')?;
                }
                write_value(item, out)?;
            }
            out.write_char(']')
        }
        Val::Obj(map) => {
            out.write_char('{')?;
            for (n, (key, value)) in map.iter().enumerate() {
                if n > 0 {
                    out.write_char(',')?;
                }
                match key {
                    Val::TStr(_) | Val::BStr(_) => write_value(key, out)?,
                    other => write_text(&brief(other), out)?,
                }
                out.write_char(':')?;
                write_value(value, out)?;
            }
            out.write_char('}')
        }
    }
}

fn write_number<W: Write>(number: &Num, out: &mut W) -> fmt::Result {
    if let Some(n) = number.as_isize() {
        return write!(out, "{n}");
    }
    match as_float(number) {
        n if n.is_nan() => out.write_str("null"),
        n if n.is_infinite() => write_float(f64::MAX.copysign(n), out),
        n => write_float(n, out),
    }
}

/// The shortest digits that give the number back; very large and very small ones with an exponent of two digits or
/// more, as jq writes them: `1e-05`, `1e+100`.
fn write_float<W: Write>(n: f64, out: &mut W) -> fmt::Result {
    let text = format!("{n:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let count = digits.bytes().filter(u8::is_ascii_digit).count() as i32;
    if exponent < -4 || exponent > count + 14 {
        return write!(out, "{digits}e{exponent:+03}");
    }
    write!(out, "{n}")
}

fn write_text<W: Write>(text: &str, out: &mut W) -> fmt::Result {
    const CHUNK: usize = 4096;
    out.write_char('"')?;
    let mut rest = text;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.ceil_char_boundary(CHUNK));
        meter::room(chunk.len());
        escape(chunk, out)?;
        rest = after;
    }
    out.write_char('"')
}

fn escape<W: Write>(text: &str, out: &mut W) -> fmt::Result {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' && byte != 0x7f {
            continue;
        }
        out.write_str(&text[plain..at])?;
        plain = at + 1;
        match byte {
            b'"' => out.write_str("\\\"")?,
            b'\\' => out.write_str("\\\\")?,
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\t' => out.write_str("\\t")?,
            0x08 => out.write_str("\\b")?,
            0x0c => out.write_str("\\f")?,
            other => write!(out, "\\u{other:04x}")?,
        }
    }
    out.write_str(&text[plain..])
}

/// The number as a float, whatever its form.
pub(super) fn as_float(number: &Num) -> f64 {
    match number {
        Num::Int(n) => *n as f64,
        Num::Float(n) => *n,
        Num::Dec(text) => text.parse().unwrap_or(f64::NAN),
        Num::BigInt(big) => big.to_string().parse().unwrap_or(f64::NAN),
    }
}

/// A float as a value: whole ones become integers, so that they index lists and print without a fraction.
pub(super) fn from_float(n: f64) -> Val {
    if n.fract() == 0.0 && n.abs() <= EXACT { Val::from(n as isize) } else { Val::Num(Num::Float(n)) }
}

/// A number in its plainest form: a machine integer or a float.
pub(super) fn plain(number: Num) -> Val {
    match number {
        Num::Int(_) => Val::Num(number),
        Num::Float(n) => from_float(n),
        other => from_float(as_float(&other)),
    }
}
