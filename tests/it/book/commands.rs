//! Commands that a test cannot run are parsed: a flag that is not there is found.
//!
//! These are the blocks `sh,outside` (in the folder of their page's scene), the commands in YAML blocks, and those in the
//! running text.

use super::{Block, blocks, pages, text};
use crate::tidy::{none, root};
use clap::CommandFactory;
use clap::error::ErrorKind;
use flow::cli::Cli;
use std::path::Path;
use std::process::{Command, Stdio};

/// Words of a command line as a shell splits them; what stands behind `#`, `|`, `&&` and `>` is not of the command.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (vec![], None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, '#' | '|' | '>' | '&') if word.is_none() => break,
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// How much of a command a text has to give.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All that it takes to type it.
    Whole,
    /// Enough to name it: `flow test`, `flow show --json`.
    Named,
}

/// Why a command line cannot be typed in a folder; nothing when it can, or is none of ours.
pub(super) fn refused(line: &str, folder: &Path, wanted: Wanted) -> Option<String> {
    let words = words(line.trim().trim_start_matches("cargo "));
    if words.first().is_none_or(|word| word != "flow") {
        return None;
    }
    if words.get(1).is_none_or(|word| word != "run") {
        let error = Cli::command().try_get_matches_from(&words).err()?;
        let lacks = [ErrorKind::MissingRequiredArgument, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
        let enough = wanted == Wanted::Named && lacks.contains(&error.kind());
        return (error.use_stderr() && !enough).then(|| format!("`{line}`: {error}"));
    }
    // The parameters are the pipeline's: the program knows them. `--help` is reached when all before it is understood.
    let named = |word: &String| if word == "PIPELINE" { "fix-tests".to_owned() } else { word.clone() };
    let output = Command::new(env!("CARGO_BIN_EXE_flow"))
        .args(words[1..].iter().map(named))
        .arg("--help")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (!output.status.success()).then(|| format!("`{line}`: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The lines of a block that are commands, continued lines put together.
pub(super) fn lines(block: &Block) -> Vec<String> {
    let joined = block.text.replace("\\\n", " ");
    let yaml = block.kind() == "yaml";
    let command = |line: &str| {
        let line = line.trim();
        let line = if yaml { line.trim_start_matches("- ").trim_start_matches("run: ") } else { line };
        line.to_owned()
    };
    joined.lines().map(command).collect()
}

/// The commands in the text outside of blocks; `[--x]`, `…` and `A|B` are ways to talk about commands.
fn inline(text: &str) -> Vec<String> {
    let outside: String = text.split("\n```").step_by(2).collect();
    let spans = outside.split('`').skip(1).step_by(2).map(|span| span.split_whitespace().collect::<Vec<_>>().join(" "));
    let talk = |span: &String| {
        span.contains(['[', '…', '|']) || ["COMMAND", "SHELL", "CODE", "flow ="].iter().any(|word| span.contains(word))
    };
    spans.filter(|span| span.starts_with("flow ") && !talk(span)).collect()
}

#[test]
fn every_command_that_is_not_run_can_be_typed() {
    let mut found = vec![];
    for page in pages() {
        let in_yaml: Vec<_> = blocks(&page).iter().filter(|block| block.kind() == "yaml").flat_map(lines).collect();
        // A file that only its page knows is there only in the page's scene.
        let known = inline(&text(&page)).into_iter().filter(|line| !line.contains(".toml"));
        let in_yaml = in_yaml.into_iter().map(|line| (line, Wanted::Whole));
        let all = in_yaml.chain(known.map(|line| (line, Wanted::Named)));
        let refused = all.filter_map(|(line, wanted)| refused(&line, root(), wanted));
        found.extend(refused.map(|why| format!("{}: {why}", page.display())));
    }
    none("commands that are refused", &found);
}

#[test]
fn a_wrong_flag_is_refused_and_what_is_not_ours_is_let_be() {
    let refused = |line| refused(line, root(), Wanted::Whole).is_some();
    assert_eq!(words(r#"flow run x -c "cargo test" 'a b'c  # why"#), ["flow", "run", "x", "-c", "cargo test", "a bc"]);
    assert!(!refused("flow run peer --instruction=create-spec --no-input # in CI"));
    assert!(!refused("cargo flow show latest --json | jq ."));
    assert!(refused("flow run peer --instrucion=create-spec"));
    assert!(refused("flow shwo latest"));
    assert!(refused("flow show"));
    assert!(!refused("cargo install --path ."));
}
