//! Rehearsals: answers come from stubs, else they are made up from the declared shape. Nothing is executed.
//!
//! A stub is a reply; a list of stubs is the successive attempts and rounds, and its last one is repeated, because a
//! rehearsal should walk on where a test would stop; the stubs of a `for_each` phase are a table by key;
//! `{"!" = "class"}` is a failure of that class.

use super::backend::{Backend, Context, Future};
use super::failure::{error, failed};
use crate::expr::shape::sample;
use crate::name::Name;
use crate::run::{AgentReport, AttemptId, ErrorClass, Outcome, Parse, ProcessWork, Reply, Task, Work};
use crate::value::Value;
use indexmap::IndexMap;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Performs everything without doing anything.
#[derive(Debug, Default)]
pub struct Rehearse {
    stubs: IndexMap<Name, Value>,
    /// Which stub each turn got: a turn that is performed again gets the same one.
    given: Mutex<HashMap<Asked, Vec<Turn>>>,
}

/// Who asks for stubs: a phase, or an item of one.
type Asked = (Name, Option<String>);
/// One turn of an attempt.
type Turn = (AttemptId, u32);

/// What a stub says.
#[derive(Clone, Debug, PartialEq)]
enum Stub {
    /// A reply.
    Reply(Value),
    /// A failure.
    Failure(ErrorClass, String),
}

impl Rehearse {
    /// With the stubs of a test, by phase; phases without any get answers made up from their shapes.
    pub fn new(stubs: IndexMap<Name, Value>) -> Self {
        Self { stubs, given: Mutex::default() }
    }

    /// The stub of a turn.
    fn stub(&self, work: &Work) -> Option<Stub> {
        let attempt = &work.attempt;
        let mut stub = self.stubs.get(&attempt.phase)?.clone();
        if let Some(item) = &attempt.item {
            stub = if stub.has(item) { stub.get(item) } else { return None };
        }
        let stub = match stub.items().map(Iterator::collect::<Vec<_>>) {
            Some(list) => list.get(self.place(work)).or(list.last())?.clone(),
            None => stub,
        };
        if !stub.has("!") {
            return Some(Stub::Reply(stub));
        }
        let (failure, message) = (stub.get("!"), stub.get("message"));
        let class = failure.as_str().unwrap_or_default();
        let message = message.as_str().map_or_else(|| format!("the stub of `{}` says so", attempt.phase), str::to_owned);
        Some(match ErrorClass::parse(class) {
            Some(class) => Stub::Failure(class, message),
            None => Stub::Failure(
                ErrorClass::Refused,
                format!("the stub of `{}` fails with `{class}`, which is no class", attempt.phase),
            ),
        })
    }

    /// Which of a list of stubs this turn gets, from 0.
    fn place(&self, work: &Work) -> usize {
        let AttemptId { phase, round, item, number } = &work.attempt;
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = given.entry((phase.clone(), item.clone())).or_default();
        let turn = (work.attempt.clone(), work.turn);
        if let Some(place) = turns.iter().position(|known| *known == turn) {
            return place;
        }
        // A rehearsal that is continued by another process has not seen the first turns: each round and attempt before
        // this one had at least one.
        let before = round.saturating_sub(1) + number.saturating_sub(1) + work.turn.saturating_sub(1);
        while turns.len() < before as usize {
            turns.push((work.attempt.clone(), 0));
        }
        turns.push(turn);
        turns.len() - 1
    }

