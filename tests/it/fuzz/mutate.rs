//! Makes new inputs out of known ones: the same ones for the same seed, everywhere.

/// Numbers without end.
pub struct Seed(u64);

/// What is awkward in one of the languages.
const ODD: &[&str] = &[
    "é",
    "😀",
    "\u{0}",
    "\u{feff}",
    "\u{2028}",
    "\u{202e}",
    "\r\n",
    "\t",
    "\\",
    "\"",
    "'",
    "'''",
    "\"\"\"",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "[",
    "]",
    "[[",
    "(",
    ")",
    "{",
    "}",
    "$",
    "|",
    "//",
    "?//",
    ".",
    "..",
    "#",
    "=",
    "==",
    "-",
    "1e999",
    "-0",
    "nan",
    "0x10",
    "1979-05-27",
    " as $x | ",
    "def f: f; f",
    "reduce ",
    "\\(",
    "\\u0000",
    "\\ud800",
    "@sh ",
    "null",
    "true",
    "phases",
    "[phases.x]\n",
    "needs = [\"x\"]\n",
    "flow = 1\n",
    "\"\" = 1\n",
    "~",
    "%41",
    "=2E",
    "sha256:",
    "\u{1b}[31m",
    "18446744073709551616",
];

impl Seed {
    /// Begins a series.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    /// A number below `n`; 0 when there is none.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % n.max(1)
    }

    fn of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        all.get(self.below(all.len()))
    }

    /// A part of something.
    fn part<'t>(&mut self, bytes: &'t [u8]) -> &'t [u8] {
        let (a, b) = (self.below(bytes.len() + 1), self.below(bytes.len() + 1));
        &bytes[a.min(b)..a.max(b)]
    }
}

/// An input: random bytes now and then, else a known one with one to four changes.
pub fn input(corpus: &[Vec<u8>], seed: u64) -> Vec<u8> {
    let mut seed = Seed::new(seed);
    if seed.below(16) == 0 {
        let length = seed.below(200);
        return (0..length).map(|_| u8::try_from(seed.below(256)).expect("a byte")).collect();
    }
    let mut bytes = seed.of(corpus).cloned().unwrap_or_default();
    for _ in 0..=seed.below(3) {
        bytes = match seed.below(3) {
            0 => by_bytes(&bytes, corpus, &mut seed),
            1 => by_lines(&bytes, &mut seed),
            _ => by_tokens(&bytes, corpus, &mut seed),
        };
    }
    bytes
}

/// Cuts, doubles, flips, splices.
fn by_bytes(bytes: &[u8], corpus: &[Vec<u8>], seed: &mut Seed) -> Vec<u8> {
    let at = seed.below(bytes.len() + 1);
    let (before, after) = bytes.split_at(at);
    match seed.below(6) {
        0 => before.to_vec(),
        1 => after.to_vec(),
        2 => [before, seed.of(ODD).copied().unwrap_or_default().as_bytes(), after].concat(),
        3 => {
            let part = seed.part(after).to_vec();
            [before, &part.repeat(1 + seed.below(8)), after].concat()
        }
        4 => {
            let other = seed.of(corpus).map_or(&[][..], |other| other);
            [before, seed.part(other), after].concat()
        }
        _ => {
            let mut bytes = bytes.to_vec();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << seed.below(8);
            }
            bytes
        }
    }
}

/// Drops, doubles, swaps and turns lines round, and changes how they end.
fn by_lines(bytes: &[u8], seed: &mut Seed) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (at, other) = (seed.below(lines.len()), seed.below(lines.len()));
    match seed.below(6) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[other].clone()),
        2 => lines.swap(at, other),
        3 => lines[at].reverse(),
        4 => lines.iter_mut().for_each(|line| line.push(b'\r')),
        _ => lines[at] = lines[at].iter().flat_map(|byte| if *byte == b' ' { vec![b'\t'] } else { vec![*byte] }).collect(),
    }
    lines.join(&b'\n')
}

/// Swaps words and signs with each other, or with those of another input.
fn by_tokens(bytes: &[u8], corpus: &[Vec<u8>], seed: &mut Seed) -> Vec<u8> {
    let mut own = tokens(bytes);
    let other = seed.of(corpus).map_or(vec![], |other| tokens(other));
    let (at, with) = (seed.below(own.len()), seed.below(own.len()));
    match seed.below(4) {
        _ if own.is_empty() => {}
        0 => drop(own.remove(at)),
        1 => own.swap(at, with),
        2 => own.insert(at, seed.of(&other).copied().unwrap_or_default()),
        _ => own[at] = seed.of(&other).copied().unwrap_or_default(),
    }
    own.concat()
}

/// Words, runs of blanks, and single signs.
fn tokens(bytes: &[u8]) -> Vec<&[u8]> {
    let kind = |byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80 => 1,
        byte if byte.is_ascii_whitespace() => 2,
        _ => 0,
    };
    bytes.chunk_by(|a, b| kind(a) != 0 && kind(a) == kind(b)).collect()
}
