//! What is known of the thing under the cursor: the finding and its rule, the shape of what is read, the phase.

use super::complete::path;
use super::file::{File, draft};
use super::mention::{Mention, What, at, mentions};
use super::place::{At, place};
use super::position::{offset, range};
use super::shape::shorthand;
use crate::diag::Diagnostic;
use crate::expr::jq::{Segment, SegmentKind};
use crate::expr::shape::{Lookup, Seg};
use crate::graph::{Draft, Reading};
use crate::model::{Phase, Pipeline, TextSource, Verb, sentence};
use crate::project::{Loaded, rule_page};
use crate::text::Span;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};
use std::ops::Range;

/// Lines of a prompt that are shown.
const LINES: usize = 12;

/// What is shown at a position.
pub(super) fn hover(file: &File, position: Position) -> Option<Hover> {
    let loaded = file.checked.as_ref()?;
    let here = offset(&file.text, position);
    let touches = |span: Span| span.file == loaded.pipeline.file && span.range().contains(&here);
    let draft = draft(loaded);
    let mut parts = vec![];
    let mut place = None;
    for finding in loaded.findings.iter().filter(|finding| touches(finding.span)) {
        parts.push(about_finding(finding));
        place.get_or_insert(finding.span);
    }
    let reading = draft.readings.reads.iter().find_map(|read| {
        let step = read.path.iter().position(|segment| touches(read.text.span(segment.range.clone())))?;
        Some((read, step))
    });
    if let Some((read, step)) = reading {
        parts.extend(about_read(&draft, read, step));
        place.get_or_insert(read.text.span(read.path[step].range.clone()));
    }
    if let Some(mention) = at(&mentions(loaded, &draft), loaded.pipeline.file, here) {
        parts.extend(about(loaded, mention));
        place.get_or_insert(mention.span);
    }
    if let Some((key, told)) = key_at(&file.text, here) {
        parts.push(told.to_owned());
        place.get_or_insert(Span::new(loaded.pipeline.file, key));
    }
    let value = parts.join("\n\n---\n\n");
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    place.filter(|_| !parts.is_empty()).map(|span| Hover { contents, range: Some(range(&loaded.sources, span)) })
}

/// The key of the language at an offset, and the sentence about it.
fn key_at(text: &str, here: usize) -> Option<(Range<usize>, &'static str)> {
    let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let start = text[..here].rfind(|c| !is_key(c)).map_or(0, |at| at + 1);
    let start = text.ceil_char_boundary(start);
    let end = here + text[here..].find(|c| !is_key(c)).unwrap_or(text.len() - here);
    let before = place(&text[..end]);
    let At::Key(written) = before.at else { return None };
    let path: Vec<&str> = path(&before).into_iter().chain(written.split('.').map(str::trim)).collect();
    Some((start..end, sentence(&path)?))
}

/// The finding, and the page of its rule up to the examples.
fn about_finding(finding: &Diagnostic) -> String {
    let head = format!("**{}** `{}`: {}", finding.code.id, finding.code.slug, finding.message);
    match rule_page(finding.code.id) {
        Some(page) => {
            let told = page.split("\n## Fails").next().unwrap_or_default();
            let told: Vec<&str> = told.lines().skip(1).collect();
            format!("{head}\n\n{}", told.join("\n").trim())
        }
        None => head,
    }
}

/// What a path leads to, as far as the step under the cursor.
fn about_read(draft: &Draft<'_>, read: &Reading<'_>, step: usize) -> Option<String> {
    let path = &read.path[..=step];
    let written = shown(path);
    let (phase, inside) = output_of(draft, read, path)?;
    let name = &draft.pipeline.phases[phase].name.value;
    let Some(ty) = &draft.shapes[phase].reply else {
        return Some(format!("`{written}`: the output of `{name}`, of no declared shape"));
    };
    let segs: Vec<Seg<'_>> = inside.iter().map(seg).collect();
    match ty.lookup(&segs) {
        Lookup::Found(ty, null) => {
            let null = if null { ", or null" } else { "" };
            Some(format!("`{written}`: `{}`{null}\n\nfrom the output of `{name}`", shorthand(&ty)))
        }
        Lookup::Opaque => Some(format!("`{written}`: not known further, from the output of `{name}`")),
        Lookup::Unknown { .. } | Lookup::Mismatch { .. } => None,
    }
}

/// The phase whose output a path reads, and the steps inside of it.
fn output_of<'p>(draft: &Draft<'_>, read: &Reading<'_>, path: &'p [Segment]) -> Option<(usize, &'p [Segment])> {
    let key = |at: usize| match path.get(at).map(|segment| &segment.kind) {
        Some(SegmentKind::Key(name)) => Some(name.as_str()),
        _ => None,
    };
    match key(0)? {
        "phases" | "previous" if key(2) == Some("output") => Some((draft.pipeline.phases.get_index_of(key(1)?)?, &path[3..])),
        "output" => Some((read.site.phase?, &path[1..])),
        _ => None,
    }
}

