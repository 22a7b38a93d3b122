//! From a sound graph to a plan: defaults applied, texts inside, names instead of places.

use super::phase::{Accept, AcceptCheck, EnvTemplate, Exit, Loop, Phase, Repeat, Require, Retry, Verb};
use super::stub;
use super::types::{
    Agent, Check, CheckKind, Document, Expr, FileParam, Limits, Param, Plan, Select, Series, StoreSpec, Template,
};
use crate::graph::{Facts, Sound, closed};
use crate::limits::PARALLEL;
use crate::model::{self, Data, EnvValue, Field, Pipeline, TextSource};
use crate::name::{Bucket, Name};
use crate::run::{self, AgentSpec, Parse, SecretRef};
use crate::text::{Embedded, FileId, Sources, Span, Spanned};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;

impl Plan {
    /// Freezes a graph. `path` is the pipeline file as it is to be shown, `sources` the texts the graph was made from.
    pub fn freeze(sound: &Sound<'_>, sources: &Sources, path: &str) -> Self {
        let draft = sound.draft();
        let pipeline = draft.pipeline;
        let make = Make { sound, pipeline, facts: draft.facts, sources };
        let stubs = pipeline.tests.first().map(|test| stub::stubs(&test.stubs));
        Self {
            format: run::FORMAT,
            name: pipeline.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            description: text(pipeline.description.as_ref()),
            path: path.to_owned(),
            result: make.maybe_expr(pipeline.result.as_ref()),
            pass: make.maybe_expr(pipeline.pass.as_ref()),
            summary: make.maybe_source(pipeline.summary.as_ref()),
            params: pipeline.params.values().map(|param| (name(&param.name.value), make.param(param))).collect(),
            vars: pipeline.vars.iter().map(|(var, field)| (name(var), make.expr(&field.value))).collect(),
            series: pipeline.series.as_ref().and_then(|series| make.series(series)),
            store: make.store(),
            documents: pipeline.documents.values().filter_map(|document| make.document(document)).collect(),
            checks: pipeline.checks.iter().filter_map(|check| make.check(check)).collect(),
            agents: pipeline.agents.values().map(|agent| (name(&agent.name.value), make.agent(agent))).collect(),
            limits: make.limits(),
            phases: draft.net.order.iter().map(|at| make.phase(*at)).collect(),
            loops: draft.loops.all.iter().map(|ring| make.ring(ring)).collect(),
            includes: make.includes(),
            rehearsal: stubs.unwrap_or_default(),
        }
    }
}

/// A name that the model has checked.
pub(super) fn name(text: &str) -> Name {
    Name::new(text).expect("a sound pipeline has good names")
}

fn text(field: Option<&Field<String>>) -> String {
    field.map(|field| field.value.clone()).unwrap_or_default()
}

/// The word of the model as the same word of the plan.
pub(super) fn same<T: DeserializeOwned>(word: &str) -> T {
    serde_json::from_value(word.into()).expect("the words of the language are those of the plan")
}

fn same_or_default<T: DeserializeOwned + Default>(word: Option<&'static str>) -> T {
    word.map(same).unwrap_or_default()
}

struct Make<'a> {
    sound: &'a Sound<'a>,
    pipeline: &'a Pipeline,
    facts: &'a Facts,
    sources: &'a Sources,
}

