//! The three natives that jq's regular expressions are made of.
//!
//! jaq-std has them, too, but collects all matches of a text before the meter sees any. These charge for the search and
//! for each match, and give unmatched groups as jq does.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of jq are floats; what becomes an index is bounded first"
)]

use super::dialect::Dialect;
use crate::value::{Fault, Value, brief, fault, kind, meter};
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Cv, ValR, ValT};
use regex_bites::bytes::{Captures, Regex, RegexBuilder};

/// States of a compiled expression.
const COMPILED_BYTES: usize = 1 << 20;

/// The table of natives; `(re; flags)` each.
pub(super) fn all() -> Vec<Fun<Dialect>> {
    let natives: [jaq_core::native::Filter<jaq_core::RunPtr<Dialect>>; 3] = [
        ("matches", v(2), |cv| bome(search(cv, false, true))),
        ("split_matches", v(2), |cv| bome(search(cv, true, true))),
        ("split_", v(2), |cv| bome(search(cv, true, false))),
    ];
    natives.into_iter().map(run::<Dialect>).collect()
}

/// A compiled expression with the flags that are not the engine's.
struct Pattern {
    regex: Regex,
    global: bool,
    skip_empty: bool,
}

/// Compiles an expression; the error says what is wrong with it or with its flags.
pub(super) fn compile(source: &str, flags: &str) -> Result<(), String> {
    Pattern::new(source, flags).map(|_| ())
}

impl Pattern {
    fn new(source: &str, flags: &str) -> Result<Self, String> {
        let mut builder = RegexBuilder::new(source);
        builder.size_limit(COMPILED_BYTES);
        let (mut global, mut skip_empty) = (false, false);
        for flag in flags.chars() {
            match flag {
                'g' => global = true,
                'n' => skip_empty = true,
                'i' => drop(builder.case_insensitive(true)),
                's' => drop(builder.dot_matches_new_line(true)),
                'x' => drop(builder.ignore_whitespace(true)),
                'p' => drop(builder.dot_matches_new_line(true).multi_line(true)),
                'l' => drop(builder.swap_greed(true)),
                other => return Err(format!("`{other}` is not a flag of a regular expression")),
            }
        }
        let regex = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { regex, global, skip_empty })
    }
}

fn no_text(value: &Value, what: &str) -> Fault {
    fault(format_args!("{} ({}) cannot be {what}, as it is not a string", kind(&value.0), brief(&value.0)))
}

/// Matches and, if wanted, the texts between them.
fn search(mut cv: Cv<'_, Dialect>, between: bool, matches: bool) -> ValR<Value> {
    let (mut flags, mut source) = (cv.0.pop_var(), cv.0.pop_var());
    // `test(["a", "i"])` is `test("a"; "i")`.
    let both: Option<Vec<Value>> = source.items().map(Iterator::collect);
    if let Some([pattern, rest @ ..]) = both.as_deref() {
        if let Some(own) = rest.first() {
            flags = joined(own, &flags);
        }
        source = pattern.clone();
    }
    let value = cv.1;
    let text = value.as_str().ok_or_else(|| no_text(&value, "matched"))?;
    let source = source.as_str().ok_or_else(|| no_text(&source, "a regular expression"))?;
    let flags = match flags.as_str() {
        None if flags.is_null() => "",
        flags_text => flags_text.ok_or_else(|| no_text(&flags, "the flags of a regular expression"))?,
    };
    meter::spend((source.len() + text.len() * (1 + source.len() / 16) / 2) as u64);
    let pattern = Pattern::new(source, flags).map_err(|error| fault(format_args!("{source} is not a regex: {error}")))?;
    let names: Vec<Option<String>> = pattern.regex.capture_names().map(|name| name.map(str::to_owned)).collect();
    let mut chars = Chars { text, at: 0, count: 0 };
    let (mut out, mut last) = (vec![], 0);
    for captures in pattern.regex.captures_iter(text.as_bytes()) {
        meter::step();
        let Some(whole) = captures.get(0) else { continue };
        if pattern.skip_empty && whole.is_empty() {
            continue;
        }
        if between {
            out.push(jaq_std::ValT::as_sub_str(&value, &text.as_bytes()[last..whole.start()]));
            last = whole.end();
        }
        if matches {
            out.push(groups(&value, &captures, &names, &mut chars)?);
        }
        if !pattern.global {
            break;
        }
    }
    if between {
        out.push(jaq_std::ValT::as_sub_str(&value, &text.as_bytes()[last..]));
    }
    Ok(out.into_iter().collect())
}

/// The flags of a pattern together with those of the function.
fn joined(own: &Value, flags: &Value) -> Value {
    let text = |flags: &Value| flags.as_str().unwrap_or("").to_owned();
    Value::from(text(own) + &text(flags))
}

/// One match: the whole, then each group.
fn groups(value: &Value, captures: &Captures<'_>, names: &[Option<String>], chars: &mut Chars<'_>) -> ValR<Value> {
    let mut groups = vec![];
    for (n, name) in names.iter().enumerate() {
        let found = captures.get(n);
        let (offset, length, text) = match &found {
            Some(found) => {
                let length = String::from_utf8_lossy(found.as_bytes()).chars().count();
                (chars.at(found.start()) as isize, length, jaq_std::ValT::as_sub_str(value, found.as_bytes()))
            }
            None => (-1, 0, Value::NULL),
        };
        let mut entries = vec![
            (Value::text("offset"), Value::from(offset)),
            (Value::text("length"), Value::from(length)),
            (Value::text("string"), text),
        ];
        if n > 0 {
            let name = name.as_deref().map_or(Value::NULL, Value::text);
            entries.push((Value::text("name"), name));
        }
        groups.push(Value::from_map(entries)?);
    }
    Ok(groups.into_iter().collect())
}

/// From byte offsets to characters, walking along with the matches.
struct Chars<'t> {
    text: &'t str,
    at: usize,
    count: usize,
}

impl Chars<'_> {
    fn at(&mut self, offset: usize) -> usize {
        if offset < self.at {
            (self.at, self.count) = (0, 0);
        }
        self.count += self.text.get(self.at..offset).map_or(0, |part| part.chars().count());
        self.at = offset;
        self.count
    }
}
