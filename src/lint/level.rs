//! What a project makes of a rule: its findings may be told as worse, as less bad, or not at all.

use crate::diag::{Code, Diagnostic, Severity};
use std::collections::BTreeMap;

/// How bad a project says the findings of a rule are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// They are not told.
    Off,
    /// They are told as this.
    At(Severity),
}

impl Level {
    /// What stands in `flow.toml`.
    pub const WORDS: &'static [&'static str] = &["off", "info", "warning", "error"];

    /// A level by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "off" => Self::Off,
            "info" => Self::At(Severity::Info),
            "warning" => Self::At(Severity::Warning),
            "error" => Self::At(Severity::Error),
            _ => return None,
        })
    }

    /// Whether a rule may have it: what does not run is an error, whatever anybody says.
    pub fn fits(self, code: Code) -> bool {
        code.severity < Severity::Error || self == Self::At(Severity::Error)
    }
}

/// The levels of some rules; all others have their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<Code, Level>);

impl Levels {
    /// Sets the level of a rule; one that does not fit is not taken.
    pub fn set(&mut self, code: Code, level: Level) {
        if level.fits(code) {
            self.0.insert(code, level);
        }
    }

    /// Takes over all levels of others.
    pub fn extend(&mut self, others: &Self) {
        self.0.extend(&others.0);
    }

    /// Tells findings as they say.
    pub fn apply(&self, findings: &mut Vec<Diagnostic>) {
        findings.retain_mut(|finding| match self.0.get(&finding.code) {
            None => true,
            Some(Level::Off) => false,
            Some(Level::At(severity)) => {
                finding.severity = *severity;
                true
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code::{D002, D003, R001};
    use crate::text::{FileId, Span};

    #[test]
    fn levels_move_what_may_be_moved() {
        let mut levels = Levels::default();
        levels.set(D002, Level::At(Severity::Error));
        levels.set(R001, Level::Off);
        levels.set(D003, Level::Off);
        let mut found: Vec<_> = [D002, D003, R001].map(|code| Diagnostic::new(code, Span::new(FileId(0), 0..0), "x")).into();
        levels.apply(&mut found);
        let told: Vec<_> = found.iter().map(|finding| (finding.code, finding.severity())).collect();
        assert_eq!(told, [(D002, Severity::Error), (D003, Severity::Error)]);
    }

    #[test]
    fn the_words_are_the_levels() {
        assert!(Level::WORDS.iter().all(|word| Level::from_word(word).is_some()));
        assert_eq!(Level::from_word("warn"), None);
    }
}
