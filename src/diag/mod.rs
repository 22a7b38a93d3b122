//! Findings: what an author did wrong, where, and what to type instead; and how a finding is shown.
//!
//! Mistakes of a pipeline's author are [`Diagnostic`]s and nothing else is. Renderers live in one file each.

pub mod code;
mod concise;
mod github;
mod human;
mod json;
mod order;
mod sarif;
#[cfg(test)]
mod tests;

pub use code::Code;
pub use concise::concise;
pub use github::github;
pub use human::human;
pub use json::json;
pub use order::sorted;
pub use sarif::{RuleText, sarif};

use crate::text::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; shown with `--pedantic` only.
    Info,
    /// Runs, and is probably wrong.
    Warning,
    /// Does not run.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which rule.
    pub code: Code,
    /// How bad it is: as the table of rules has it, or as the project's settings say.
    pub severity: Severity,
    /// What is wrong, in the author's own names; a lower-case fragment, names in backticks.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The local fact at the span; may be empty.
    pub label: String,
    /// Other places that belong to it ("first defined here").
    pub related: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
    /// An edit that does it.
    pub fix: Option<Fix>,
}

/// An edit that mends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the edit does, as a command ("rename it to `plan`").
    pub message: String,
    /// Whether it keeps the meaning for sure (`--fix`) or is a guess (`--unsafe-fixes`).
    pub safe: bool,
    /// Replacements, in file order, not overlapping.
    pub edits: Vec<Edit>,
}

/// A replacement of a byte range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Diagnostic {
    /// A finding with nothing but its place and message.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            span,
            label: String::new(),
            related: vec![],
            help: None,
            fix: None,
        }
    }

    /// Adds the local fact.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// Adds a guess that replaces one span.
    #[must_use]
    pub fn suggest(self, message: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        let edits = vec![Edit { span, text: text.into() }];
        self.with_fix(Fix { message: message.into(), safe: false, edits })
    }

    /// Adds an edit of one span that keeps the meaning for sure.
    #[must_use]
    pub fn mend(self, message: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        let edits = vec![Edit { span, text: text.into() }];
        self.with_fix(Fix { message: message.into(), safe: true, edits })
    }

    /// Adds a fix.
    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// All that it says in words, a line each: what is wrong, the local fact, what to do.
    pub fn told(&self) -> String {
        let label = Some(self.label.as_str()).filter(|label| !label.is_empty());
        let lines = [Some(self.message.as_str()), label, self.help.as_deref()];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }
}

/// The candidate nearest to a name that is unknown, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Distances cost the product of both lengths, and nobody misspells a whole page.
    if name.len() > 256 {
        return None;
    }
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *candidate != name)
        .min()
        .map(|(_, candidate)| candidate)
}
