//! What jq has and jaq has not, written out in what jaq has: `?//` between patterns, `{$x: [$y]}`, `$__loc__`.
//!
//! The rules see the expression as its author wrote it; jaq gets the text that is made here. Almost no expression
//! needs one.

use super::syntax::{Kind, Node, Pattern};
use crate::limits::EXPRESSION_BYTES;

/// The variable that says where it stands.
pub(super) const LOCATION: &str = "$__loc__";

/// Written out, the expression is longer than [`EXPRESSION_BYTES`]: each `?//` repeats what follows it.
#[derive(Debug)]
pub(super) struct TooLong;

type Written = Result<String, TooLong>;

/// The expression for jaq; `None` when jaq can read it as it is.
pub(super) fn lowered(source: &str, root: &Node) -> Option<Written> {
    needed(root).then(|| Lower { source }.node(root))
}

fn needed(node: &Node) -> bool {
    let own = match &node.kind {
        Kind::Var(name) => name == LOCATION,
        Kind::Bind(_, pattern, _) | Kind::Fold(_, _, pattern, _) => is_foreign(pattern),
        _ => false,
    };
    own || node.children().into_iter().any(needed)
}

/// Whether jaq cannot read a pattern.
fn is_foreign(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Var(_) => false,
        Pattern::Either(_) => true,
        Pattern::List(parts) => parts.iter().any(is_foreign),
        Pattern::Table(parts) => {
            let twice = parts.windows(2).any(|pair| pair[0].0.range == pair[1].0.range);
            twice || parts.iter().any(|(_, part)| is_foreign(part))
        }
    }
}

struct Lower<'s> {
    source: &'s str,
}

impl Lower<'_> {
    /// A node for jaq.
    fn node(&self, node: &Node) -> Written {
        let text = match &node.kind {
            Kind::Var(name) if name == LOCATION => format!("({})", self.location(node)),
            Kind::Bind(source, Pattern::Either(patterns), body) => self.either(source, patterns, body)?,
            Kind::Bind(source, pattern, body) if is_foreign(pattern) => {
                format!("(({}) as {} | {})", self.node(source)?, self.pattern(pattern)?, self.node(body)?)
            }
            Kind::Fold(reduce, source, pattern, parts) if is_foreign(pattern) => {
                let word = if *reduce { "reduce" } else { "foreach" };
                let parts = parts.iter().map(|part| self.node(part)).collect::<Result<Vec<_>, _>>()?;
                format!("({word} ({}) as {} ({}))", self.node(source)?, self.pattern(pattern)?, parts.join("; "))
            }
            _ => self.around(node)?,
        };
        if text.len() > EXPRESSION_BYTES { Err(TooLong) } else { Ok(text) }
    }

    /// The text of a node, its children written out.
    fn around(&self, node: &Node) -> Written {
        let alone = |child: &Node| match (&node.kind, &child.kind) {
            (Kind::Table(entries), Kind::Var(_)) => {
                entries.iter().any(|(key, value)| value.is_none() && std::ptr::eq(key, child))
            }
            _ => false,
        };
        let (mut out, mut at) = (String::new(), node.range.start);
        for child in node.children().into_iter().filter(|child| needed(child)) {
            out.push_str(&self.source[at..child.range.start]);
            if alone(child) {
                out.push_str("\"__loc__\": ");
            }
            out.push_str(&self.node(child)?);
            at = child.range.end;
        }
        out.push_str(&self.source[at..node.range.end]);
        Ok(out)
    }

    /// `{"file": …, "line": …}` of a place, as jq has it.
    fn location(&self, node: &Node) -> String {
        let line = self.source[..node.range.start].matches('\n').count() + 1;
        format!("{{\"file\": \"<top-level>\", \"line\": {line}}}")
    }

    /// Tries one pattern after the other. A failure of the last one is the failure of the whole.
    fn either(&self, source: &Node, patterns: &[Pattern], body: &Node) -> Written {
        let body = self.node(body)?;
        let all: Vec<&str> = patterns.iter().flat_map(Pattern::vars).collect();
        let mut text = String::new();
        for pattern in patterns.iter().rev() {
            let own = pattern.vars();
            // `[][0]` is null whatever the author calls `null`.
            let others = all.iter().filter(|var| !own.contains(var)).map(|var| format!("[][0] as {var} | "));
            let one = format!("{}$__it as {} | {body}", others.collect::<Vec<_>>().concat(), self.pattern(pattern)?);
            text = if text.is_empty() { one } else { format!("try ({one}) catch ($__in | {text})") };
            if text.len() > EXPRESSION_BYTES {
                return Err(TooLong);
            }
        }
        Ok(format!("(. as $__in | ({}) as $__it | {text})", self.node(source)?))
    }

    fn pattern(&self, pattern: &Pattern) -> Written {
        Ok(match pattern {
            Pattern::Var(name) => name.clone(),
            Pattern::List(parts) => {
                let parts = parts.iter().map(|part| self.pattern(part)).collect::<Result<Vec<_>, _>>()?;
                format!("[{}]", parts.join(", "))
            }
            Pattern::Table(parts) => {
                let entries = parts.iter().map(|(key, part)| {
                    let key = match &key.kind {
                        Kind::Text(name) if !key.parens => serde_json::Value::from(name.as_str()).to_string(),
                        _ => self.node(key)?,
                    };
                    Ok(format!("{key}: {}", self.pattern(part)?))
                });
                format!("{{{}}}", entries.collect::<Result<Vec<_>, _>>()?.join(", "))
            }
            Pattern::Either(_) => unreachable!("stands directly behind `as`"),
        })
    }
}
