//! A pipeline's parameters as options of `flow run`: the second step of reading what was typed.
//!
//! The first step only finds the pipeline among the words; then its parameters become options beside the engine's own,
//! and everything is parsed together, so that help, suggestions and messages know both.

use crate::name::Name;
use crate::plan::{Param, ParamType, Plan};
use crate::project::choices;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::path::Path;

/// Heading of the options that a pipeline declares.
const HEADING: &str = "Parameters";

/// The option of a parameter.
pub fn option(name: &Name) -> String {
    name.as_str().replace('_', "-")
}

/// `flow run` or `flow submit` with the options of a pipeline.
pub fn with_params(command: &Command, plan: &Plan, name: &str, root: &Path) -> Command {
    let about = if plan.description.is_empty() { format!("Run {}", plan.name) } else { plan.description.clone() };
    let params = plan.params.iter().map(|(param, declared)| argument(param, declared, root));
    let own = command.get_arguments().map(|own| {
        let own = own.clone();
        if own.is_positional() || own.get_help_heading().is_some() { own } else { own.help_heading("Options") }
    });
    let verb = command.get_name().to_owned();
    let starts = format!("flow {verb} {name} [PARAMETERS] [OPTIONS]");
    let goes_on = command.get_arguments().any(|argument| argument.get_long() == Some("continue"));
    let usage = if goes_on { format!("{starts}\n       flow {verb} {name} --continue [OPTIONS]") } else { starts };
    // Headings stand in the order of their first option: the pipeline's own come first.
    Command::new(verb).about(about).override_usage(usage).args(params.collect::<Vec<_>>()).args(own.collect::<Vec<_>>())
}

fn argument(name: &Name, param: &Param, root: &Path) -> Arg {
    let long = option(name);
    let mut argument = Arg::new(id(name)).long(long.clone()).help(help(param)).help_heading(HEADING).action(ArgAction::Set);
    if long != name.as_str() {
        argument = argument.alias(name.to_string());
    }
    if let Some(short) = param.short {
        argument = argument.short(short);
    }
    match param.kind {
        ParamType::Boolean => {
            let values = PossibleValuesParser::new(["true", "false"]);
            argument
                .value_name("true|false")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(values)
                .hide_possible_values(true)
        }
        kind => {
            let values = values(param, root);
            let argument = argument.value_name(word(kind, param)).allow_hyphen_values(kind != ParamType::String);
            // What may be given is checked where all of it is known; here it is for help and completion.
            if values.is_empty() { argument } else { argument.value_parser(Lenient(values)) }
        }
    }
}

/// The clap id of a parameter: no parameter can collide with an option of ours.
fn id(name: &Name) -> String {
    format!("param.{name}")
}

fn word(kind: ParamType, param: &Param) -> &'static str {
    match kind {
        _ if param.file.is_some() => "NAME",
        ParamType::Integer => "INTEGER",
        ParamType::Number => "NUMBER",
        ParamType::Json => "JSON",
        ParamType::String | ParamType::Boolean => "TEXT",
    }
}

fn help(param: &Param) -> String {
    let mut help = param.help.trim().to_owned();
    let mut facts = vec![];
    if param.required {
        facts.push("required".to_owned());
    }
    if !param.default.is_null() {
        facts.push(format!("default: {}", crate::view::timeline::plain(&param.default)));
    }
    if param.select.is_some() {
        facts.push("with --continue: chooses the run".to_owned());
    }
    if !facts.is_empty() {
        help = format!("{help} [{}]", facts.join("] ["));
    }
    help.trim().to_owned()
}

fn values(param: &Param, root: &Path) -> Vec<String> {
    match &param.file {
        Some(file) => choices(root, file),
        None => param.choices.iter().map(crate::view::timeline::plain).collect(),
    }
}

/// Shows the values that there are, and leaves refusing others to the check of parameters, whose messages know more.
#[derive(Clone)]
struct Lenient(Vec<String>);

impl clap::builder::TypedValueParser for Lenient {
    type Value = String;

    fn parse_ref(&self, _: &Command, _: Option<&Arg>, value: &std::ffi::OsStr) -> Result<String, clap::Error> {
        value.to_str().map(str::to_owned).ok_or_else(|| clap::Error::new(clap::error::ErrorKind::InvalidUtf8))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = clap::builder::PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(clap::builder::PossibleValue::new)))
    }
}

/// The parameters that were given, as texts, in the order of the pipeline.
pub fn given(plan: &Plan, matches: &ArgMatches) -> Vec<(String, String)> {
    let texts = plan.params.keys().filter_map(|name| Some((name.to_string(), matches.get_one::<String>(&id(name))?.clone())));
    texts.collect()
}

/// Whether what was given fits a start, or going on.
///
/// # Errors
/// In words: what must be given, or must not.
pub fn fits(plan: &Plan, given: &[(String, String)], goes_on: bool) -> Result<(), String> {
    let is_given = |name: &Name| given.iter().any(|(known, _)| known == name.as_str());
    let listed = |names: Vec<String>| names.join(" and ");
    if goes_on {
        let extra = plan.params.iter().filter(|(name, param)| param.select.is_none() && is_given(name));
        let extra: Vec<_> = extra.map(|(name, _)| format!("--{}", option(name))).collect();
        return if extra.is_empty() { Ok(()) } else { Err(format!("cannot use both {} and --continue", listed(extra))) };
    }
    let missing = plan.params.iter().filter(|(name, param)| param.required && param.default.is_null() && !is_given(name));
    let missing: Vec<_> = missing.map(|(name, _)| format!("--{}", option(name))).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("must provide either {} or --continue", listed(missing))) }
}

/// Finds the pipeline among the words after `run`: the first that is one, else the first that is no option.
///
/// Options that take a value are known of the engine (`takes_value`); those of a pipeline not known yet are not, so a
/// word that is no pipeline is passed over while another one is.
pub fn pipeline_among(
    words: &[String],
    takes_value: impl Fn(&str) -> bool,
    is_pipeline: impl Fn(&str) -> bool,
) -> Option<String> {
    let mut candidates = vec![];
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            candidates.extend(words.by_ref());
        } else if let Some(option) = word.strip_prefix("--") {
            if takes_value(option) {
                words.next();
            }
        } else if !word.starts_with('-') || word == "-" {
            candidates.push(word);
        }
    }
    let found = candidates.iter().find(|word| is_pipeline(word)).or(candidates.first());
    found.map(|word| (*word).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(words: &str) -> Option<String> {
        let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
        pipeline_among(&words, |option| option == "store", |word| word == "a.toml")
    }

    #[test]
    fn the_pipeline_is_found_wherever_it_stands() {
        assert_eq!(among("a.toml --x y").as_deref(), Some("a.toml"));
        assert_eq!(among("--store b.toml --x y a.toml").as_deref(), Some("a.toml"));
        assert_eq!(among("--rehearse nothing.toml --x=y").as_deref(), Some("nothing.toml"));
        assert_eq!(among("--continue --help"), None);
    }
}
