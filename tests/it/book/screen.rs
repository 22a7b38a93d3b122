//! Just enough of a terminal to read a session as a person sees it: live lines are drawn over and gone in the end.

/// Characters of a row.
pub(super) const WIDTH: usize = 100;

/// What a terminal shows of what was written to it.
#[derive(Default)]
pub(super) struct Screen {
    rows: Vec<Row>,
    row: usize,
    column: usize,
    /// An escape sequence that has begun.
    escape: Option<String>,
    /// The beginning of a character.
    bytes: Vec<u8>,
}

#[derive(Clone, Default)]
struct Row {
    text: Vec<char>,
    /// The line was too long for it, and goes on in the next one.
    goes_on: bool,
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
        let mut lines = vec![];
        let mut line = String::new();
        for row in &self.rows {
            line.extend(&row.text);
            if !row.goes_on {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
        }
        lines.push(line.trim_end().to_owned());
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// The number of the row that the cursor is in, and its text up to the cursor.
    pub(super) fn cursor(&self) -> (usize, String) {
        let row = self.rows.get(self.row).map(|row| row.text.as_slice()).unwrap_or_default();
        (self.row, row.iter().take(self.column).collect())
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
                if self.column == WIDTH {
                    self.here().goes_on = true;
                    (self.row, self.column) = (self.row + 1, 0);
                }
                let column = self.column;
                let text = &mut self.here().text;
                text.resize(text.len().max(column + 1), ' ');
                text[column] = c;
                self.column += 1;
            }
        }
    }

    fn here(&mut self) -> &mut Row {
        let rows = self.rows.len().max(self.row + 1);
        self.rows.resize(rows, Row::default());
        &mut self.rows[self.row]
    }

    /// Clears the row from a column on.
    fn clear(&mut self, from: usize) {
        let row = self.here();
        row.text.truncate(from);
        row.goes_on = false;
        if from == 0 && self.row > 0 {
            self.rows[self.row - 1].goes_on = false;
        }
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
            "K" if number == "2" => self.clear(0),
            "K" => self.clear(column),
            "J" => {
                self.clear(column);
                self.rows.truncate(self.row + 1);
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

#[test]
fn a_line_that_is_too_long_for_a_row_is_one_line() {
    let mut screen = Screen::default();
    screen.feed(format!("{}more\r\nnext\r\n", "x".repeat(WIDTH)).as_bytes());
    assert_eq!(screen.lines(), [format!("{}more", "x".repeat(WIDTH)), "next".to_owned()]);
    // Two live lines, each as wide as the terminal, and then nothing of them.
    let live = |text: &str| format!("{text:WIDTH$}");
    screen.feed(format!("{}{}", live("a"), live("b")).as_bytes());
    screen.feed(b"\x1b[1A\r\x1b[2K\x1b[1B\r\x1b[2K\x1b[1Adone\r\n");
    assert_eq!(screen.lines()[2..], ["done"]);
    // What the terminal echoes wraps, and so the live line that was full is not found again.
    screen.feed(format!("{}^C\r\x1b[2Kstopping\r\n", live("c")).as_bytes());
    assert_eq!(screen.lines()[3..], ["c", "stopping"]);
}
