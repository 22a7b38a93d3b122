//! A template that is checked and compiled, and what rendering it gives.

use super::check;
use super::reads::Read;
use crate::expr::Mistake;
use crate::expr::stack::{floor, on_big_stack};
use crate::limits::RENDERED_BYTES;
use crate::value::Value;
use minijinja::{Environment, Error, ErrorKind};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Name of the template itself among those it includes.
pub(super) const MAIN: &str = "\u{0}main";

/// A checked and compiled template with all that it includes. Cloning shares it.
#[derive(Clone)]
pub struct Template(Arc<Compiled>);

struct Compiled {
    env: Environment<'static>,
    source: Arc<str>,
    includes: Vec<String>,
    reads: Vec<Read>,
}

/// Why a template could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    /// The included text in which it happened; `None` for the template itself.
    pub include: Option<String>,
    /// Where in that text, in bytes.
    pub range: Range<usize>,
    /// Line of that text, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.include {
            Some(name) => write!(f, "{} (line {} of `{name}`)", self.message, self.line),
            None => write!(f, "{} (line {})", self.message, self.line),
        }
    }
}

impl std::error::Error for RenderError {}

impl Template {
    /// Checks and compiles a template; `includes` gives the texts of included ones by their literal names.
    ///
    /// # Errors
    /// T001 syntax (the first), T003 unknown filters, tests and functions, T004 missing and T007 cyclic includes. What
    /// is wrong inside an included text stands at the include.
    pub fn parse(source: &str, includes: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Mistake>> {
        let checked = check::check(source, includes)?;
        let mut env = super::filter::environment();
        let names: Vec<String> = checked.includes.iter().map(|(name, _)| name.clone()).collect();
        let texts = checked.includes.into_iter().chain([(MAIN.to_owned(), source.to_owned())]);
        for (name, text) in texts {
            env.add_template_owned(name, text).map_err(|error| vec![check::syntax_mistake(source, &error)])?;
        }
        Ok(Self(Arc::new(Compiled { env, source: source.into(), includes: names, reads: checked.reads.reads })))
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Names of all included texts, those of included ones among them.
    pub fn includes(&self) -> &[String] {
        &self.0.includes
    }

    /// What it and what it includes read.
    pub fn reads(&self) -> &[Read] {
        &self.0.reads
    }

    /// The text with the fields of a document put in.
    ///
    /// # Errors
    /// Where something undefined or null is printed, a filter fails, or the limits are exceeded.
    pub fn render(&self, document: &Value) -> Result<String, RenderError> {
        if floor().is_some() {
            return self.render_here(document);
        }
        let (this, document) = (self.clone(), document.clone());
        on_big_stack(move || this.render_here(&document))
    }

    fn render_here(&self, document: &Value) -> Result<String, RenderError> {
        let template = self.0.env.get_template(MAIN).map_err(|error| self.error(&error))?;
        let text = template.render(minijinja::Value::from(document)).map_err(|error| self.error(&error))?;
        if text.len() <= RENDERED_BYTES {
            return Ok(text);
        }
        let message = format!("the text is larger than {RENDERED_BYTES} bytes");
        Err(RenderError { include: None, range: 0..self.0.source.len(), line: 1, message, help: None })
    }

    /// The innermost error that has a place.
    fn error(&self, error: &Error) -> RenderError {
        let inner = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>());
        if let (ErrorKind::BadInclude | ErrorKind::EvalBlock, Some(inner)) = (error.kind(), inner) {
            return self.error(inner);
        }
        let include = error.name().filter(|name| *name != MAIN).map(str::to_owned);
        let (message, help) = explain(error);
        let template = self.0.env.get_template(error.name().unwrap_or(MAIN)).ok();
        let text = template.as_ref().map_or("", |template| template.source());
        let range = error.range().map_or(0..text.len(), |range| whole_path(text, range));
        RenderError { include, range, line: error.line().unwrap_or(1), message, help }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.0.source).finish()
    }
}

/// minijinja marks a path from its last step on: this goes back to where the path begins.
fn whole_path(text: &str, range: Range<usize>) -> Range<usize> {
    if !text.get(range.clone()).is_some_and(|marked| marked.starts_with(['.', '['])) {
        return range;
    }
    let before = &text[..range.start];
    let path = before.trim_end_matches(|c: char| c.is_alphanumeric() || "_.[]'\"".contains(c));
    path.len()..range.end
}

fn explain(error: &Error) -> (String, Option<String>) {
    let detail = error.detail().map(str::to_owned);
    match error.kind() {
        ErrorKind::UndefinedError => {
            let message = detail.unwrap_or_else(|| "this is undefined".into());
            (message, Some("check the name, or give a default: `| default(\"…\")`".into()))
        }
        ErrorKind::InvalidOperation if detail.as_deref() == Some(super::filter::NULL) => {
            let help = "give a default, `| default(\"…\")`, or test it first: `{% if … %}`";
            ("this is null, and null cannot be printed".into(), Some(help.into()))
        }
        ErrorKind::OutOfFuel => ("the template does too much; is there a loop over a very long list?".into(), None),
        ErrorKind::UnknownMethod => (
            detail.unwrap_or_else(|| "there is no such method".into()),
            Some("values have filters, not methods: `x | upper`".into()),
        ),
        kind => (detail.unwrap_or_else(|| kind.to_string()), None),
    }
}
