//! S005: a process counts on a variable that it does not get: what is inherited is a short list.

use super::literal_secret::NAMED;
use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::{EnvEntry, EnvValue, Phase, Verb};
use crate::text::Embedded;
use regex::Regex;
use std::collections::HashSet;
use std::sync::LazyLock;

/// A value that is nothing but a variable of the shell.
static WHOLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\$(?:([A-Z_][A-Z0-9_]*)|\{([A-Z_][A-Z0-9_]*)\})$").expect("a literal pattern"));

/// A variable in a script, where nothing is said for the case that there is none; or its name in any other place.
static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\{?[A-Z_][A-Z0-9_]*\}?|[A-Z_][A-Z0-9_]*").expect("a literal pattern"));

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let pipeline = draft.pipeline;
    let entries = pipeline.defaults.env.values().chain(pipeline.phases.values().flat_map(|phase| phase.env.values()));
    let mut found: Vec<_> = entries.filter_map(in_entry).collect();
    for phase in pipeline.phases.values() {
        if let Some(Verb::Shell(script)) = phase.verb.as_ref().map(|verb| &verb.value) {
            found.extend(in_script(draft, phase, &script.value));
        }
    }
    found
}

/// `env = { TOKEN = "$TOKEN" }`
fn in_entry(entry: &EnvEntry) -> Option<Diagnostic> {
    let EnvValue::Template(value) = &entry.value else { return None };
    let hit = WHOLE.captures(value.text())?;
    let name = hit.get(1).or(hit.get(2))?.as_str();
    let right = format!("{{ secret = \"{name}\" }}");
    let finding = Diagnostic::new(
        code::S005,
        entry.span,
        format!("no shell reads this: `{}` would be `{}`", entry.name.value, value.text()),
    )
    .label(format!("did you mean the variable `{name}` that you have?"));
    Some(finding.suggest(format!("write `{right}`"), entry.span, right))
}

/// A secret that a script takes from an environment in which it is not.
fn in_script(draft: &Draft<'_>, phase: &Phase, script: &Embedded) -> Vec<Diagnostic> {
    let text = script.text();
    let reads_others = |line: &str| line.trim_start().starts_with(". ") || line.contains("source ");
    if text.lines().any(reads_others) {
        return vec![];
    }
    let words: Vec<_> = WORD.find_iter(text).collect();
    // Whoever names it without a dollar sets it, or asks for it in a way of his own.
    let mut known: HashSet<&str> = words.iter().map(regex::Match::as_str).filter(|word| !word.starts_with('$')).collect();
    known.extend(phase.env.keys().chain(draft.pipeline.defaults.env.keys()).map(String::as_str));
    let mut found = vec![];
    for word in words.iter().filter(|word| word.as_str().starts_with('$')) {
        let name = word.as_str().trim_matches(['$', '{', '}']);
        let whole = word.as_str().contains('{') == word.as_str().contains('}');
        if whole && NAMED.is_match(name) && !name.starts_with("FLOW_") && known.insert(name) {
            let finding = Diagnostic::new(code::S005, script.span(word.range()), format!("this script does not get `{name}`"))
                .label("of your variables it inherits a few that hold no secret");
            found.push(finding.help(format!("hand it over: `env = {{ {name} = {{ secret = \"{name}\" }} }}`")));
        }
    }
    found
}
