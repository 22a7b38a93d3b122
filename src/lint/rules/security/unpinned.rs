//! S006: a program or model that is another one tomorrow.

use crate::diag::{Diagnostic, code};
use crate::graph::Draft;
use crate::lint::command::{Command, Word, commands};

/// Programs that fetch the newest version of what they run, unless one is said; and the words before its name.
const FETCH: [(&str, &[&str]); 6] =
    [("uvx", &[]), ("uv", &["tool", "run"]), ("pipx", &["run"]), ("pnpm", &["dlx"]), ("yarn", &["dlx"]), ("pnpx", &[])];

/// Programs to which `@latest` means the newest version.
const LATEST: [&str; 9] = ["npx", "npm", "pnpm", "pnpx", "yarn", "bunx", "bun", "uvx", "go"];

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let models = draft.pipeline.agents.values().filter_map(|agent| agent.model.as_ref()).filter(|model| {
        let name = model.value.as_str();
        name == "latest" || name.ends_with("-latest") || name.ends_with(":latest")
    });
    let models = models.map(|model| {
        Diagnostic::new(code::S006, model.span, format!("`{}` is another model as soon as there is a newer one", model.value))
            .help("name the version that the prompts were tried with")
    });
    models.chain(commands(draft).iter().filter_map(of_command)).collect()
}

fn of_command(command: &Command<'_>) -> Option<Diagnostic> {
    let program = command.words.first()?.text.rsplit('/').next()?;
    let floating = command.words.iter().find(|word| {
        (LATEST.contains(&program) && word.text.ends_with("@latest"))
            || (matches!(program, "docker" | "podman") && word.text.ends_with(":latest"))
    });
    let word = floating.or_else(|| fetched(program, command).filter(|word| !is_pinned(word.text)))?;
    let how = match program {
        "docker" | "podman" => "name a digest (`IMAGE@sha256:…`) or a version",
        _ => "name a version (`NAME@1.2.3`), or make it a dependency of the project and run that",
    };
    let message = format!("`{}` is fetched anew, in the version that is newest then", word.text);
    Some(Diagnostic::new(code::S006, word.span, message).label("whoever publishes the next version runs it here").help(how))
}

/// The package that a command fetches.
fn fetched<'c, 'a>(program: &str, command: &'c Command<'a>) -> Option<&'c Word<'a>> {
    let words = &command.words[1..];
    if program == "npx" {
        // Without `--yes` it is mostly what the project has installed.
        let yes = words.iter().take_while(|word| word.text.starts_with('-')).any(|word| matches!(word.text, "-y" | "--yes"));
        return words.iter().find(|word| !word.text.starts_with('-')).filter(|_| yes);
    }
    let (_, before) = FETCH.iter().find(|(name, _)| *name == program)?;
    let named = words.len() >= before.len() && before.iter().zip(words).all(|(due, word)| *due == word.text);
    words.get(before.len()).filter(|_| named).filter(|word| !word.text.starts_with('-'))
}

/// Whether a version, a path or something rendered is said.
fn is_pinned(name: &str) -> bool {
    name.contains("==")
        || name.contains("{{")
        || name.starts_with(['.', '/', '$', '"', '\''])
        || name.chars().skip(1).any(|c| c == '@')
}
