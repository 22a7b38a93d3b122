//! `flow.toml`: what a project says about all its pipelines. Every mistake in it is a finding at its place.

mod lint;

pub use lint::LintConfig;

use crate::diag::{Diagnostic, code, nearest};
use crate::model::Backend;
use crate::text::{FileId, Span};
use indexmap::IndexMap;
use toml::de::{DeTable, DeValue};

/// What `flow.toml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// `store`: where runs are kept, as a URL.
    pub store: Option<String>,
    /// `agent`: the backend of all agents, `BACKEND` or `BACKEND:MODEL`.
    pub agent: Option<String>,
    /// `[agents.NAME]`: what single agents of pipelines are performed by.
    pub agents: IndexMap<String, AgentConfig>,
    /// `[lint]`: what is made of findings.
    pub lint: LintConfig,
}

/// `[agents.NAME]` of `flow.toml`: what it says replaces what the pipeline says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentConfig {
    /// `use`: the backend.
    pub backend: Option<String>,
    /// `model`.
    pub model: Option<String>,
}

const KEYS: &[&str] = &["store", "agent", "agents", "lint"];
const AGENT_KEYS: &[&str] = &["use", "model"];

/// Reads the text of a `flow.toml`; what is mistaken is left out and told.
pub fn parse(file: FileId, text: &str) -> (Config, Vec<Diagnostic>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { file, findings: vec![] };
    for error in &errors {
        let span = reader.span(error.span().unwrap_or(0..0));
        reader.findings.push(Diagnostic::new(code::P001, span, error.message().to_owned()));
    }
    let mut config = Config::default();
    for (key, value) in table.get_ref() {
        match key.get_ref().as_ref() {
            "store" => config.store = reader.text("store", value),
            "agent" => config.agent = reader.backend("agent", value, true),
            "agents" => config.agents = reader.agents(value),
            "lint" => config.lint = reader.lint(value),
            other => reader.unknown(other, key.span(), KEYS, "`flow.toml`"),
        }
    }
    // A syntax error hides what stands behind it: what follows from that is no mistake of its own.
    if !errors.is_empty() {
        reader.findings.retain(|finding| finding.code == code::P001);
    }
    (config, reader.findings)
}

struct Reader {
    file: FileId,
    findings: Vec<Diagnostic>,
}

type Value<'a> = toml::Spanned<DeValue<'a>>;

