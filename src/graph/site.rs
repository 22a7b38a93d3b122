//! Every place of a pipeline where an expression or a template stands, and what it may see from there.

use super::facts::Facts;
use crate::model::{CheckKind, EnvValue, Phase, Pipeline, Select, TextSource, Verb};
use crate::text::{Embedded, Spanned};

/// An expression or template and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The text.
    pub text: &'a Embedded,
    /// The key it stands under.
    pub role: Role,
    /// The phase it belongs to, by its place in the file.
    pub phase: Option<usize>,
}

/// The keys that hold expressions and templates. What a text may see depends on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// jq: what the run yields.
    RunResult,
    /// jq: whether the run passes.
    Pass,
    /// The text at the end.
    Summary,
    /// jq of a variable, by its place among them.
    Var(usize),
    /// jq of a parameter over a candidate's run document.
    Select,
    /// Key of the series.
    SeriesKey,
    /// Key of a document.
    DocumentKey,
    /// jq: a document's view.
    View,
    /// jq: a check before the start.
    CheckThat,
    /// jq: paths of a check before the start.
    CheckFiles,
    /// An argument of a check before the start.
    CheckRun,
    /// The message of a check before the start.
    CheckMessage,
    /// An agent's system prompt, by the agent's place in the file.
    System(usize),
    /// Variables of processes, from the defaults.
    DefaultEnv,
    /// The folder, from the defaults.
    DefaultDir,
    /// jq: the guard.
    When,
    /// jq: what must hold before the start of a phase.
    Require,
    /// The message of a `require`.
    RequireMessage,
    /// jq: the list of a `for_each`.
    Over,
    /// jq: the identity of an item.
    ItemKey,
    /// jq: whether to go back.
    RepeatWhen,
    /// jq: what is kept of a reply.
    Result,
    /// jq: a check of a result.
    AcceptThat,
    /// jq: paths of a check of a result.
    AcceptFiles,
    /// An argument of a check of a result.
    AcceptRun,
    /// The message of an `accept`.
    AcceptMessage,
    /// A prompt.
    Prompt,
    /// A question.
    Ask,
    /// jq: a value.
    Set,
    /// jq: a parameter of a child.
    With,
    /// The program of a process.
    Program,
    /// An argument of a process.
    Argument,
    /// A variable of a process.
    Env,
    /// What a process reads.
    Stdin,
    /// A folder.
    Dir,
    /// jq: what a test expects.
    TestThat,
}

impl Role {
    /// Whether it holds jq; else a template.
    pub fn is_jq(self) -> bool {
        matches!(
            self,
            Self::RunResult
                | Self::Pass
                | Self::Var(_)
                | Self::Select
                | Self::View
                | Self::CheckThat
                | Self::CheckFiles
                | Self::When
                | Self::Require
                | Self::Over
                | Self::ItemKey
                | Self::RepeatWhen
                | Self::Result
                | Self::AcceptThat
                | Self::AcceptFiles
                | Self::Set
                | Self::With
                | Self::TestThat
        )
    }

    /// Whether it is evaluated once per item of a `for_each`, so that `item` and `key` are in sight.
    pub fn per_item(self) -> bool {
        matches!(
            self,
            Self::ItemKey
                | Self::Result
                | Self::AcceptThat
                | Self::AcceptFiles
                | Self::AcceptRun
                | Self::AcceptMessage
                | Self::Prompt
                | Self::Ask
                | Self::Set
                | Self::With
                | Self::Program
                | Self::Argument
                | Self::Env
                | Self::Stdin
        )
    }

    /// Whether the reply of the attempt is in sight as `output`.
    pub fn sees_output(self) -> bool {
        matches!(
            self,
            Self::RepeatWhen | Self::Result | Self::AcceptThat | Self::AcceptFiles | Self::AcceptRun | Self::AcceptMessage
        )
    }

    /// Whether it is evaluated before any phase has run.
    pub fn before_the_start(self) -> bool {
        matches!(self, Self::CheckThat | Self::CheckFiles | Self::CheckRun | Self::CheckMessage)
    }
}

