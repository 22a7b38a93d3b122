//! D007: a parameter that nothing reads. A name that is so much as mentioned counts as read.

use crate::diag::{Diagnostic, code, nearest};
use crate::graph::{Draft, Problem};
use crate::lint::read;
use std::collections::HashSet;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    // Whoever reads all parameters reads this one.
    let whole = draft.readings.reads.iter().any(|read| read.path.len() <= 1 && read.look.problem.is_none());
    if whole {
        return vec![];
    }
    let included = draft.facts.includes.iter().filter_map(|name| draft.facts.text(name));
    let texts = draft.sites.iter().map(|site| site.text).chain(included);
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let words: HashSet<&str> = texts.flat_map(|text| text.text().split(word)).collect();
    // A misspelt name is told where it stands, and means one of them.
    let names = || draft.pipeline.params.keys().map(String::as_str);
    let misspelt = read::problems(draft).filter(|(.., problem)| matches!(problem, Problem::Param));
    let meant: HashSet<&str> = misspelt.filter_map(|(read, step, _)| nearest(read::name(read, step), names())).collect();
    let read = |name: &str| words.contains(name) || meant.contains(name);
    let unused = draft.pipeline.params.values().filter(|param| !read(param.name.value.as_str()));
    unused
        .map(|param| {
            let message = format!("nothing reads the parameter `{}`", param.name.value);
            Diagnostic::new(code::D007, param.name.span, message).help("remove it, or read it as `params.NAME`")
        })
        .collect()
}
