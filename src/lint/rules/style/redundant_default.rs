//! Y002: a key that says what goes without saying. What bounds a run or keeps it from another one may well be said aloud.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::model::{Backend, Crash, Exit, Field, ItemError, Join, OnError, ParamType, Pipeline, Select, Session, Then};
use crate::text::{Span, own_lines};

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
    match own_lines(file, &whole.range()) {
        Some(lines) => finding.mend("leave it out", Span::new(whole.file, lines), ""),
        None => finding.help("leave it out"),
    }
}

#[cfg(test)]
mod tests {
    use super::{finding, said};
    use crate::model;
    use crate::text::FileId;

    /// The keys that are found, and what is left when they are left out; nothing when a fix is not sure.
    fn mended(text: &str) -> Vec<(String, Option<String>)> {
        let (pipeline, _) = model::parse(FileId(0), text);
        let mend = |(key, value)| {
            let fix = finding(text, key, value).fix.map(|fix| fix.edits[0].span.range());
            let left = fix.map(|range| format!("{}{}", &text[..range.start], &text[range.end..]));
            (text[key.range()].to_owned(), left)
        };
        said(&pipeline).into_iter().map(mend).collect()
    }

    #[test]
    fn a_key_goes_with_its_line_and_only_where_nothing_else_is_on_it() {
        assert_eq!(mended("[phases.a]\njoin = 'any'\nset = '1'\n"), [("join".into(), Some("[phases.a]\nset = '1'\n".into()))]);
        assert_eq!(mended("[phases.a]\nset = '1'\njoin = 'any' # why\n"), [("join".into(), None)]);
        assert_eq!(mended("[phases]\na.join = 'any'\n"), [("join".into(), None)]);
        assert_eq!(mended("[phases.a]\nrepeat = { from = 'a', max = 1, then = 'continue' }\n"), [("then".into(), None)]);
    }

    #[test]
    fn what_takes_back_a_default_of_the_file_is_needed() {
        assert_eq!(mended("[defaults]\non_crash = 'ask'\n[phases.a]\non_crash = 'rerun'\n"), []);
        assert_eq!(mended("[phases.a]\non_crash = 'rerun'\nexit = [0, 1]\nquestions = true\n").len(), 1);
    }
}
