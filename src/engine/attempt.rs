//! Attempts: what is to be done, rendered completely.

use super::context::with_output;
use super::eval::Failure;
use super::question::answers_text;
use super::turn::{Step, Turn};
use crate::plan::{EnvTemplate, Exit, Expr, Session, Template, Verb};
use crate::run::{AgentWork, AskWork, AttemptId, EnvValue, ErrorClass, Event, ProcessWork, Program as Command, Task, Work};
use crate::value::Value;
use indexmap::IndexMap;

impl Turn<'_> {
    /// The first attempt of a round.
    pub(super) fn first_attempt(&mut self, at: usize, reason: Option<String>) -> Step {
        self.begin_attempt(at, reason)
    }

    /// A further attempt of the same round: after a failure, an interruption or a crash.
    pub(super) fn next_attempt(&mut self, at: usize) -> Step {
        let known = &self.state.phases[at];
        let record = self.state.document().at(&["phases", known.name.as_str(), "reason"]);
        let reason = record.as_str().map(str::to_owned);
        self.begin_attempt(at, reason)
    }

    fn begin_attempt(&mut self, at: usize, reason: Option<String>) -> Step {
        let known = &self.state.phases[at];
        let id = AttemptId { phase: known.name.clone(), round: known.round, item: None, number: known.attempts + 1 };
        match self.work(at, &id) {
            Ok(work) => {
                let is_ask = matches!(work.task, Task::Ask(_));
                self.emit(Event::AttemptStarted { work: Box::new(work), reason })?;
                if is_ask {
                    let due = self.phase(at).timeout_ms.map(|ms| self.at.plus_ms(ms));
                    self.emit(Event::Asked { attempt: id, questions: vec![], due })?;
                }
                Ok(())
            }
            Err(Failure(message)) => {
                let error = self.error(at, ErrorClass::Guard, message);
                self.fail_phase(at, error)
            }
        }
    }

    fn work(&self, at: usize, id: &AttemptId) -> Result<Work, Failure> {
        let phase = self.phase(at);
        let task = match &phase.verb {
            Verb::Agent { agent, prompt } => Task::Agent(Box::new(self.agent_work(at, agent, prompt)?)),
            Verb::Run { argv, parse, exit } => {
                let argv = argv.iter().map(|part| self.text(at, "run", part)).collect::<Result<_, _>>()?;
                self.process(at, Command::Argv(argv), *parse, exit)?
            }
            Verb::Shell { script, parse, exit } => self.process(at, Command::Shell(script.clone()), *parse, exit)?,
            Verb::Ask { question, form } => {
                Task::Ask(Box::new(AskWork { question: self.text(at, "ask", question)?, form: form.clone() }))
            }
            Verb::Set { .. } => return Err(Failure("a value needs no attempt".into())),
        };
        let mut env = IndexMap::new();
        for (name, value) in &phase.env {
            let value = match value {
                EnvTemplate::Template(template) => EnvValue::Text(self.text(at, "env", template)?),
                EnvTemplate::Fixed(value) => value.clone(),
            };
            env.insert(name.clone(), value);
        }
        let dir = phase.dir.as_ref().map(|dir| self.text(at, "dir", dir)).transpose()?;
        let (timeout_ms, idle_timeout_ms) = (phase.timeout_ms, phase.idle_timeout_ms);
        Ok(Work { attempt: id.clone(), turn: 1, task, dir, env, timeout_ms, idle_timeout_ms })
    }

    pub(super) fn text(&self, at: usize, key: &str, template: &Template) -> Result<String, Failure> {
        self.program.render(key, template, &self.input_for_template(at, template))
    }

    fn process(&self, at: usize, program: Command, parse: crate::run::Parse, exit: &Exit) -> Result<Task, Failure> {
        let stdin = self.phase(at).stdin.as_ref().map(|stdin| self.text(at, "stdin", stdin)).transpose()?;
        let exit = match exit {
            Exit::Any => vec![],
            Exit::Codes(codes) => codes.clone(),
        };
        let schema = self.phase(at).output.clone();
        Ok(Task::Process(Box::new(ProcessWork { program, stdin, parse, exit, schema })))
    }

    fn agent_work(&self, at: usize, agent: &crate::name::Name, prompt: &Template) -> Result<AgentWork, Failure> {
        let phase = self.phase(at);
        let known = &self.state.phases[at];
        let task = self.text(at, "prompt", prompt)?;
        let declared = self.program.plan.agents.get(agent);
        let system =
            declared.and_then(|agent| agent.system.as_ref()).map(|system| self.text(at, "system", system)).transpose()?;
        let again = known.attempts > 0;
        let same_round = known.session_round == known.round;
        let resumes = (again && same_round) || (phase.session == Session::Continue && known.round > 1);
        let report = known.session.as_ref().filter(|report| resumes && report.session.is_some());
        let answered: Vec<String> = known.answered.iter().map(|(asked, answers)| answers_text(asked, answers)).collect();
        let mut prompt = told(&task, known.feedback.as_deref(), again, report.is_some() && same_round);
        if !answered.is_empty() {
            prompt = format!("{prompt}\n\nYou asked earlier, and these are the answers:\n\n{}", answered.join("\n"));
        }
        let schema = phase.output.clone().map(|schema| if phase.questions { with_questions(schema) } else { schema });
        Ok(AgentWork {
            agent: agent.clone(),
            prompt,
            system,
            schema,
            session: report.and_then(|report| report.session.clone()),
            session_cost_usd: report.map_or(0.0, |report| report.session_cost_usd),
        })
    }

    /// A phase that is a value: no attempt, no retry; what is wrong with it stays wrong.
    pub(super) fn set(&mut self, at: usize, value: &Expr, reason: Option<String>) -> Step {
        let outcome = self
            .program
            .value("set", value, &self.input_for(at, value))
            .and_then(|value| self.shaped(at, value).map_err(Failure));
        let outcome = outcome.and_then(|value| self.resulting(at, value));
        let output = match outcome {
            Ok(output) => output,
            Err(Failure(message)) => {
                let error = self.error(at, ErrorClass::Guard, message);
                return self.fail_phase(at, error);
            }
        };
        match self.acceptable(at, &output) {
            Ok(checks) if checks.is_empty() => self.complete(at, output, reason, vec![]),
            Ok(_) => {
                let error = self.error(at, ErrorClass::Rejected, "a `set` phase can only `accept` by `that`");
                self.fail_phase(at, error)
            }
            Err(error) => self.fail_phase(at, *error),
        }
    }

    /// The message of a check: its template, or what `otherwise` says.
    pub(super) fn message(
        &self,
        at: usize,
        template: Option<&Template>,
        output: Option<&Value>,
        otherwise: impl FnOnce() -> String,
    ) -> String {
        let Some(template) = template else { return otherwise() };
        let mut input = self.input_for_template(at, template);
        if let Some(output) = output {
            input = with_output(input, output.clone());
        }
        self.program.render("message", template, &input).unwrap_or_else(|failure| format!("{} ({})", otherwise(), failure.0))
    }
}

