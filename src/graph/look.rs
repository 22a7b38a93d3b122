//! Where a read leads: through the run document, to a phase's output, into its declared shape, or to nothing.

use super::doc::{self, Doc, FILE, RECORD, RUN};
use super::draft::Draft;
use super::site::{Role, Site};
use crate::expr::jq::{Segment, SegmentKind};
use crate::expr::shape::{Lookup, Seg, Type};
use crate::model::{OnError, Verb};

/// What a read turned out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// What is wrong with it, and at which of its steps.
    pub problem: Option<(usize, Problem)>,
    /// After how many steps there may be null, when there may.
    pub null: Option<usize>,
    /// After how many steps there is null when a phase was skipped.
    pub skipped: Option<usize>,
    /// After how many steps there may be nothing, because a declared field may be left out.
    pub optional: Option<usize>,
    /// The phase whose output (or archived output) is read.
    pub output_of: Option<usize>,
    /// Whether what is read was said by an agent, a process or a person in this run.
    pub said: bool,
    /// What it is, when it is surely no single text, number or boolean.
    pub compound: Option<Compound>,
}

/// A value with parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compound {
    /// A table that the engine makes, with the field of it that is mostly meant.
    Made(Option<&'static str>),
    /// Another table.
    Table,
    /// A list.
    List,
}

/// Why a read leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No such name is in sight here; these are.
    Name(Vec<&'static str>),
    /// A name that exists elsewhere, and why it does not here.
    Hidden(&'static str),
    /// A field that the run document does not have there: of what, and what there is.
    RunField(String, Vec<String>),
    /// A field that the declared shape of a phase does not have, and which it has.
    Field(usize, Vec<String>),
    /// No such phase.
    Phase,
    /// No such parameter.
    Param,
    /// No such variable.
    Var,
    /// A variable that is computed later.
    LaterVar,
    /// A parameter that names no file.
    File,
    /// The output of a phase that does not lie above the reader.
    NotAbove(usize),
    /// The output of any phase, before the first has run.
    TooEarly,
    /// `.previous` of a phase that lies in no loop with the reader.
    NoLoop(usize),
}

/// Names that belong to a phase and what it does.
const OF_PHASES: &[&str] = &["round", "previous", "item", "key", "output"];
const STARTING: &[&str] = &["params", "vars", "files"];

impl Draft<'_> {
    /// Follows a path from the root of what a site sees.
    pub fn look(&self, site: &Site<'_>, path: &[Segment]) -> Look {
        let mut eye = Eye { draft: self, site, path, look: Look::default() };
        eye.top();
        eye.look
    }

    /// The names that a site sees.
    pub fn names(&self, role: Role, phase: Option<usize>) -> Vec<&'static str> {
        let each = phase.is_some_and(|at| self.pipeline.phases[at].for_each.is_some());
        match role {
            Role::Var(_) | Role::Dir | Role::DefaultDir => STARTING.to_vec(),
            Role::SeriesKey => [STARTING, &["name"]].concat(),
            _ => {
                let mut names: Vec<&str> = RUN.iter().map(|(name, _)| *name).collect();
                if role == Role::DocumentKey {
                    names.push("name");
                }
                if phase.is_some() || matches!(role, Role::System(_) | Role::DefaultEnv) {
                    names.extend(["round", "previous"]);
                }
                if each && role.per_item() {
                    names.extend(["item", "key"]);
                }
                if role.sees_output() {
                    names.push("output");
                }
                names
            }
        }
    }
}

struct Eye<'a> {
    draft: &'a Draft<'a>,
    site: &'a Site<'a>,
    path: &'a [Segment],
    look: Look,
}

