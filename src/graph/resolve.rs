//! Names that must be there: phases in `needs`, `repeat` and tests, agents, parameters of tests.

use super::loops::Loops;
use super::net::Net;
use crate::diag::{Code, Diagnostic, code, nearest};
use crate::model::{Data, DataKind, Pipeline};
use crate::run::ErrorClass;
use crate::text::{Span, Spanned};
use std::collections::{HashMap, HashSet};

/// Checks all names, and that needs and loops make sense. `unread`: parts of the file could not be read.
pub fn check(pipeline: &Pipeline, net: &Net, loops: &Loops, unread: bool) -> Vec<Diagnostic> {
    let mut found = vec![];
    needs(pipeline, net, &mut found);
    repeats(pipeline, net, loops, &mut found);
    // Where nothing could be read under `agents`, nobody knows which there are.
    if !unread || !pipeline.agents.is_empty() {
        agents(pipeline, &mut found);
    }
    tests(pipeline, unread, &mut found);
    found
}

/// A finding for a name that is not there, with the nearest that is. `quoted` says that the span is a text's.
pub fn unknown<'a>(
    code: Code,
    what: &str,
    name: &Spanned<String>,
    known: impl IntoIterator<Item = &'a str> + Clone,
    quoted: bool,
) -> Diagnostic {
    let finding = Diagnostic::new(code, name.span, format!("there is no {what} `{}`", name.value));
    let finding = finding.label(format!("no such {what}"));
    if let Some(near) = nearest(&name.value, known.clone()) {
        let text = if quoted { format!("\"{near}\"") } else { near.to_owned() };
        return finding.label(format!("did you mean `{near}`?")).suggest(format!("write `{near}`"), name.span, text);
    }
    let known: Vec<String> = known.into_iter().take(12).map(|name| format!("`{name}`")).collect();
    if known.is_empty() { finding } else { finding.help(format!("there is {}", known.join(", "))) }
}

fn needs(pipeline: &Pipeline, net: &Net, found: &mut Vec<Diagnostic>) {
    for phase in pipeline.phases.values() {
        let mut seen = HashMap::new();
        for (at, need) in phase.needs.iter().enumerate() {
            if !pipeline.phases.contains_key(&need.value) {
                found.push(unknown(code::G001, "phase", need, pipeline.phases.keys().map(String::as_str), true));
            } else if let Some(first) = seen.insert(&need.value, need.span) {
                let finding = Diagnostic::new(code::G007, need.span, format!("`{}` is listed twice", need.value));
                let finding = finding.related(first, "it is here already");
                found.push(match without(&phase.needs, at) {
                    Some(gone) => finding.mend("leave it out here", gone, ""),
                    None => finding,
                });
            }
        }
    }
    found.extend(net.rings().iter().map(|ring| cycle(pipeline, ring)));
}

/// What goes when one of a list of names is left out, with its comma. Unknown where there is more between them than that:
/// it may be a comment.
pub fn without(list: &[Spanned<String>], at: usize) -> Option<Span> {
    let span = list[at].span;
    let gap = |from: Span, to: Span| to.start.saturating_sub(from.end) <= 2;
    let before = at.checked_sub(1).map(|at| list[at].span).filter(|before| gap(*before, span));
    let after = list.get(at + 1).map(|next| next.span).filter(|next| gap(span, *next));
    match (before, after) {
        (Some(before), _) => Some(Span::new(span.file, before.end as usize..span.end as usize)),
        (None, Some(next)) => Some(Span::new(span.file, span.start as usize..next.start as usize)),
        (None, None) => None,
    }
}

/// Phases of a ring that are named; nobody reads more.
const SHOWN: usize = 20;

/// The ring, edge by edge.
fn cycle(pipeline: &Pipeline, ring: &[usize]) -> Diagnostic {
    let name = |at: usize| pipeline.phases[at].name.value.as_str();
    let edges: Vec<(Span, String)> = (0..ring.len())
        .filter_map(|place| {
            let (at, next) = (ring[place], ring[(place + 1) % ring.len()]);
            let need = pipeline.phases[at].needs.iter().find(|need| need.value == name(next))?;
            Some((need.span, format!("`{}` needs `{}`", name(at), name(next))))
        })
        .collect();
    let mut around: Vec<String> = ring.iter().take(SHOWN).map(|at| format!("`{}`", name(*at))).collect();
    if ring.len() > SHOWN {
        around.push(format!("… ({} more)", ring.len() - SHOWN));
    }
    around.extend(around.first().cloned());
    let message = if ring.len() == 1 {
        format!("`{}` needs itself", name(ring[0]))
    } else {
        format!("phases need each other in a ring: {}", around.join(" needs "))
    };
    let mut edges = edges.into_iter();
    let (span, label) = edges.next().unwrap_or_else(|| (pipeline.phases[ring[0]].header, String::new()));
    let mut finding = Diagnostic::new(code::G002, span, message).label(label);
    finding.related.extend(edges.take(SHOWN));
    finding.help("needs must lead one way; the way back is `repeat = { from = \"…\", when = '…', max = 2 }` on the last phase")
}