    /// The outcome of a turn.
    fn outcome(&self, work: &Work) -> Outcome {
        let stub = self.stub(work);
        let reply = match stub {
            Some(Stub::Failure(class, message)) => return failed(error(class, format!("rehearsal: {message}"))),
            Some(Stub::Reply(value)) => Some(value),
            None => None,
        };
        match &work.task {
            Task::Agent(agent) => {
                let text = || Value::text(&format!("(rehearsed reply of `{}` for `{}`)", agent.agent, work.attempt.phase));
                let value = reply.unwrap_or_else(|| agent.schema.as_ref().map_or_else(text, made_up));
                let session = agent.session.clone().unwrap_or_else(|| format!("rehearsal-{}", work.attempt));
                let report = AgentReport { backend: self.name().to_owned(), session: Some(session), ..AgentReport::default() };
                Outcome::Reply(Reply { value, agent: Some(report), ..Reply::default() })
            }
            Task::Process(process) => process_reply(process, reply),
            Task::Ask(ask) => {
                let value = reply.unwrap_or_else(|| made_up(&ask.form));
                Outcome::Reply(Reply { value, ..Reply::default() })
            }
        }
    }
}

impl Backend for Rehearse {
    fn name(&self) -> &'static str {
        "rehearse"
    }

    fn perform<'a>(&'a self, work: &'a Work, context: &'a Context) -> Future<'a, Outcome> {
        context.feed.progress("rehearsal: nothing is executed");
        Box::pin(std::future::ready(self.outcome(work)))
    }
}

/// The outcome of a process that was not run.
fn process_reply(process: &ProcessWork, stub: Option<Value>) -> Outcome {
    let raw = process.parse == Parse::Raw;
    let code_of = |stub: &Value| stub.get("code").to::<i32>().ok();
    let good = process.exit.first().copied().unwrap_or(0);
    let code = stub.as_ref().filter(|_| raw).and_then(code_of).unwrap_or(good);
    if !process.exit.is_empty() && !process.exit.contains(&code) {
        let mut error = error(ErrorClass::Exit, format!("rehearsal: the stub says exit code {code}"));
        error.code = Some(code);
        return failed(error);
    }
    let value = match stub {
        Some(stub) if raw && stub.entries().is_some() => {
            let or = |key: &str, other: Value| if stub.has(key) { stub.get(key) } else { other };
            Value::table([
                ("stdout", or("stdout", Value::text(""))),
                ("stderr", or("stderr", Value::text(""))),
                ("code", Value::from_serialize(&code)),
            ])
        }
        Some(stub) => stub,
        None if raw => {
            Value::table([("stdout", Value::text("")), ("stderr", Value::text("")), ("code", Value::from_serialize(&code))])
        }
        None => process.schema.as_ref().map_or_else(|| empty(process.parse), made_up),
    };
    Outcome::Reply(Reply { value, code: Some(code), ..Reply::default() })
}

/// An output of a process without a declared shape.
fn empty(parse: Parse) -> Value {
    match parse {
        Parse::Lines => Value::list([]),
        Parse::Raw | Parse::Json => Value::NULL,
        Parse::Text => Value::text(""),
    }
}

