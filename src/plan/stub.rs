//! Tests of a pipeline and their stubs, from how they are written to how they are played.

use super::build::{expr, name};
use super::types::{StubReply, Stubs, Test};
use crate::graph::Sound;
use crate::model::{self, Data, DataKind, Field};
use crate::run::ErrorClass;
use crate::text::Sources;
use indexmap::IndexMap;

/// The tests of a pipeline, in file order.
pub fn tests(sound: &Sound<'_>, sources: &Sources) -> Vec<Test> {
    sound.draft().pipeline.tests.iter().map(|test| one(test, sources)).collect()
}

fn one(test: &model::Test, sources: &Sources) -> Test {
    let expect = &test.expect;
    let line = sources.start(test.header).line;
    Test {
        name: test.name.as_ref().map_or_else(|| format!("the test on line {line}"), |name| name.value.clone()),
        line,
        params: test.params.iter().map(|(param, field)| (name(param), field.value.to_value())).collect(),
        stubs: stubs(&test.stubs),
        files: test.files.iter().map(|file| (file.path.value.clone(), file.text.clone())).collect(),
        path: expect.path.as_ref().map(|path| path.value.iter().map(|phase| name(&phase.value)).collect()),
        status: expect.status.as_ref().map(|status| status.value.clone()),
        that: expect.that.as_ref().map(|that| expr(sources, &that.value)),
        result: expect.result.as_ref().map(|result| result.value.to_value()),
        error: expect.error.as_ref().map(|error| error.value.clone()),
    }
}

/// Stubs as written: a list is the successive attempts, anything else one reply.
pub(super) fn stubs(written: &IndexMap<String, Field<Data>>) -> Stubs {
    let replies = |data: &Data| match &data.kind {
        DataKind::List(attempts) => attempts.iter().map(reply).collect(),
        _ => vec![reply(data)],
    };
    Stubs(written.iter().map(|(phase, field)| (name(phase), replies(&field.value))).collect())
}

/// One reply; `{ "!" = "transient", message = "…" }` is a failure of that class.
fn reply(data: &Data) -> StubReply {
    let class = data.get("!").and_then(|class| ErrorClass::parse(class.to_value().as_str()?));
    match class {
        Some(class) => {
            let message = data.get("message").and_then(|message| message.to_value().as_str().map(str::to_owned));
            StubReply::Fails { class, message }
        }
        None => StubReply::Reply(data.to_value()),
    }
}
