//! The graph of a pipeline as far as it can be known, and the way from it to one that may run.

use super::facts::Facts;
use super::loops::Loops;
use super::net::Net;
use super::reads::{self, Readings};
use super::shapes::{self, Shapes};
use super::site::{Role, Site, sites};
use super::{damage, resolve};
use crate::diag::{Diagnostic, Severity};
use crate::model::Pipeline;

/// A pipeline and what is known of it. Partial where there are mistakes.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The file as parsed.
    pub pipeline: &'a Pipeline,
    /// What it names outside itself.
    pub facts: &'a Facts,
    /// The net of phases.
    pub net: Net,
    /// Its loops.
    pub loops: Loops,
    /// Shapes, by the phase's place in the file.
    pub shapes: Vec<Shapes>,
    /// Its expressions and templates, in the order of its keys.
    pub sites: Vec<Site<'a>>,
    /// What they read.
    pub readings: Readings<'a>,
}

impl<'a> Draft<'a> {
    /// Builds the graph, and tells what of it cannot be.
    pub fn of(pipeline: &'a Pipeline, facts: &'a Facts) -> (Self, Vec<Diagnostic>) {
        let damaged = damage::damaged(pipeline, facts);
        let net = Net::of(pipeline, &damaged);
        let loops = Loops::of(pipeline, &net);
        let mut found = resolve::check(pipeline, &net, &loops, !facts.unread.is_empty());
        let shapes = shapes::of(pipeline, facts, &damaged, &mut found);
        let sites = sites(pipeline, facts);
        let mut draft = Self { pipeline, facts, net, loops, shapes, sites, readings: Readings::default() };
        draft.readings = reads::collect(&draft, &mut found);
        (draft, found)
    }

    /// Whether `when` or `require` of a site's phase look at another phase: what follows may rely on what they say.
    pub fn guards_mention(&self, site: &Site<'_>, other: Option<usize>) -> bool {
        let (Some(phase), Some(other)) = (site.phase, other) else { return false };
        if matches!(site.role, Role::When | Role::Require) {
            return false;
        }
        let name = format!("phases.{}", self.pipeline.phases[other].name.value);
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mentions = |text: &str| text.match_indices(&name).any(|(at, found)| !text[at + found.len()..].starts_with(word));
        let phase = &self.pipeline.phases[phase];
        let requires = phase.require.iter().filter_map(|require| require.that.as_ref());
        let mut guards = phase.when.iter().chain(requires);
        guards.any(|guard| mentions(guard.value.text()))
    }

    /// The only way to a graph that may run: none of its findings is an error.
    pub fn admit(self, findings: &[Diagnostic]) -> Option<Sound<'a>> {
        let clean = findings.iter().all(|finding| finding.severity() < Severity::Error);
        clean.then_some(Sound(self))
    }
}

/// A graph without a mistake. What it is made from can be relied on: names are names, references lead somewhere.
#[derive(Clone, Debug)]
pub struct Sound<'a>(Draft<'a>);

impl<'a> Sound<'a> {
    /// What is known of the pipeline.
    pub fn draft(&self) -> &Draft<'a> {
        &self.0
    }
}
