//! Every place of a pipeline that names a phase, an agent, a parameter, a variable or a file: one list, from which
//! going there, finding all uses and renaming follow.

use crate::expr::jq::SegmentKind;
use crate::graph::{Draft, references};
use crate::model::{Pipeline, Verb};
use crate::project::Loaded;
use crate::text::{FileId, Span, Spanned};

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Phase,
    Agent,
    Param,
    Var,
    File,
}

impl What {
    /// For messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Phase => "phase",
            Self::Agent => "agent",
            Self::Param => "parameter",
            Self::Var => "variable",
            Self::File => "file",
        }
    }
}

/// A place that names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub what: What,
    pub name: String,
    /// The name alone, without quotes.
    pub span: Span,
    /// Whether the thing is declared here.
    pub declares: bool,
}

struct List<'a> {
    loaded: &'a Loaded,
    found: Vec<Mention>,
}

impl List<'_> {
    fn add(&mut self, what: What, name: &str, span: Span, declares: bool) {
        let span = self.unquoted(name, span);
        self.found.push(Mention { what, name: name.to_owned(), span, declares });
    }

    /// The name inside its quotes.
    fn unquoted(&self, name: &str, span: Span) -> Span {
        let text = self.loaded.sources.get(span.file).text.get(span.range()).unwrap_or_default();
        match text.find(name) {
            Some(at) => Span::new(span.file, span.start as usize + at..span.start as usize + at + name.len()),
            None => span,
        }
    }

    fn all<'n>(&mut self, what: What, names: impl IntoIterator<Item = &'n Spanned<String>>) {
        for name in names {
            self.add(what, &name.value, name.span, false);
        }
    }

    fn phases(&mut self, pipeline: &Pipeline) {
        for phase in pipeline.phases.values() {
            self.add(What::Phase, &phase.name.value, phase.name.span, true);
            self.all(What::Phase, &phase.needs);
            self.all(What::Phase, phase.repeat.iter().filter_map(|repeat| repeat.from.as_ref()));
            if let Some(Verb::Agent(agent)) = phase.verb.as_ref().map(|verb| &verb.value) {
                self.add(What::Agent, &agent.value, agent.span, false);
            }
        }
        for test in &pipeline.tests {
            for (name, stub) in &test.stubs {
                self.add(What::Phase, name, stub.key, false);
            }
            for (name, param) in &test.params {
                self.add(What::Param, name, param.key, false);
            }
            self.all(What::Phase, test.expect.path.iter().flat_map(|path| &path.value));
        }
    }

    fn declarations(&mut self, pipeline: &Pipeline) {
        for agent in pipeline.agents.values() {
            self.add(What::Agent, &agent.name.value, agent.name.span, true);
        }
        for param in pipeline.params.values() {
            self.add(What::Param, &param.name.value, param.name.span, true);
        }
        for (name, var) in &pipeline.vars {
            self.add(What::Var, name, var.key, true);
        }
        for reference in references(pipeline) {
            self.add(What::File, &reference.name.value, reference.name.span, false);
        }
    }

    /// Names in jq and templates: the second step of a path from the root.
    fn reads(&mut self, draft: &Draft<'_>) {
        for read in &draft.readings.reads {
            let [first, second, ..] = read.path.as_slice() else { continue };
            let (SegmentKind::Key(first), SegmentKind::Key(name)) = (&first.kind, &second.kind) else { continue };
            let what = match first.as_str() {
                "phases" | "previous" => What::Phase,
                "params" | "files" => What::Param,
                "vars" => What::Var,
                _ => continue,
            };
            self.add(what, name, read.text.span(second.range.clone()), false);
        }
    }

    /// Headers of tables inside a phase, `[phases.NAME.…]`: the model knows only the first of them.
    fn headers(&mut self, file: FileId, texts: &[Span]) {
        let text = self.loaded.sources.get(file).text.clone();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let at = start;
            start += line.len();
            let inside = texts.iter().any(|span| span.file == file && span.range().contains(&at));
            let header = line.trim_start().trim_start_matches('[');
            if inside || header.len() == line.trim_start().len() {
                continue;
            }
            for (group, what) in [("phases.", What::Phase), ("agents.", What::Agent), ("params.", What::Param)] {
                let Some(rest) = header.strip_prefix(group) else { continue };
                let name = rest.split(['.', ']']).next().unwrap_or_default();
                let from = at + line.len() - rest.len();
                let span = Span::new(file, from..from + name.len());
                if !self.found.iter().any(|known| known.span == span) {
                    self.found.push(Mention { what, name: name.to_owned(), span, declares: false });
                }
            }
        }
    }
}

/// All mentions, in the order of their places, each place once.
pub(super) fn mentions(loaded: &Loaded, draft: &Draft<'_>) -> Vec<Mention> {
    let mut list = List { loaded, found: vec![] };
    list.declarations(&loaded.pipeline);
    list.phases(&loaded.pipeline);
    list.reads(draft);
    let texts: Vec<Span> = crate::graph::sites(&loaded.pipeline, &loaded.facts).iter().map(|site| site.text.whole()).collect();
    list.headers(loaded.pipeline.file, &texts);
    let mut found = list.found;
    found.sort_by_key(|mention| (mention.span, !mention.declares));
    found.dedup_by(|later, first| later.span == first.span && later.what == first.what);
    found
}

/// The mention at a byte of a file; at its end counts too.
pub(super) fn at(mentions: &[Mention], file: FileId, offset: usize) -> Option<&Mention> {
    let touches = |span: Span| span.file == file && (span.start as usize..=span.end as usize).contains(&offset);
    mentions.iter().find(|mention| touches(mention.span))
}
