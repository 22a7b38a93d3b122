//! R003: a process that does something in the world each time it runs, and is run again when it fails.
//!
//! Only commands of which that is known are told, and only where a retry can happen: what was done before the failure is
//! done twice. What can be repeated (`git push`) or refuses to be (`npm publish`) is no matter.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::{Phase, RetryClass, Verb};
use crate::text::{Embedded, Span, Spanned};

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    draft
        .pipeline
        .phases
        .values()
        .enumerate()
        .filter(|(at, _)| draft.net.known[*at])
        .filter_map(|(_, phase)| one(draft, phase))
        .collect()
}

fn one(draft: &Draft<'_>, phase: &Phase) -> Option<Diagnostic> {
    let Verb::Run(argv) = &phase.verb.as_ref()?.value else { return None };
    let what = effect(argv)?;
    let (place, when) = retried(draft, phase)?;
    let name = &phase.name.value;
    let message = format!("`{name}` {what}, and would do so again in each retry");
    let help = "what went wrong may have come after it: add `retry = { max = 0 }`, and mend it by hand";
    Some(Diagnostic::new(code::R003, argv[0].span, message).related(place, when).help(help))
}

/// Where it is said that a phase is run again, and when. A process is not tried again for its exit code or a timeout
/// unless that is said; for a reply that does not fit it is.
fn retried(draft: &Draft<'_>, phase: &Phase) -> Option<(Span, &'static str)> {
    let defaults = &draft.pipeline.defaults;
    let (own, general) = (phase.retry.as_ref(), defaults.retry.as_ref());
    let max = own.and_then(|retry| retry.value.max.as_ref()).or(general.and_then(|retry| retry.value.max.as_ref()));
    if max.is_some_and(|max| max.value == 0) {
        return None;
    }
    let on = own.and_then(|retry| retry.value.on.as_ref()).or(general.and_then(|retry| retry.value.on.as_ref()));
    let says = |class: RetryClass| on.and_then(|on| on.value.iter().find(|said| said.value == class)).map(|said| said.span);
    let timed = [&phase.timeout_ms, &phase.idle_timeout_ms, &defaults.timeout_ms, &defaults.idle_timeout_ms];
    let timed = timed.iter().any(|timeout| timeout.is_some());
    let unless_said = |class: RetryClass| on.is_none() || says(class).is_some();
    let exit = says(RetryClass::Exit).map(|span| (span, "again when it exits with a failure"));
    let timeout = says(RetryClass::Timeout).filter(|_| timed).map(|span| (span, "again when it takes too long"));
    let rejected = phase.accept.first().filter(|_| unless_said(RetryClass::Rejected));
    let rejected = rejected.map(|accept| (accept.span, "again when this does not hold"));
    let invalid = phase.output.as_ref().filter(|_| unless_said(RetryClass::Invalid));
    let invalid = invalid.map(|output| (output.key, "again when its output is not of this shape"));
    exit.or(timeout).or(rejected).or(invalid)
}

/// What a command does each time, if it is one of which that is known.
fn effect(argv: &[Spanned<Embedded>]) -> Option<&'static str> {
    let words: Vec<&str> = argv.iter().map(|word| word.value.text()).collect();
    let program = words[0].rsplit('/').next().unwrap_or_default();
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(word));
    let begins = |flags: &[&str]| words.iter().any(|word| flags.iter().any(|flag| word.starts_with(flag)));
    // Whoever names a request can tell that it comes twice.
    if words.iter().any(|word| word.to_ascii_lowercase().contains("idempotency")) || has(&["--help", "--version", "--dry-run"]) {
        return None;
    }
    match (program, words.get(1).copied().unwrap_or_default(), words.get(2).copied().unwrap_or_default()) {
        ("gh" | "glab", "issue", "create") => Some("opens an issue"),
        ("gh", "pr" | "issue", "comment") | ("glab", "mr" | "issue", "note") if !has(&["--edit-last"]) => {
            Some("writes a comment")
        }
        ("gh", "workflow", "run") | ("glab", "ci" | "pipeline", "run") => Some("starts a workflow"),
        ("aws", "sns", "publish") | ("aws", "sqs", "send-message") => Some("sends a message"),
        ("aws", "ses" | "sesv2", "send-email") | ("mail" | "mailx" | "sendmail" | "msmtp" | "swaks", _, _) => Some("sends mail"),
        ("curl", _, _) if !has(&["-G", "--get"]) => curl(&words, has(&["--data", "-d", "--json", "-F", "--form"]), &begins),
        ("wget", _, _) if begins(&["--post-data", "--post-file"]) => Some("sends a POST request"),
        ("http" | "https" | "xh" | "xhs", "POST", _) => Some("sends a POST request"),
        _ => None,
    }
}

/// A request that curl sends: by its method, else by whether it has a body.
fn curl(words: &[&str], sends: bool, begins: &dyn Fn(&[&str]) -> bool) -> Option<&'static str> {
    let method = words.iter().enumerate().find_map(|(at, word)| match *word {
        "-X" | "--request" => words.get(at + 1).copied(),
        word => word.strip_prefix("-X").or_else(|| word.strip_prefix("--request=")),
    });
    let posts = method.map_or_else(|| sends || begins(&["--data-", "--data=", "--json="]), |method| method == "POST");
    posts.then_some("sends a POST request")
}
