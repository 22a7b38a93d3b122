//! Keys that are not known where they stand: what was meant, or where they belong.

use super::node::{Entry, Kind, Style, Table};
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
    let known = || table.asked.iter().copied();
    if let Some(meant) = meant(key, &table.asked) {
        // A table may be written in several parts, anything else only once.
        let twice = table.has(meant) && !matches!(entry.node.kind, Kind::Table(_));
        return if twice {
            finding.label(format!("did you mean `{meant}`, which is there already?"))
        } else {
            finding.label(format!("did you mean `{meant}`?")).suggest(format!("rename it to `{meant}`"), span, meant)
        };
    }
    let homes: Vec<_> = HOMES.iter().filter(|(_, keys)| keys.contains(&key)).map(|(home, _)| *home).collect();
    if !homes.is_empty() {
        return finding.help(format!("`{key}` is a key of {}", homes.join(" and of ")));
    }
    let free: Vec<_> = known().filter(|known| !table.has(known)).map(|known| format!("`{known}`")).collect();
    match free.len() {
        1..=12 => finding.help(format!("what can still be said here: {}", free.join(", "))),
        _ => finding,
    }
}

/// The known key that an unknown one stands for.
fn meant<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = key.to_lowercase().replace('-', "_");
    let known = || known.iter().copied();
    let same = known().find(|known| *known == plain);
    let synonym = || SYNONYMS.iter().find(|(other, _)| *other == plain).and_then(|(_, ours)| known().find(|k| k == ours));
    same.or_else(|| nearest(&plain, known())).or_else(synonym)
}

/// Whether a key that is missing stands there in another spelling.
pub(super) fn misspelt(table: &Table, key: &str) -> bool {
    table.entries.iter().take(100).any(|entry| meant(&entry.key.value, &[key]).is_some())
}
