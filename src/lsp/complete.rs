//! What can be written where the cursor stands.

use super::file::{File, draft};
use super::place::{At, Place, place};
use super::position::offset;
use crate::expr::jq::{Segment, SegmentKind};
use crate::expr::template::filters;
use crate::graph::{Draft, Problem, Role, Site};
use crate::model::{
    Access, Backend, Crash, Join, OnError, ParamType, Parse, Pipeline, RetryClass, Session, Storage, Then, WhileRunning,
    Workspace, keys, sentence,
};
use crate::text::Embedded;
use lsp_types::{CompletionItem, CompletionItemKind, Position};

/// A field that no pipeline has: asking for it tells which there are.
const NOBODY: &str = "\u{0}";

/// What can be written at a position.
pub(super) fn complete(file: &File, position: Position) -> Vec<CompletionItem> {
    let Some(loaded) = &file.checked else { return vec![] };
    let place = place(&file.text[..offset(&file.text, position)]);
    match place.at {
        At::Key(_) => {
            let path = path(&place);
            let told = |key| sentence(&[&path[..], &[key]].concat()).map(str::to_owned);
            keys(&path).into_iter().map(|key| item(key, CompletionItemKind::PROPERTY, told(key))).collect()
        }
        At::Text(before) => {
            let draft = draft(loaded);
            in_text(&draft, &place, before)
        }
        At::Elsewhere => vec![],
    }
}

/// The path of the table that the cursor is in.
pub(super) fn path<'p>(place: &'p Place<'_>) -> Vec<&'p str> {
    place.header.iter().chain(&place.keys).map(String::as_str).collect()
}

fn in_text(draft: &Draft<'_>, place: &Place<'_>, before: &str) -> Vec<CompletionItem> {
    let inner = place.inner();
    let pipeline = draft.pipeline;
    let phases = || pipeline.phases.values().map(|phase| (phase.name.value.as_str(), phase.description.as_ref()));
    match inner.last().copied() {
        Some("needs" | "from" | "path") => {
            let own = place.header.get(1).map(String::as_str);
            let others = phases().filter(|(name, _)| inner.last() != Some(&"needs") || Some(*name) != own);
            return others
                .map(|(name, description)| item(name, CompletionItemKind::FUNCTION, description.map(|d| d.value.clone())))
                .collect();
        }
        Some("agent") => return pipeline.agents.keys().map(|name| item(name, CompletionItemKind::CLASS, None)).collect(),
        Some(key) => {
            if let Some(words) = words(key, &inner) {
                return words.iter().map(|word| item(word, CompletionItemKind::ENUM_MEMBER, None)).collect();
            }
        }
        None => {}
    }
    let Some((role, phase)) = role(pipeline, place, &inner) else { return vec![] };
    if role.is_jq() {
        return names(draft, role, phase, jq_path(before));
    }
    match in_braces(before) {
        Some(inside) if after_bar(inside) => filters().map(|name| item(name, CompletionItemKind::METHOD, None)).collect(),
        Some(inside) => names(draft, role, phase, Some(template_path(inside))),
        None => vec![],
    }
}

fn item(label: &str, kind: CompletionItemKind, detail: Option<String>) -> CompletionItem {
    CompletionItem { label: label.to_owned(), kind: Some(kind), detail, ..CompletionItem::default() }
}

/// The closed vocabulary of a key.
fn words(key: &str, inner: &[&str]) -> Option<&'static [&'static str]> {
    Some(match key {
        "join" => Join::WORDS,
        "access" => Access::WORDS,
        "use" => Backend::WORDS,
        "while_running" => WhileRunning::WORDS,
        "storage" => Storage::WORDS,
        "then" => Then::WORDS,
        "on_error" => OnError::WORDS,
        "on_crash" => Crash::WORDS,
        "session" => Session::WORDS,
        "parse" => Parse::WORDS,
        "workspace" => Workspace::WORDS,
        "type" => ParamType::WORDS,
        "on" if inner.contains(&"retry") => RetryClass::WORDS,
        _ => return None,
    })
}

/// What a text under these keys is, and whose phase it belongs to.
fn role(pipeline: &Pipeline, place: &Place<'_>, inner: &[&str]) -> Option<(Role, Option<usize>)> {
    let name = place.header.get(1).map(String::as_str).unwrap_or_default();
    let group = place.header.first().map(String::as_str).unwrap_or_default();
    let phase = if group == "phases" { Some(pipeline.phases.get_index_of(name)?) } else { None };
    let role = match (group, inner) {
        ("", ["result"]) => Role::RunResult,
        ("", ["pass"]) => Role::Pass,
        ("", ["summary"]) => Role::Summary,
        ("vars", [name]) => Role::Var(pipeline.vars.get_index_of(*name).unwrap_or(pipeline.vars.len())),
        ("params", ["select"]) => Role::Select,
        ("series", ["key"]) => Role::SeriesKey,
        ("documents", ["key"]) => Role::DocumentKey,
        ("documents", ["view"]) => Role::View,
        ("checks", ["that"]) => Role::CheckThat,
        ("checks", ["files"]) => Role::CheckFiles,
        ("checks", ["run"]) => Role::CheckRun,
        ("checks", ["message"]) => Role::CheckMessage,
        ("agents", ["system"]) => Role::System(pipeline.agents.get_index_of(name)?),
        ("tests", ["expect", "that"]) => Role::TestThat,
        ("phases", inner) => of_phase(inner)?,
        _ => return None,
    };
    Some((role, phase))
}