impl Make<'_> {
    fn line(&self, span: Span) -> u32 {
        self.sources.start(span).line
    }

    fn expr(&self, text: &Embedded) -> Expr {
        expr(self.sources, text)
    }

    fn maybe_expr(&self, field: Option<&Field<Embedded>>) -> Option<Expr> {
        field.map(|field| self.expr(&field.value))
    }

    fn template(&self, text: &Embedded) -> Template {
        let whole = text.whole();
        Template { text: text.text().to_owned(), line: self.line(whole), file: self.file(whole.file) }
    }

    /// The file of a text, when it is not the pipeline's own.
    fn file(&self, file: FileId) -> Option<String> {
        (file != self.pipeline.file).then(|| self.sources.get(file).path.clone())
    }

    fn source(&self, source: &TextSource) -> Template {
        let text = self.facts.source(source).expect("the files of a sound pipeline were read");
        let template = self.template(text);
        match source {
            TextSource::Inline(_) => template,
            TextSource::File(name) => Template { file: Some(name.value.clone()), ..template },
        }
    }

    fn maybe_source(&self, field: Option<&Field<TextSource>>) -> Option<Template> {
        field.map(|field| self.source(&field.value))
    }

    fn argv(&self, argv: &[Spanned<Embedded>]) -> Vec<Template> {
        argv.iter().map(|text| self.template(&text.value)).collect()
    }

    fn param(&self, param: &model::Param) -> Param {
        let file = |file: &Field<model::FileParam>| FileParam {
            dirs: file.value.dirs.iter().map(|dir| dir.value.clone()).collect(),
            extension: file.value.extension.as_ref().map_or_else(|| "md".to_owned(), |extension| extension.value.clone()),
        };
        Param {
            kind: same_or_default(param.kind.as_ref().map(|kind| kind.value.as_str())),
            required: param.required.as_ref().is_some_and(|required| required.value),
            default: param.default.as_ref().map(|default| default.value.to_value()).unwrap_or_default(),
            choices: param.choices.iter().flat_map(|choices| &choices.value).map(Data::to_value).collect(),
            pattern: param.pattern.as_ref().map(|pattern| pattern.value.text().to_owned()),
            help: text(param.help.as_ref()),
            short: param.short.as_ref().map(|short| short.value),
            file: param.file.as_ref().map(file),
            select: match param.select.as_ref().map(|select| &select.value) {
                Some(model::Select::Same(true)) => Some(Select::Same),
                Some(model::Select::By(text)) => Some(Select::By(self.expr(text))),
                Some(model::Select::Same(false)) | None => None,
            },
        }
    }

    fn series(&self, series: &model::Series) -> Option<Series> {
        let key = self.template(&series.key.as_ref()?.value);
        Some(Series { key, while_running: same_or_default(series.while_running.as_ref().map(|word| word.value.as_str())) })
    }

    /// The bucket of the documents; without `[store]` one that is called as the pipeline is.
    fn store(&self) -> Option<StoreSpec> {
        let store = self.pipeline.store.as_ref();
        if store.is_none() && self.pipeline.documents.is_empty() {
            return None;
        }
        let own = self.pipeline.name.as_ref();
        let bucket = store.and_then(|store| store.bucket.as_ref()).or(own).map(|bucket| bucket.value.as_str());
        Some(StoreSpec {
            bucket: Bucket::new(bucket.unwrap_or("pipeline")).expect("a sound pipeline has a good bucket"),
            replicas: store.and_then(|store| Some(store.replicas.as_ref()?.value)),
            history: store.and_then(|store| Some(store.history.as_ref()?.value)).unwrap_or(1),
            description: text(store.and_then(|store| store.description.as_ref())),
        })
    }

    fn document(&self, document: &model::Document) -> Option<(Name, Document)> {
        let key = self.template(&document.key.as_ref()?.value);
        let view = self.expr(&document.view.as_ref()?.value);
        Some((name(&document.name.value), Document { key, view }))
    }

    fn check(&self, check: &model::Check) -> Option<Check> {
        let kind = match &check.kind.as_ref()?.value {
            model::CheckKind::That(text) => CheckKind::That(self.expr(text)),
            model::CheckKind::Files(text) => CheckKind::Files(self.expr(text)),
            model::CheckKind::Run(argv) => CheckKind::Run(self.argv(argv)),
        };
        Some(Check { check: kind, message: self.maybe_source(check.message.as_ref()) })
    }

    fn accept(&self, accept: &model::Accept) -> Option<Accept> {
        let kind = match &accept.kind.as_ref()?.value {
            model::CheckKind::That(text) => AcceptCheck::That(self.expr(text)),
            model::CheckKind::Files(text) => AcceptCheck::Files(self.expr(text)),
            model::CheckKind::Run(argv) => AcceptCheck::Run(self.argv(argv)),
        };
        Some(Accept { check: kind, message: self.maybe_source(accept.message.as_ref()) })
    }

    fn agent(&self, agent: &model::Agent) -> Agent {
        let words = |field: &Field<Vec<Spanned<String>>>| field.value.iter().map(|word| word.value.clone()).collect();
        let spec = AgentSpec {
            backend: same_or_default(agent.backend.as_ref().map(|word| word.value.as_str())),
            model: agent.model.as_ref().map(|model| model.value.clone()),
            access: same_or_default(agent.access.as_ref().map(|word| word.value.as_str())),
            tools: agent.tools.as_ref().map(words),
            max_turns: agent.max_turns.as_ref().map(|turns| turns.value),
            budget_usd: agent.budget_usd.as_ref().map(|budget| budget.value),
            command: agent.command.as_ref().map(words),
        };
        Agent { spec, system: self.maybe_source(agent.system.as_ref()) }
    }

    fn limits(&self) -> Limits {
        let limits = &self.pipeline.limits;
        Limits {
            wall_ms: limits.wall_ms.as_ref().map(|field| field.value),
            cost_usd: limits.cost_usd.as_ref().map(|field| field.value),
            tokens: limits.tokens.as_ref().map(|field| field.value),
            parallel: limits.parallel.as_ref().map_or(PARALLEL, |field| field.value),
        }
    }

    fn phase_name(&self, at: usize) -> Name {
        name(&self.pipeline.phases[at].name.value)
    }

    fn ring(&self, ring: &crate::graph::Ring) -> Loop {
        let body = ring.body.iter().map(|at| self.phase_name(*at)).collect();
        Loop { owner: self.phase_name(ring.owner), body, parent: ring.parent }
    }

    fn includes(&self) -> IndexMap<String, String> {
        let text = |name: &String| Some((name.clone(), self.facts.text(name)?.text().to_owned()));
        self.facts.includes.iter().filter_map(text).collect()
    }

    fn phase(&self, at: usize) -> Phase {
        let draft = self.sound.draft();
        let phase = &self.pipeline.phases[at];
        let defaults = &self.pipeline.defaults;
        let verb = self.verb(at, phase);
        let works = matches!(verb, Verb::Agent { .. } | Verb::Run { .. } | Verb::Shell { .. });
        let number = |own: &Option<Field<u64>>, general: &Option<Field<u64>>| {
            own.as_ref().or(general.as_ref().filter(|_| works)).map(|field| field.value)
        };
        let crash = phase.on_crash.as_ref().or(defaults.on_crash.as_ref().filter(|_| works));
        let dir = phase.dir.as_ref().or(defaults.dir.as_ref().filter(|_| works));
        Phase {
            name: name(&phase.name.value),
            description: text(phase.description.as_ref()),
            line: self.line(phase.header),
            needs: draft.net.needs[at].iter().map(|need| self.phase_name(*need)).collect(),
            when: self.maybe_expr(phase.when.as_ref()),
            require: phase.require.iter().filter_map(|require| self.require(require)).collect(),
            join: same_or_default(phase.join.as_ref().map(|word| word.value.as_str())),
            repeat: self.repeats(at, phase),
            output: draft.shapes.get(at).and_then(|shapes| shapes.output.clone()),
            result: self.maybe_expr(phase.result.as_ref()),
            accept: phase.accept.iter().filter_map(|accept| self.accept(accept)).collect(),
            questions: phase.questions.as_ref().is_some_and(|questions| questions.value),
            session: same_or_default(phase.session.as_ref().map(|word| word.value.as_str())),
            retry: if matches!(verb, Verb::Set { .. }) { Retry { max: 0, ..Retry::default() } } else { self.retry(phase, works) },
            timeout_ms: number(&phase.timeout_ms, &defaults.timeout_ms),
            idle_timeout_ms: number(&phase.idle_timeout_ms, &defaults.idle_timeout_ms),
            on_crash: same_or_default(crash.map(|word| word.value.as_str())),
            on_error: same_or_default(phase.on_error.as_ref().map(|word| word.value.as_str())),
            env: self.env(phase, works),
            stdin: self.maybe_source(phase.stdin.as_ref()),
            dir: dir.map(|dir| self.template(&dir.value)),
            innermost: draft.loops.innermost[at],
            shared_tree: phase.workspace.as_ref().is_some_and(|word| word.value == model::Workspace::Shared),
            verb,
        }
    }

    fn require(&self, require: &model::Require) -> Option<Require> {
        Some(Require { that: self.expr(&require.that.as_ref()?.value), message: self.maybe_source(require.message.as_ref()) })
    }

    fn repeats(&self, at: usize, phase: &model::Phase) -> Vec<Repeat> {
        let loops = &self.sound.draft().loops;
        let Some(ring) = loops.owned[at].map(|ring| &loops.all[ring]) else { return vec![] };
        let entry = |(entry, body): (&model::Repeat, &Option<Vec<usize>>)| {
            Some(Repeat {
                from: name(&entry.from.as_ref()?.value),
                body: body.as_ref()?.iter().map(|at| self.phase_name(*at)).collect(),
                when: self.maybe_expr(entry.when.as_ref()),
                max: entry.max.as_ref().map_or(1, |max| max.value),
                then: same_or_default(entry.then.as_ref().map(|word| word.value.as_str())),
            })
        };
        phase.repeat.iter().zip(&ring.entries).filter_map(entry).collect()
    }

    /// What the phase says, else what the defaults say, else what is built in: each key by itself.
    fn retry(&self, phase: &model::Phase, works: bool) -> Retry {
        let general = self.pipeline.defaults.retry.as_ref().filter(|_| works).map(|field| &field.value);
        let own = phase.retry.as_ref().map(|field| &field.value);
        let mut retry = Retry::default();
        for said in [general, own].into_iter().flatten() {
            set(&mut retry.max, said.max.as_ref());
            set(&mut retry.delay_ms, said.delay_ms.as_ref());
            set(&mut retry.factor, said.factor.as_ref());
            set(&mut retry.cap_ms, said.cap_ms.as_ref());
            if let Some(on) = &said.on {
                retry.on = on.value.iter().map(|class| same(class.value.as_str())).collect();
            }
        }
        retry
    }

    fn env(&self, phase: &model::Phase, works: bool) -> IndexMap<String, EnvTemplate> {
        let general = self.pipeline.defaults.env.values().filter(|_| works);
        let entry = |entry: &model::EnvEntry| (entry.name.value.clone(), self.env_value(&entry.value));
        general.chain(phase.env.values()).map(entry).collect()
    }

    fn env_value(&self, value: &EnvValue) -> EnvTemplate {
        let secret = match value {
            EnvValue::Template(text) => return EnvTemplate::Template(self.template(text)),
            EnvValue::Secret(model::Secret::Env(name)) => SecretRef::Env(name.value.clone()),
            EnvValue::Secret(model::Secret::File(file)) => SecretRef::File { file: file.value.clone() },
            EnvValue::Secret(model::Secret::Run(argv)) => {
                SecretRef::Run { run: argv.iter().map(|word| word.value.clone()).collect() }
            }
        };
        EnvTemplate::Fixed(run::EnvValue::Secret { secret })
    }

    fn verb(&self, at: usize, phase: &model::Phase) -> Verb {
        let exit = match phase.exit.as_ref().map(|exit| &exit.value) {
            Some(model::Exit::Any) => Exit::Any,
            Some(model::Exit::Codes(codes)) => Exit::Codes(codes.iter().map(|code| code.value).collect()),
            None => Exit::Codes(vec![0]),
        };
        match &phase.verb.as_ref().expect("every phase of a sound pipeline does something").value {
            model::Verb::Agent(agent) => {
                let prompt = phase.prompt.as_ref().expect("every agent of a sound pipeline has a prompt");
                Verb::Agent { agent: name(&agent.value), prompt: self.source(&prompt.value) }
            }
            model::Verb::Run(argv) => Verb::Run { argv: self.argv(argv), parse: self.parse(at, phase), exit },
            model::Verb::Shell(script) => {
                Verb::Shell { script: script.value.text().to_owned(), parse: self.parse(at, phase), exit }
            }
            model::Verb::Ask(question) => {
                let form = self.sound.draft().shapes.get(at).and_then(|shapes| shapes.form.clone());
                Verb::Ask { question: self.source(question), form: form.unwrap_or_else(|| closed(&[("answer", "string")])) }
            }
            model::Verb::Set(value) => Verb::Set { value: self.expr(value) },
            model::Verb::Pipeline(_) => unreachable!("a pipeline with children is not sound in this version"),
        }
    }

    /// How stdout is read: as said; with a declared shape as JSON, unless the shape is a plain text.
    fn parse(&self, at: usize, phase: &model::Phase) -> Parse {
        let shape = self.sound.draft().shapes.get(at).and_then(|shapes| shapes.output.as_ref());
        match (&phase.parse, shape) {
            (Some(word), _) => same(word.value.as_str()),
            (None, Some(shape)) if shape.get("type").as_str() == Some("string") => Parse::Text,
            (None, Some(_)) => Parse::Json,
            (None, None) => Parse::Raw,
        }
    }
}