fn seg(segment: &Segment) -> Seg<'_> {
    match &segment.kind {
        SegmentKind::Key(name) => Seg::Key(name),
        SegmentKind::Index(_) => Seg::Index,
        SegmentKind::Each => Seg::Each,
        SegmentKind::Unknown => Seg::Unknown,
    }
}

fn shown(path: &[Segment]) -> String {
    let step = |segment: &Segment| match &segment.kind {
        SegmentKind::Key(name) => format!(".{name}"),
        SegmentKind::Index(at) => format!("[{at}]"),
        SegmentKind::Each => "[]".to_owned(),
        SegmentKind::Unknown => "[…]".to_owned(),
    };
    path.iter().map(step).collect()
}

/// A named thing in a few lines.
fn about(loaded: &Loaded, mention: &Mention) -> Option<String> {
    let pipeline = &loaded.pipeline;
    let name = &mention.name;
    match mention.what {
        What::Phase => Some(about_phase(loaded, pipeline.phases.get(name)?)),
        What::Agent => {
            let agent = pipeline.agents.get(name)?;
            let access = agent.access.as_ref().map(|access| format!(", access `{}`", access.value.as_str()));
            let used = users(pipeline, name);
            Some(format!("agent `{name}`{}\n\nworks in {}", access.unwrap_or_default(), used.join(", ")))
        }
        What::Param => {
            let param = pipeline.params.get(name)?;
            let help = param.help.as_ref().map(|help| format!("\n\n{}", help.value)).unwrap_or_default();
            let kind = param.kind.as_ref().map_or("string", |kind| kind.value.as_str());
            Some(format!("parameter `{name}`, {kind}{help}"))
        }
        What::Var => {
            let var = pipeline.vars.get(name)?;
            Some(format!("variable `{name}`\n\n```jq\n{}\n```", first_lines(var.value.text())))
        }
        What::File => {
            let text = loaded.facts.text(name)?;
            Some(format!("`{name}`\n\n```text\n{}\n```", first_lines(text.text())))
        }
    }
}

fn users(pipeline: &Pipeline, agent: &str) -> Vec<String> {
    let works =
        |phase: &&Phase| matches!(phase.verb.as_ref().map(|verb| &verb.value), Some(Verb::Agent(name)) if name.value == agent);
    let names: Vec<_> = pipeline.phases.values().filter(works).map(|phase| format!("`{}`", phase.name.value)).collect();
    if names.is_empty() { vec!["no phase".to_owned()] } else { names }
}

fn about_phase(loaded: &Loaded, phase: &Phase) -> String {
    let mut lines = vec![format!("phase `{}`", phase.name.value)];
    lines.extend(phase.description.as_ref().map(|description| description.value.clone()));
    if !phase.needs.is_empty() {
        let needs: Vec<_> = phase.needs.iter().map(|need| format!("`{}`", need.value)).collect();
        lines.push(format!("after {}", needs.join(", ")));
    }
    lines.extend(phase.when.as_ref().map(|when| format!("when\n\n```jq\n{}\n```", first_lines(when.value.text()))));
    let text = |source: &TextSource| loaded.facts.source(source).map(|text| first_lines(text.text()));
    match phase.verb.as_ref().map(|verb| &verb.value) {
        Some(Verb::Agent(agent)) => {
            lines.push(format!("agent `{}`", agent.value));
            let prompt = phase.prompt.as_ref().and_then(|prompt| text(&prompt.value));
            lines.extend(prompt.map(|prompt| format!("```text\n{prompt}\n```")));
        }
        Some(Verb::Run(argv)) => {
            let words: Vec<_> = argv.iter().map(|word| word.value.text()).collect();
            lines.push(format!("```text\n{}\n```", first_lines(&words.join(" "))));
        }
        Some(Verb::Shell(script)) => lines.push(format!("```sh\n{}\n```", first_lines(script.value.text()))),
        Some(Verb::Ask(question)) => lines.extend(text(question).map(|question| format!("asks: {question}"))),
        Some(Verb::Set(value)) => lines.push(format!("```jq\n{}\n```", first_lines(value.text()))),
        Some(Verb::Pipeline(file)) => lines.push(format!("pipeline `{}`", file.value)),
        None => {}
    }
    lines.join("\n\n")
}

fn first_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    let more = if lines.len() > LINES { "\n…" } else { "" };
    format!("{}{more}", lines[..lines.len().min(LINES)].join("\n"))
}