/// What an agent is told: its task, or what was wrong with its last reply, or to go on.
fn told(task: &str, feedback: Option<&str>, again: bool, in_session: bool) -> String {
    match (feedback, again, in_session) {
        (Some(feedback), _, true) => feedback.to_owned(),
        (Some(feedback), _, false) => format!("{task}\n\nAn earlier reply to this task was not accepted. {feedback}\n"),
        (None, true, true) => format!("The work on this task was interrupted. Go on where it stopped. The task was:\n\n{task}"),
        (None, true, false) => {
            format!("{task}\n\nEarlier work on this task was interrupted: look at what is already there before you begin.\n")
        }
        (None, false, _) => task.to_owned(),
    }
}

/// A shape that may be left open in favour of questions: nothing of it is required, and `questions` may stand in it.
/// The engine checks the declared shape itself once there are no questions.
pub(super) fn with_questions(schema: Value) -> Value {
    let question = Value::table([
        ("type", Value::text("object")),
        (
            "properties",
            Value::table([
                ("question", Value::table([("type", Value::text("string"))])),
                (
                    "choices",
                    Value::table([("type", Value::text("array")), ("items", Value::table([("type", Value::text("string"))]))]),
                ),
            ]),
        ),
        ("required", Value::list([Value::text("question")])),
    ]);
    let about = "Only what must be known from the user to go on; leave everything else out when you ask.";
    let questions = Value::table([("type", Value::text("array")), ("items", question), ("description", Value::text(about))]);
    let mut open = schema;
    open.set("required", Value::list([]));
    open.update("properties", |properties| properties.set("questions", questions));
    open
}
