//! Findings as SARIF 2.1.0, the format of code scanning.

use super::{Code, Diagnostic, Fix, Severity, code, sorted};
use crate::text::{Source, Sources, Span};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Bytes of a line that make its fingerprint.
const SNIPPET_BYTES: usize = 400;

/// What a rule's page says, for those who look at a finding elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// What the rule finds, in one sentence.
    pub sentence: String,
    /// The page, in Markdown.
    pub markdown: String,
}

/// One run of one tool, indented, with a newline at the end. All rules are listed, whatever was found, so that a rule
/// that finds nothing any more closes its alerts. Paths are written as the sources have them, which is from the root of
/// the repository.
pub fn sarif(findings: &[Diagnostic], sources: &Sources, text: &dyn Fn(Code) -> Option<RuleText>) -> String {
    let rules: Vec<Value> = code::ALL.iter().map(|code| rule(*code, text(*code))).collect();
    let mut seen = HashMap::new();
    let results: Vec<Value> = sorted(findings, sources).into_iter().map(|finding| result(finding, sources, &mut seen)).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "flow",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut out = serde_json::to_string_pretty(&document).expect("plain data");
    out.push('\n');
    out
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn rule(code: Code, text: Option<RuleText>) -> Value {
    let mut rule = json!({
        "id": code.id,
        "name": code.slug,
        "defaultConfiguration": { "level": level(code.severity) },
    });
    if let Some(text) = text {
        rule["shortDescription"] = json!({ "text": text.sentence });
        rule["help"] = json!({ "text": text.markdown, "markdown": text.markdown });
    }
    if code.id.starts_with('S') {
        rule["properties"] = json!({ "tags": ["security"] });
    }
    rule
}

fn result(finding: &Diagnostic, sources: &Sources, seen: &mut HashMap<String, usize>) -> Value {
    let mut result = json!({
        "ruleId": finding.code.id,
        "ruleIndex": code::ALL.iter().position(|code| *code == finding.code),
        "level": level(finding.severity()),
        "message": { "text": finding.told() },
        "locations": [{ "physicalLocation": place(finding.span, sources) }],
        "partialFingerprints": { "flow/v1": fingerprint(finding, sources, seen) },
    });
    if !finding.related.is_empty() {
        let related = finding.related.iter().map(|(span, label)| located(*span, label, sources));
        result["relatedLocations"] = related.collect();
        if finding.code.id.starts_with('D') {
            result["codeFlows"] = json!([flow(finding, sources)]);
        }
    }
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([fixed(fix, sources)]);
    }
    result
}

/// Data goes from the places that belong to a finding to the finding.
fn flow(finding: &Diagnostic, sources: &Sources) -> Value {
    let steps = finding.related.iter().map(|(span, label)| located(*span, label, sources));
    let steps: Vec<Value> =
        steps.chain([located(finding.span, &finding.message, sources)]).map(|location| json!({ "location": location })).collect();
    json!({ "threadFlows": [{ "locations": steps }] })
}

fn located(span: Span, message: &str, sources: &Sources) -> Value {
    json!({ "physicalLocation": place(span, sources), "message": { "text": message } })
}

fn place(span: Span, sources: &Sources) -> Value {
    json!({ "artifactLocation": artifact(&sources.get(span.file).path), "region": region(span, sources) })
}

fn artifact(path: &str) -> Value {
    json!({ "uri": uri(path) })
}

fn region(span: Span, sources: &Sources) -> Value {
    let (start, end) = (sources.start(span), sources.end(span));
    json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column })
}

fn fixed(fix: &Fix, sources: &Sources) -> Value {
    let mut changes: Vec<(String, Vec<Value>)> = vec![];
    for edit in &fix.edits {
        let path = &sources.get(edit.span.file).path;
        let replacement = json!({ "deletedRegion": region(edit.span, sources), "insertedContent": { "text": edit.text } });
        match changes.iter_mut().find(|(known, _)| known == path) {
            Some((_, list)) => list.push(replacement),
            None => changes.push((path.clone(), vec![replacement])),
        }
    }
    let changes = changes.iter().map(|(path, list)| json!({ "artifactLocation": artifact(path), "replacements": list }));
    json!({ "description": { "text": fix.message }, "artifactChanges": changes.collect::<Value>() })
}

/// A path as a reference of a URI: what is not plain is escaped.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The same for the same finding after lines were moved: made of the rule, the table it stands in and the text of its
/// lines, and of how many of the same came before it.
fn fingerprint(finding: &Diagnostic, sources: &Sources, seen: &mut HashMap<String, usize>) -> String {
    let source = sources.get(finding.span.file);
    let mut digest = Sha256::new();
    for part in [finding.code.id, &source.path, table(source, finding.span), &snippet(source, finding.span, sources)] {
        digest.update(part);
        digest.update([0]);
    }
    let mut print = String::new();
    for byte in &digest.finalize()[..16] {
        let _ = write!(print, "{byte:02x}");
    }
    let count = seen.entry(print.clone()).or_default();
    *count += 1;
    format!("{print}:{count}")
}

/// The header above a place, as it is written.
fn table(source: &Source, span: Span) -> &str {
    let above = source.text.get(..span.start as usize).unwrap_or_default();
    above.lines().rev().find(|line| line.starts_with('[')).unwrap_or_default()
}

/// The first line of a span, spaces made the same.
fn snippet(source: &Source, span: Span, sources: &Sources) -> String {
    let line = sources.start(span).line;
    let (_, text) = source.lines(line..line + 1);
    let mut words = String::new();
    for word in text.split_whitespace() {
        words.push_str(word);
        words.push(' ');
        if words.len() > SNIPPET_BYTES {
            break;
        }
    }
    words
}