/// A value of a shape. It asks nobody anything: questions that may be left out are.
pub(super) fn made_up(schema: &Value) -> Value {
    let mut value = sample(schema);
    let required =
        |key: &str| schema.get("required").items().is_some_and(|mut keys| keys.any(|known| known.as_str() == Some(key)));
    if value.has("questions") && !required("questions") {
        value.set("questions", Value::NULL);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{AgentWork, Program};

    fn name(text: &str) -> Name {
        Name::new(text).expect("is a name")
    }

    fn json(text: &str) -> Value {
        Value::parse(text.as_bytes()).expect("is JSON")
    }

    fn rehearse(stubs: &str) -> Rehearse {
        let stubs = json(stubs);
        Rehearse::new(stubs.entries().expect("is a table").map(|(key, value)| (name(key), value)).collect())
    }

    fn agent(round: u32, number: u32, item: Option<&str>, schema: Option<&str>) -> Work {
        let agent = AgentWork {
            agent: name("planner"),
            prompt: "do it".to_owned(),
            system: None,
            schema: schema.map(json),
            session: None,
            session_cost_usd: 0.0,
        };
        work(round, number, item, Task::Agent(Box::new(agent)))
    }

    fn process(parse: Parse, exit: &[i32]) -> Work {
        let argv = Program::Argv(vec!["false".to_owned()]);
        let process = ProcessWork { program: argv, stdin: None, parse, exit: exit.to_vec(), schema: None };
        work(1, 1, None, Task::Process(Box::new(process)))
    }

    fn work(round: u32, number: u32, item: Option<&str>, task: Task) -> Work {
        let attempt = AttemptId { phase: name("plan"), round, item: item.map(str::to_owned), number };
        Work { attempt, turn: 1, task, dir: None, env: IndexMap::new(), timeout_ms: None, idle_timeout_ms: None }
    }

    fn said(rehearse: &Rehearse, work: &Work) -> String {
        match rehearse.outcome(work) {
            Outcome::Reply(reply) => reply.value.to_string(),
            Outcome::Failed { error, .. } => format!("{}: {}", error.class, error.message),
            Outcome::Lost { reason } => reason,
        }
    }

    #[test]
    fn a_list_is_successive_attempts_and_rounds_and_its_last_one_repeats() {
        let stubs = rehearse(r#"{"plan": [{"!": "transient"}, 1, 2]}"#);
        assert_eq!(said(&stubs, &agent(1, 1, None, None)), "transient: rehearsal: the stub of `plan` says so");
        assert_eq!(said(&stubs, &agent(1, 2, None, None)), "1");
        assert_eq!(said(&stubs, &agent(1, 2, None, None)), "1", "the same turn again gets the same stub");
        assert_eq!(said(&stubs, &agent(2, 1, None, None)), "2");
        assert_eq!(said(&stubs, &agent(3, 1, None, None)), "2");
    }

    #[test]
    fn a_continued_rehearsal_does_not_begin_again_with_the_first_stub() {
        let stubs = rehearse(r#"{"plan": [0, 1, 2]}"#);
        assert_eq!(said(&stubs, &agent(2, 2, None, None)), "2");
    }

    #[test]
    fn items_have_stubs_by_key_and_the_others_are_made_up() {
        let stubs = rehearse(r#"{"plan": {"a": [[1, 2]], "b": {"!": "exit", "message": "broken"}}}"#);
        assert_eq!(said(&stubs, &agent(1, 1, Some("a"), None)), "[1,2]");
        assert_eq!(said(&stubs, &agent(1, 1, Some("b"), None)), "exit: rehearsal: broken");
        let schema = r#"{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}"#;
        assert_eq!(said(&stubs, &agent(1, 1, Some("c"), Some(schema))), r#"{"n":1}"#);
    }

    #[test]
    fn what_is_made_up_asks_no_questions() {
        let question = r#"{"type":"array","items":{"type":"string"}}"#;
        let schema =
            format!(r#"{{"type":"object","required":["n"],"properties":{{"n":{{"type":"integer"}},"questions":{question}}}}}"#);
        assert_eq!(said(&Rehearse::default(), &agent(1, 1, None, Some(&schema))), r#"{"n":1,"questions":null}"#);
    }

    #[test]
    fn a_process_is_not_run() {
        let none = Rehearse::default();
        assert_eq!(said(&none, &process(Parse::Raw, &[0])), r#"{"stdout":"","stderr":"","code":0}"#);
        let stubs = rehearse(r#"{"plan": {"stdout": "x", "code": 3}}"#);
        assert_eq!(said(&stubs, &process(Parse::Raw, &[0, 3])), r#"{"stdout":"x","stderr":"","code":3}"#);
        assert_eq!(said(&stubs, &process(Parse::Raw, &[0])), "exit: rehearsal: the stub says exit code 3");
        assert_eq!(said(&rehearse(r#"{"plan": [["x"]]}"#), &process(Parse::Lines, &[0])), r#"["x"]"#);
    }

    #[test]
    fn a_class_that_is_none_is_said() {
        let stubs = rehearse(r#"{"plan": {"!": "oops"}}"#);
        assert_eq!(
            said(&stubs, &agent(1, 1, None, None)),
            "refused: rehearsal: the stub of `plan` fails with `oops`, which is no class"
        );
    }
}