fn repeats(pipeline: &Pipeline, net: &Net, loops: &Loops, found: &mut Vec<Diagnostic>) {
    for (owner, phase) in pipeline.phases.values().enumerate() {
        for from in phase.repeat.iter().filter_map(|entry| entry.from.as_ref()) {
            let Some(at) = pipeline.phases.get_index_of(&from.value) else {
                found.push(unknown(code::G001, "phase", from, pipeline.phases.keys().map(String::as_str), true));
                continue;
            };
            if at == owner || !net.known[owner] || net.is_above(at, owner) {
                continue;
            }
            let name = &phase.name.value;
            let message = format!("`{name}` cannot repeat from `{}`, which does not come before it", from.value);
            let finding = Diagnostic::new(code::G003, from.span, message)
                .label(format!("no path of `needs` leads from `{name}` up to `{}`", from.value))
                .help(format!("name a phase that `{name}` needs, directly or through others, or `{name}` itself"));
            found.push(finding.related(pipeline.phases[at].header, format!("`{}` is here", from.value)));
        }
    }
    for crossing in &loops.crossing {
        let name = |at: usize| &pipeline.phases[at].name.value;
        let span = |at: usize, entry: Option<usize>| {
            let repeat = &pipeline.phases[at].repeat;
            repeat.get(entry.unwrap_or(0)).map_or(pipeline.phases[at].header, |entry| entry.span)
        };
        let (owner, other) = (name(crossing.owner), name(crossing.other));
        let message = format!("the loops of `{owner}` and `{other}` cross: neither lies inside the other");
        let finding = Diagnostic::new(code::G004, span(crossing.owner, crossing.entry), message)
            .label(format!("runs `{}` again, and not `{}`", name(crossing.shared), name(crossing.outside)))
            .related(span(crossing.other, None), format!("the loop of `{other}` runs both again"))
            .help(format!(
                "let one of them go back further, so that it holds the whole loop of the other (`{other}`), or none of it"
            ));
        found.push(finding);
    }
}

fn agents(pipeline: &Pipeline, found: &mut Vec<Diagnostic>) {
    let mut used = HashSet::new();
    for phase in pipeline.phases.values() {
        let Some(crate::model::Verb::Agent(agent)) = phase.verb.as_ref().map(|verb| &verb.value) else { continue };
        used.insert(agent.value.as_str());
        if !pipeline.agents.contains_key(&agent.value) {
            let finding = unknown(code::I004, "agent", agent, pipeline.agents.keys().map(String::as_str), true);
            let help = format!("declare it as `[agents.{}]`", agent.value);
            found.push(if finding.help.is_none() { finding.help(help) } else { finding });
        }
    }
    // A misspelt use would make its agent look unused.
    if used.iter().all(|name| pipeline.agents.contains_key(*name)) {
        let unused = |agent: &&crate::model::Agent| {
            !used.contains(agent.name.value.as_str()) && crate::name::Name::new(&agent.name.value).is_ok()
        };
        for agent in pipeline.agents.values().filter(unused) {
            found.push(Diagnostic::new(code::I005, agent.name.span, format!("no phase uses the agent `{}`", agent.name.value)));
        }
    }
}

fn tests(pipeline: &Pipeline, unread: bool, found: &mut Vec<Diagnostic>) {
    let phases = || pipeline.phases.keys().map(String::as_str);
    for test in &pipeline.tests {
        for (name, field) in &test.stubs {
            found.extend(attempts(&field.value).filter_map(class));
            if !pipeline.phases.contains_key(name) {
                found.push(unknown(code::G001, "phase", &Spanned::new(name.clone(), field.key), phases(), false));
            }
        }
        for name in test.expect.path.iter().flat_map(|path| &path.value) {
            if !pipeline.phases.contains_key(&name.value) {
                found.push(unknown(code::G001, "phase", name, phases(), true));
            }
        }
        for (name, field) in &test.params {
            let unknown_params = unread && pipeline.params.is_empty();
            if !unknown_params && !pipeline.params.contains_key(name) {
                let known = pipeline.params.keys().map(String::as_str);
                found.push(unknown(code::D006, "parameter", &Spanned::new(name.clone(), field.key), known, false));
            }
        }
    }
}

/// The attempts of a stub.
fn attempts(stub: &Data) -> impl Iterator<Item = &Data> {
    let list = if let DataKind::List(items) = &stub.kind { items.as_slice() } else { std::slice::from_ref(stub) };
    list.iter()
}

/// A stubbed failure of a class that there is not.
fn class(attempt: &Data) -> Option<Diagnostic> {
    let class = attempt.get("!")?;
    let word = if let DataKind::Text(word) = &class.kind { word.as_str() } else { "" };
    if ErrorClass::parse(word).is_some() {
        return None;
    }
    let words = ErrorClass::RETRYABLE.iter().map(|class| class.as_str());
    let finding = Diagnostic::new(code::P005, class.span, format!("`{word}` is no class of failure"));
    Some(match nearest(word, words.clone()) {
        Some(near) => {
            finding.label(format!("did you mean `{near}`?")).suggest(format!("write `{near}`"), class.span, format!("\"{near}\""))
        }
        None => finding.help(format!("one of {}", words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))),
    })
}
