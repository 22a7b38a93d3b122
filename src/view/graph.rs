//! The phase graph as a drawing: Mermaid, Graphviz dot, or plain text; a run's states coloured in.

use super::words::one_line;
use crate::name::Name;
use crate::plan::{Join, Phase, Plan, Then, Verb};
use crate::run::{PhaseStatus, RunState};
use std::fmt::Write as _;

/// Characters of a guard on an edge.
const LABEL: usize = 60;

/// Colours of states: background and border, readable with black text.
const COLOURS: [(PhaseStatus, &str, &str); 8] = [
    (PhaseStatus::Pending, "#f4f4f4", "#999999"),
    (PhaseStatus::Running, "#cfe2ff", "#2060c0"),
    (PhaseStatus::Waiting, "#fff3cd", "#b08000"),
    (PhaseStatus::Complete, "#d1f0d6", "#208040"),
    (PhaseStatus::Skipped, "#e8e8e8", "#bbbbbb"),
    (PhaseStatus::Failed, "#f8d0d0", "#b02020"),
    (PhaseStatus::Cancelled, "#ead8ea", "#805080"),
    (PhaseStatus::Interrupted, "#ffe0c2", "#c06010"),
];

/// What a phase does, in a few words.
fn verb(phase: &Phase) -> String {
    match &phase.verb {
        Verb::Agent { agent, .. } => format!("agent {agent}"),
        Verb::Run { argv, .. } => {
            let words: Vec<_> = argv.iter().map(|word| word.text.as_str()).collect();
            format!("run {}", one_line(&words.join(" "), 40))
        }
        Verb::Shell { .. } => "run sh".to_owned(),
        Verb::Ask { .. } => "ask".to_owned(),
        Verb::Set { .. } => "set".to_owned(),
    }
}

