//! Reads of something that may not be there, and what comes of that: nothing, or a run that fails.
//!
//! Null that is only handed on is no mistake. What counts is what fails on null, and what takes it for an answer that
//! nobody gave. Whoever looked at the matter before, in whatever way, is believed.

use crate::expr::jq::{Due, Segment, SegmentKind, Usage};
use crate::graph::{Draft, Reading, Role};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// What becomes of nothing where something was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Harm {
    /// The attempt or the expression fails; why.
    Fails(&'static str),
    /// It does so at a `[]`, which stands here.
    Each(Range<usize>),
    /// It goes on with something that nobody meant.
    Means(&'static str),
}

impl Harm {
    /// For the label.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Fails(why) | Self::Means(why) => why,
            Self::Each(_) => "there are no items of null",
        }
    }
}

/// Filters of templates that make something of null.
const TAKE_NULL: [&str; 7] = ["default", "d", "bool", "float", "int", "list", "sort"];

/// What becomes of a read when there is nothing after `steps` of its path: null, or not even that when it was `left_out`.
fn harm(read: &Reading<'_>, steps: usize, left_out: bool) -> Option<Harm> {
    let rest = &read.path[steps..];
    let each = rest.iter().find(|step| step.kind == SegmentKind::Each);
    if read.site.role.is_jq() {
        return match each {
            _ if read.guarded => None,
            Some(each) => Some(Harm::Each(each.range.clone())),
            None => in_jq(read, left_out),
        };
    }
    // Inside a loop over nothing nobody arrives.
    if each.is_some() {
        return None;
    }
    match rest.len() + usize::from(left_out) {
        0 => match (read.usage, read.filters.first().map(String::as_str)) {
            (Usage::Text, Some("tojson")) => Some(Harm::Means("the text says `null` then")),
            (Usage::Text, Some(filter)) if TAKE_NULL.contains(&filter) => None,
            (Usage::Text, _) => Some(Harm::Fails("null cannot be printed")),
            _ => None,
        },
        1 => Some(Harm::Fails(match read.usage {
            Usage::Text => "what is not there cannot be printed",
            Usage::Loop => "what is not there has no items",
            Usage::Truth => "what is not there is neither true nor false: ask `is defined`",
            Usage::Operand => "what is not there cannot be compared",
            _ => return None,
        })),
        _ => Some(Harm::Fails("what is not there has no fields, whatever `default` or `is defined` say behind it")),
    }
}

fn in_jq(read: &Reading<'_>, left_out: bool) -> Option<Harm> {
    Some(match read.usage {
        Usage::Answer if read.site.role.due() == Due::Boolean => Harm::Fails("null is neither true nor false"),
        Usage::Answer if matches!(read.site.role, Role::Over | Role::CheckFiles | Role::AcceptFiles) => {
            Harm::Fails("null is no list")
        }
        Usage::Call | Usage::Operand => Harm::Fails("fails on null"),
        Usage::Text => Harm::Means("the text says `null` then"),
        Usage::Unequal if !left_out => Harm::Means("null is unequal to everything"),
        _ => return None,
    })
}

/// What is known of all reads at once.
pub struct Absence<'d, 'a> {
    draft: &'d Draft<'a>,
    /// Reads of `when` and `require`, by phase.
    guards: Vec<Vec<usize>>,
    /// Reads of `accept`, by phase.
    accepts: Vec<Vec<usize>>,
    /// The former again, by the first two steps.
    guarding: HashMap<(&'d SegmentKind, &'d SegmentKind), Vec<usize>>,
    /// Comparisons of order with null, which D013 tells about.
    ordered: HashSet<(*const u8, usize)>,
}

/// Where a text stands in memory: the same for the same text only.
fn place(read: &Reading<'_>) -> *const u8 {
    read.text.text().as_ptr()
}

fn kinds(path: &[Segment]) -> impl Iterator<Item = &SegmentKind> {
    path.iter().map(|step| &step.kind)
}

/// Whether one path leads through the end of the other.
pub fn related(a: &[Segment], b: &[Segment]) -> bool {
    kinds(a).zip(kinds(b)).all(|(a, b)| a == b)
}

impl<'d, 'a> Absence<'d, 'a> {
    /// Looks at all reads once.
    pub fn of(draft: &'d Draft<'a>) -> Self {
        let none = vec![vec![]; draft.pipeline.phases.len()];
        let orders = draft.readings.orders.iter();
        let ordered = orders.map(|order| (order.text.text().as_ptr(), order.side.start)).collect();
        let mut this = Self { draft, guards: none.clone(), accepts: none, guarding: HashMap::new(), ordered };
        for (at, read) in draft.readings.reads.iter().enumerate() {
            let Some(phase) = read.site.phase else { continue };
            match read.site.role {
                Role::When | Role::Require => {
                    this.guards[phase].push(at);
                    if let [first, second, ..] = read.path.as_slice() {
                        this.guarding.entry((&first.kind, &second.kind)).or_default().push(at);
                    }
                }
                Role::AcceptThat => this.accepts[phase].push(at),
                _ => {}
            }
        }
        this
    }

