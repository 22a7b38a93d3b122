//! Questions to people: of `ask` phases, of agents in the middle of their work, and after a crash.

use super::attempt::with_questions;
use super::turn::{Step, Turn};
use crate::limits::QUESTION_TURNS;
use crate::name::Name;
use crate::run::{AgentWork, AttemptId, AttemptStage, ErrorClass, Event, Question, RequestId, Task, Usage, Work};
use crate::value::Value;

/// The questions that a reply carries instead of its output.
pub(super) fn questions_in(reply: &Value) -> Option<Vec<Question>> {
    let questions: Vec<Question> = reply.get("questions").to().ok()?;
    (!questions.is_empty()).then_some(questions)
}

/// A reply without the `questions` key that was only allowed for asking.
pub(super) fn without_questions(reply: Value) -> Value {
    if !reply.has("questions") {
        return reply;
    }
    let rest = reply.entries().into_iter().flatten().filter(|(key, _)| *key != "questions").map(|(k, v)| (k.to_owned(), v));
    Value::table(rest.collect::<Vec<_>>())
}

impl Turn<'_> {
    /// An agent asks before it goes on.
    pub(super) fn ask_person(&mut self, at: usize, id: &AttemptId, questions: Vec<Question>) -> Step {
        let turn = self.state.attempt(id).map_or(1, |attempt| attempt.work.turn);
        if turn > QUESTION_TURNS {
            let message = format!("it asked questions {turn} times: answer without asking, or say what is assumed");
            return self.refuse_reply(at, id, ErrorClass::Invalid, message);
        }
        self.emit(Event::Asked { attempt: id.clone(), questions, due: None })
    }

    /// A person answered.
    pub(super) fn answer(&mut self, phase: &Name, answers: Value, by: String, request: Option<RequestId>) -> Step {
        if self.is_known(request.as_ref()) {
            return Ok(());
        }
        let asked = self.state.phase(phase).and_then(|phase| phase.attempt.clone());
        // Two may answer at once: the second finds nothing to answer, and changes nothing.
        let (Some(attempt), Some(at)) = (asked, self.program.at(phase)) else { return Ok(()) };
        let id = attempt.id.clone();
        match attempt.stage {
            AttemptStage::Asking { questions, .. } => {
                self.emit(Event::Answered { attempt: id.clone(), answers: answers.clone(), by, request })?;
                match &attempt.work.task {
                    Task::Agent(work) => self.go_on(at, &attempt.work, work, &questions, &answers),
                    _ => self.take_output(at, &id, answers),
                }
            }
            AttemptStage::Crashed => {
                self.emit(Event::Answered { attempt: id, answers: answers.clone(), by, request })?;
                self.after_crash(at, &answers)
            }
            _ => Ok(()),
        }
    }

    /// The answers go back to the same agent, in its session, as a further turn of the same attempt.
    fn go_on(&mut self, at: usize, work: &Work, agent: &AgentWork, questions: &[Question], answers: &Value) -> Step {
        let said = answers_text(questions, answers);
        let report = self.state.phases[at].session.clone().filter(|report| report.session.is_some());
        let prompt = match report {
            Some(_) => format!("{said}\nGo on with the task and give the whole reply."),
            None => format!("{}\n\nYou asked, and these are the answers:\n\n{said}", agent.prompt),
        };
        let next = AgentWork {
            prompt,
            schema: self.phase(at).output.clone().map(with_questions),
            session: report.as_ref().and_then(|report| report.session.clone()),
            session_cost_usd: report.map_or(0.0, |report| report.session_cost_usd),
            ..agent.clone()
        };
        let work = Work { turn: work.turn + 1, task: Task::Agent(Box::new(next)), ..work.clone() };
        self.emit(Event::AttemptContinued { work: Box::new(work) })
    }

    /// Nobody can be asked: whoever asks fails, and says what it wanted to know.
    pub(super) fn nobody_answers(&mut self) -> Step {
        let active: Vec<usize> = self.state.active.iter().copied().collect();
        for at in active {
            let Some(attempt) = self.state.phases[at].attempt.clone() else { continue };
            let wanted = match (&attempt.stage, &attempt.work.task) {
                (AttemptStage::Asking { questions, .. }, _) if !questions.is_empty() => {
                    questions.iter().map(|q| format!("- {}", q.question)).collect::<Vec<_>>().join("\n")
                }
                (AttemptStage::Asking { .. }, Task::Ask(ask)) => format!("- {}", ask.question),
                (AttemptStage::Crashed, _) => "- run it again, skip it, or fail?".to_owned(),
                _ => continue,
            };
            let message = format!("a person must answer, and nobody can be asked (`--no-input`):\n{wanted}");
            let error = self.error(at, ErrorClass::Unanswered, message);
            self.fail_attempt(at, &attempt.id, error, None, Usage::default(), None)?;
        }
        Ok(())
    }
}

/// Questions and answers as the agent reads them.
pub(super) fn answers_text(questions: &[Question], answers: &Value) -> String {
    let given: Vec<Value> = answers.items().map(Iterator::collect).unwrap_or_default();
    let line = |(n, question): (usize, &Question)| {
        let answer = given.get(n).cloned().unwrap_or_else(|| answers.get(&question.question));
        let answer = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        format!("Question: {}\nAnswer: {answer}\n", question.question)
    };
    questions.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}
