//! What the program says of itself is what the book says: `--help` of each command, and the exit codes.
//!
//! `UPDATE_BOOK=1 cargo test --test it reference` writes the page anew.

use crate::tidy::root;
use clap::CommandFactory;
use flow::cli::{Cli, exit};

const PAGE: &str = "book/src/reference/commands.md";
const HEAD: &str = "# Every command and option\n\nWhat `flow COMMAND --help` prints. [The command line](../running/commands.md) says what it is for.\n";

/// The help of a command and of those inside it.
fn help(command: &mut clap::Command, name: &str, page: &mut String) {
    let text = command.render_help().to_string();
    page.push_str(&format!("\n## `{name}`\n\n```text\n{}\n```\n", text.trim_end()));
    let inside: Vec<_> = command.get_subcommands().map(|inside| inside.get_name().to_owned()).collect();
    for inside in inside {
        let below = format!("{name} {inside}");
        help(command.find_subcommand_mut(&inside).unwrap(), &below, page);
    }
}

#[test]
fn the_page_of_commands_equals_their_help() {
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut page = HEAD.to_owned();
    help(&mut command, "flow", &mut page);
    let path = root().join(PAGE);
    if std::env::var_os("UPDATE_BOOK").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written == page, "{PAGE} is not what `--help` says: UPDATE_BOOK=1 cargo test --test it reference");
}

#[test]
fn the_page_of_exit_codes_equals_the_table() {
    let page = std::fs::read_to_string(root().join("book/src/running/exit-codes.md")).unwrap();
    assert!(page.contains(&exit::markdown()), "book/src/running/exit-codes.md lacks\n{}", exit::markdown());
}

#[test]
fn the_program_prints_the_table_and_completions() {
    let desk = super::Desk::new();
    let table = desk.flow("help exit-codes").ends(0).stdout;
    assert_eq!(table, exit::table());
    for shell in ["bash", "zsh", "fish"] {
        desk.flow(&format!("completions {shell}")).ends(0).prints_part("flow");
    }
    desk.flow("help lst").ends(2).says("error: there is no help about `lst`\n  help: did you mean `flow help list`?\n");
    desk.flow("").ends(2);
}
