//! What a phase does, and which keys go with it: P004 and P006.

use super::elsewhere;
use super::node::Table;
use super::reader::Reader;
use crate::diag::{Diagnostic, code};
use crate::text::Spanned;

/// The verbs, the key that each needs, and the keys that mean nothing beside it.
pub(super) const VERBS: &[(&str, &[&str])] =
    &[("agent", &["prompt"]), ("run", &[]), ("ask", &["form"]), ("set", &[]), ("pipeline", &[])];

/// Keys that go with some verbs only.
pub(super) const COMPANIONS: &[(&str, &[&str])] = &[
    ("prompt", &["agent"]),
    ("questions", &["agent"]),
    ("session", &["agent"]),
    ("form", &["ask"]),
    ("with", &["pipeline"]),
    ("parse", &["run"]),
    ("exit", &["run"]),
    ("stdin", &["run"]),
    ("env", &["agent", "run"]),
    ("dir", &["agent", "run"]),
    ("idle_timeout", &["agent", "run"]),
    ("workspace", &["agent", "run", "pipeline"]),
    ("on_crash", &["agent", "run", "pipeline"]),
    ("timeout", &["agent", "run", "ask", "pipeline"]),
    ("retry", &["agent", "run", "ask", "pipeline"]),
    ("output", &["agent", "run", "set", "pipeline"]),
];

/// Checks that exactly one verb is there, and that what stands beside it belongs to it.
pub(super) fn check(reader: &mut Reader<'_>, phase: &str, table: &Table) {
    let mut written: Vec<Spanned<String>> =
        VERBS.iter().filter_map(|(verb, _)| table.peek(verb).map(|entry| entry.key.clone())).collect();
    written.sort_by_key(|key| key.span.start);
    let Some((first, others)) = written.split_first() else {
        no_verb(reader, phase, table);
        return;
    };
    for other in others {
        let message = format!("`{phase}` does two things: `{}` and `{}`", first.value, other.value);
        let help = "make it two phases, the second with `needs` of the first";
        reader.report(Diagnostic::new(code::P006, other.span, message).related(first.span, "the first").help(help));
    }
    for (verb, needed) in VERBS {
        if *verb == first.value && !needed.is_empty() {
            reader.missing(table, &format!("phases.{phase}"), needed);
        }
    }
    for (key, verbs) in COMPANIONS {
        let Some(entry) = table.peek(key) else { continue };
        if written.iter().any(|verb| verbs.contains(&verb.value.as_str())) {
            continue;
        }
        let belongs: Vec<_> = verbs.iter().map(|verb| format!("`{verb}`")).collect();
        let message = format!("`{key}` goes with {}, and `{phase}` is a phase with `{}`", belongs.join(" or "), first.value);
        let finding = Diagnostic::new(code::P006, entry.key.span, message).related(first.span, "what it does");
        reader.report(match (*key, first.value.as_str()) {
            ("output", "ask") => finding.help("the shape of the answers is `form`"),
            ("form", _) => finding.help("the shape of a reply is `output`"),
            ("stdin", "agent") => finding.help("an agent reads its `prompt`"),
            _ => finding,
        });
    }
}

/// P004 for a phase that does nothing.
fn no_verb(reader: &mut Reader<'_>, phase: &str, table: &Table) {
    if reader.is_broken(table) || VERBS.iter().any(|(verb, _)| elsewhere::misspelt(table, verb)) {
        return;
    }
    let message = format!("`{phase}` says nothing about what it does");
    let verbs: Vec<_> = VERBS.iter().map(|(verb, _)| format!("`{verb}`")).collect();
    let meant = ["prompt", "form", "with"].iter().find(|key| table.has(key));
    let help = match meant {
        Some(&"prompt") => "a `prompt` needs the `agent` it is for".to_owned(),
        Some(&"form") => "a `form` needs the `ask` it belongs to".to_owned(),
        Some(_) => "a `with` needs the `pipeline` it is for".to_owned(),
        None => format!("add one of {}", verbs.join(", ")),
    };
    reader.report(Diagnostic::new(code::P004, reader.place(table), message).help(help));
}
