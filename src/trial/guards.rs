//! Which guards of a plan were never seen both true and false.
//!
//! `require` is an assertion and no branch: what it demands mostly holds by construction, so it only has to be reached.

use crate::engine::{Coverage, Seen};
use crate::plan::{AcceptCheck, CheckKind, Expr, Plan};

/// A guard that the tests did not see both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardPlace {
    /// Where it stands: `phases.review.repeat`.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// The expression.
    pub text: String,
    /// What was seen of it.
    pub seen: Seen,
}

/// All guards of the plan that were not seen both true and false (`require`: never seen true), in file order.
pub fn unseen(plan: &Plan, coverage: &Coverage) -> Vec<GuardPlace> {
    let mut all: Vec<(String, &str, &Expr)> = Vec::new();
    for check in &plan.checks {
        if let CheckKind::That(that) = &check.check {
            all.push(("checks".into(), "checks", that));
        }
    }
    for phase in &plan.phases {
        let path = |key: &str| format!("phases.{}.{key}", phase.name);
        all.extend(phase.when.iter().map(|when| (path("when"), "when", when)));
        all.extend(phase.require.iter().map(|require| (path("require"), "require", &require.that)));
        for accept in &phase.accept {
            if let AcceptCheck::That(that) = &accept.check {
                all.push((path("accept"), "accept", that));
            }
        }
        all.extend(phase.repeat.iter().filter_map(|repeat| repeat.when.as_ref()).map(|when| (path("repeat"), "repeat", when)));
    }
    all.extend(plan.pass.iter().map(|pass| ("pass".into(), "pass", pass)));
    all.sort_by_key(|(_, _, expr)| expr.line);
    let place = |(path, key, expr): (String, &str, &Expr)| {
        let assertion = key == "require";
        let seen = coverage.get(&(key.to_owned(), expr.line, expr.text.clone())).copied().unwrap_or_default();
        let enough = seen.held && (seen.failed || assertion);
        (!enough).then(|| GuardPlace { path, line: expr.line, text: expr.text.trim().to_owned(), seen })
    };
    all.into_iter().filter_map(place).collect()
}
