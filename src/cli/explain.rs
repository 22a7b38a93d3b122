//! `flow explain`: the page of a rule.

use super::exit::Exit;
use super::fail::{Fail, Outcome};
use super::out::{Out, Paint, columns};
use crate::diag::{Code, code};
use crate::lint::{Page, readable};
use crate::project::rule_page;

/// Arguments of `flow explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A rule, by its code or slug; without one all rules are listed.
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// Prints the page of a rule, or the list of them.
///
/// # Errors
/// When there is no such rule.
pub fn command(args: &Args, out: Out) -> Outcome {
    let Some(name) = &args.code else {
        out.result(&list())?;
        return Ok(Exit::Done);
    };
    let Some(code) = Code::find(name) else {
        let fail = Fail::usage(format!("there is no rule `{name}`"));
        return Err(match Code::nearest(name) {
            Some(near) => fail.help(format!("did you mean `flow explain {near}`?")),
            None => fail.help("`flow explain` lists the rules"),
        });
    };
    let page = rule_page(code.id).ok_or_else(|| Fail::new(Exit::Ours, format!("{code} has no page")))?;
    out.result(&painted(&readable(page), out))?;
    Ok(Exit::Done)
}

/// Headings stressed, code dimmed; without colours the page as it is.
fn painted(page: &str, out: Out) -> String {
    let mut code = false;
    let mut text = String::new();
    for line in page.lines() {
        let fence = line.starts_with("```");
        code ^= fence;
        let line = match (line.starts_with('#') && !code, fence || code) {
            (true, _) => out.paint(Paint::Bold, line),
            (_, true) => out.paint(Paint::Dim, line),
            _ => line.to_owned(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn list() -> String {
    let row = |code: &Code| {
        let page = Page::read(rule_page(code.id)?)?;
        Some([code.id.to_owned(), code.slug.to_owned(), code.severity.as_str().to_owned(), page.sentence])
    };
    columns(&code::ALL.iter().filter_map(row).collect::<Vec<_>>()).join("\n") + "\n"
}