/// What stands on the edges into a phase.
fn guard(phase: &Phase) -> Option<String> {
    let when = phase.when.as_ref().map(|when| format!("when {}", one_line(&when.text, LABEL)));
    let join = match phase.join {
        Join::Any => None,
        Join::All => Some("all".to_owned()),
        Join::Always => Some("always".to_owned()),
    };
    let parts: Vec<_> = [join, when].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What stands on the edges back: target and label.
fn backs(phase: &Phase) -> impl Iterator<Item = (&Name, String)> {
    phase.repeat.iter().map(|repeat| {
        let when = repeat.when.as_ref().map(|when| format!(" when {}", one_line(&when.text, LABEL))).unwrap_or_default();
        let then = if repeat.then == Then::Fail { ", then fail" } else { "" };
        (&repeat.from, format!("at most {} more{then}{when}", repeat.max))
    })
}

fn status(run: Option<&RunState>, phase: &Name) -> Option<PhaseStatus> {
    run.map(|state| state.status_of(phase))
}

fn rounds(run: Option<&RunState>, phase: &Name) -> String {
    let round = run.and_then(|state| state.phase(phase)).map_or(1, |known| known.round);
    if round > 1 { format!(", round {round}") } else { String::new() }
}

/// A Mermaid flow chart, under a title if there is one.
pub fn mermaid(plan: &Plan, run: Option<&RunState>, title: Option<&str>) -> String {
    let title = title.map(|title| format!("---\ntitle: {}\n---\n", quoted(title))).unwrap_or_default();
    let mut out = format!("{title}flowchart TD\n");
    for phase in &plan.phases {
        let name = &phase.name;
        let state = status(run, name).map(|status| format!("<br/>{}{}", status.as_str(), rounds(run, name)));
        let label = format!("<b>{name}</b><br/>{}{}", mermaid_text(&verb(phase)), state.unwrap_or_default());
        let (open, close) = match &phase.verb {
            Verb::Agent { .. } => ("[", "]"),
            Verb::Run { .. } | Verb::Shell { .. } => ("[[", "]]"),
            Verb::Ask { .. } => ("[/", "/]"),
            Verb::Set { .. } => ("(", ")"),
        };
        let class = status(run, name).map(|status| format!(":::{}", status.as_str())).unwrap_or_default();
        let _ = writeln!(out, "    p_{name}{open}\"{label}\"{close}{class}");
    }
    for phase in &plan.phases {
        let label = guard(phase).map(|guard| format!("|\"{}\"|", mermaid_text(&guard))).unwrap_or_default();
        for need in &phase.needs {
            let _ = writeln!(out, "    p_{need} -->{label} p_{}", phase.name);
        }
        for (from, label) in backs(phase) {
            let _ = writeln!(out, "    p_{} -.->|\"{}\"| p_{from}", phase.name, mermaid_text(&label));
        }
    }
    if run.is_some() {
        for (status, fill, stroke) in COLOURS {
            let _ = writeln!(out, "    classDef {} fill:{fill},stroke:{stroke},color:#000000", status.as_str());
        }
    }
    out
}

/// Text inside a quoted Mermaid label: what has a meaning there becomes an entity.
fn mermaid_text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '<' | '>' | '&' | '#' | ';' | '`' | '|' | '\\' | '[' | ']' | '{' | '}' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// A graph for Graphviz, under a title if there is one.
pub fn dot(plan: &Plan, run: Option<&RunState>, title: Option<&str>) -> String {
    let mut out =
        format!("digraph {} {{\n    node [shape=box, style=\"rounded,filled\", fillcolor=white];\n", quoted(&plan.name));
    if let Some(title) = title {
        let _ = writeln!(out, "    labelloc=t;\n    label={};", quoted(title));
    }
    for phase in &plan.phases {
        let name = &phase.name;
        let state = status(run, name).map(|status| format!("\n{}{}", status.as_str(), rounds(run, name))).unwrap_or_default();
        let label = quoted(&format!("{name}\n{}{state}", verb(phase)));
        let colour = COLOURS.iter().find(|(status, ..)| Some(*status) == self::status(run, name));
        let colour = colour.map(|(_, fill, line)| format!(", fillcolor=\"{fill}\", color=\"{line}\"")).unwrap_or_default();
        let _ = writeln!(out, "    {} [label={label}{colour}];", quoted(name.as_str()));
    }
    for phase in &plan.phases {
        let to = quoted(phase.name.as_str());
        let label = guard(phase).map(|guard| format!(" [label={}]", quoted(&guard))).unwrap_or_default();
        for need in &phase.needs {
            let _ = writeln!(out, "    {} -> {to}{label};", quoted(need.as_str()));
        }
        for (from, label) in backs(phase) {
            let _ = writeln!(
                out,
                "    {to} -> {} [label={}, style=dashed, constraint=false];",
                quoted(from.as_str()),
                quoted(&label)
            );
        }
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Plain text: a line a phase in graph order, its guard and its ways back below it; under a title if there is one.
pub fn text(plan: &Plan, run: Option<&RunState>, title: Option<&str>) -> String {
    let width = |of: &dyn Fn(&Phase) -> usize| plan.phases.iter().map(of).max().unwrap_or(0);
    let (names, verbs) = (width(&|phase| phase.name.as_str().len()), width(&|phase| verb(phase).chars().count()));
    let mut out = title.map(|title| format!("{title}\n")).unwrap_or_default();
    for phase in &plan.phases {
        let needs: Vec<_> = phase.needs.iter().map(Name::as_str).collect();
        let needs = if needs.is_empty() { String::new() } else { format!("after {}", needs.join(", ")) };
        let state = status(run, &phase.name).map(|status| format!("{:<12} ", status.as_str())).unwrap_or_default();
        let line = format!("{:<names$}  {state}{:<verbs$}  {needs}", phase.name.as_str(), verb(phase));
        let _ = writeln!(out, "{}{}", line.trim_end(), rounds(run, &phase.name));
        let indent = " ".repeat(names);
        if let Some(guard) = guard(phase) {
            let _ = writeln!(out, "{indent}  ? {guard}");
        }
        for (from, label) in backs(phase) {
            let _ = writeln!(out, "{indent}  ↺ back to {from}, {label}");
        }
    }
    out
}
