//! Y002: a key that says what goes without saying. What bounds a run or keeps it from another one may well be said aloud.

use crate::diag::{Diagnostic, Edit, Fix, code};
use crate::graph::Draft;
use crate::model::{Backend, Crash, Exit, Field, ItemError, Join, OnError, ParamType, Pipeline, Select, Session, Then};
use crate::text::Span;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let said = said(draft.pipeline);
    said.into_iter().map(|(key, value)| finding(&draft.facts.own, key, value)).collect()
}

/// Key and value of all that says the default of the language.
fn said(pipeline: &Pipeline) -> Vec<(Span, Span)> {
    let mut all = vec![];
    for param in pipeline.params.values() {
        all.extend(default(param.kind.as_ref(), &ParamType::String));
        all.extend(default(param.required.as_ref(), &false));
        all.extend(default(param.select.as_ref(), &Select::Same(false)));
    }
    all.extend(pipeline.agents.values().filter_map(|agent| default(agent.backend.as_ref(), &Backend::Auto)));
    // What the defaults of the file say, a phase may have to take back.
    let crash = pipeline.defaults.on_crash.as_ref();
    all.extend(default(crash, &Crash::Rerun));
    for phase in pipeline.phases.values() {
        all.extend(default(phase.join.as_ref(), &Join::Any));
        all.extend(default(phase.questions.as_ref(), &false));
        all.extend(default(phase.session.as_ref(), &Session::New));
        all.extend(default(phase.on_crash.as_ref().filter(|_| crash.is_none()), &Crash::Rerun));
        all.extend(default(phase.on_error.as_ref(), &OnError::Fail));
        all.extend(phase.for_each.iter().filter_map(|each| default(each.value.on_error.as_ref(), &ItemError::Finish)));
        all.extend(phase.repeat.iter().filter_map(|repeat| default(repeat.then.as_ref(), &Then::Continue)));
        let zero = |exit: &&Field<Exit>| matches!(&exit.value, Exit::Codes(codes) if matches!(codes.as_slice(), [code] if code.value == 0));
        all.extend(phase.exit.as_ref().filter(zero).map(|exit| (exit.key, exit.span)));
    }
    all
}

fn default<T: PartialEq>(field: Option<&Field<T>>, default: &T) -> Option<(Span, Span)> {
    field.filter(|field| field.value == *default).map(|field| (field.key, field.span))
}

fn finding(file: &str, key: Span, value: Span) -> Diagnostic {
    let whole = Span { end: value.end, ..key };
    let written = file.get(key.range()).unwrap_or("the key");
    let finding = Diagnostic::new(code::Y002, whole, format!("`{written}` says what goes without saying"));
    match line(file, whole) {
        Some(span) => {
            let edits = vec![Edit { span, text: String::new() }];
            finding.with_fix(Fix { message: "leave it out".to_owned(), safe: true, edits })
        }
        None => finding.help("leave it out"),
    }
}

/// The whole line, when nothing else stands on it.
fn line(file: &str, key: Span) -> Option<Span> {
    let range = key.range();
    let start = file.get(..range.start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let end = file.get(range.end..)?.find('\n').map_or(file.len(), |newline| range.end + newline + 1);
    let alone = file[start..range.start].trim().is_empty() && file[range.end..end].trim().is_empty();
    alone.then(|| Span::new(key.file, start..end))
}