impl Eye<'_> {
    fn key(&self, step: usize) -> Option<&str> {
        match &self.path.get(step)?.kind {
            SegmentKind::Key(name) => Some(name),
            _ => None,
        }
    }

    fn wrong(&mut self, step: usize, problem: Problem) {
        self.look.problem = Some((step, problem));
    }

    fn null_after(&mut self, steps: usize) {
        self.look.null.get_or_insert(steps);
    }

    fn top(&mut self) {
        let Some(name) = self.key(0) else { return };
        let site = *self.site;
        let names = self.draft.names(site.role, site.phase);
        if !names.contains(&name) {
            let alias = self.alias();
            if alias.is_some_and(|alias| alias == name) && site.role.per_item() {
                self.look.said = true;
                return;
            }
            let elsewhere = RUN.iter().map(|(known, _)| *known).chain(OF_PHASES.iter().copied()).find(|known| *known == name);
            let problem = match elsewhere {
                Some(known) => Problem::Hidden(why_hidden(site.role, known)),
                None => Problem::Name(names),
            };
            return self.wrong(0, problem);
        }
        match name {
            "round" | "name" => self.doc(Doc::Leaf, 1),
            // In a series every run has both.
            "series" | "cycle" if self.draft.pipeline.series.is_some() => self.doc(Doc::Leaf, 1),
            "item" | "key" => self.look.said = true,
            "previous" => self.doc(Doc::Previous, 1),
            "output" if site.role.sees_output() => {
                self.look.said = true;
                if let Some(phase) = site.phase {
                    self.look.output_of = Some(phase);
                    if site.role == Role::RepeatWhen && self.continues(phase) {
                        self.null_after(1);
                    }
                    // `result` sees the reply; `repeat` and `accept` what `result` made of it.
                    let made = self.draft.pipeline.phases[phase].result.is_some() && site.role != Role::Result;
                    let each = self.draft.pipeline.phases[phase].for_each.is_some();
                    if !made && !each {
                        self.shape(phase, 1);
                    }
                }
            }
            _ => {
                if let Some(doc) = doc::field(RUN, name) {
                    self.doc(doc, 1);
                }
            }
        }
    }

    fn alias(&self) -> Option<&str> {
        let for_each = self.draft.pipeline.phases[self.site.phase?].for_each.as_ref()?;
        for_each.value.alias.as_ref().map(|alias| alias.value.as_str())
    }

    /// Goes on from a part of the document; `step` is the next step to take.
    fn doc(&mut self, doc: Doc, step: usize) {
        if step == self.path.len() {
            self.look.compound = match doc {
                Doc::Table(_) | Doc::Params | Doc::Vars | Doc::Files | Doc::Phases | Doc::Previous => Some(Compound::Made(None)),
                Doc::List | Doc::Rounds => Some(Compound::List),
                Doc::Any | Doc::Leaf | Doc::Maybe(_) | Doc::Output => None,
            };
        }
        match doc {
            Doc::Any | Doc::List => {}
            Doc::Maybe(inner) => {
                self.null_after(step);
                self.doc(*inner, step);
            }
            Doc::Leaf => {
                if self.key(step).is_some() {
                    let what = self.path[step - 1].kind.clone();
                    let SegmentKind::Key(what) = what else { return };
                    self.wrong(step, Problem::RunField(format!("`{what}`"), vec![]));
                }
            }
            Doc::Table(fields) => {
                let SegmentKind::Key(what) = self.path[step - 1].kind.clone() else { return };
                self.field_of(fields, step, &format!("`{what}`"));
            }
            Doc::Params => self.param(step),
            Doc::Vars => self.var(step),
            Doc::Files => self.file(step),
            Doc::Phases => self.phases(step),
            Doc::Previous => self.previous(step),
            Doc::Rounds => {
                if self.path.len() > step + 1 && !matches!(self.path[step].kind, SegmentKind::Key(_)) {
                    if let SegmentKind::Index(_) = self.path[step].kind {
                        self.null_after(step + 1);
                    }
                    self.record(None, step + 1);
                }
            }
            // Of which phase is not known.
            Doc::Output => self.look.said = true,
        }
    }

    fn field_of(&mut self, fields: &'static [(&'static str, Doc)], step: usize, what: &str) {
        let Some(name) = self.key(step) else { return };
        if let Some(doc) = doc::field(fields, name) {
            return self.doc(doc, step + 1);
        }
        let known = fields.iter().map(|(name, _)| (*name).to_owned()).collect();
        self.wrong(step, Problem::RunField(what.to_owned(), known));
    }

    fn param(&mut self, step: usize) {
        let Some(name) = self.key(step) else { return };
        let Some(param) = self.draft.pipeline.params.get(name) else { return self.no_param(step) };
        let required = param.required.as_ref().is_some_and(|required| required.value);
        if !required && param.default.is_none() {
            self.null_after(step + 1);
        }
    }

    fn var(&mut self, step: usize) {
        let Some(name) = self.key(step) else { return };
        let at = self.draft.pipeline.vars.get_index_of(name);
        match (at, self.site.role) {
            (None, _) if self.draft.pipeline.vars.is_empty() && !self.draft.facts.unread.is_empty() => {}
            (None, _) => self.wrong(step, Problem::Var),
            (Some(at), Role::Var(own)) if at >= own => self.wrong(step, Problem::LaterVar),
            _ => {}
        }
    }

    fn file(&mut self, step: usize) {
        let Some(name) = self.key(step) else { return };
        match self.draft.pipeline.params.get(name) {
            Some(param) if param.file.is_some() => {
                let required = param.required.as_ref().is_some_and(|required| required.value);
                if !required && param.default.is_none() {
                    self.null_after(step + 1);
                }
                self.made(step + 1, "text");
                self.field_of(FILE, step + 1, "a file");
            }
            Some(_) => self.wrong(step, Problem::File),
            None => self.no_param(step),
        }
    }

    /// Where nothing could be read under `params`, nobody knows which there are.
    fn no_param(&mut self, step: usize) {
        if !self.draft.pipeline.params.is_empty() || self.draft.facts.unread.is_empty() {
            self.wrong(step, Problem::Param);
        }
    }

    fn phases(&mut self, step: usize) {
        let Some(segment) = self.path.get(step) else { return };
        match &segment.kind {
            SegmentKind::Key(name) => match self.draft.pipeline.phases.get_index_of(name) {
                Some(phase) => self.record(Some(phase), step + 1),
                None => self.wrong(step, Problem::Phase),
            },
            SegmentKind::Each | SegmentKind::Unknown => self.record(None, step + 1),
            SegmentKind::Index(_) => {}
        }
    }

    /// A table of the engine's that the path may end at, and its field that is mostly meant.
    fn made(&mut self, step: usize, field: &'static str) {
        if step == self.path.len() {
            self.look.compound = Some(Compound::Made(Some(field)));
        }
    }

    fn record(&mut self, phase: Option<usize>, step: usize) {
        self.made(step, "output");
        match (self.key(step), phase) {
            (Some("output"), Some(phase)) => self.output(phase, step + 1),
            (Some("output"), None) => self.look.said = true,
            // A process that surely ran has an exit code.
            (Some("code"), Some(phase)) if self.is_process(phase) && !self.may_be_null(phase) => self.doc(Doc::Leaf, step + 1),
            _ => self.field_of(RECORD, step, "the record of a phase"),
        }
    }

    /// `.phases.X.output`
    fn output(&mut self, phase: usize, step: usize) {
        self.look.output_of = Some(phase);
        self.look.said = true;
        if let Some(problem) = self.too_soon(phase) {
            return self.wrong(step - 2, problem);
        }
        if self.may_be_null(phase) {
            self.null_after(step);
        }
        if self.may_be_skipped(phase) {
            self.look.skipped = Some(step);
        }
        let phase_file = &self.draft.pipeline.phases[phase];
        if phase_file.result.is_none() && phase_file.for_each.is_none() {
            self.shape(phase, step);
        }
    }

    /// Goes on inside the shape of a phase's reply.
    fn shape(&mut self, phase: usize, step: usize) {
        let Some(reply) = &self.draft.shapes[phase].reply else { return };
        let path: Vec<Seg<'_>> = self.path[step..].iter().map(seg).collect();
        let end = reply.lookup(&path);
        self.look.compound = match &end {
            Lookup::Found(Type::Table { .. }, _) => Some(self.natural(phase, step)),
            Lookup::Found(Type::List(_), _) => Some(Compound::List),
            _ => None,
        };
        match end {
            Lookup::Found(_, true) => {
                // Null is possible from the shortest stretch on that may be null.
                let short = (0..path.len()).find(|steps| matches!(reply.lookup(&path[..*steps]), Lookup::Found(_, true)));
                let steps = step + short.unwrap_or(path.len());
                self.null_after(steps);
                self.look.optional = Some(steps);
            }
            Lookup::Unknown { at, candidates } => self.wrong(step + at, Problem::Field(phase, candidates)),
            Lookup::Mismatch { at, of } => {
                // A text has no fields; what else does not fit is left to the run.
                let plain = matches!(of, Type::Text { .. } | Type::Number { .. } | Type::Bool);
                if plain && matches!(path[at], Seg::Key(_)) {
                    self.wrong(step + at, Problem::Field(phase, vec![]));
                }
            }
            Lookup::Found(_, false) | Lookup::Opaque => {}
        }
    }

    /// The table at the end of the path: what a phase gives that declares no shape has a field that is mostly meant.
    fn natural(&self, phase: usize, step: usize) -> Compound {
        let file = &self.draft.pipeline.phases[phase];
        let undeclared = step == self.path.len() && file.output.is_none();
        if undeclared && self.is_process(phase) { Compound::Made(Some("stdout")) } else { Compound::Table }
    }

    /// Why an output cannot have been written when the site is evaluated.
    fn too_soon(&self, phase: usize) -> Option<Problem> {
        let net = &self.draft.net;
        let role = self.site.role;
        if role.before_the_start() {
            return Some(Problem::TooEarly);
        }
        let below = |reader: usize| {
            let own = reader == phase && role == Role::RepeatWhen;
            !net.known[reader] || own || net.is_above(phase, reader)
        };
        let fine = match (self.site.phase, role) {
            (Some(reader), _) => below(reader),
            (None, Role::System(agent)) => self.users(agent).all(below),
            (None, _) => true,
        };
        (!fine).then_some(Problem::NotAbove(phase))
    }

    /// The phases that an agent works in.
    fn users(&self, agent: usize) -> impl Iterator<Item = usize> {
        let pipeline = self.draft.pipeline;
        let name = pipeline.agents.get_index(agent).map(|(name, _)| name.as_str());
        let uses = move |phase: &crate::model::Phase| matches!(phase.verb.as_ref().map(|verb| &verb.value), Some(Verb::Agent(used)) if Some(used.value.as_str()) == name);
        pipeline.phases.values().enumerate().filter(move |(_, phase)| uses(phase)).map(|(at, _)| at)
    }

    fn is_process(&self, phase: usize) -> bool {
        let verb = self.draft.pipeline.phases[phase].verb.as_ref().map(|verb| &verb.value);
        matches!(verb, Some(Verb::Run(_) | Verb::Shell(_)))
    }

    fn continues(&self, phase: usize) -> bool {
        self.draft.pipeline.phases[phase].on_error.as_ref().is_some_and(|on_error| on_error.value == OnError::Continue)
    }

    /// Whether the output of a phase may be null when the site is evaluated.
    fn may_be_null(&self, phase: usize) -> bool {
        match self.site.role {
            Role::TestThat | Role::Select => false,
            Role::View => true,
            _ => self.continues(phase) || self.may_be_skipped(phase),
        }
    }

    /// Whether a phase may not have run when the site is evaluated, although what comes before the site is over. Views
    /// are made all the time.
    fn may_be_skipped(&self, phase: usize) -> bool {
        let net = &self.draft.net;
        match (self.site.phase, self.site.role) {
            (_, Role::TestThat | Role::Select | Role::View) => false,
            (Some(reader), _) => net.known[reader] && reader != phase && !net.is_sure(phase, reader),
            (None, Role::System(agent)) => {
                self.users(agent).any(|reader| net.known[reader] && reader != phase && !net.is_sure(phase, reader))
            }
            (None, _) => net.may_skip[phase],
        }
    }

    fn previous(&mut self, step: usize) {
        self.null_after(step);
        let Some(name) = self.key(step) else { return };
        let Some(phase) = self.draft.pipeline.phases.get_index_of(name) else { return self.wrong(step, Problem::Phase) };
        if let Some(reader) = self.site.phase
            && self.draft.net.known[reader]
            && self.draft.net.known[phase]
            && self.draft.loops.complete
            && !self.draft.loops.share(reader, phase)
        {
            return self.wrong(step, Problem::NoLoop(phase));
        }
        self.look.said |= self.key(step + 1) == Some("output");
        if self.key(step + 1) == Some("output") {
            self.look.output_of = Some(phase);
            let file = &self.draft.pipeline.phases[phase];
            if file.result.is_none() && file.for_each.is_none() {
                self.shape(phase, step + 2);
            }
            return;
        }
        self.record(None, step + 1);
    }
}

pub(super) fn seg(segment: &Segment) -> Seg<'_> {
    match &segment.kind {
        SegmentKind::Key(name) => Seg::Key(name),
        SegmentKind::Index(_) => Seg::Index,
        SegmentKind::Each => Seg::Each,
        SegmentKind::Unknown => Seg::Unknown,
    }
}

/// Why a name that exists elsewhere is not in sight.
fn why_hidden(role: Role, name: &str) -> &'static str {
    match (role, name) {
        (Role::Var(_), _) => {
            "variables are computed before the run begins: they see `params`, the variables above them and `files`"
        }
        (Role::SeriesKey, _) => "the key of a series is made before the run begins: it sees `params`, `vars`, `files` and `name`",
        (Role::Dir | Role::DefaultDir, _) => "a folder may depend on `params`, `vars` and `files` only",
        (_, "item" | "key") => "it is there once per element of a `for_each`, in what is evaluated for each of them",
        (_, "output") => "it is there in `result`, `accept` and `repeat`; elsewhere write `phases.NAME.output`",
        _ => "it is there in phases only",
    }
}
