//! The command line and the variables of one `claude` process.

use crate::agent::environment::Inherits;
use crate::agent::reply;
use crate::limits;
use crate::run::{Access, AgentSpec, AgentWork};
use crate::value::Value;
use std::path::Path;

/// What `claude` gets of the driver's environment: its own configuration and credentials, its cloud providers', but
/// nothing that a surrounding session of it has set for its children (it would refuse to start, or join that session).
pub(in crate::agent) const INHERITS: Inherits = Inherits {
    prefixes: &[
        "ANTHROPIC_",
        "CLAUDE_",
        "AWS_",
        "GOOGLE_",
        "GCLOUD_",
        "CLOUD_ML_",
        "VERTEX_",
        "API_TIMEOUT_MS",
        "BASH_DEFAULT_TIMEOUT_MS",
        "BASH_MAX_TIMEOUT_MS",
        "MAX_THINKING_TOKENS",
        "MAX_MCP_OUTPUT_TOKENS",
        "MCP_TIMEOUT",
        "MCP_TOOL_TIMEOUT",
        "IS_SANDBOX",
    ],
    except: &["SESSION", "CHILD", "MESSAGING", "ENTRYPOINT", "EXECPATH", "SSE_PORT", "BRIDGE", "REMOTE", "CLAUDE_PID"],
};

/// Tools that change nothing and ask nobody else.
const READING: [&str; 3] = ["Read", "Grep", "Glob"];

/// Which session a process works in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// A new one, with this id.
    New(String),
    /// An earlier one.
    Resumed(String),
}

/// How the declared shape is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// Any text will do.
    Text,
    /// With `--json-schema`; `wrapped` when the value stands in a field `value`, because only a table can be asked for.
    Flag {
        /// What the flag says.
        schema: String,
        /// Whether the value is inside a table of ours.
        wrapped: bool,
    },
    /// In the prompt: the schema is too large for an argument.
    Prompt,
}

impl Shape {
    /// How the shape of this turn is asked for.
    pub(super) fn of(agent: &AgentWork) -> Self {
        let Some(schema) = agent.schema.as_ref().filter(|schema| !reply::is_plain_text(schema)) else { return Self::Text };
        let wrapped = schema.get("type").as_str() != Some("object");
        let text = if wrapped { wrap(schema).to_string() } else { schema.to_string() };
        if text.len() > limits::ARGUMENT_BYTES { Self::Prompt } else { Self::Flag { schema: text, wrapped } }
    }
}

/// A table with the value in its one field. Definitions stay at the root, where references look for them.
fn wrap(schema: &Value) -> Value {
    let inner: Vec<(&str, Value)> = schema.entries().into_iter().flatten().filter(|(key, _)| !root_only(key)).collect();
    let root: Vec<(&str, Value)> = schema.entries().into_iter().flatten().filter(|(key, _)| root_only(key)).collect();
    let own = [
        ("type", Value::text("object")),
        ("properties", Value::table([("value", Value::table(inner))])),
        ("required", Value::list([Value::text("value")])),
        ("additionalProperties", Value::from(false)),
    ];
    Value::table(own.into_iter().chain(root))
}

fn root_only(key: &str) -> bool {
    matches!(key, "$defs" | "definitions" | "$schema" | "$id")
}

