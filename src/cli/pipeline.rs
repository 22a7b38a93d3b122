//! From what was typed to a pipeline: loads it, and shows what is wrong with it.

use super::exit::Exit;
use super::fail::Fail;
use super::out::{Out, clean};
use crate::diag::{Diagnostic, Severity, human};
use crate::plan::Plan;
use crate::project::{LoadError, Loaded, Project};
use crate::text::Sources;
use std::sync::Arc;

/// The project that the working folder lies in.
///
/// # Errors
/// When there is no working folder.
pub fn project() -> Result<Project, Fail> {
    let here =
        std::env::current_dir().map_err(|error| Fail::new(Exit::NoInput, format!("the working folder is gone: {error}")))?;
    Ok(Project::open(&here))
}

/// A pipeline that may be run.
pub struct Ready {
    /// As it was loaded.
    pub loaded: Loaded,
    /// Its plan.
    pub plan: Arc<Plan>,
}

/// Loads a pipeline that must be without errors; shows them, and says when there are warnings.
///
/// # Errors
/// When there is no such pipeline, or it has errors.
pub fn load(project: &Project, name: &str, out: Out) -> Result<Ready, Fail> {
    let loaded = project.load(name)?;
    let (errors, warnings) = counts(&loaded.findings);
    let Some(plan) = loaded.plan.clone() else {
        let wrong: Vec<_> = loaded.findings.iter().filter(|finding| finding.severity() == Severity::Error).cloned().collect();
        out.painted(human(&cleaned(&wrong), &loaded.sources, out.err_colour).trim_end());
        let count = crate::view::words::count(errors, "error");
        return Err(Fail::usage(format!("`{name}` has {count} and does not run")));
    };
    if warnings > 0 {
        let count = crate::view::words::count(warnings, "warning");
        out.warn(&format!("`{name}` has {count}: `flow lint {name}` shows them"));
    }
    Ok(Ready { loaded, plan: Arc::new(plan) })
}

/// How many errors and warnings there are.
pub fn counts(findings: &[Diagnostic]) -> (usize, usize) {
    let of = |severity| findings.iter().filter(|finding| finding.severity() == severity).count();
    (of(Severity::Error), of(Severity::Warning))
}

impl From<LoadError> for Fail {
    fn from(error: LoadError) -> Self {
        Self::new(Exit::NoInput, error.to_string())
    }
}

/// Findings whose texts cannot move a cursor.
pub fn cleaned(findings: &[Diagnostic]) -> Vec<Diagnostic> {
    let one = |finding: &Diagnostic| {
        let mut finding = finding.clone();
        finding.message = clean(&finding.message);
        finding.label = clean(&finding.label);
        finding.help = finding.help.as_deref().map(clean);
        finding.related.iter_mut().for_each(|(_, text)| *text = clean(text));
        finding
    };
    findings.iter().map(one).collect()
}

/// The settings of a project without mistakes.
///
/// # Errors
/// When `flow.toml` has mistakes; shows them.
pub fn settings(project: &Project) -> Result<&crate::project::Config, Fail> {
    let wrong = project.findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
    if wrong == 0 {
        return Ok(&project.config);
    }
    let text = human(&cleaned(&project.findings), &project.sources, false);
    Err(Fail::usage(format!("`flow.toml` has mistakes:\n{}", text.trim_end())))
}

/// Puts the findings of several checks together, over all their texts.
pub fn together(parts: Vec<(Vec<Diagnostic>, Sources)>) -> (Vec<Diagnostic>, Sources) {
    let (mut all, mut texts) = (vec![], Sources::default());
    for (findings, sources) in parts {
        let ids: Vec<_> = sources.iter().map(|(_, source)| texts.add(source.path.clone(), source.text.clone())).collect();
        let moved = |mut finding: Diagnostic| {
            let file = |span: &mut crate::text::Span| span.file = ids[span.file.0 as usize];
            file(&mut finding.span);
            finding.related.iter_mut().for_each(|(span, _)| file(span));
            if let Some(fix) = &mut finding.fix {
                fix.edits.iter_mut().for_each(|edit| file(&mut edit.span));
            }
            finding
        };
        all.extend(findings.into_iter().map(moved));
    }
    (all, texts)
}
