//! Leaves out the findings that marks say are meant, and tells which marks are wrong (M001 to M003).

use super::mark::{Mark, Named, marks};
use crate::diag::{Code, Diagnostic, Edit, Fix, Severity, code};
use crate::text::{Sources, Span, own_lines};

/// A rule that a mark names, and whether it had something to say there.
struct Wanted<'m> {
    mark: &'m Mark,
    named: &'m Named,
    code: Code,
    used: bool,
}

/// The findings that no mark is about, and those about the marks. The first of the sources is the pipeline. Where the
/// file is `broken`, nobody knows what else would be found in it, so that no mark is called unused.
pub fn ignore(sources: &Sources, broken: bool, mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let all: Vec<Mark> = sources.iter().flat_map(|(file, source)| marks(file, source, file.0 == 0)).collect();
    if all.is_empty() {
        return findings;
    }
    let (mut wanted, mut wrong) = (vec![], vec![]);
    for mark in &all {
        read(mark, &mut wanted, &mut wrong);
    }
    findings.retain(|finding| {
        let about = |one: &Wanted<'_>| {
            let place = finding.span.start as usize;
            one.code == finding.code && one.mark.span.file == finding.span.file && reaches(one.mark, place)
        };
        let mut meant = false;
        for one in wanted.iter_mut().filter(|one| about(one)) {
            one.used = true;
            meant = true;
        }
        !meant
    });
    findings.extend(wrong);
    if !broken {
        findings.extend(unused(&wanted, sources));
    }
    findings
}

fn reaches(mark: &Mark, place: usize) -> bool {
    !mark.about.is_empty() && mark.about.start <= place && place <= mark.about.end
}

/// The rules that a mark names, and what is wrong with how it does so.
fn read<'m>(mark: &'m Mark, wanted: &mut Vec<Wanted<'m>>, wrong: &mut Vec<Diagnostic>) {
    let Some(names) = mark.names.as_ref().filter(|names| !names.is_empty()) else {
        let finding = Diagnostic::new(code::M002, mark.span, "an ignore mark that names no rule");
        return wrong.push(finding.help("it is written `flow: ignore[R001] why`"));
    };
    if !mark.reason {
        let finding = Diagnostic::new(code::M001, mark.span, "an ignore mark that does not say why");
        wrong.push(finding.help("write the reason behind the bracket: whoever reads it next wants to know"));
    }
    for named in names {
        match Code::find(&named.name) {
            None => wrong.push(unknown_rule(code::M002, &named.name, named.span)),
            Some(code) if code.severity == Severity::Error => {
                let message = format!("`{}` is an error, and an error cannot be ignored", named.name);
                let finding = Diagnostic::new(code::M002, named.span, message);
                wrong.push(finding.help("a pipeline with an error does not run: mend it, and take the mark out"));
            }
            Some(code) if code.id.starts_with('M') => {
                let message = format!("`{}` is about marks, and cannot be ignored by one", named.name);
                wrong.push(Diagnostic::new(code::M002, named.span, message).help("`[lint.levels]` of `flow.toml` turns it off"));
            }
            Some(code) => wanted.push(Wanted { mark, named, code, used: false }),
        }
    }
}

/// A finding about the name of a rule that there is none of.
pub fn unknown_rule(code: Code, name: &str, span: Span) -> Diagnostic {
    let finding = Diagnostic::new(code, span, format!("there is no rule `{name}`"));
    match Code::nearest(name) {
        Some(near) => finding.label(format!("did you mean `{near}`?")).suggest(format!("write `{near}`"), span, near),
        None => finding.help("`flow explain` lists the rules"),
    }
}

/// M003, one a mark when nothing of it is used.
fn unused(wanted: &[Wanted<'_>], sources: &Sources) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = vec![];
    for group in wanted.chunk_by(|a, b| a.mark.span == b.mark.span) {
        let mark = group[0].mark;
        let all = mark.names.as_ref().map_or(0, Vec::len) == group.len() && group.iter().all(|one| !one.used);
        if all {
            let message = match (mark.about.is_empty(), group) {
                (true, _) => "this ignore mark stands above nothing".to_owned(),
                (false, [one]) => format!("{} has nothing to say here", one.code),
                (false, _) => "none of these rules has anything to say here".to_owned(),
            };
            let fix = Fix { message: "take the mark out".to_owned(), safe: true, edits: vec![without(mark.span, sources)] };
            found.push(Diagnostic::new(code::M003, mark.span, message).with_fix(fix));
            continue;
        }
        for one in group.iter().filter(|one| !one.used) {
            let finding = Diagnostic::new(code::M003, one.named.span, format!("{} has nothing to say here", one.code));
            found.push(finding.mend("take it out of the mark", with_comma(one.named.span, sources), ""));
        }
    }
    found
}

/// The edit that takes a comment out: with its line when nothing else is on it, else with the space before it.
fn without(comment: Span, sources: &Sources) -> Edit {
    let text = &sources.get(comment.file).text;
    let range = comment.range();
    let kept = || text[..range.start].trim_end_matches([' ', '\t']).len()..range.end;
    let range = own_lines(text, &range).unwrap_or_else(kept);
    Edit { span: Span::new(comment.file, range), text: String::new() }
}

/// A name in brackets with the comma that goes with it.
fn with_comma(named: Span, sources: &Sources) -> Span {
    let text = &sources.get(named.file).text;
    let range = named.range();
    let before = text[..range.start].trim_end();
    if before.ends_with(',') {
        return Span::new(named.file, before.len() - 1..range.end);
    }
    let after = text[range.end..].trim_start();
    let end = after.strip_prefix(',').map_or(range.end, |rest| text.len() - rest.trim_start().len());
    Span::new(named.file, range.start..end)
}
