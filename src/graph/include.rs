//! What templates include, by literal name.

use super::facts::Facts;
use super::site::sites;
use crate::expr::template::examine;
use crate::model::Pipeline;
use crate::text::Embedded;
use std::cell::RefCell;

/// Names that the templates of a pipeline include, as far as their texts are known.
pub fn includes(pipeline: &Pipeline, facts: &Facts) -> Vec<String> {
    let templates = sites(pipeline, facts).into_iter().filter(|site| !site.role.is_jq());
    templates.flat_map(|site| includes_of(site.text)).collect()
}

/// Names that one template includes, in the order they are met.
pub fn includes_of(text: &Embedded) -> Vec<String> {
    if !text.text().contains("{%") {
        return vec![];
    }
    let names = RefCell::new(vec![]);
    let note = |name: &str| {
        names.borrow_mut().push(name.to_owned());
        Some(String::new())
    };
    let _ = examine(text.text(), &note);
    names.into_inner()
}
