//! Findings as workflow commands of GitHub Actions: annotations beside the lines.

use super::{Diagnostic, Severity, sorted};
use crate::text::Sources;
use std::cmp::Reverse;
use std::fmt::Write as _;

/// Findings, a command each. Errors come first: GitHub shows only the first ten of a step.
pub fn github(findings: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    let mut sorted = sorted(findings, sources);
    sorted.sort_by_key(|finding| Reverse(finding.severity()));
    for finding in sorted {
        let command = match finding.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let path = property(&sources.get(finding.span.file).path);
        let (from, to) = (sources.start(finding.span), sources.end(finding.span));
        let (line, column, end) = (from.line, from.column, to.line);
        // Columns are only taken when both ends are on one line.
        let columns = if line == end { format!(",col={column},endColumn={}", to.column) } else { String::new() };
        let title = property(&format!("{} {}", finding.code, finding.code.slug));
        let message = data(&finding.told());
        let _ = writeln!(out, "::{command} file={path},line={line},endLine={end}{columns},title={title}::{message}");
    }
    out
}

/// The text behind `::`, which ends with its line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which also ends at `:` and `,`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
