//! S003: a secret written into the file. Its text is never repeated in a message.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, Role};
use crate::model::{EnvEntry, EnvValue, Verb};
use crate::text::{Embedded, Span};
use regex::Regex;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Forms that nothing but a secret has.
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        r"\bsk-ant-[A-Za-z0-9_-]{20,}",
        r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,}",
        r"\bgh[pousr]_[A-Za-z0-9]{36,}",
        r"\bgithub_pat_[A-Za-z0-9_]{22,}",
        r"\bglpat-[A-Za-z0-9_-]{20,}",
        r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\bAIza[A-Za-z0-9_-]{35}",
        r"\bnpm_[A-Za-z0-9]{36}",
        r"\bhf_[A-Za-z0-9]{30,}",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    ];
    Regex::new(&forms.join("|")).expect("literal patterns")
});

/// Names of variables whose value is a secret.
pub(super) static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_KEY|CREDENTIALS?)$").expect("a literal pattern")
});

/// A literal value of a variable so named is a secret from this length on; shorter ones are switches and examples.
const LONG: usize = 8;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    let pipeline = draft.pipeline;
    for site in draft.sites.iter().filter(|site| site.role != Role::TestThat) {
        found.extend(in_text(site.text));
    }
    for phase in pipeline.phases.values() {
        if let Some(Verb::Shell(script)) = phase.verb.as_ref().map(|verb| &verb.value) {
            found.extend(in_text(&script.value));
        }
        found.extend(phase.env.values().filter_map(in_entry));
    }
    found.extend(pipeline.defaults.env.values().filter_map(in_entry));
    // What has the form of a secret and the name of one is one mistake.
    let mut seen = HashSet::new();
    found.retain(|finding| seen.insert((finding.span.file, finding.span.start)));
    found
}

fn in_text(text: &Embedded) -> Option<Diagnostic> {
    let hit = SECRET.find(text.text())?;
    // Placeholders repeat a character or two: `ghp_xxxxxxxx…`.
    let tail: HashSet<char> = hit.as_str().chars().skip(4).collect();
    if tail.len() <= 4 {
        return None;
    }
    let shown: String = hit.as_str().chars().take(4).collect();
    Some(finding(text.span(hit.range()), &format!("a secret stands in the file (`{shown}****`)")))
}

fn in_entry(entry: &EnvEntry) -> Option<Diagnostic> {
    let EnvValue::Template(value) = &entry.value else { return None };
    let text = value.text();
    let literal = text.len() >= LONG && !text.contains("{{") && !text.contains(['/', ' ', '$', '<']);
    let varied = text.chars().collect::<HashSet<_>>().len() > 4;
    if !literal || !varied || !NAMED.is_match(&entry.name.value) || SECRET.is_match(text) {
        return None;
    }
    Some(finding(value.whole(), &format!("the value of `{}` stands in the file (`****`)", entry.name.value)))
}

fn finding(span: Span, message: &str) -> Diagnostic {
    Diagnostic::new(code::S003, span, message)
        .label("anyone who reads the file has it")
        .help("take it back where it was given out, and name it instead: `{ secret = \"NAME_OF_A_VARIABLE\" }` under `env`")
}
