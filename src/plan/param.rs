//! Parameters of a start: texts become values, values are checked, absent ones get their default or null.
//!
//! What a file parameter names is found by whoever reads files; here its value is only a text.

use super::types::{Param, ParamType};
use crate::name::Name;
use crate::value::Value;
use indexmap::IndexMap;

/// Why a parameter cannot be as given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParamError {
    /// The parameter, as written.
    pub param: String,
    /// What is wrong, and what to type instead.
    pub message: String,
}

impl ParamError {
    /// An error that names its option.
    pub fn new(param: &str, message: impl Into<String>) -> Self {
        Self { param: param.to_owned(), message: message.into() }
    }
}

/// Checks what was given and fills in the rest: every declared parameter is there, absent ones are null.
///
/// # Errors
/// All of them, one a parameter: unknown, missing, of the wrong type, not among the choices, not of the pattern.
pub fn params(declared: &IndexMap<Name, Param>, given: &IndexMap<Name, Value>) -> Result<Value, Vec<ParamError>> {
    let mut errors = vec![];
    for name in given.keys().filter(|name| !declared.contains_key(*name)) {
        errors.push(ParamError::new(name.as_str(), unknown(name.as_str(), declared)));
    }
    let mut values = vec![];
    for (name, param) in declared {
        let value = match given.get(name) {
            Some(value) if !value.is_null() => {
                if let Err(message) = param.check(value) {
                    errors.push(ParamError::new(name.as_str(), format!("--{name}: {message}")));
                }
                value.clone()
            }
            _ if !param.default.is_null() => param.default.clone(),
            _ if param.required => {
                errors.push(ParamError::new(name.as_str(), format!("must provide either --{name} or --continue")));
                Value::NULL
            }
            _ => Value::NULL,
        };
        values.push((name, value));
    }
    if errors.is_empty() { Ok(Value::table(values)) } else { Err(errors) }
}

fn unknown(name: &str, declared: &IndexMap<Name, Param>) -> String {
    let near = near_name(name, declared);
    near.map_or_else(|| format!("there is no --{name}"), |near| format!("there is no --{name}: did you mean --{near}?"))
}

fn near_name<'a>(name: &str, declared: &'a IndexMap<Name, Param>) -> Option<&'a str> {
    let near = |candidate: &str| strsim::damerau_levenshtein(name, candidate);
    let nearest = declared.keys().map(Name::as_str).min_by_key(|candidate| near(candidate))?;
    (near(nearest) <= (name.chars().count() / 3).max(1)).then_some(nearest)
}

impl Param {
    /// The value of an option's text, by the type of the parameter.
    ///
    /// # Errors
    /// When the text is no such value.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            ParamType::String => Ok(Value::text(text)),
            ParamType::Boolean => match text {
                "true" => Ok(true.into()),
                "false" => Ok(false.into()),
                _ => Err(format!("`{text}` is neither `true` nor `false`")),
            },
            ParamType::Integer => {
                let number: i64 = text.trim().parse().map_err(|_| format!("`{text}` is no whole number"))?;
                Ok(Value::from_serialize(&number))
            }
            ParamType::Number => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Value::float(number)),
                _ => Err(format!("`{text}` is no number")),
            },
            ParamType::Json => Value::parse(text.as_bytes()).map_err(|error| format!("`{text}` is not JSON: {error}")),
        }
    }

    /// Whether a value may be given: its type, the choices, the pattern.
    ///
    /// # Errors
    /// Says what is wrong and what may be given.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        self.check_type(value)?;
        if !self.choices.is_empty() && !self.choices.contains(value) {
            let choices: Vec<String> = self.choices.iter().map(shown).collect();
            let near = value.as_str().and_then(|text| {
                let texts = self.choices.iter().filter_map(Value::as_str);
                texts
                    .min_by_key(|choice| strsim::damerau_levenshtein(text, choice))
                    .filter(|choice| strsim::damerau_levenshtein(text, choice) <= (text.chars().count() / 3).max(1))
            });
            let near = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
            return Err(format!("{} is not one of {}{near}", shown(value), choices.join(", ")));
        }
        if let (Some(pattern), Some(text)) = (&self.pattern, value.as_str()) {
            let whole = regex::Regex::new(&format!("^(?:{pattern})$")).map_err(|error| format!("`pattern`: {error}"))?;
            if !whole.is_match(text) {
                return Err(format!("`{text}` is not of the form `{pattern}`"));
            }
        }
        Ok(())
    }

    fn check_type(&self, value: &Value) -> Result<(), String> {
        let (fits, expected) = match self.kind {
            ParamType::String => (value.as_str().is_some(), "a text"),
            ParamType::Integer => (value.as_f64().is_some_and(|n| n.fract() == 0.0), "a whole number"),
            ParamType::Number => (value.as_f64().is_some(), "a number"),
            ParamType::Boolean => (value.as_bool().is_some(), "`true` or `false`"),
            ParamType::Json => (true, "JSON"),
        };
        if fits { Ok(()) } else { Err(format!("{} is not {expected}", shown(value))) }
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| format!("`{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(kind: ParamType) -> Param {
        let (choices, default) = (vec![], Value::NULL);
        let help = String::new();
        Param { kind, required: false, default, choices, pattern: None, help, short: None, file: None, select: None }
    }

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    #[test]
    fn texts_become_values_of_the_declared_type() {
        let read = |kind, text: &str| param(kind).read(text).map(|value| value.to_string());
        assert_eq!(read(ParamType::Integer, "-7"), Ok("-7".to_owned()));
        assert_eq!(read(ParamType::Number, "1.50"), Ok("1.5".to_owned()));
        assert_eq!(read(ParamType::Boolean, "true"), Ok("true".to_owned()));
        assert_eq!(read(ParamType::Json, "[1, {\"a\": null}]"), Ok("[1,{\"a\":null}]".to_owned()));
        assert_eq!(read(ParamType::String, "7"), Ok("\"7\"".to_owned()));
        for (kind, text) in
            [(ParamType::Integer, "1.5"), (ParamType::Number, "inf"), (ParamType::Boolean, "yes"), (ParamType::Json, "{")]
        {
            assert!(param(kind).read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn defaults_requirements_choices_and_patterns_hold() {
        let mut declared = IndexMap::new();
        declared.insert(
            name("mode"),
            Param { choices: vec!["fast".into(), "slow".into()], default: "fast".into(), ..param(ParamType::String) },
        );
        declared.insert(name("spec"), Param { pattern: Some("[a-z]+|b".to_owned()), ..param(ParamType::String) });
        declared.insert(name("what"), Param { required: true, ..param(ParamType::String) });
        let given =
            |pairs: &[(&str, &str)]| -> IndexMap<Name, Value> { pairs.iter().map(|(k, v)| (name(k), Value::text(v))).collect() };
        let fine = params(&declared, &given(&[("what", "x")])).unwrap();
        assert_eq!(fine.to_string(), r#"{"mode":"fast","spec":null,"what":"x"}"#);
        let errors = params(&declared, &given(&[("mode", "fsat"), ("spec", "a1"), ("sepc", "a")])).unwrap_err();
        let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            messages,
            [
                "there is no --sepc: did you mean --spec?",
                "--mode: `fsat` is not one of `fast`, `slow` (did you mean `fast`?)",
                "--spec: `a1` is not of the form `[a-z]+|b`",
                "must provide either --what or --continue",
            ]
        );
    }
}
