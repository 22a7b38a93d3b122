//! One line per finding: `path:line:col: G002 error message`.

use super::order::clean;
use super::{Diagnostic, Severity, sorted};
use crate::text::Sources;
use std::fmt::Write as _;

/// Findings, a line each, in order.
pub fn concise(findings: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for finding in sorted(findings, sources) {
        let path = &sources.get(finding.span.file).path;
        let at = sources.start(finding.span);
        let message = clean(&finding.message).replace('\n', " ");
        let severity = finding.severity().as_str();
        let _ = writeln!(out, "{path}:{}:{}: {} {severity} {message}", at.line, at.column, finding.code);
    }
    out
}

impl Severity {
    /// `error`, `warning` or `info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}
