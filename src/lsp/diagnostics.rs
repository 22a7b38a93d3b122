//! Findings as the editor shows them.

use super::file::File;
use super::position::range;
use crate::diag::{Diagnostic, Severity};
use crate::project::Loaded;
use lsp_types::{
    Diagnostic as Shown, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location, NumberOrString, Uri,
};

/// The findings of a file and of the files that it names, by URI; its own are there even when there are none.
pub(super) fn of(file: &File) -> Vec<(Uri, Vec<Shown>)> {
    let mut all = vec![(file.uri.clone(), vec![])];
    let Some(loaded) = &file.checked else { return all };
    for finding in &loaded.findings {
        let Some(uri) = file.uri(loaded, finding.span.file) else { continue };
        let shown = show(file, loaded, finding);
        match all.iter_mut().find(|(known, _)| *known == uri) {
            Some((_, list)) => list.push(shown),
            None => all.push((uri, vec![shown])),
        }
    }
    all
}

/// One finding.
pub(super) fn show(file: &File, loaded: &Loaded, finding: &Diagnostic) -> Shown {
    let severity = match finding.severity() {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Info => DiagnosticSeverity::HINT,
    };
    let related = finding.related.iter().filter_map(|(span, text)| {
        let location = Location { uri: file.uri(loaded, span.file)?, range: range(&loaded.sources, *span) };
        Some(DiagnosticRelatedInformation { location, message: text.clone() })
    });
    let related: Vec<_> = related.collect();
    let unused = finding.code.slug.starts_with("unused") || finding.code.slug.starts_with("redundant");
    Shown {
        range: range(&loaded.sources, finding.span),
        severity: Some(severity),
        code: Some(NumberOrString::String(finding.code.id.to_owned())),
        source: Some("flow".to_owned()),
        message: finding.told(),
        related_information: (!related.is_empty()).then_some(related),
        tags: unused.then(|| vec![DiagnosticTag::UNNECESSARY]),
        ..Shown::default()
    }
}
