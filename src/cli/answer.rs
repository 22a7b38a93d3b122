//! `flow answer`.

use super::alive;
use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::form;
use super::out::Out;
use super::person::{self, AtTerminal};
use super::place::{self, Place, StoreArg};
use super::serve;
use crate::agent::{Asked, Person};
use crate::drive::{Requested, request};
use crate::name::Name;
use crate::run::{RunState, RunStatus};
use crate::store::Request;
use crate::value::Value;
use crate::view::status::{asked, questions};
use crate::view::words::short;
use std::io::Read;

/// Arguments of `flow answer`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An id, its beginning or its end, or `latest`.
    #[arg(value_name = "RUN")]
    run: String,
    /// The phase that asks.
    #[arg(value_name = "PHASE")]
    phase: String,
    /// `field=value` of a form, `1=text` for questions of an agent, all of it as JSON, or `-` for JSON from stdin;
    /// nothing asks in the terminal.
    #[arg(value_name = "ANSWER")]
    answers: Vec<String>,
    #[command(flatten)]
    store: StoreArg,
}

/// Answers what a phase asks.
///
/// # Errors
/// When nothing is asked, or the answers do not fit.
pub fn command(args: &Args, out: Out) -> Outcome {
    let place = Place::find(&args.store)?.of_its_store();
    serve::wait(async {
        let store = place.open_existing().await?;
        let state = place::named(&store, &args.run).await?.state;
        let phase = place::phase(&state, &args.phase)?;
        let (question, form, questions) = asked(&state, &phase).ok_or_else(|| nothing_asked(&state, &phase))?;
        let asked = Asked { question, form, questions };
        let person = AtTerminal::new(out, None);
        let answers = answers(args, &phase, &asked, &person).await?;
        let request_ = Request::Answer { phase, answers, by: person.name() };
        let requested = request(&serve::idle(&place, store.clone()), state.id(), &request_).await?;
        match requested {
            Requested::Posted => out.note("answered: its driver goes on"),
            Requested::Applied(after) if after.status == RunStatus::Waiting => {
                out.note("that did not settle it: it is asked again");
                return Ok(Exit::Waiting);
            }
            Requested::Applied(after) if after.status.is_over() => {
                let id = short(after.id());
                out.note(&format!("answered; the run is {}: `flow show {id}` shows it", after.status.as_str()));
            }
            Requested::Applied(after) => out.note(&match alive::pool(&*store, after.id()).await? {
                Some(pool) => format!("answered: a worker of pool `{pool}` goes on"),
                None => format!("answered; `flow resume {}` goes on", short(after.id())),
            }),
        }
        Ok(Exit::Done)
    })
}

async fn answers(args: &Args, phase: &Name, asked: &Asked, person: &AtTerminal) -> Result<Value, Fail> {
    let usage = |error: String| Fail::usage(error).help(format!("`flow answer {} {phase} {}`", args.run, form::usage(asked)));
    match args.answers.as_slice() {
        [] if person::is_there() => {
            let answers = person.all(phase, asked).await;
            answers.ok_or_else(|| Fail::new(Exit::Waiting, "no answer was given"))
        }
        [] => Err(usage("no answer was given".to_owned())),
        [dash] if dash == "-" => {
            let mut text = vec![];
            std::io::stdin().lock().read_to_end(&mut text).map_err(|error| usage(format!("stdin: {error}")))?;
            let answers = Value::parse(&text).map_err(|error| usage(format!("stdin is not JSON: {error}")))?;
            form::check(asked, answers).map_err(usage)
        }
        words => form::from_words(asked, words).and_then(|answers| form::check(asked, answers)).map_err(usage),
    }
}

fn nothing_asked(state: &RunState, phase: &Name) -> Fail {
    let asking: Vec<_> = questions(state).into_iter().map(|question| format!("`{}`", question.phase)).collect();
    let fail = Fail::new(Exit::NoInput, format!("`{phase}` asks nothing now: it is {}", state.status_of(phase).as_str()));
    if asking.is_empty() { fail } else { fail.help(format!("an answer is awaited by {}", asking.join(", "))) }
}
