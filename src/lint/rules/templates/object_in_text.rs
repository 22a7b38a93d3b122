//! T005: a list or table where a text is due: what stands there then is JSON.

use crate::diag::{Diagnostic, code};
use crate::expr::jq::{Gives, Segment, SegmentKind, Usage};
use crate::graph::{Compound, Draft, Reading, Role};
use std::collections::HashMap;

/// Finds it.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    let vars = vars(draft);
    let printed = draft.readings.reads.iter().filter(|read| read.usage == Usage::Text && !read.site.role.is_jq());
    let bare = printed.filter(|read| read.filters.is_empty() && read.look.problem.is_none());
    bare.filter_map(|read| one(read, read.look.compound.or_else(|| of_var(read, &vars)))).collect()
}

fn one(read: &Reading<'_>, compound: Option<Compound>) -> Option<Diagnostic> {
    let as_json = || " | tojson".to_owned();
    let (what, append, help) = match compound? {
        Compound::Made(Some(field)) => ("a table", format!(".{field}"), format!("mostly its field `{field}` is meant")),
        // An agent reads JSON as well as anything.
        Compound::Table | Compound::List if for_an_agent(read.site.role) => return None,
        Compound::Made(None) | Compound::Table => {
            ("a table", as_json(), "name the field that is meant, or say `| tojson`".into())
        }
        Compound::List => ("a list", as_json(), "`| join(', ')` makes a text of it; `| tojson` says that JSON is meant".into()),
    };
    let name = read.text.text().get(read.range.clone()).unwrap_or_default();
    let end = read.text.span(read.range.end..read.range.end);
    let finding =
        Diagnostic::new(code::T005, read.text.span(read.range.clone()), format!("`{name}` is {what}, and a text is made here"))
            .label("it would be printed as JSON");
    Some(finding.help(help).suggest(format!("write `{name}{append}`"), end, append))
}

/// Texts that an agent reads.
fn for_an_agent(role: Role) -> bool {
    matches!(role, Role::Prompt | Role::System(_) | Role::AcceptMessage | Role::Stdin)
}

/// The variables that have parts, as far as their own text tells.
fn vars<'a>(draft: &Draft<'a>) -> HashMap<&'a str, Compound> {
    let known = draft.readings.expressions.iter().filter_map(|expression| {
        let Role::Var(at) = expression.site.role else { return None };
        let compound = match expression.parsed.gives() {
            Gives::List => Compound::List,
            Gives::Table => Compound::Table,
            _ => return None,
        };
        Some((draft.pipeline.vars.get_index(at)?.0.as_str(), compound))
    });
    known.collect()
}

fn of_var(read: &Reading<'_>, vars: &HashMap<&str, Compound>) -> Option<Compound> {
    match read.path.as_slice() {
        [Segment { kind: SegmentKind::Key(table), .. }, Segment { kind: SegmentKind::Key(name), .. }] if table == "vars" => {
            vars.get(name.as_str()).copied()
        }
        _ => None,
    }
}
