//! What a pipeline may execute: what is shown before a folder is trusted, and by a dry run.

use super::words::one_line;
use crate::plan::{AcceptCheck, CheckKind, EnvTemplate, Plan, Template, Verb};
use crate::run::{Access, EnvValue, SecretRef};

/// Characters of a command that a line shows.
const WIDTH: usize = 120;

/// What a pipeline may do to the machine it runs on, a line each; empty when it executes nothing.
pub fn powers(plan: &Plan) -> Vec<String> {
    let mut lines = vec![];
    for check in &plan.checks {
        if let CheckKind::Run(argv) = &check.check {
            lines.push(format!("before it starts, runs {}", argv_text(argv)));
        }
    }
    for phase in &plan.phases {
        let name = &phase.name;
        match &phase.verb {
            Verb::Agent { agent, .. } => {
                let spec = plan.agents.get(agent).map(|agent| &agent.spec);
                let access = spec.map_or(Access::Write, |spec| spec.access);
                let may = match access {
                    Access::Read => "may read the project",
                    Access::Write => "may change files of the project",
                    Access::Full => "may do anything, unasked",
                };
                // A program of one's own does what it likes, whatever the access says: show it.
                let line = match spec.and_then(|spec| spec.command.as_ref()) {
                    Some(command) => format!("{name}: agent {agent} runs {}", one_line(&command.join(" "), WIDTH)),
                    None => format!("{name}: agent {agent}, which {may}"),
                };
                lines.push(line);
            }
            Verb::Run { argv, .. } => lines.push(format!("{name}: runs {}", argv_text(argv))),
            Verb::Shell { script, .. } => lines.push(format!("{name}: runs sh -c {}", one_line(script, WIDTH))),
            Verb::Ask { .. } | Verb::Set { .. } => {}
        }
        for accept in &phase.accept {
            if let AcceptCheck::Run(argv) = &accept.check {
                lines.push(format!("{name}: checks its result with {}", argv_text(argv)));
            }
        }
        for (variable, value) in &phase.env {
            let EnvTemplate::Fixed(EnvValue::Secret { secret }) = value else { continue };
            let from = match secret {
                SecretRef::Env(name) => format!("the environment variable {name}"),
                SecretRef::File { file } => format!("the file {file}"),
                SecretRef::Run { run } => format!("the output of {}", one_line(&run.join(" "), WIDTH)),
            };
            lines.push(format!("{name}: gets {variable} from {from}"));
        }
    }
    lines
}

fn argv_text(argv: &[Template]) -> String {
    let words: Vec<_> = argv.iter().map(|word| word.text.as_str()).collect();
    one_line(&words.join(" "), WIDTH)
}
