//! Just enough of a terminal to read a session as a person sees it: live lines are drawn over and gone in the end.

/// What a terminal shows of what was written to it.
#[derive(Default)]
pub(super) struct Screen {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    /// An escape sequence that has begun.
    escape: Option<String>,
    /// The beginning of a character.
    bytes: Vec<u8>,
}

impl Screen {
    /// Takes what a program has written, wherever it was cut.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        let whole = match std::str::from_utf8(&self.bytes) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let rest = self.bytes.split_off(whole);
        let text = String::from_utf8(std::mem::replace(&mut self.bytes, rest)).expect("is valid up to there");
        text.chars().for_each(|c| self.put(c));
    }

    /// The lines, without what is empty at their ends and below them.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// The number of the line that the cursor is in, and its text up to the cursor.
    pub(super) fn cursor(&self) -> (usize, String) {
        let line = self.lines.get(self.row).map(Vec::as_slice).unwrap_or_default();
        (self.row, line.iter().take(self.column).collect())
    }

    fn put(&mut self, c: char) {
        if let Some(escape) = &mut self.escape {
            escape.push(c);
            if escape != "[" && c.is_ascii_alphabetic() {
                let escape = self.escape.take().unwrap_or_default();
                self.control(&escape);
            }
            return;
        }
        match c {
            '\x1b' => self.escape = Some(String::new()),
            '\r' => self.column = 0,
            '\n' => self.row += 1,
            '\x07' => {}
            c => {
                let column = self.column;
                let line = self.line();
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                self.column += 1;
            }
        }
    }

    fn line(&mut self) -> &mut Vec<char> {
        let rows = self.lines.len().max(self.row + 1);
        self.lines.resize(rows, vec![]);
        &mut self.lines[self.row]
    }

    /// A control sequence, such as `[2K`.
    fn control(&mut self, sequence: &str) {
        let (number, what) = sequence[1..].split_at(sequence.len() - 2);
        let count = number.parse().unwrap_or(1);
        let column = self.column;
        match what {
            "A" => self.row = self.row.saturating_sub(count),
            "B" => self.row += count,
            "C" => self.column += count,
            "D" => self.column = self.column.saturating_sub(count),
            "G" => self.column = count - 1,
            "K" if number == "2" => self.line().clear(),
            "K" => self.line().truncate(column),
            "J" => {
                self.line().truncate(column);
                let below = self.row + 1;
                self.lines.truncate(below);
            }
            "m" | "h" | "l" => {}
            _ => panic!("the terminal does not know `{sequence}`"),
        }
    }
}

#[test]
fn what_is_drawn_over_is_gone() {
    let mut screen = Screen::default();
    screen.feed("first\r\n⠋ work  0s".as_bytes());
    assert_eq!(screen.cursor(), (1, "⠋ work  0s".to_owned()));
    screen.feed(b"\r\x1b[2");
    screen.feed(b"K\x1b[32m\xe2\x9c");
    screen.feed(b"\x93 work\x1b[0m\r\nGo on? ");
    assert_eq!(screen.lines(), ["first", "✓ work", "Go on?"]);
    screen.feed(b"\x1b[1A\rxy");
    assert_eq!(screen.lines(), ["first", "xywork", "Go on?"]);
}