/// The command line.
pub(super) fn argv(spec: &AgentSpec, session: &Session, shape: &Shape, system: Option<&Path>, partial: bool) -> Vec<String> {
    let mut argv: Vec<String> = ["-p", "--output-format", "stream-json", "--verbose"].map(str::to_owned).into();
    argv.insert(0, super::PROGRAM.to_owned());
    let mut flag = |name: &str, value: String| argv.extend([name.to_owned(), value]);
    match session {
        Session::New(id) => flag("--session-id", id.clone()),
        Session::Resumed(id) => flag("--resume", id.clone()),
    }
    if let Some(model) = &spec.model {
        flag("--model", model.clone());
    }
    if let Some(file) = system {
        flag("--append-system-prompt-file", file.display().to_string());
    }
    if let Shape::Flag { schema, .. } = shape {
        flag("--json-schema", schema.clone());
    }
    for (name, value) in permissions(spec.access, spec.tools.as_deref()) {
        flag(name, value);
    }
    if let Some(turns) = spec.max_turns {
        flag("--max-turns", turns.to_string());
    }
    if let Some(budget) = spec.budget_usd {
        flag("--max-budget-usd", budget.to_string());
    }
    if partial {
        // Every word it writes is then a sign of life, which an idle limit needs during a long answer.
        argv.push("--include-partial-messages".to_owned());
    }
    argv
}

/// What it may do. In print mode whatever would be asked about is denied, so each access says what need not be asked:
/// `read` only tools that read, `write` edits and commands (the project's own deny rules still hold), `full` everything.
fn permissions(access: Access, tools: Option<&[String]>) -> Vec<(&'static str, String)> {
    let exist = tools.map(|tools| {
        let names = tools.iter().map(|tool| tool.split('(').next().unwrap_or(tool)).filter(|name| !name.starts_with("mcp__"));
        names.collect::<Vec<_>>().join(",")
    });
    let listed = |default: &str| tools.map_or_else(|| default.to_owned(), |tools| tools.join(","));
    let (mode, exist, allowed) = match access {
        Access::Read => {
            let reading = |tools: &[String]| {
                let reading = tools.iter().filter(|tool| READING.contains(&tool.as_str()));
                reading.map(String::as_str).collect::<Vec<_>>().join(",")
            };
            ("dontAsk", exist.or_else(|| Some(READING.join(","))), tools.map_or_else(|| READING.join(","), reading))
        }
        Access::Write => ("acceptEdits", exist, listed("Bash")),
        Access::Full => ("bypassPermissions", exist, String::new()),
    };
    let mut flags = vec![("--permission-mode", mode.to_owned())];
    flags.extend(exist.map(|names| ("--tools", names)));
    flags.extend((!allowed.is_empty()).then_some(("--allowedTools", allowed)));
    flags
}

/// Variables on top of the inherited ones.
pub(super) fn variables(access: Access) -> Vec<(&'static str, String)> {
    let set = |name| std::env::var_os(name).is_some();
    let mut own = vec![("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".to_owned())];
    if !set("CLAUDE_CODE_MAX_RETRIES") {
        // Its own default is ten, also for a wrong key; retries that count are the pipeline's.
        own.push(("CLAUDE_CODE_MAX_RETRIES", "2".to_owned()));
    }
    if access == Access::Full && rustix::process::geteuid().is_root() {
        // Root may skip permissions only where it says that it is in a sandbox; the author said `full`.
        own.push(("IS_SANDBOX", "1".to_owned()));
    }
    own
}

