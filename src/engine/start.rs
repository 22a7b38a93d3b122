//! Before the first event: variables, checks, the series' key, the documents' keys.

use super::eval::Problem;
use super::program::Program;
use crate::expr::jq::{EvalError, Glob, Input};
use crate::name::{Key, Name};
use crate::plan::{CheckKind, Template};
use crate::run::{RunState, WorldCheck};
use crate::value::Value;
use indexmap::IndexMap;

/// Why a run cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// A variable could not be computed, or said so itself with `error("…")`.
    #[error("{message}")]
    Variable {
        /// Which.
        name: Name,
        /// The text for people.
        message: String,
    },
    /// A check does not hold.
    #[error("{0}")]
    Check(String),
    /// A key cannot be made.
    #[error("{0}")]
    Key(String),
}

/// Computes `[vars]` in file order over `{params, vars, files}`. `glob` lists paths of the project.
///
/// # Errors
/// The text of `error("…")` as it is; of any other failure the variable and its line too.
pub fn variables(program: &Program, params: &Value, files: &Value, glob: &Glob<'_>) -> Result<Value, StartError> {
    let mut vars = Value::table::<&str>([]);
    for (name, expr) in &program.plan.vars {
        let seen = Value::table([("params", params.clone()), ("vars", vars.clone()), ("files", files.clone())]);
        let input = Input { value: seen, vars: &[], glob: Some(glob) };
        let value = program.one(&expr.text, &input).map_err(|problem| {
            // What the author raised is the message; anything else is a defect of the expression, and says where.
            let raised = matches!(&problem, Problem::Eval(EvalError::Error { .. })) && expr.text.contains("error(");
            let message =
                if raised { problem.to_string() } else { format!("variable `{name}` in line {}: {problem}", expr.line) };
            StartError::Variable { name: name.clone(), message }
        })?;
        vars.set(name.as_str(), value);
    }
    Ok(vars)
}

/// Asks the checks that need no world, and gives those that do with the messages of their failures.
///
/// # Errors
/// The message of the first that does not hold.
pub fn check_before_start(program: &Program, state: &RunState) -> Result<Vec<WorldCheck>, StartError> {
    let mut world = Vec::new();
    let seen = state.document();
    for check in &program.plan.checks {
        let message = |otherwise: &str| match &check.message {
            Some(template) => program.render("message", template, seen).unwrap_or_else(|failure| failure.0),
            None => otherwise.to_owned(),
        };
        let failed = |failure: super::eval::Failure| StartError::Check(failure.0);
        let said = check.message.is_some().then(|| message(""));
        match &check.check {
            CheckKind::That(that) => {
                let verdict = program.guard("checks", that, seen).map_err(|(failure, _)| failed(failure))?;
                if !verdict.holds {
                    return Err(StartError::Check(message(&format!("the check `{}` does not hold", that.text.trim()))));
                }
            }
            CheckKind::Files(files) => {
                let value = program.value("files", files, seen).map_err(failed)?;
                let paths = super::accept::paths_of(&value).ok_or_else(|| {
                    StartError::Check(format!("`files` in line {} gave {value}, not a list of paths", files.line))
                })?;
                world.push(WorldCheck::Files { paths, message: said });
            }
            CheckKind::Run(argv) => {
                let argv = argv.iter().map(|part| program.render("run", part, seen)).collect::<Result<_, _>>().map_err(failed)?;
                world.push(WorldCheck::Run { argv, message: said });
            }
        }
    }
    Ok(world)
}

/// The series of a run; `None` when the pipeline has none.
///
/// # Errors
/// The template failed, or gave no key.
pub fn series_key(program: &Program, params: &Value, vars: &Value, files: &Value) -> Result<Option<String>, StartError> {
    let Some(series) = &program.plan.series else { return Ok(None) };
    let name = Value::text(&program.plan.name);
    let seen = [("params", params.clone()), ("vars", vars.clone()), ("files", files.clone()), ("name", name)];
    let key = render_key(program, "series.key", &series.key, &Value::table(seen))?;
    Ok(Some(key.as_str().to_owned()))
}

/// The keys of the documents, by document.
///
/// # Errors
/// A template failed, gave no key, or two gave the same.
pub fn document_keys(program: &Program, state: &RunState) -> Result<IndexMap<String, String>, StartError> {
    let mut seen = state.document().clone();
    seen.set("name", Value::text(&program.plan.name));
    let mut keys: IndexMap<String, String> = IndexMap::new();
    for (name, document) in &program.plan.documents {
        let key = render_key(program, "key", &document.key, &seen)?.as_str().to_owned();
        if let Some((other, _)) = keys.iter().find(|(_, known)| **known == key) {
            return Err(StartError::Key(format!("the documents `{other}` and `{name}` have the same key `{key}`")));
        }
        keys.insert(name.as_str().to_owned(), key);
    }
    Ok(keys)
}

fn render_key(program: &Program, what: &str, template: &Template, seen: &Value) -> Result<Key, StartError> {
    let text = program.render(what, template, seen).map_err(|failure| StartError::Key(failure.0))?;
    Key::new(text.trim()).map_err(|error| StartError::Key(format!("`{what}` in line {} gave no key: {error}", template.line)))
}