    fn read(&self, at: usize) -> &'d Reading<'a> {
        &self.draft.readings.reads[at]
    }

    /// What comes of it that the phase whose output is read did not run; `None` when nothing does, or it was thought of.
    pub fn skipped(&self, at: usize) -> Option<Harm> {
        let read = self.read(at);
        let (steps, phase) = (read.look.skipped?, read.look.output_of?);
        let harm = self.harm(read, steps, false)?;
        // Enough is what has to do with the phase, with the one whose guard decides, or with what that guard asks.
        let mut about = vec![&read.path[..2.min(steps)]];
        let decides = self.decides(phase);
        about.extend(decides.into_iter().flat_map(|decides| self.asks(decides)));
        let thought = self.thought_of(at, &|path| about.iter().any(|about| related(about, path)))
            || decides.is_some_and(|decides| self.thought_of(at, &|path| self.is_about(path, decides)))
            || about.iter().any(|about| self.guarded_above(read, about));
        (!thought).then_some(harm)
    }

    /// What comes of it that a field was left out of the output that is read; `None` when nothing does, or it was
    /// thought of.
    pub fn left_out(&self, at: usize) -> Option<Harm> {
        let read = self.read(at);
        let steps = read.look.optional?;
        if matches!(read.site.role, Role::View | Role::TestThat | Role::Select) {
            return None;
        }
        let harm = self.harm(read, steps, true)?;
        let (root, field) =
            match read.path.iter().position(|step| matches!(&step.kind, SegmentKind::Key(name) if name == "output")) {
                Some(output) => (&read.path[..output.clamp(1, 2)], &read.path[output..steps]),
                None => return None,
            };
        // A phase that checks the field of its own reply does not complete without it.
        let checked = || {
            let phase = read.look.output_of.filter(|phase| read.site.phase != Some(*phase))?;
            self.accepts[phase].iter().find(|at| related(&self.read(**at).path, field))
        };
        let thought = self.thought_of(at, &|path| related(root, path)) || checked().is_some();
        (!thought).then_some(harm)
    }

    fn harm(&self, read: &Reading<'a>, steps: usize, left_out: bool) -> Option<Harm> {
        let told = read.look.problem.is_some() || self.ordered.contains(&(place(read), read.range.start));
        if told || read.tested >= steps { None } else { harm(read, steps, left_out) }
    }

    /// Whether a condition around a read, or a guard before it, looks at what it is about.
    fn thought_of(&self, at: usize, about: &dyn Fn(&[Segment]) -> bool) -> bool {
        let read = self.read(at);
        let mut around = self.draft.readings.tests.of(read.under);
        if around.any(|at| about(&self.read(at).path)) {
            return true;
        }
        let Some(phase) = read.site.phase else { return false };
        // Of what is asked in turn, what comes before.
        let before = |list: &[usize]| {
            let own = read.site.text.text().as_ptr();
            let others = list
                .iter()
                .filter(|other| **other < at || !matches!(read.site.role, Role::When | Role::Require | Role::AcceptThat));
            others.map(|at| self.read(*at)).any(|other| other.site.text.text().as_ptr() != own && about(&other.path))
        };
        before(&self.guards[phase])
            || matches!(read.site.role, Role::AcceptThat | Role::AcceptMessage | Role::RepeatWhen) && before(&self.accepts[phase])
    }

    /// Whether a path leads through a phase.
    fn is_about(&self, path: &[Segment], phase: usize) -> bool {
        let name = &self.draft.pipeline.phases[phase].name.value;
        let key =
            |at: usize, name: &str| path.get(at).is_none_or(|step| matches!(&step.kind, SegmentKind::Key(key) if key == name));
        key(0, "phases") && key(1, name)
    }

    /// Whether the guard of a phase that is surely complete when the read happens looks at what it is about.
    fn guarded_above(&self, read: &Reading<'a>, about: &'d [Segment]) -> bool {
        let (Some(reader), [first, second, ..]) = (read.site.phase, about) else { return false };
        let guards = self.guarding.get(&(&first.kind, &second.kind)).map_or(&[][..], Vec::as_slice);
        guards.iter().map(|at| self.read(*at)).any(|guard| {
            guard.site.phase.is_some_and(|above| self.draft.net.is_sure(above, reader)) && related(about, &guard.path)
        })
    }

    /// What the `when` of a phase looks at.
    pub fn asks(&self, phase: usize) -> impl Iterator<Item = &'d [Segment]> {
        let guards = self.guards[phase].iter().map(|at| self.read(*at));
        guards.filter(|read| read.site.role == Role::When).map(|read| read.path.as_slice())
    }

    /// The phase whose guard decides whether a phase is skipped: itself, or the nearest above.
    pub fn decides(&self, phase: usize) -> Option<usize> {
        let net = &self.draft.net;
        let up = |at: &usize| net.needs[*at].iter().copied().find(|need| net.may_skip[*need]);
        let mut chain = std::iter::successors(Some(phase).filter(|at| net.may_skip[*at]), up);
        chain.find(|at| self.draft.pipeline.phases[*at].when.is_some())
    }
}