fn set<T: Copy>(place: &mut T, said: Option<&Field<T>>) {
    if let Some(said) = said {
        *place = said.value;
    }
}

/// A jq expression of the pipeline.
pub(super) fn expr(sources: &Sources, text: &Embedded) -> Expr {
    Expr { text: text.text().to_owned(), line: sources.start(text.whole()).line }
}

#[cfg(test)]
mod tests {
    use super::same;
    use crate::plan::{Crash, Join, OnError, ParamType, Session, Then, WhileRunning};
    use crate::run::{Access, BackendKind, ErrorClass, Parse};
    use crate::{model, plan};
    use serde::de::DeserializeOwned;

    fn all<T: DeserializeOwned>(words: &[&str]) {
        for word in words {
            drop(same::<T>(word));
        }
    }

    #[test]
    fn every_word_of_the_language_is_a_word_of_the_plan() {
        all::<ParamType>(model::ParamType::WORDS);
        all::<WhileRunning>(model::WhileRunning::WORDS);
        all::<BackendKind>(model::Backend::WORDS);
        all::<Access>(model::Access::WORDS);
        all::<Join>(model::Join::WORDS);
        all::<Then>(model::Then::WORDS);
        all::<OnError>(model::OnError::WORDS);
        all::<Crash>(model::Crash::WORDS);
        all::<Session>(model::Session::WORDS);
        all::<Parse>(model::Parse::WORDS);
        all::<ErrorClass>(model::RetryClass::WORDS);
        assert_eq!(same::<plan::Join>("any"), Join::default(), "what is not said is the first word of the book");
    }
}
