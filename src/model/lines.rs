//! Lines of a text, and what they look like to somebody who does not parse.

/// The first line of a text, without its line break and indentation.
fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or_default().trim()
}

/// Whether a text begins with a line like `[phases.plan]`.
pub(super) fn is_header(text: &str) -> bool {
    let line = first_line(text);
    let Some(inside) = line.strip_prefix('[') else { return false };
    let inside = inside.strip_prefix('[').unwrap_or(inside);
    let name = inside.split([']', '#']).next().unwrap_or_default();
    let alphabet = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'' | ' ');
    name.starts_with(|c: char| c.is_alphabetic() || c == '"' || c == '_') && name.chars().all(alphabet)
}

/// Whether a text begins with a line like `key = …`.
pub(super) fn is_statement(text: &str) -> bool {
    let Some((key, value)) = first_line(text).split_once('=') else { return false };
    let alphabet = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'' | '?');
    let key = key.trim();
    !value.starts_with('=') && !key.is_empty() && key.chars().all(alphabet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_statements_are_told_by_their_looks() {
        for header in ["[a]", "  [[tests]] # x", "[phases.\"a b\".c]\nx", "[phases.a"] {
            assert!(is_header(header), "{header}");
        }
        for other in ["[1, 2]", "[\n", "- [ ] done", "x = [a]", "[{ a = 1 }]", ""] {
            assert!(!is_header(other), "{other}");
        }
        for statement in ["a = 1", "  a.b= 'x'", "\"a\" ="] {
            assert!(is_statement(statement), "{statement}");
        }
        for other in ["a == b", "if a = b", "{ a = 1 },", "# a = 1", "text"] {
            assert!(!is_statement(other), "{other}");
        }
    }
}
