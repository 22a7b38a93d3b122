//! The order in which findings are shown, which are the same, and what may be printed of them.

use super::Diagnostic;
use crate::text::Sources;

/// Findings by path, place and code; of several with one place and code only the first.
pub fn sorted<'a>(findings: &'a [Diagnostic], sources: &Sources) -> Vec<&'a Diagnostic> {
    let mut sorted: Vec<&Diagnostic> = findings.iter().collect();
    let path = |finding: &Diagnostic| sources.get(finding.span.file).path.clone();
    sorted.sort_by_cached_key(|finding| (path(finding), finding.span.start, finding.code.id, finding.span));
    sorted.dedup_by_key(|finding| (finding.span, finding.code));
    sorted
}

/// A text whose control characters (line breaks excepted) cannot act on a terminal: messages quote files.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
