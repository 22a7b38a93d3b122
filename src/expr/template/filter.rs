//! The environment of every template: strict undefined, printing, and the filters of our own.

#![allow(clippy::needless_pass_by_value, reason = "filters take their arguments as minijinja hands them over")]

use crate::limits::TEMPLATE_FUEL;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};
use std::sync::OnceLock;

/// Filters of our own, besides minijinja's.
pub(super) const OWN_FILTERS: [&str; 4] = ["tojson", "fence", "slug", "shell_quote"];
/// minijinja's filters, for "did you mean"; those that only make sense with escaping are left out.
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
];
/// Tests, by name.
pub(super) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];
/// Every filter that a template may use.
pub fn filters() -> impl Iterator<Item = &'static str> {
    OWN_FILTERS.iter().chain(FILTERS).copied()
}

/// Functions, by name.
pub(super) const FUNCTIONS: &[&str] = &["dict", "namespace", "range"];

/// Blocks take their whole line, and the text's last line break stays.
pub(super) fn syntax() -> SyntaxConfig {
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    syntax.expect("the standard delimiters are right")
}

/// The environment that all templates share.
pub(super) fn environment() -> Environment<'static> {
    static BASE: OnceLock<Environment<'static>> = OnceLock::new();
    BASE.get_or_init(|| {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::None);
        env.set_fuel(Some(TEMPLATE_FUEL));
        env.set_debug(true);
        env.set_syntax(syntax());
        env.set_formatter(print);
        for html in ["safe", "escape", "e", "urlencode"] {
            env.remove_filter(html);
        }
        env.remove_test("safe");
        env.remove_test("escaped");
        env.remove_global("debug");
        refuse_null(&mut env);
        env.add_filter("default", default);
        env.add_filter("d", default);
        env.add_filter("tojson", to_json);
        env.add_filter("string", |value: &Value| text(value));
        env.add_filter("fence", fence);
        env.add_filter("slug", |value: &Value| Ok::<_, Error>(crate::name::slug(&text(value)?)));
        env.add_filter("shell_quote", shell_quote);
        env
    })
    .clone()
}

/// What is said of null where text is due.
pub(super) const NULL: &str = "null cannot be printed";

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// Filters that make text of their input must not make `none` of null.
fn refuse_null(env: &mut Environment<'static>) {
    use minijinja::filters;
    let texts = [
        ("upper", Value::from_function(filters::upper)),
        ("lower", Value::from_function(filters::lower)),
        ("title", Value::from_function(filters::title)),
        ("capitalize", Value::from_function(filters::capitalize)),
        ("trim", Value::from_function(filters::trim)),
        ("replace", Value::from_function(filters::replace)),
        ("split", Value::from_function(filters::split)),
        ("lines", Value::from_function(filters::lines)),
        ("indent", Value::from_function(filters::indent)),
        ("join", Value::from_function(filters::join)),
    ];
    for (name, filter) in texts {
        env.add_filter(name, move |state: &mut State<'_, '_>, args: Rest<Value>| -> Result<Value, Error> {
            let input = args.first().ok_or_else(|| Error::from(ErrorKind::MissingArgument))?;
            let is_list = matches!(input.kind(), ValueKind::Seq | ValueKind::Iterable);
            if input.is_none() || (is_list && input.try_iter()?.any(|item| item.is_none())) {
                return Err(refuse(NULL));
            }
            filter.call(state, &args)
        });
    }
}

/// Writes the value of `{{ … }}`.
fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = text(value)?;
    state.consume_fuel((text.len() / 64) as u64)?;
    out.write_str(&text).map_err(Error::from)
}

/// The text of a value: JSON for lists and tables, and nothing for what is not there.
fn text(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Err(refuse(NULL)),
        ValueKind::String => Ok(value.to_str().map(|text| text.to_string()).unwrap_or_default()),
        ValueKind::Bool => Ok(if value.is_true() { "true".into() } else { "false".into() }),
        ValueKind::Number | ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => json(value),
        _ => Ok(value.to_string()),
    }
}

/// Compact JSON.
fn json(value: &Value) -> Result<String, Error> {
    if let Some(own) = value.downcast_object_ref::<crate::value::Value>() {
        return Ok(own.to_string());
    }
    let failed = |error: serde_json::Error| Error::new(ErrorKind::BadSerialization, error.to_string());
    let plain: crate::value::Value = serde_json::to_value(value).and_then(serde_json::from_value).map_err(failed)?;
    Ok(plain.to_string())
}

fn default(value: &Value, args: Rest<Value>) -> Result<Value, Error> {
    let [other, rest @ ..] = args.as_slice() else { return Err(Error::from(ErrorKind::MissingArgument)) };
    let lax = match rest {
        [] => false,
        [lax] => lax.is_true(),
        _ => return Err(Error::from(ErrorKind::TooManyArguments)),
    };
    let absent = value.is_undefined() || value.is_none() || (lax && !value.is_true());
    Ok(if absent { other.clone() } else { value.clone() })
}

fn to_json(state: &State<'_, '_>, value: &Value, kwargs: Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = kwargs.get("indent")?;
    kwargs.assert_all_used()?;
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let compact = json(value)?;
    state.consume_fuel((compact.len() / 16) as u64)?;
    let Some(indent) = indent else { return Ok(compact) };
    let failed = |error: serde_json::Error| Error::new(ErrorKind::BadSerialization, error.to_string());
    let tree: serde_json::Value = serde_json::from_str(&compact).map_err(failed)?;
    let spaces = " ".repeat(indent.min(16));
    let formatter = serde_json::ser::PrettyFormatter::with_indent(spaces.as_bytes());
    let mut out = vec![];
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    serde::Serialize::serialize(&tree, &mut serializer).map_err(failed)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// The text as a Markdown code block whose fence is longer than any inside, so that nothing in it can end it.
fn fence(value: &Value, language: Option<&str>) -> Result<String, Error> {
    let body = text(value)?;
    let runs = body.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(runs.max(2) + 1);
    let is_data = !matches!(value.kind(), ValueKind::String);
    let language = language.unwrap_or(if is_data { "json" } else { "" });
    let end = if body.ends_with('\n') || body.is_empty() { "" } else { "\n" };
    Ok(format!("{fence}{language}\n{body}{end}{fence}"))
}

/// One word for a POSIX shell; a list gives a word for each item.
fn shell_quote(value: &Value) -> Result<String, Error> {
    if matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        let words: Result<Vec<String>, Error> = value.try_iter()?.map(|item| text(&item).map(|word| quoted(&word))).collect();
        return Ok(words?.join(" "));
    }
    Ok(quoted(&text(value)?))
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