fn of_phase(inner: &[&str]) -> Option<Role> {
    Some(match inner {
        ["when"] => Role::When,
        ["require", "that"] => Role::Require,
        ["require", "message"] => Role::RequireMessage,
        ["repeat", "when"] => Role::RepeatWhen,
        ["accept", "that"] => Role::AcceptThat,
        ["accept", "files"] => Role::AcceptFiles,
        ["accept", "run"] => Role::AcceptRun,
        ["accept", "message"] => Role::AcceptMessage,
        ["result"] => Role::Result,
        ["set"] => Role::Set,
        ["prompt"] => Role::Prompt,
        ["ask"] => Role::Ask,
        ["run"] => Role::Argument,
        ["env", _] => Role::Env,
        ["stdin"] => Role::Stdin,
        ["dir"] => Role::Dir,
        ["for_each", "over"] => Role::Over,
        ["for_each", "key"] => Role::ItemKey,
        ["with", _] => Role::With,
        _ => return None,
    })
}

/// The path that is being written in jq, its last step still open; `None` where no path is.
fn jq_path(before: &str) -> Option<Vec<Segment>> {
    let tail = tail(before, |c| c.is_ascii_alphanumeric() || "_.[]?".contains(c));
    let (path, _) = tail.rsplit_once('.')?;
    (path.is_empty() || path.starts_with('.')).then(|| steps(path.split('.').skip(1)))
}

/// The same in a template, which begins without a dot.
fn template_path(before: &str) -> Vec<Segment> {
    let tail = tail(before, |c| c.is_ascii_alphanumeric() || "_.".contains(c));
    let path = tail.rsplit_once('.').map(|(path, _)| path);
    steps(path.into_iter().flat_map(|path| path.split('.')))
}

fn tail(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    let start = text.rfind(|c: char| !belongs(c)).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    &text[start..]
}

fn steps<'s>(names: impl Iterator<Item = &'s str>) -> Vec<Segment> {
    let step = |kind| Segment { kind, range: 0..0 };
    let mut all = vec![];
    for name in names {
        let name = name.trim_end_matches('?');
        let (name, brackets) = name.split_once('[').map_or((name, false), |(name, _)| (name, true));
        all.push(step(SegmentKind::Key(name.to_owned())));
        if brackets {
            all.push(step(SegmentKind::Each));
        }
    }
    all
}

/// The names that a path can go on with.
fn names(draft: &Draft<'_>, role: Role, phase: Option<usize>, path: Option<Vec<Segment>>) -> Vec<CompletionItem> {
    let Some(mut path) = path else { return vec![] };
    path.push(Segment { kind: SegmentKind::Key(NOBODY.to_owned()), range: 0..0 });
    let nothing = Embedded::slice("", draft.pipeline.file, 0);
    let look = draft.look(&Site { text: &nothing, role, phase }, &path);
    let Some((step, problem)) = look.problem.filter(|(step, _)| *step + 1 == path.len()) else { return vec![] };
    let field = |name: &str| item(name, CompletionItemKind::FIELD, None);
    let pipeline = draft.pipeline;
    match problem {
        Problem::Name(names) => names.iter().map(|name| item(name, CompletionItemKind::VARIABLE, None)).collect(),
        Problem::RunField(_, names) | Problem::Field(_, names) => names.iter().map(|name| field(name)).collect(),
        Problem::Phase => pipeline.phases.keys().map(|name| item(name, CompletionItemKind::FUNCTION, None)).collect(),
        Problem::Param => pipeline.params.keys().map(|name| field(name)).collect(),
        Problem::File => pipeline.params.values().filter(|p| p.file.is_some()).map(|p| field(&p.name.value)).collect(),
        Problem::Var | Problem::LaterVar => pipeline.vars.keys().map(|name| field(name)).collect(),
        Problem::Hidden(_) | Problem::NotAbove(_) | Problem::TooEarly | Problem::NoLoop(_) => {
            debug_assert!(step < path.len(), "a problem lies on its path");
            vec![]
        }
    }
}

/// What stands in the braces that are open at the end of a template.
fn in_braces(before: &str) -> Option<&str> {
    let open = before.rfind("{{").max(before.rfind("{%"))?;
    let inside = &before[open + 2..];
    (!inside.contains("}}") && !inside.contains("%}")).then_some(inside)
}

/// Whether a filter is to follow.
fn after_bar(inside: &str) -> bool {
    inside.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').trim_end().ends_with('|')
}
