//! Keys that are not known where they stand: what was meant, or where they belong.

use super::node::{Entry, Style, Table};
use crate::diag::{Diagnostic, code, nearest};
use crate::text::Span;

/// Keys of the top level that are no tables: under a header they belong to the header's table.
const TOP: &[&str] = &["flow", "name", "description", "result", "pass", "summary"];

/// Keys and where they stand.
const HOMES: &[(&str, &[&str])] = &[
    ("`[params.…]`", &["type", "required", "default", "choices", "pattern", "help", "short", "file", "select"]),
    ("`[series]`", &["while_running"]),
    ("`[store]`", &["bucket", "replicas", "history", "storage"]),
    ("`[documents.…]`", &["view"]),
    ("`[agents.…]`", &["use", "model", "system", "access", "tools", "max_turns", "budget_usd", "command"]),
    ("`[limits]`", &["wall", "cost_usd", "tokens"]),
    ("`[[tests]]`", &["stubs", "expect"]),
    ("a phase or `[defaults]`", &["timeout", "idle_timeout", "retry", "on_crash", "env", "dir"]),
    (
        "a phase",
        &[
            "agent",
            "prompt",
            "run",
            "ask",
            "form",
            "set",
            "pipeline",
            "with",
            "needs",
            "when",
            "require",
            "join",
            "for_each",
            "repeat",
            "output",
            "accept",
            "questions",
            "session",
            "on_error",
            "stdin",
            "workspace",
            "parse",
            "exit",
        ],
    ),
    ("`repeat`", &["from", "then"]),
    ("`repeat` or `retry`", &["max"]),
    ("`retry`", &["delay", "factor", "cap", "on"]),
    ("`for_each`", &["over", "as"]),
    (
        "the top level",
        &["params", "vars", "series", "store", "documents", "checks", "agents", "defaults", "limits", "phases", "tests"],
    ),
];

/// Words of other systems for the same thing.
const SYNONYMS: &[(&str, &str)] = &[
    ("depends_on", "needs"),
    ("depends", "needs"),
    ("after", "needs"),
    ("if", "when"),
    ("condition", "when"),
    ("cmd", "run"),
    ("command", "run"),
    ("exec", "run"),
    ("cwd", "dir"),
    ("working_directory", "dir"),
    ("environment", "env"),
    ("schema", "output"),
    ("outputs", "output"),
    ("foreach", "for_each"),
    ("loop", "repeat"),
    ("retries", "retry"),
    ("max_retries", "retry"),
    ("input", "stdin"),
    ("question", "ask"),
    ("backend", "use"),
    ("system_prompt", "system"),
    ("desc", "description"),
    ("text", "message"),
    ("error", "message"),
    ("cost", "cost_usd"),
    ("budget", "budget_usd"),
    ("times", "max"),
    ("to", "from"),
];

/// P002. `place` names the table, `header` is where its header stands, if it has one.
pub(super) fn unknown_key(entry: &Entry, table: &Table, place: &str, header: Option<Span>) -> Diagnostic {
    let key = entry.key.value.as_str();
    let span = entry.key.span;
    let finding = Diagnostic::new(code::P002, span, format!("unknown key `{key}` in {place}"));
    let is_top = table.style == Style::Root;
    if !is_top && TOP.contains(&key) {
        let help =
            format!("`{key}` is a key of the top level, and was captured by the header above it: move it above the first header");
        let finding = finding.help(help);
        return match header {
            Some(header) => finding.related(header, "captured by this header"),
            None => finding,
        };
    }
    let free = || table.asked.iter().copied().filter(|known| !table.has(known));
    let synonym =
        SYNONYMS.iter().find(|(other, _)| *other == key).map(|(_, ours)| *ours).filter(|ours| free().any(|k| k == *ours));
    if let Some(meant) = nearest(&key.to_lowercase().replace('-', "_"), free()).or(synonym).or_else(|| same(key, free())) {
        return finding.label(format!("did you mean `{meant}`?")).suggest(format!("rename it to `{meant}`"), span, meant);
    }
    let homes: Vec<_> = HOMES.iter().filter(|(_, keys)| keys.contains(&key)).map(|(home, _)| *home).collect();
    if !homes.is_empty() {
        return finding.help(format!("`{key}` is a key of {}", homes.join(" and of ")));
    }
    let known: Vec<_> = free().map(|known| format!("`{known}`")).collect();
    match known.len() {
        0 => finding.help("nothing more can be said here"),
        1..=12 => finding.help(format!("what can still be said here: {}", known.join(", "))),
        _ => finding,
    }
}

/// The key that differs only in case or in dashes.
fn same<'a>(key: &str, mut known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let key = key.to_lowercase().replace('-', "_");
    known.find(|known| *known == key)
}
