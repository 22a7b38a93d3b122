//! A mistake inside an expression, a template or a shape, before it is known in which file that stands.

use crate::diag::{Code, Diagnostic};
use crate::text::Embedded;
use std::ops::Range;

/// What the author did wrong, at a byte range of the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which rule.
    pub code: Code,
    /// Where in the text, in bytes.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// The local fact at the range.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// What could stand at the range instead.
    pub suggestion: Option<String>,
}

impl Mistake {
    /// A mistake with nothing but its place and message.
    pub fn new(code: Code, range: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, range, message: message.into(), label: String::new(), help: None, suggestion: None }
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

    /// Adds what could stand at the range instead.
    #[must_use]
    pub fn suggest(mut self, text: impl Into<String>) -> Self {
        self.suggestion = Some(text.into());
        self
    }

    /// Adds the nearest name that exists, if one is near.
    #[must_use]
    pub fn nearest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match crate::diag::nearest(name, known) {
            Some(near) if self.label.is_empty() => self.label(format!("did you mean `{near}`?")).suggest(near),
            Some(near) => self.help(format!("did you mean `{near}`?")).suggest(near),
            None => self,
        }
    }

    /// The finding, now that the place of the text is known. An edit is offered only where the text stands in the file
    /// byte for byte.
    pub fn into_diagnostic(self, text: &Embedded) -> Diagnostic {
        // A parser that counts bytes may point into the middle of a character.
        let within = text.text();
        let span = text.span(within.floor_char_boundary(self.range.start)..within.ceil_char_boundary(self.range.end));
        let mut finding = Diagnostic::new(self.code, span, self.message).label(self.label);
        finding.help = self.help;
        match self.suggestion {
            Some(new) if text.is_plain() => finding.suggest(format!("write `{new}`"), span, new),
            _ => finding,
        }
    }
}
