//! `[lint]` of `flow.toml`: how bad the findings of a rule are, everywhere or in some files.

use super::{Reader, Value};
use crate::diag::{Code, Diagnostic, code};
use crate::lint::{Level, Levels, unknown_rule};
use glob::Pattern;
use toml::de::DeValue;

/// What `[lint]` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintConfig {
    /// `levels`: of all pipelines.
    levels: Levels,
    /// `[[lint.paths]]`: of the pipelines that match, later ones over earlier ones.
    paths: Vec<(Vec<Pattern>, Levels)>,
}

impl LintConfig {
    /// The levels for a pipeline, by its path from the project's root.
    pub fn levels(&self, path: &str) -> Levels {
        let mut levels = self.levels.clone();
        let matching = self.paths.iter().filter(|(patterns, _)| patterns.iter().any(|pattern| pattern.matches(path)));
        matching.for_each(|(_, more)| levels.extend(more));
        levels
    }
}

impl Reader {
    pub(super) fn lint(&mut self, value: &Value<'_>) -> LintConfig {
        let mut lint = LintConfig::default();
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong("lint", "a table, as in `[lint.levels]`", value);
            return lint;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "levels" => lint.levels = self.levels(value),
                "paths" => lint.paths = self.paths(value),
                other => self.unknown(other, key.span(), &["levels", "paths"], "`[lint]`"),
            }
        }
        lint
    }

    fn levels(&mut self, value: &Value<'_>) -> Levels {
        let mut levels = Levels::default();
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong("levels", "a table of rules, as in `[lint.levels]` with `R001 = \"off\"`", value);
            return levels;
        };
        for (key, value) in table {
            let Some(code) = self.rule(key.get_ref(), key.span()) else { continue };
            let Some(level) = self.level(code, value) else { continue };
            levels.set(code, level);
        }
        levels
    }

    fn rule(&mut self, name: &str, range: std::ops::Range<usize>) -> Option<Code> {
        let code = Code::find(name);
        if code.is_none() {
            let span = self.span(range);
            self.findings.push(unknown_rule(code::P002, name, span));
        }
        code
    }

    fn level(&mut self, code: Code, value: &Value<'_>) -> Option<Level> {
        let word = self.text(code.id, value)?;
        let span = self.span(value.span());
        let Some(level) = Level::from_word(&word) else {
            self.no_word(span, "level", &word, Level::WORDS);
            return None;
        };
        if !level.fits(code) {
            let message = format!("{code} is an error: a pipeline with it does not run, and no level changes that");
            self.findings.push(Diagnostic::new(code::P005, span, message).help("take the line out"));
            return None;
        }
        Some(level)
    }

    fn paths(&mut self, value: &Value<'_>) -> Vec<(Vec<Pattern>, Levels)> {
        let DeValue::Array(entries) = value.get_ref() else {
            self.wrong("paths", "a list of tables, as in `[[lint.paths]]`", value);
            return vec![];
        };
        entries.iter().filter_map(|entry| self.path(entry)).collect()
    }

    fn path(&mut self, value: &Value<'_>) -> Option<(Vec<Pattern>, Levels)> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong("paths", "a list of tables, as in `[[lint.paths]]`", value);
            return None;
        };
        let (mut patterns, mut levels) = (None, Levels::default());
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "match" => patterns = Some(self.patterns(value)),
                "levels" => levels = self.levels(value),
                other => self.unknown(other, key.span(), &["match", "levels"], "`[[lint.paths]]`"),
            }
        }
        if patterns.is_none() {
            let span = self.span(value.span());
            let message = "`[[lint.paths]]` does not say for which files";
            self.findings.push(Diagnostic::new(code::P004, span, message).help("add `match = [\"pipelines/old/**\"]`"));
        }
        Some((patterns?, levels))
    }

    fn patterns(&mut self, value: &Value<'_>) -> Vec<Pattern> {
        let DeValue::Array(entries) = value.get_ref() else {
            self.wrong("match", "a list of patterns, as in `[\"pipelines/old/**\"]`", value);
            return vec![];
        };
        entries.iter().filter_map(|entry| self.pattern(entry)).collect()
    }

    fn pattern(&mut self, value: &Value<'_>) -> Option<Pattern> {
        let text = self.text("match", value)?;
        // A folder stands for all that is in it.
        let whole = if text.ends_with('/') { format!("{text}**") } else { text.clone() };
        let pattern = Pattern::new(&whole);
        if let Err(error) = &pattern {
            let span = self.span(value.span());
            self.findings.push(Diagnostic::new(code::P005, span, format!("`{text}` is no pattern of paths: {}", error.msg)));
        }
        pattern.ok()
    }
}
