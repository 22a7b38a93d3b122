//! S004: a secret asked for where text is made: a prompt, a key, an argument, a message.

use crate::diag::{Diagnostic, code};
use crate::graph::{Draft, Problem};
use crate::lint::read;
use crate::lint::rules::templates::undefined_variable::SECRETS;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let wrong = read::problems(draft).filter(|(read, step, problem)| {
        matches!(problem, Problem::Name(_)) && !read.site.role.is_jq() && SECRETS.contains(&read::name(read, *step))
    });
    wrong
        .map(|(read, ..)| {
            let span = read.text.span(read.range.clone());
            Diagnostic::new(code::S004, span, "the environment and its secrets do not become text: texts are kept and shown")
                .help("give it to the process that needs it: `env = { TOKEN = { secret = \"TOKEN\" } }`")
        })
        .collect()
}
