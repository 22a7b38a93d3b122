//! T002: a name or path that a template can never fill in.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, Problem, Reading, Role};
use crate::lint::read;
use crate::lint::rules::security::agent_text_as_program::SAID;

/// Names under which authors look for secrets: S004 tells about them.
pub const SECRETS: [&str; 4] = ["env", "secret", "secrets", "ENV"];

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let templates = read::problems(draft).filter(|(read, ..)| !read.site.role.is_jq());
    templates.filter_map(|(read, step, problem)| one(draft, read, step, problem)).collect()
}

fn one(draft: &Draft<'_>, read: &Reading<'_>, step: usize, problem: &Problem) -> Option<Diagnostic> {
    let name = read::name(read, step);
    match problem {
        Problem::Name(_) if SECRETS.contains(&name) => None,
        Problem::Name(known) => {
            let message = format!("`{name}` is not defined");
            match table_of(draft, name).filter(|table| known.contains(table)) {
                Some(table) => {
                    let finding = Diagnostic::new(code::T002, read::span(read, step), message);
                    Some(read::meant(finding, read, step, &format!("{table}.{name}")))
                }
                None => Some(read::unknown(code::T002, read, step, message, known.iter().copied())),
            }
        }
        Problem::RunField(of, known) => {
            let message = if known.is_empty() { format!("{of} has no fields") } else { format!("{of} has no field `{name}`") };
            Some(read::unknown(code::T002, read, step, message, known.iter().map(String::as_str)))
        }
        // A folder that depends on what was said is S002.
        Problem::Hidden(_) if matches!(read.site.role, Role::Dir | Role::DefaultDir) && SAID.contains(&name) => None,
        Problem::Hidden(why) if !read.guarded => {
            Some(Diagnostic::new(code::T002, read::span(read, step), format!("`{name}` is not in sight here")).help(*why))
        }
        _ => None,
    }
}

/// The table that a parameter or variable stands in.
pub fn table_of(draft: &Draft<'_>, name: &str) -> Option<&'static str> {
    let params = draft.pipeline.params.contains_key(name).then_some("params");
    params.or_else(|| draft.pipeline.vars.contains_key(name).then_some("vars"))
}
