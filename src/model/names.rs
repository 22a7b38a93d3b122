//! P007: names that are safe as a jq path, as a key and as a command-line option.

use super::reader::Reader;
use crate::diag::{Diagnostic, code};
use crate::limits::NAME_BYTES;
use crate::name::{Bucket, Name, NameError, slug};
use crate::text::Spanned;

/// Long options of the commands that take a pipeline's parameters, without their dashes: a parameter of such a name
/// could not be given. `cli` tests that all of its own are here.
pub const ENGINE_OPTIONS: &[&str] = &[
    "agent",
    "attach",
    "bucket",
    "color",
    "config",
    "continue",
    "detach",
    "dry-run",
    "explain",
    "force",
    "format",
    "help",
    "history",
    "json",
    "log-format",
    "max-cost",
    "max-tokens",
    "max-wall",
    "nats-creds",
    "nats-nkey",
    "no-color",
    "no-input",
    "params",
    "project",
    "quiet",
    "record",
    "rehearse",
    "replay",
    "replicas",
    "run",
    "store",
    "store-timeout",
    "trust",
    "verbose",
    "version",
    "yes",
];

/// Short options of the program.
pub const ENGINE_SHORTS: &[char] = &['h', 'q', 'v', 'V', 'y'];

/// What guards and templates see by name: `for_each.as` may not hide it.
pub(super) const IN_SIGHT: &[&str] = &[
    "id",
    "pipeline",
    "rehearsal",
    "series",
    "cycle",
    "status",
    "current",
    "progress",
    "started_at",
    "updated_at",
    "completed_at",
    "params",
    "vars",
    "files",
    "phases",
    "usage",
    "failed",
    "result",
    "error",
    "item",
    "key",
    "round",
    "previous",
    "output",
];

impl Reader<'_> {
    /// Checks a name of a phase, parameter, variable, agent or document.
    pub fn name(&mut self, kind: &str, name: &Spanned<String>) {
        let Err(error) = Name::new(&name.value) else { return };
        self.report(match error {
            NameError::Alphabet(text, good) => {
                let message = format!("`{text}` is no {kind} name: names are `[a-z][a-z0-9_]*`, safe in a jq path and in a key");
                Diagnostic::new(code::P007, name.span, message).suggest(format!("rename it to `{good}`"), name.span, good)
            }
            NameError::Empty => Diagnostic::new(code::P007, name.span, format!("this {kind} name is empty")),
            NameError::Long(_) => {
                Diagnostic::new(code::P007, name.span, format!("this {kind} name is longer than {NAME_BYTES} bytes"))
            }
        });
    }

    /// Checks a name of a parameter, which becomes an option of `flow run`.
    pub fn param_name(&mut self, name: &Spanned<String>) {
        let option = name.value.replace('_', "-");
        if !ENGINE_OPTIONS.contains(&option.as_str()) {
            self.name("parameter", name);
            return;
        }
        let message = format!("`{}` cannot be a parameter: `--{option}` is an option of `flow run` itself", name.value);
        let good = format!("{}_value", name.value.replace('-', "_"));
        self.report(Diagnostic::new(code::P007, name.span, message).suggest(
            format!("rename it, for example to `{good}`"),
            name.span,
            good,
        ));
    }

    /// Checks another name for `item`.
    pub fn alias(&mut self, name: &Spanned<String>) {
        if IN_SIGHT.contains(&name.value.as_str()) {
            let message = format!("`{0}` would hide `.{0}`, which guards and templates see", name.value);
            self.report(Diagnostic::new(code::P007, name.span, message).help("choose another name for the item"));
        } else {
            self.name("item", name);
        }
    }

    /// Checks the name of the pipeline: `[a-z][a-z0-9-]*`.
    pub fn pipeline_name(&mut self, name: &Spanned<String>) {
        let text = &name.value;
        let first = text.starts_with(|c: char| c.is_ascii_lowercase());
        let rest = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if first && rest && text.len() <= NAME_BYTES || text.trim().is_empty() {
            return;
        }
        let message = format!("`{text}` is no name of a pipeline: use `[a-z][a-z0-9-]*`, at most {NAME_BYTES} bytes");
        let finding = Diagnostic::new(code::P007, name.span, message);
        let good = slug(text).trim_start_matches(|c: char| !c.is_ascii_lowercase()).to_owned();
        self.report(if good.is_empty() || good.len() > NAME_BYTES {
            finding
        } else {
            finding.suggest(format!("rename it to `{good}`"), name.span, format!("\"{good}\""))
        });
    }

    /// Checks the name of an environment variable.
    pub fn variable(&mut self, name: &Spanned<String>) {
        let first = name.value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !first || !name.value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let message = format!("`{}` is no name of an environment variable: use `[A-Za-z_][A-Za-z0-9_]*`", name.value);
            self.say(code::P007, name.span, message);
        }
    }

    /// Checks the name of a bucket.
    pub fn bucket(&mut self, name: &Spanned<String>) {
        if name.value.trim().is_empty() {
            return;
        }
        if Bucket::new(&name.value).is_err() {
            let message = format!("`{}` is no name of a bucket: use letters, digits, `-` and `_`", name.value);
            let finding = Diagnostic::new(code::P007, name.span, message);
            let good = slug(&name.value);
            self.report(if good.is_empty() {
                finding
            } else {
                finding.suggest(format!("rename it to `{good}`"), name.span, format!("\"{good}\""))
            });
        }
    }
}
