//! Findings as JSON, a stored format: `version` counts its changes.

use super::{Diagnostic, Fix, sorted};
use crate::text::{Sources, Span};
use serde_json::{Value, json};

/// The version of the format.
const VERSION: u32 = 1;

/// `{version, findings: […]}`, indented, with a newline at the end. Lines and columns count from 1, columns in
/// characters; the end is one past the last character.
pub fn json(findings: &[Diagnostic], sources: &Sources) -> String {
    let findings: Vec<_> = sorted(findings, sources).into_iter().map(|finding| one(finding, sources)).collect();
    let document = json!({ "version": VERSION, "findings": findings });
    let mut out = serde_json::to_string_pretty(&document).expect("plain data");
    out.push('\n');
    out
}

fn one(finding: &Diagnostic, sources: &Sources) -> Value {
    let related = finding.related.iter().map(|(span, label)| with_place(json!({ "message": label }), *span, sources));
    let head = json!({
        "code": finding.code.id,
        "slug": finding.code.slug,
        "severity": finding.severity(),
        "message": finding.message,
        "help": finding.help,
    });
    let mut out = with_place(head, finding.span, sources);
    out["related"] = related.collect();
    out["fix"] = finding.fix.as_ref().map_or(Value::Null, |fix| fix_of(fix, sources));
    out
}

fn fix_of(fix: &Fix, sources: &Sources) -> Value {
    let edits = fix.edits.iter().map(|edit| {
        let mut out = with_place(json!({ "text": edit.text }), edit.span, sources);
        out["start"] = edit.span.start.into();
        out["end"] = edit.span.end.into();
        out
    });
    json!({ "message": fix.message, "safe": fix.safe, "edits": edits.collect::<Value>() })
}

fn with_place(mut object: Value, span: Span, sources: &Sources) -> Value {
    let (start, end) = (sources.start(span), sources.end(span));
    object["path"] = sources.get(span.file).path.clone().into();
    object["line"] = start.line.into();
    object["column"] = start.column.into();
    object["end_line"] = end.line.into();
    object["end_column"] = end.column.into();
    object
}
