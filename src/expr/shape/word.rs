//! Types in one text: `string`, `integer 1..5`, `'low'|'high'`, and what may follow them, `[]` and `?`.

use super::parse::{Kind, Shape, too_deep};
use crate::diag::{Diagnostic, code, nearest};
use crate::limits::SHAPE_NESTING;
use crate::text::Embedded;
use std::ops::Range;

/// The words there are.
const WORDS: [&str; 5] = ["string", "integer", "number", "boolean", "json"];
/// Words of other languages, and ours.
const FOREIGN: [(&str, &str); 16] = [
    ("str", "string"),
    ("text", "string"),
    ("char", "string"),
    ("int", "integer"),
    ("uint", "integer"),
    ("long", "integer"),
    ("i64", "integer"),
    ("u64", "integer"),
    ("float", "number"),
    ("double", "number"),
    ("f64", "number"),
    ("decimal", "number"),
    ("bool", "boolean"),
    ("any", "json"),
    ("unknown", "json"),
    ("value", "json"),
];
/// What is shown of an author's word, in characters.
const SHOWN: usize = 40;

/// Boxed, since it is large beside a shape.
type Wrong = Box<Diagnostic>;

struct Parser<'a> {
    source: &'a Embedded,
    text: &'a str,
    at: usize,
}