impl Reader {
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.file, range)
    }

    fn unknown(&mut self, key: &str, range: std::ops::Range<usize>, keys: &[&str], place: &str) {
        let span = self.span(range);
        let finding = Diagnostic::new(code::P002, span, format!("{place} has no key `{key}`"));
        self.findings.push(match nearest(key, keys.iter().copied()) {
            Some(near) => finding.label(format!("did you mean `{near}`?")).suggest(format!("rename it to `{near}`"), span, near),
            None => finding.help(format!("it may have {}", listed(keys))),
        });
    }

    /// A word that is none of those that there are.
    fn no_word(&mut self, span: Span, what: &str, word: &str, words: &[&str]) {
        let finding = Diagnostic::new(code::P005, span, format!("there is no {what} `{word}`"));
        self.findings.push(match nearest(word, words.iter().copied()) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help(format!("it is one of {}", listed(words))),
        });
    }

    fn wrong(&mut self, key: &str, expected: &str, value: &Value<'_>) {
        let span = self.span(value.span());
        let found = value.get_ref().type_str();
        self.findings.push(Diagnostic::new(code::P003, span, format!("`{key}` should be {expected}, and is of type {found}")));
    }

    fn text(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) if !text.is_empty() => Some(text.clone().into_owned()),
            DeValue::String(_) => {
                let span = self.span(value.span());
                self.findings.push(Diagnostic::new(code::P005, span, format!("`{key}` is empty")));
                None
            }
            _ => {
                self.wrong(key, "text", value);
                None
            }
        }
    }

    /// A backend's name, perhaps with a model.
    fn backend(&mut self, key: &str, value: &Value<'_>, with_model: bool) -> Option<String> {
        let text = self.text(key, value)?;
        let name = if with_model { text.split_once(':').map_or(text.as_str(), |(name, _)| name) } else { &text };
        if Backend::from_word(name).is_some() {
            return Some(text);
        }
        let span = self.span(value.span());
        self.no_word(span, "backend", name, Backend::WORDS);
        None
    }

    fn agents(&mut self, value: &Value<'_>) -> IndexMap<String, AgentConfig> {
        let mut agents = IndexMap::new();
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong("agents", "a table of agents, as in `[agents.planner]`", value);
            return agents;
        };
        for (name, value) in table {
            let DeValue::Table(keys) = value.get_ref() else {
                self.wrong(name.get_ref(), "a table with `use` or `model`", value);
                continue;
            };
            let mut agent = AgentConfig::default();
            for (key, value) in keys {
                match key.get_ref().as_ref() {
                    "use" => agent.backend = self.backend("use", value, false),
                    "model" => agent.model = self.text("model", value),
                    other => self.unknown(other, key.span(), AGENT_KEYS, &format!("`[agents.{}]`", name.get_ref())),
                }
            }
            agents.insert(name.get_ref().clone().into_owned(), agent);
        }
        agents
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Severity;

    fn findings(text: &str) -> Vec<(&'static str, String)> {
        let (_, found) = parse(FileId(0), text);
        found.into_iter().map(|f| (f.code.id, text[f.span.range()].to_owned())).collect()
    }

    #[test]
    fn store_and_agents_are_read() {
        let text = "store = 'memory:'\nagent = 'claude:opus'\n[agents.planner]\nuse = 'command'\nmodel = 'm'\n";
        let (config, found) = parse(FileId(0), text);
        assert_eq!(found, []);
        assert_eq!(config.store.as_deref(), Some("memory:"));
        assert_eq!(config.agent.as_deref(), Some("claude:opus"));
        let planner = AgentConfig { backend: Some("command".to_owned()), model: Some("m".to_owned()) };
        assert_eq!(config.agents["planner"], planner);
    }

    #[test]
    fn every_mistake_is_told_at_its_place() {
        let text = "stroe = 'x'\nagent = 'cluade'\n[agents.planner]\nmodle = 'm'\nuse = 3\n";
        let expected = [("P002", "stroe"), ("P005", "'cluade'"), ("P002", "modle"), ("P003", "3")];
        assert_eq!(findings(text), expected.map(|(code, at)| (code, at.to_owned())));
        assert_eq!(findings("agent = \nfoo = 1\n").len(), 1);
    }

    #[test]
    fn levels_are_of_all_files_or_of_some() {
        let text = "[lint.levels]\nR001 = 'off'\nmaybe-skipped = 'error'\n[[lint.paths]]\nmatch = ['old/', 'x/*.toml']\nlevels = { D002 = 'info' }\n";
        let (config, found) = parse(FileId(0), text);
        assert_eq!(found, []);
        let told = |path: &str| {
            let mut findings = [code::R001, code::D002].map(|code| Diagnostic::new(code, Span::new(FileId(0), 0..0), "")).into();
            config.lint.levels(path).apply(&mut findings);
            findings.iter().map(|finding| (finding.code.id, finding.severity())).collect::<Vec<_>>()
        };
        assert_eq!(told("a.toml"), [("D002", Severity::Error)]);
        assert_eq!(told("old/deep/a.toml"), [("D002", Severity::Info)]);
        assert_eq!(told("x/a.toml"), [("D002", Severity::Info)]);
    }

    #[test]
    fn mistakes_of_levels_are_told_at_their_place() {
        let text = "[lint.levels]\nR01 = 'off'\nD003 = 'warning'\nD002 = 'eror'\n[[lint.paths]]\nlevels = {}\n[[lint.paths]]\nmatch = ['a**b', 77]\n[lint.xyz]\n";
        let expected = [
            ("P002", "R01"),
            ("P005", "'warning'"),
            ("P005", "'eror'"),
            ("P004", "[[lint.paths]]"),
            ("P005", "'a**b'"),
            ("P003", "77"),
            ("P002", "xyz"),
        ];
        let mut found = findings(text);
        found.sort_by_key(|(_, at)| text.find(at.as_str()));
        assert_eq!(found, expected.map(|(code, at)| (code, at.to_owned())));
    }
}