/// The session id of a turn: its key as a UUID, so that a repeat of the turn finds the session of the first try.
pub(super) fn session_id(key: &str) -> String {
    let mut hex: Vec<char> = key.chars().filter(char::is_ascii_hexdigit).chain(std::iter::repeat('0')).take(32).collect();
    // Version and variant as a random UUID has them: some readers check.
    hex[12] = '4';
    hex[16] = '8';
    let part = |range: std::ops::Range<usize>| hex[range].iter().collect::<String>();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(access: Access, tools: Option<&[&str]>) -> AgentSpec {
        AgentSpec {
            backend: crate::run::BackendKind::Claude,
            model: Some("sonnet".to_owned()),
            access,
            tools: tools.map(|tools| tools.iter().map(|&tool| tool.to_owned()).collect()),
            max_turns: Some(20),
            budget_usd: Some(1.5),
            command: None,
        }
    }

    fn line(access: Access, tools: Option<&[&str]>) -> String {
        let session = Session::New("U".to_owned());
        argv(&spec(access, tools), &session, &Shape::Text, None, false).join(" ")
    }

    #[test]
    fn each_access_has_its_own_flags() {
        let begin = "claude -p --output-format stream-json --verbose --session-id U --model sonnet --permission-mode";
        let end = "--max-turns 20 --max-budget-usd 1.5";
        assert_eq!(
            line(Access::Read, None),
            format!("{begin} dontAsk --tools Read,Grep,Glob --allowedTools Read,Grep,Glob {end}")
        );
        assert_eq!(line(Access::Write, None), format!("{begin} acceptEdits --allowedTools Bash {end}"));
        assert_eq!(line(Access::Full, None), format!("{begin} bypassPermissions {end}"));
    }

    #[test]
    fn listed_tools_are_the_only_ones_and_reading_access_allows_none_that_write() {
        let tools: &[&str] = &["Read", "Bash(git *)", "mcp__x__y"];
        assert!(line(Access::Write, Some(tools)).contains("--tools Read,Bash --allowedTools Read,Bash(git *),mcp__x__y"));
        assert!(line(Access::Read, Some(tools)).contains("dontAsk --tools Read,Bash --allowedTools Read --max"));
        assert!(line(Access::Full, Some(&[])).contains("bypassPermissions --tools  --max"));
    }

    #[test]
    fn only_a_table_is_asked_for_as_it_is() {
        let work = |schema: &str| AgentWork {
            agent: crate::name::Name::new("a").expect("is a name"),
            prompt: String::new(),
            system: None,
            schema: Some(Value::parse(schema.as_bytes()).expect("is JSON")),
            session: None,
            session_cost_usd: 0.0,
        };
        assert_eq!(Shape::of(&work(r#"{"type":"string"}"#)), Shape::Text);
        let table = r#"{"type":"object","properties":{}}"#;
        assert_eq!(Shape::of(&work(table)), Shape::Flag { schema: table.to_owned(), wrapped: false });
        let list = r##"{"$defs":{"x":{"type":"string"}},"type":"array","items":{"$ref":"#/$defs/x"}}"##;
        let Shape::Flag { schema, wrapped: true } = Shape::of(&work(list)) else { panic!("a list is wrapped") };
        assert_eq!(
            schema,
            r##"{"type":"object","properties":{"value":{"type":"array","items":{"$ref":"#/$defs/x"}}},"required":["value"],"additionalProperties":false,"$defs":{"x":{"type":"string"}}}"##
        );
        let large = format!(r#"{{"type":"object","description":"{}"}}"#, "x".repeat(limits::ARGUMENT_BYTES));
        assert_eq!(Shape::of(&work(&large)), Shape::Prompt);
    }

    #[test]
    fn a_session_id_is_a_uuid_made_from_the_key() {
        assert_eq!(session_id("0123456789abcdef0123456789abcdef"), "01234567-89ab-4def-8123-456789abcdef");
    }

    #[test]
    fn root_may_do_everything_only_where_the_author_said_so() {
        let sandbox = |access| variables(access).iter().any(|(name, _)| *name == "IS_SANDBOX");
        assert!(!sandbox(Access::Read) && !sandbox(Access::Write));
        assert_eq!(sandbox(Access::Full), rustix::process::geteuid().is_root());
    }

    #[test]
    fn a_surrounding_session_does_not_leak_in() {
        for name in ["ANTHROPIC_API_KEY", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK"] {
            assert!(INHERITS.passes(name), "{name}");
        }
        for name in [
            "CLAUDECODE",
            "CLAUDE_PID",
            "CLAUDE_CODE_ENTRYPOINT",
            "CLAUDE_CODE_SESSION_ID",
            "CLAUDE_CODE_CHILD_SESSION",
            "CLAUDE_CODE_MESSAGING_TOKEN",
            "CLAUDE_CODE_SSE_PORT",
            "CLAUDE_CODE_EXECPATH",
        ] {
            assert!(!INHERITS.passes(name), "{name}");
        }
    }
}
