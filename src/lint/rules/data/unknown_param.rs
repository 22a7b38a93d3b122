//! D006: a parameter or variable that is not declared.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, Problem, Role};
use crate::lint::read;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let params = || draft.pipeline.params.keys().map(String::as_str);
    let vars = |role: Role| {
        let count = if let Role::Var(own) = role { own } else { usize::MAX };
        draft.pipeline.vars.keys().take(count).map(String::as_str)
    };
    let files = || draft.pipeline.params.iter().filter(|(_, param)| param.file.is_some()).map(|(name, _)| name.as_str());
    let one = |(read, step, problem): (&crate::graph::Reading<'_>, usize, &Problem)| {
        let name = read::name(read, step);
        Some(match problem {
            Problem::Param => {
                let finding = read::unknown(code::D006, read, step, format!("there is no parameter `{name}`"), params());
                if finding.help.is_none() && finding.label.is_empty() {
                    finding.help(format!("declare it: `[params.{name}]`"))
                } else {
                    finding
                }
            }
            Problem::Var => {
                let message = format!("there is no variable `{name}`");
                let finding = read::unknown(code::D006, read, step, message, vars(read.site.role));
                if finding.help.is_none() && finding.label.is_empty() {
                    finding.help("declare it under `[vars]`")
                } else {
                    finding
                }
            }
            Problem::LaterVar => {
                let message = format!("the variable `{name}` is computed later: variables see those above them");
                Diagnostic::new(code::D006, read::span(read, step), message).help(format!("move `{name}` up"))
            }
            Problem::File => {
                let message = format!("the parameter `{name}` names no file: it has no `file`");
                read::unknown(code::D006, read, step, message, files())
            }
            _ => return None,
        })
    };
    read::problems(draft).filter_map(one).collect()
}
