//! The commands of a pipeline, word by word, wherever they are written.

use crate::graph::Draft;
use crate::model::{CheckKind, Verb};
use crate::text::{Embedded, Span, Spanned};

/// A program and its arguments, as written.
pub struct Command<'a> {
    /// The program first.
    pub words: Vec<Word<'a>>,
}

/// A word of a command.
pub struct Word<'a> {
    /// Its text, templates included.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
}

/// What ends a command of a shell.
const ENDS: [char; 7] = [';', '|', '&', '(', ')', '`', '\n'];

/// All commands that phases, checks and agents start; those in shell scripts as far as they are plain words.
pub fn commands<'a>(draft: &Draft<'a>) -> Vec<Command<'a>> {
    let pipeline = draft.pipeline;
    let mut found = vec![];
    for phase in pipeline.phases.values() {
        match phase.verb.as_ref().map(|verb| &verb.value) {
            Some(Verb::Run(argv)) => found.push(of_argv(argv)),
            Some(Verb::Shell(script)) => found.extend(of_script(&script.value)),
            _ => {}
        }
    }
    let accepts = pipeline.phases.values().flat_map(|phase| &phase.accept).filter_map(|accept| accept.kind.as_ref());
    let checks = pipeline.checks.iter().filter_map(|check| check.kind.as_ref());
    for kind in accepts.chain(checks) {
        if let CheckKind::Run(argv) = &kind.value {
            found.push(of_argv(argv));
        }
    }
    let agents = pipeline.agents.values().filter_map(|agent| agent.command.as_ref());
    found.extend(agents.map(|command| {
        let words = command.value.iter().map(|word| Word { text: &word.value, span: word.span });
        Command { words: words.collect() }
    }));
    found
}

fn of_argv(argv: &[Spanned<Embedded>]) -> Command<'_> {
    Command { words: argv.iter().map(|word| Word { text: word.value.text(), span: word.span }).collect() }
}

fn of_script(script: &Embedded) -> Vec<Command<'_>> {
    let text = script.text();
    let mut found = vec![];
    for line in text.split(ENDS).filter(|line| !line.trim_start().starts_with('#')) {
        let words = line.split_whitespace().map(|word| {
            let at = word.as_ptr() as usize - text.as_ptr() as usize;
            Word { text: word, span: script.span(at..at + word.len()) }
        });
        // `NAME=value program …`
        let words: Vec<_> = words.skip_while(|word| word.text.contains('=') && !word.text.starts_with('-')).collect();
        if !words.is_empty() {
            found.push(Command { words });
        }
    }
    found
}