/// Reads a whole text as a type; `depth` levels are around it.
pub(super) fn parse(source: &Embedded, depth: usize) -> Result<Shape, Wrong> {
    let mut parser = Parser { source, text: source.text(), at: 0 };
    parser.space();
    let mut shape = parser.first()?;
    let mut depth = depth;
    loop {
        parser.space();
        let start = parser.at;
        if parser.eat("[]") {
            depth += 1;
            if depth >= SHAPE_NESTING {
                return Err(Box::new(too_deep(source.span(start..parser.at))));
            }
            shape = Shape { kind: Kind::List(Box::new(shape)), nullable: false };
        } else if parser.eat("?") {
            if shape.nullable {
                return Err(parser.wrong(start..parser.at, "one `?` is enough"));
            }
            shape.nullable = true;
        } else if parser.rest().is_empty() {
            return Ok(shape);
        } else {
            return Err(parser.leftover(&shape.kind));
        }
    }
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        self.at += if found { what.len() } else { 0 };
        found
    }

    /// The length of what matches from here on.
    fn run(&self, matches: impl Fn(char) -> bool) -> usize {
        self.rest().find(|c| !matches(c)).unwrap_or(self.rest().len())
    }

    fn wrong(&self, range: Range<usize>, message: impl Into<String>) -> Wrong {
        Box::new(Diagnostic::new(code::D010, self.source.span(range), message))
    }

    /// A finding with an edit, which is offered only where the text stands in the file byte for byte.
    fn mend(&self, range: Range<usize>, message: String, help: String, text: &str) -> Wrong {
        let finding = self.wrong(range.clone(), message).help(help);
        let finding = if self.source.is_plain() {
            finding.suggest(format!("write `{text}`"), self.source.span(range), text)
        } else {
            finding
        };
        Box::new(finding)
    }

    /// A word with its bounds, or choices.
    fn first(&mut self) -> Result<Shape, Wrong> {
        let start = self.at;
        if self.rest().starts_with(['\'', '"']) {
            return self.choices();
        }
        self.at += self.run(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let word = &self.text[start..self.at];
        let kind = match word {
            "string" => Kind::Text { choices: vec![] },
            "integer" | "number" => {
                self.space();
                let (min, max) = if self.rest().starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.') {
                    self.bounds(word)?
                } else {
                    (None, None)
                };
                Kind::Number { whole: word == "integer", min, max }
            }
            "boolean" => Kind::Boolean,
            "json" => Kind::Json,
            _ => return Err(self.unknown(start..self.at)),
        };
        Ok(Shape { kind, nullable: false })
    }

    /// What a word that is none was meant to be.
    fn unknown(&self, range: Range<usize>) -> Wrong {
        let word = &self.text[range.clone()];
        if word.is_empty() {
            let end = self.text.len();
            let found =
                if range.start == end { "a type is missing".to_owned() } else { format!("`{}` is no type", clip(self.rest())) };
            return Box::new(self.wrong(range.start..end, found).help(format!("the types are {}", listed())));
        }
        let message = format!("`{}` is no type", clip(word));
        if self.rest().trim_start().starts_with('|') {
            return self.mend(range, message, format!("choices are quoted: `'{0}'|…`", clip(word)), &format!("'{word}'"));
        }
        let lower = word.to_lowercase();
        let known = WORDS.into_iter().find(|known| *known == lower);
        let foreign = || FOREIGN.into_iter().find(|(foreign, _)| *foreign == lower).map(|(_, ours)| ours);
        if let Some(near) = known.or_else(foreign).or_else(|| nearest(&lower, WORDS)) {
            return self.mend(range, message, format!("did you mean `{near}`?"), near);
        }
        let help = match lower.as_str() {
            "array" | "list" => "a list is written after what it holds: `string[]`".to_owned(),
            "object" | "table" | "map" | "dict" => "write the fields as a table, or `{ \"*\" = \"json\" }` for any".to_owned(),
            "null" | "none" => "what may be null has a `?` at its end: `string?`".to_owned(),
            _ => format!("the types are {}", listed()),
        };
        Box::new(self.wrong(range, message).help(help))
    }

    /// `'a'|'b'`.
    fn choices(&mut self) -> Result<Shape, Wrong> {
        let mut choices: Vec<String> = vec![];
        loop {
            let start = self.at;
            let Some(quote) = self.rest().chars().next().filter(|c| matches!(c, '\'' | '"')) else {
                let len = self.run(|c| c != '|' && !c.is_whitespace());
                let word = &self.text[start..start + len];
                if word.is_empty() {
                    return Err(Box::new(
                        self.wrong(start..start + len, "a choice is missing").help("choices are quoted: `'a'|'b'`"),
                    ));
                }
                return Err(self.no_choice(start..start + len));
            };
            let Some(len) = self.rest()[1..].find(quote) else {
                let wrong = self.wrong(start..self.text.len(), format!("this choice has no closing `{quote}`"));
                return Err(Box::new(wrong.help("choices are quoted: `'a'|'b'`")));
            };
            self.at += len + 2;
            let choice = &self.text[start + 1..self.at - 1];
            if choices.iter().any(|known| known == choice) {
                return Err(self.wrong(start..self.at, format!("the choice `{}` is there twice", clip(choice))));
            }
            choices.push(choice.to_owned());
            self.space();
            if !self.eat("|") {
                return Ok(Shape { kind: Kind::Text { choices }, nullable: false });
            }
            self.space();
        }
    }

    /// What stands among choices and is none.
    fn no_choice(&self, range: Range<usize>) -> Wrong {
        let word = &self.text[range.clone()];
        let message = format!("`{}` is no choice", clip(word));
        if WORDS.contains(&word.trim_end_matches(['?', '[', ']'])) {
            let help = "only choices can be joined with `|`; a JSON Schema file can say more (`anyOf`)";
            return Box::new(self.wrong(range, message).help(help));
        }
        self.mend(range, message, "choices are quoted".to_owned(), &format!("'{word}'"))
    }

    /// `0..100`, `0..`, `..5`.
    fn bounds(&mut self, word: &str) -> Result<(Option<f64>, Option<f64>), Wrong> {
        let start = self.at;
        let min = self.number(word)?;
        self.space();
        if !self.eat("..") {
            let end = start
                + self.text[start..].find(|c: char| c.is_alphabetic() || "[]?|".contains(c)).unwrap_or(self.text.len() - start);
            let end = start + self.text[start..end].trim_end().len();
            return Err(Box::new(self.wrong(start..end.max(self.at), "these are no bounds").help(BOUNDS)));
        }
        self.space();
        let max = self.number(word)?;
        match (min, max) {
            (None, None) => Err(Box::new(self.wrong(start..self.at, "these bounds bound nothing").help(BOUNDS))),
            (Some(min), Some(max)) if min > max => {
                Err(self.wrong(start..self.at, format!("the lower bound {min} is above the upper bound {max}")))
            }
            bounds => Ok(bounds),
        }
    }

    /// A number, if one stands here.
    fn number(&mut self, word: &str) -> Result<Option<f64>, Wrong> {
        let start = self.at;
        self.eat("-");
        let digits = self.run(|c| c.is_ascii_digit());
        self.at += digits;
        let point = self.rest().strip_prefix('.').is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
        if point {
            self.at += 1;
            self.at += self.run(|c| c.is_ascii_digit());
        }
        if self.at == start {
            return Ok(None);
        }
        let shown = &self.text[start..self.at];
        let number = shown.parse::<f64>().ok().filter(|n| n.is_finite() && digits > 0);
        let Some(number) = number else {
            return Err(Box::new(self.wrong(start..self.at, format!("`{}` is no number", clip(shown))).help(BOUNDS)));
        };
        if word == "integer" && number.fract() != 0.0 {
            return Err(self.wrong(start..self.at, format!("a bound of an integer is whole, `{}` is not", clip(shown))));
        }
        Ok(Some(number))
    }

    /// What stands behind a type and does not belong there.
    fn leftover(&self, kind: &Kind) -> Wrong {
        let (range, rest) = (self.at..self.text.len(), self.rest());
        let bounds = rest.starts_with(|c: char| c.is_ascii_digit() || c == '-') || rest.starts_with("..");
        if bounds && !matches!(kind, Kind::List(_)) {
            let wrong = self.wrong(range, "only `integer` and `number` have bounds");
            return Box::new(wrong.help("say it in the prompt and check it with `accept`, or give a JSON Schema file"));
        }
        if bounds {
            let help = "the bounds of the items stand before the brackets: `integer 1..5[]`";
            return Box::new(self.wrong(range, "a list has no bounds").help(help));
        }
        if rest.starts_with('|') {
            let help = "only quoted choices can be joined with `|`: `'a'|'b'`; a JSON Schema file can say more (`anyOf`)";
            return Box::new(self.wrong(range, format!("`{}` does not belong here", clip(rest))).help(help));
        }
        let help = "a type is followed by nothing but `[]` (a list of it) and `?` (may be left out)";
        Box::new(self.wrong(range, format!("`{}` does not belong here", clip(rest))).help(help))
    }
}

const BOUNDS: &str = "bounds are written `0..100`, `0..` or `..100`";

fn listed() -> String {
    format!("`{}`, and quoted choices such as `'low'|'high'`", WORDS.join("`, `"))
}

/// At most so much of an author's text that a message stays readable.
fn clip(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