/// All sites of a pipeline whose texts are known, in the order of its keys.
pub fn sites<'a>(pipeline: &'a Pipeline, facts: &'a Facts) -> Vec<Site<'a>> {
    let mut list = List { facts, phase: None, sites: vec![] };
    list.add(pipeline.result.as_ref().map(|f| &f.value), Role::RunResult);
    list.add(pipeline.pass.as_ref().map(|f| &f.value), Role::Pass);
    list.source(pipeline.summary.as_ref().map(|f| &f.value), Role::Summary);
    for param in pipeline.params.values() {
        if let Some(Select::By(text)) = param.select.as_ref().map(|f| &f.value) {
            list.add(Some(text), Role::Select);
        }
    }
    for (at, var) in pipeline.vars.values().enumerate() {
        list.add(Some(&var.value), Role::Var(at));
    }
    list.add(pipeline.series.as_ref().and_then(|s| Some(&s.key.as_ref()?.value)), Role::SeriesKey);
    for document in pipeline.documents.values() {
        list.add(document.key.as_ref().map(|f| &f.value), Role::DocumentKey);
        list.add(document.view.as_ref().map(|f| &f.value), Role::View);
    }
    for check in &pipeline.checks {
        let roles = [Role::CheckThat, Role::CheckFiles, Role::CheckRun];
        list.check(check.kind.as_ref().map(|f| &f.value), roles);
        list.source(check.message.as_ref().map(|f| &f.value), Role::CheckMessage);
    }
    for (at, agent) in pipeline.agents.values().enumerate() {
        list.source(agent.system.as_ref().map(|f| &f.value), Role::System(at));
    }
    for entry in pipeline.defaults.env.values() {
        list.env(&entry.value, Role::DefaultEnv);
    }
    list.add(pipeline.defaults.dir.as_ref().map(|f| &f.value), Role::DefaultDir);
    for (at, phase) in pipeline.phases.values().enumerate() {
        list.phase = Some(at);
        list.of_phase(phase);
    }
    list.phase = None;
    for test in &pipeline.tests {
        list.add(test.expect.that.as_ref().map(|f| &f.value), Role::TestThat);
    }
    list.sites
}

struct List<'a> {
    facts: &'a Facts,
    phase: Option<usize>,
    sites: Vec<Site<'a>>,
}

impl<'a> List<'a> {
    fn add(&mut self, text: Option<&'a Embedded>, role: Role) {
        let phase = self.phase;
        self.sites.extend(text.map(|text| Site { text, role, phase }));
    }

    fn source(&mut self, source: Option<&'a TextSource>, role: Role) {
        let facts = self.facts;
        self.add(source.and_then(|source| facts.source(source)), role);
    }

    fn argv(&mut self, argv: &'a [Spanned<Embedded>], program: Role, argument: Role) {
        for (at, text) in argv.iter().enumerate() {
            self.add(Some(&text.value), if at == 0 { program } else { argument });
        }
    }

    fn check(&mut self, kind: Option<&'a CheckKind>, [that, files, run]: [Role; 3]) {
        match kind {
            Some(CheckKind::That(text)) => self.add(Some(text), that),
            Some(CheckKind::Files(text)) => self.add(Some(text), files),
            Some(CheckKind::Run(argv)) => self.argv(argv, run, run),
            None => {}
        }
    }

    fn env(&mut self, value: &'a EnvValue, role: Role) {
        if let EnvValue::Template(text) = value {
            self.add(Some(text), role);
        }
    }

    fn of_phase(&mut self, phase: &'a Phase) {
        self.add(phase.when.as_ref().map(|f| &f.value), Role::When);
        for require in &phase.require {
            self.add(require.that.as_ref().map(|f| &f.value), Role::Require);
            self.source(require.message.as_ref().map(|f| &f.value), Role::RequireMessage);
        }
        if let Some(for_each) = &phase.for_each {
            self.add(for_each.value.over.as_ref().map(|f| &f.value), Role::Over);
            self.add(for_each.value.key.as_ref().map(|f| &f.value), Role::ItemKey);
        }
        match phase.verb.as_ref().map(|f| &f.value) {
            Some(Verb::Run(argv)) => self.argv(argv, Role::Program, Role::Argument),
            Some(Verb::Ask(question)) => self.source(Some(question), Role::Ask),
            Some(Verb::Set(text)) => self.add(Some(text), Role::Set),
            Some(Verb::Agent(_) | Verb::Shell(_) | Verb::Pipeline(_)) | None => {}
        }
        self.source(phase.prompt.as_ref().map(|f| &f.value), Role::Prompt);
        for entry in phase.with.values() {
            self.add(Some(&entry.value.value), Role::With);
        }
        self.add(phase.result.as_ref().map(|f| &f.value), Role::Result);
        for accept in &phase.accept {
            let roles = [Role::AcceptThat, Role::AcceptFiles, Role::AcceptRun];
            self.check(accept.kind.as_ref().map(|f| &f.value), roles);
            self.source(accept.message.as_ref().map(|f| &f.value), Role::AcceptMessage);
        }
        for repeat in &phase.repeat {
            self.add(repeat.when.as_ref().map(|f| &f.value), Role::RepeatWhen);
        }
        for entry in phase.env.values() {
            self.env(&entry.value, Role::Env);
        }
        self.source(phase.stdin.as_ref().map(|f| &f.value), Role::Stdin);
        self.add(phase.dir.as_ref().map(|f| &f.value), Role::Dir);
    }
}
