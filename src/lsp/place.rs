//! Where the cursor stands in a text that may be half written: under which header and keys, and in which string.
//!
//! The model needs a line that can be parsed; somebody who types has none yet. So this reads the text up to the cursor
//! and nothing else, and knows only strings, comments, brackets and keys.

/// A place in a pipeline file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place<'t> {
    /// The header above, by its names; empty at the top.
    pub header: Vec<String>,
    /// The keys from there to here: `repeat`, `from`.
    pub keys: Vec<String>,
    /// What is being written.
    pub at: At<'t>,
}

/// What is being written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum At<'t> {
    /// A key, as far as it is there.
    Key(&'t str),
    /// A text, as far as it is there.
    Text(&'t str),
    /// Something else: a comment, a header, a value without quotes.
    #[default]
    Elsewhere,
}

impl Place<'_> {
    /// The keys from the thing with a name on: `[phases.plan.repeat] when` and `[phases.plan] repeat = { when` are one.
    pub(super) fn inner(&self) -> Vec<&str> {
        let named = matches!(self.header.first().map(String::as_str), Some("phases" | "agents" | "params" | "documents"));
        let skip = if named { 2 } else { 1 };
        self.header.iter().skip(skip).chain(&self.keys).map(String::as_str).collect()
    }
}

/// A bracket that is open, and how many keys there were before it.
struct Open {
    table: bool,
    keys: usize,
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    place: Place<'t>,
    open: Vec<Open>,
    /// Where the key or value that is being written begins.
    word: usize,
    /// Whether that is a value.
    value: bool,
}

/// The place at the end of a text: give it what stands before the cursor.
pub(super) fn place(text: &str) -> Place<'_> {
    let mut scan = Scan { text, at: 0, place: Place::default(), open: vec![], word: 0, value: false };
    while scan.at < text.len() {
        if let Some(at) = scan.step() {
            scan.place.at = at;
            return scan.place;
        }
    }
    scan.place.at = if scan.value { At::Elsewhere } else { At::Key(text[scan.word..].trim_start()) };
    scan.place
}

impl<'t> Scan<'t> {
    /// One step; where the text ends inside something, that.
    fn step(&mut self) -> Option<At<'t>> {
        let rest = &self.text[self.at..];
        for quotes in ["\"\"\"", "'''", "\"", "'"] {
            if rest.starts_with(quotes) {
                return self.string(quotes);
            }
        }
        let Some(c) = rest.chars().next() else { return Some(At::Elsewhere) };
        match c {
            '#' => return self.until_line_end(rest),
            '[' if self.open.is_empty() && !self.value && self.text[self.word..self.at].trim().is_empty() => {
                return self.header(rest);
            }
            '{' | '[' => {
                self.open.push(Open { table: c == '{', keys: self.place.keys.len() });
                self.begin(c == '[');
            }
            '}' | ']' => {
                if let Some(open) = self.open.pop() {
                    self.place.keys.truncate(open.keys);
                }
                self.value = true;
            }
            '=' => {
                let key = self.text[self.word..self.at].trim();
                self.place.keys.extend(key.split('.').map(|part| part.trim().trim_matches(['"', '\'']).to_owned()));
                self.begin(true);
                return None;
            }
            ',' => {
                let (keys, table) = self.open.last().map_or((0, true), |open| (open.keys, open.table));
                if table {
                    self.place.keys.truncate(keys);
                }
                self.begin(!table);
                return None;
            }
            '\n' if self.open.is_empty() => {
                self.place.keys.clear();
                self.begin(false);
                return None;
            }
            _ => {}
        }
        self.at += c.len_utf8();
        if matches!(c, '{' | '[') {
            self.word = self.at;
        }
        None
    }

    /// What follows the character here is a key or a value.
    fn begin(&mut self, value: bool) {
        self.value = value;
        if matches!(self.text.as_bytes().get(self.at), Some(b'{' | b'[')) {
            return;
        }
        self.at += 1;
        self.word = self.at;
    }

    fn string(&mut self, quotes: &str) -> Option<At<'t>> {
        let start = self.at + quotes.len();
        let rest = &self.text[start..];
        let single = quotes.len() == 1;
        let mut at = 0;
        loop {
            let Some(c) = rest[at..].chars().next() else { return Some(At::Text(rest)) };
            if rest[at..].starts_with(quotes) {
                self.at = start + at + quotes.len();
                return None;
            }
            if c == '\n' && single {
                // It was never closed; the next line is a new one.
                self.at = start + at;
                return None;
            }
            at += c.len_utf8();
            if c == '\\' && quotes.starts_with('"') {
                at += rest[at..].chars().next().map_or(0, char::len_utf8);
            }
        }
    }

    fn until_line_end(&mut self, rest: &str) -> Option<At<'t>> {
        match rest.find('\n') {
            Some(end) => self.at += end,
            None => return Some(At::Elsewhere),
        }
        None
    }

    fn header(&mut self, rest: &str) -> Option<At<'t>> {
        let line = rest.split('\n').next().unwrap_or_default();
        if line.len() == rest.len() {
            return Some(At::Elsewhere);
        }
        let names = line.split('#').next().unwrap_or_default().trim().trim_matches(['[', ']']);
        self.place.header = names.split('.').map(|name| name.trim().trim_matches(['"', '\'']).to_owned()).collect();
        self.at += line.len();
        self.word = self.at;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{At, place};

    fn at(text: &str) -> (String, String, At<'_>) {
        let place = place(text);
        (place.header.join("."), place.inner().join("."), place.at)
    }

    #[test]
    fn a_half_written_line_has_its_place() {
        let phase = "flow = 1\n# [no] x = '\n[phases.plan] # one\n";
        let cases = [
            ("", "", At::Key("")),
            ("ne", "", At::Key("ne")),
            ("needs = [\"a\", \"b", "needs", At::Text("b")),
            ("needs = [\n  \"a\",\n  '", "needs", At::Text("")),
            ("when = '.phases.", "when", At::Text(".phases.")),
            ("prompt = '''\n[x]\na = {{ p", "prompt", At::Text("\n[x]\na = {{ p")),
            ("repeat = { from = \"a\", wh", "repeat", At::Key("wh")),
            ("repeat = { from = \"a\", when = '", "repeat.when", At::Text("")),
            ("repeat = [{ max = 1 }, { then = \"", "repeat.then", At::Text("")),
            ("retry = { max = 2 }\nti", "", At::Key("ti")),
            ("env = { A.B = \"x", "env.A.B", At::Text("x")),
            ("a = \"never closed\nwhen = '.x", "when", At::Text(".x")),
            ("a = \"esc \\\" aped\"\nb = '", "b", At::Text("")),
            ("timeout = 3", "timeout", At::Elsewhere),
            ("# a comment", "", At::Elsewhere),
        ];
        for (more, keys, what) in cases {
            let text = format!("{phase}{more}");
            assert_eq!(at(&text), ("phases.plan".to_owned(), keys.to_owned(), what), "{more}");
        }
        assert_eq!(at("[phases.plan.repeat]\nwhen = '").1, "repeat.when");
        assert_eq!(at("[[tests]]\nexpect = { that = '").1, "expect.that");
        assert_eq!(at("resu").2, At::Key("resu"));
        assert_eq!(at("[phases.pl").2, At::Elsewhere);
    }

    #[test]
    fn any_beginning_of_a_pipeline_has_a_place() {
        let text = include_str!("../../pipelines/review-changes.toml");
        for end in (0..text.len()).step_by(211).filter(|end| text.is_char_boundary(*end)) {
            let _ = place(&text[..end]);
        }
    }
}
