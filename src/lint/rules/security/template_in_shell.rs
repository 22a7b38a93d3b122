//! S001: a value rendered into the text of a shell script, where it becomes part of the program.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::{CheckKind, Verb};
use crate::text::{Embedded, Spanned};
use regex::Regex;
use std::sync::LazyLock;

const SHELLS: [&str; 7] = ["sh", "bash", "zsh", "dash", "ksh", "fish", "ash"];

/// Looks like our templates and not like those of others (`{{.Name}}`, `{{json .}}`, `${{ … }}`).
static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| {
    let known = "params|vars|files|phases|previous|output|item|key|round|cycle|series|result|usage";
    let pattern = format!(r"(?:^|[^$])(\{{\{{-?\s*(?:(?:{known})\b|[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)+\s*(?:\||-?\}}\}})))");
    Regex::new(&pattern).expect("a literal pattern")
});

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let mut found = vec![];
    for phase in draft.pipeline.phases.values() {
        match phase.verb.as_ref().map(|verb| &verb.value) {
            Some(Verb::Shell(script)) => found.extend(literal(&script.value)),
            Some(Verb::Run(argv)) => found.extend(rendered(argv)),
            _ => {}
        }
        let accepts = phase.accept.iter().filter_map(|accept| accept.kind.as_ref());
        found.extend(accepts.filter_map(|kind| if let CheckKind::Run(argv) = &kind.value { rendered(argv) } else { None }));
    }
    let checks = draft.pipeline.checks.iter().filter_map(|check| check.kind.as_ref());
    found.extend(checks.filter_map(|kind| if let CheckKind::Run(argv) = &kind.value { rendered(argv) } else { None }));
    found
}

/// A script is never a template: what looks like one stays as it is, and is not meant to.
fn literal(script: &Embedded) -> Option<Diagnostic> {
    let at = TEMPLATE.captures(script.text())?.get(1)?.range();
    let message = "a shell script is never a template: this is not filled in";
    Some(finding(script, at.start..at.start + 2, message, "the shell gets it as it stands"))
}

/// `["sh", "-c", "… {{ x }} …"]`
fn rendered(argv: &[Spanned<Embedded>]) -> Option<Diagnostic> {
    let shell = argv.iter().position(|arg| SHELLS.contains(&arg.value.text().rsplit('/').next().unwrap_or_default()))?;
    let is_command = |arg: &&Spanned<Embedded>| arg.value.text().starts_with('-') && arg.value.text().contains('c');
    let flag = shell + 1 + argv[shell + 1..].iter().take_while(|arg| !is_command(arg)).count();
    let script = &argv.get(flag + 1)?.value;
    let at = script.text().find("{{")?;
    let message = "what is rendered here becomes part of a shell script";
    Some(finding(script, at..at + 2, message, "a quote or `;` in the value would run as a command"))
}

fn finding(script: &Embedded, at: std::ops::Range<usize>, message: &str, label: &str) -> Diagnostic {
    Diagnostic::new(code::S001, script.span(at), message)
        .label(label)
        .help("pass it as a variable: `env = { VALUE = \"{{ … }}\" }`, and write `\"$VALUE\"` in the script")
}
