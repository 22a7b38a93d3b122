//! Y001: jq whose quotes and backslashes are escaped for TOML, where a literal string needs no escapes.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::text::{Embedded, Span};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let escaped = draft.sites.iter().filter(|site| site.role.is_jq());
    escaped.filter_map(|site| finding(site.text, &draft.facts.own)).collect()
}

fn finding(text: &Embedded, file: &str) -> Option<Diagnostic> {
    let inner = text.whole().range();
    let escapes = text.text().matches(['"', '\\']).count();
    // An escape of anything else was meant: what it stands for may not be visible.
    if text.is_plain() || escapes == 0 || inner.len() != text.text().len() + escapes {
        return None;
    }
    // A string of one line: one quote before it, and not three.
    let before = file.get(..inner.start)?;
    if !before.ends_with('"') || before.ends_with("\"\"\"") || text.text().contains(['\n', '\r']) {
        return None;
    }
    let span = Span::new(text.whole().file, inner.start - 1..inner.end + 1);
    let finding = Diagnostic::new(code::Y001, span, "jq with escaped quotes is hard to read");
    Some(finding.mend("write it in single quotes", span, literal(text.text())?))
}

/// A text as a literal string of TOML, if one can hold it.
fn literal(text: &str) -> Option<String> {
    match (text.contains('\''), text.contains("'''") || text.ends_with('\'') || text.starts_with('\'')) {
        (false, _) => Some(format!("'{text}'")),
        (true, false) => Some(format!("'''{text}'''")),
        (true, true) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::finding;
    use crate::diag::Fix;
    use crate::graph::Facts;
    use crate::model;
    use crate::text::FileId;

    /// What the value of `result` becomes.
    fn mended(value: &str) -> Option<String> {
        let text = format!("flow = 1\nresult = {value}\n");
        let (pipeline, _) = model::parse(FileId(0), &text);
        let facts = Facts { own: text.as_str().into(), ..Facts::default() };
        let Fix { edits, .. } = finding(&pipeline.result?.value, &facts.own)?.fix?;
        assert_eq!(&text[edits[0].span.range()], value);
        Some(edits[0].text.clone())
    }

    #[test]
    fn what_needs_no_escapes_is_written_without() {
        assert_eq!(mended(r#"".a == \"x\"""#).as_deref(), Some(r#"'.a == "x"'"#));
        assert_eq!(mended(r#"".a | test(\"\\\\d\")""#).as_deref(), Some(r#"'.a | test("\\d")'"#));
        assert_eq!(mended(r#"".a == \"it's\"""#).as_deref(), Some(r#"'''.a == "it's"'''"#));
    }

    #[test]
    fn other_escapes_and_other_strings_are_left_alone() {
        for value in
            [r#"".a""#, r#"'.a == "x"'"#, r#""""\".a\"""""#, r#"".a == \"\u200b\"""#, r#"".a\n == \"x\"""#, r#"".a == 1""#]
        {
            assert_eq!(mended(value), None, "{value}");
        }
    }
}
