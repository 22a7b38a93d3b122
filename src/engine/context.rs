//! What an expression sees: the run document, and beside it what belongs to the phase that asks.

use super::program::Program;
use crate::name::Name;
use crate::run::RunState;
use crate::value::Value;

/// The input of expressions and templates of a phase.
///
/// `uses_previous` says whether `.previous` is wanted: it is as large as the loop, so nobody pays for it in vain.
pub(super) fn context(program: &Program, state: &RunState, at: usize, uses_previous: bool) -> Value {
    let mut input = state.document().clone();
    let innermost = program.loops_around(at).next();
    let round = innermost.map_or(1, |l| state.loop_round(&l.owner));
    input.set("round", Value::int(round.into()));
    input.set("previous", if uses_previous { previous(program, state, at) } else { Value::NULL });
    input
}

/// What the expressions of a phase see now, with its own output under `.output`: for people who try one by hand.
/// `None` when the plan has no such phase.
pub fn phase_view(program: &Program, state: &RunState, phase: &Name) -> Option<Value> {
    let at = program.plan.phases.iter().position(|known| known.name == *phase)?;
    let output = state.document().at(&["phases", phase.as_str(), "output"]);
    Some(with_output(context(program, state, at, true), output))
}

/// The same with the reply or result under `.output`.
pub(super) fn with_output(mut input: Value, output: Value) -> Value {
    input.set("output", output);
    input
}

/// The latest archived record of every phase of the loops around this one; null before the first return.
fn previous(program: &Program, state: &RunState, at: usize) -> Value {
    let Some(outermost) = program.loops_around(at).last() else { return Value::NULL };
    let mut any = false;
    let mut records = Vec::new();
    for name in &outermost.body {
        let rounds = state.document().at(&["phases", name.as_str(), "rounds"]);
        let last = rounds.items().and_then(Iterator::last);
        any |= last.is_some();
        records.push((name.as_str(), last.unwrap_or_else(|| Value::table([("output", Value::NULL)]))));
    }
    if any { Value::table(records) } else { Value::NULL }
}

/// Whether a text may read `.previous`: a cheap look at its letters, right whenever it says no.
pub(super) fn mentions_previous(text: &str) -> bool {
    text.contains("previous")
}
