//! Texts in single quotes, where nothing is escaped.

/// The same text in single quotes; `None` where that is another text, or it stands in them already.
pub fn literal(raw: &str) -> Option<String> {
    let (quotes, single) = if raw.starts_with("\"\"\"") { ("\"\"\"", "'''") } else { ("\"", "'") };
    let inside = raw.strip_prefix(quotes)?.strip_suffix(quotes)?;
    let mut text = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => chars.next().filter(|c| matches!(c, '"' | '\\'))?,
            c => c,
        });
    }
    let closes = text.contains(single) || text.ends_with('\'');
    (!closes).then(|| format!("{single}{text}{single}"))
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn escaped_quotes_become_plain_ones_where_that_is_the_same() {
        assert_eq!(literal(r#"".a == \"b\\\"""#).as_deref(), Some(r#"'.a == "b\"'"#));
        assert_eq!(literal("\"\"\"\n.a \\\"b\\\"\n\"\"\"").as_deref(), Some("'''\n.a \"b\"\n'''"));
        assert_eq!(literal("\"\"").as_deref(), Some("''"));
        for other in [
            r#"".a == 'b'""#,
            r#""a\n""#,
            r#""a\u0041""#,
            "'a'",
            "1",
            "\"\"\"a\\\nb\"\"\"",
            "\"\"\"a'''b\"\"\"",
            "\"\"\"a'\"\"\"",
        ] {
            assert_eq!(literal(other), None, "{other}");
        }
    }
}
