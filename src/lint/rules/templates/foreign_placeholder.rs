//! T006: a placeholder as other tools write it. It is never filled in.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::SegmentKind;
use crate::graph::{Draft, Role};
use crate::lint::key::literals;
use crate::lint::rules::templates::undefined_variable::table_of;
use crate::text::{Embedded, Span};
use regex::Regex;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// `${goal}`, `<goal>`, `{goal}`, each perhaps with its table.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    let name = r"\s*(?:(?:params|vars)\.)?([a-z][a-z0-9_]*)\s*";
    Regex::new(&format!(r"\$\{{{name}\}}|<{name}>|\{{{name}\}}")).expect("a literal pattern")
});

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let own = draft.sites.iter().filter(|site| is_prose(site.role)).map(|site| site.text);
    let included = draft.facts.includes.iter().filter_map(|name| draft.facts.text(name));
    let filled = filled(draft);
    own.chain(included).flat_map(|text| in_text(draft, text, &filled)).collect()
}

/// Texts for agents and people. In an argument or on stdin another language may stand.
fn is_prose(role: Role) -> bool {
    matches!(
        role,
        Role::Prompt
            | Role::System(_)
            | Role::Ask
            | Role::Summary
            | Role::CheckMessage
            | Role::RequireMessage
            | Role::AcceptMessage
            | Role::SeriesKey
            | Role::DocumentKey
    )
}

/// The parameters and variables that each text fills in as it should.
fn filled<'a>(draft: &'a Draft<'_>) -> HashSet<(Span, &'a str)> {
    let reads = draft.readings.reads.iter().filter(|read| !read.site.role.is_jq());
    let named = reads.filter_map(|read| match &read.path.get(1)?.kind {
        SegmentKind::Key(name) => Some((read.text.whole(), name.as_str())),
        _ => None,
    });
    named.collect()
}

fn in_text(draft: &Draft<'_>, text: &Embedded, filled: &HashSet<(Span, &str)>) -> Vec<Diagnostic> {
    let mut found = vec![];
    for part in literals(text.text()) {
        for hit in PLACEHOLDER.captures_iter(&text.text()[part.clone()]) {
            let (Some(whole), Some(name)) = (hit.get(0), hit.iter().skip(1).flatten().next()) else { continue };
            let at = part.start + whole.start()..part.start + whole.end();
            let Some(table) = table_of(draft, name.as_str()) else { continue };
            // Who fills it in beside it knows how, and means something else here.
            if !filled.contains(&(text.whole(), name.as_str())) && !is_something_else(text.text(), &at, name.as_str()) {
                found.push(finding(text, at, &format!("{table}.{}", name.as_str())));
            }
        }
    }
    found
}

/// Tags that are closed, how options are shown (`--goal=<goal>`), and braces of something larger.
fn is_something_else(text: &str, at: &Range<usize>, name: &str) -> bool {
    let (before, after) = (&text[..at.start], &text[at.end..]);
    match text.as_bytes()[at.start] {
        b'<' => before.ends_with('=') || before.ends_with(&format!("--{name} ")) || text.contains(&format!("</{name}>")),
        b'{' => before.ends_with(['{', '$', '%', '\\', '#']) || after.starts_with('}'),
        _ => before.ends_with('\\'),
    }
}

fn finding(text: &Embedded, at: Range<usize>, path: &str) -> Diagnostic {
    let (span, written) = (text.span(at.clone()), &text.text()[at]);
    let right = format!("{{{{ {path} }}}}");
    Diagnostic::new(code::T006, span, format!("`{written}` is no placeholder here, and stays as it stands"))
        .label(format!("did you mean `{path}`?"))
        .suggest(format!("write `{right}`"), span, right)
}
