//! A rule's page: what its head says. The text itself is the book's `rules/CODE.md`; nothing here reads a file.

/// The head of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// `D003`.
    pub code: &'a str,
    /// `unknown-field`.
    pub slug: &'a str,
    /// `error`, `warning` or `info`.
    pub severity: &'a str,
    /// `none`, `safe`, `unsafe` or `safe or unsafe`.
    pub fix: &'a str,
    /// What the rule finds, in one sentence.
    pub sentence: String,
    /// What follows the sentence.
    pub rest: &'a str,
}

impl<'a> Page<'a> {
    /// Reads a page; `None` when it does not begin as a page of a rule does.
    pub fn read(text: &'a str) -> Option<Self> {
        let (title, rest) = text.split_once("\n\n")?;
        let (code, slug) = title.strip_prefix("# ")?.split_once(' ')?;
        let slug = slug.strip_prefix('`')?.strip_suffix('`')?;
        let (head, rest) = rest.split_once("\n\n")?;
        let (severity, fix) = head.strip_prefix("**")?.split_once("** · fix: ")?;
        let (sentence, rest) = rest.split_once("\n\n")?;
        Some(Self { code, slug, severity, fix, sentence: sentence.replace('\n', " "), rest })
    }
}

/// A page as people read it: the words for tests behind the fences are taken out, and marks point with an arrow.
pub fn readable(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    for line in page.lines() {
        let line = match line.strip_prefix("```").map(|info| info.split_once(',')) {
            Some(Some((language, rest))) => match rest.split_once('=') {
                Some((_, path)) => format!("`{path}`:\n\n```{language}"),
                None => format!("```{language}"),
            },
            _ => pointed(line),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// A line of an example: `#~ D003:29` becomes `# <- D003`.
fn pointed(line: &str) -> String {
    let Some((code, marks)) = line.split_once("#~") else { return line.to_owned() };
    let up = marks.starts_with('^');
    let marks = marks.trim_start_matches('^').split_whitespace().map(|mark| mark.split(':').next().unwrap_or_default());
    format!("{code}# {} {}", if up { "^" } else { "<-" }, marks.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::{Page, readable};

    #[test]
    fn what_is_there_for_tests_is_not_shown() {
        let page = "x\n\n```toml,fails\na = 1 #~ D003:5 D001\n#~^ M001\n```\n```md,file=ask.md\nb\n```\n";
        let shown = "x\n\n```toml\na = 1 # <- D003 D001\n# ^ M001\n```\n`ask.md`:\n\n```md\nb\n```\n";
        assert_eq!(readable(page), shown);
    }

    #[test]
    fn the_head_of_a_page_is_read() {
        let text = "# D003 `unknown-field`\n\n**error** · fix: safe or unsafe\n\nFinds\nit.\n\n## Why\n\nIt is so.\n";
        let page = Page::read(text).unwrap();
        assert_eq!((page.code, page.slug, page.severity, page.fix), ("D003", "unknown-field", "error", "safe or unsafe"));
        assert_eq!((page.sentence.as_str(), page.rest), ("Finds it.", "## Why\n\nIt is so.\n"));
        for wrong in ["", "# D003 unknown-field\n\n**error** · fix: none\n\nx\n\ny", "# D003 `x`\n\nerror\n\nx\n\ny"] {
            assert_eq!(Page::read(wrong), None, "{wrong:?}");
        }
    }
}
