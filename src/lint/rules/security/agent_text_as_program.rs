//! S002: what an agent, a process or a person said becomes the program that runs, or the folder it runs in.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::SegmentKind;
use crate::graph::{Draft, Reading, Role};

/// Names under which a folder would depend on what was said in the run.
pub const SAID: [&str; 6] = ["phases", "previous", "item", "key", "output", "result"];

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    draft.readings.reads.iter().filter_map(one).collect()
}

fn one(read: &Reading<'_>) -> Option<Diagnostic> {
    let first = match &read.path.first()?.kind {
        SegmentKind::Key(name) => name.as_str(),
        _ => return None,
    };
    let (what, help) = match read.site.role {
        Role::Program if read.look.said => (
            "the program that runs would be chosen by an output",
            "write the program literally and pass the output as an argument or by `stdin`",
        ),
        Role::Dir | Role::DefaultDir if SAID.contains(&first) => {
            ("the working folder would be chosen by an output", "a folder may depend on `params`, `vars` and `files` only")
        }
        _ => return None,
    };
    Some(Diagnostic::new(code::S002, read.text.span(read.range.clone()), what).help(help))
}
