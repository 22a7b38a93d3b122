//! Answers to questions: from words of the command line, from JSON, or typed in the terminal.
//!
//! A form is the JSON Schema of an object, a field a question; an agent's questions are answered by a list of texts.

use crate::agent::Asked;
use crate::value::Value;
use crate::view::status::{fields, kind_of};
use crate::view::timeline::plain;

/// Reads one field of a form from a text, by its schema.
///
/// # Errors
/// What the text should be.
pub fn field(schema: &Value, text: &str) -> Result<Value, String> {
    if let Some(choices) = schema.get("enum").items() {
        let choices: Vec<_> = choices.collect();
        return choose(&choices, text);
    }
    match kind_of(schema).as_deref() {
        Some("string") => Ok(Value::text(text)),
        Some("boolean") => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" => Ok(true.into()),
            "false" | "no" | "n" => Ok(false.into()),
            _ => Err(format!("`{text}` is neither yes nor no")),
        },
        Some("integer") => match text.trim().parse::<i64>() {
            Ok(number) => Ok(Value::from_serialize(&number)),
            Err(_) => Err(format!("`{text}` is no whole number")),
        },
        Some("number") => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::float(number)),
            _ => Err(format!("`{text}` is no number")),
        },
        Some(kind) => Value::parse(text.as_bytes()).map_err(|error| format!("`{text}` is no {kind} in JSON: {error}")),
        None => Ok(Value::parse(text.as_bytes()).unwrap_or_else(|_| Value::text(text))),
    }
}

/// One of several values, by its text or its number from 1.
fn choose(choices: &[Value], text: &str) -> Result<Value, String> {
    let text = text.trim();
    let by_text = choices.iter().find(|choice| plain(choice) == text);
    let by_number = || text.parse::<usize>().ok().and_then(|number| choices.get(number.checked_sub(1)?));
    let found = by_text.or_else(by_number);
    found.cloned().ok_or_else(|| {
        let known: Vec<_> = choices.iter().map(plain).collect();
        format!("`{text}` is not one of {}", known.join(", "))
    })
}

/// Whether answers fit what is asked, as the engine will see it.
///
/// # Errors
/// What does not fit, in words.
pub fn check(asked: &Asked, answers: Value) -> Result<Value, String> {
    crate::agent::ask::check(asked, answers).map_err(|wrong| wrong.join("; "))
}

/// Answers from words: `field=value`, `1=text` for an agent's questions, or one JSON text; a single question takes a
/// bare text.
///
/// # Errors
/// What is missing or does not fit.
pub fn from_words(asked: &Asked, words: &[String]) -> Result<Value, String> {
    if let [word] = words {
        if word.starts_with(['{', '[']) {
            return Value::parse(word.as_bytes()).map_err(|error| format!("this is not JSON: {error}"));
        }
        if let [only] = names(asked).as_slice()
            && !word.starts_with(&format!("{only}="))
        {
            return together(asked, &[(only.clone(), word.clone())]);
        }
    }
    let mut pairs = vec![];
    for word in words {
        let Some((name, text)) = word.split_once('=') else {
            return Err(format!("`{word}` answers nothing: write {}", usage(asked)));
        };
        pairs.push((name.to_owned(), text.to_owned()));
    }
    together(asked, &pairs)
}

/// The names of what is asked: fields of the form, or numbers from 1.
pub fn names(asked: &Asked) -> Vec<String> {
    if asked.questions.is_empty() {
        fields(&asked.form).into_iter().map(|(name, _)| name).collect()
    } else {
        (1..=asked.questions.len()).map(|number| number.to_string()).collect()
    }
}

/// How an answer is typed.
pub fn usage(asked: &Asked) -> String {
    let names = names(asked);
    names.iter().map(|name| format!("{name}=…")).collect::<Vec<_>>().join(" ")
}

fn together(asked: &Asked, pairs: &[(String, String)]) -> Result<Value, String> {
    let known = names(asked);
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !known.contains(name)) {
        return Err(format!("nothing called `{name}` is asked: write {}", usage(asked)));
    }
    let text = |name: &String| pairs.iter().rev().find(|(given, _)| given == name).map(|(_, text)| text);
    if asked.questions.is_empty() {
        return form(asked, |name| text(&name.to_owned()).cloned());
    }
    let answers = known.iter().zip(&asked.questions).map(|(number, question)| {
        let text = text(number).ok_or_else(|| format!("question {number} has no answer: {}", question.question))?;
        answer(&question.choices, text)
    });
    Ok(Value::list(answers.collect::<Result<Vec<_>, String>>()?))
}

/// The answer to one of an agent's questions; any text will do where there are no choices.
pub fn answer(choices: &[String], text: &str) -> Result<Value, String> {
    if choices.is_empty() {
        return Ok(Value::text(text));
    }
    choose(&choices.iter().map(|choice| Value::text(choice)).collect::<Vec<_>>(), text)
}

/// A form filled in from texts.
fn form(asked: &Asked, text: impl Fn(&str) -> Option<String>) -> Result<Value, String> {
    let properties = asked.form.get("properties");
    let required: Vec<_> = asked.form.get("required").items().into_iter().flatten().map(|name| plain(&name)).collect();
    let mut filled = Value::table::<&str>([]);
    for (name, _) in fields(&asked.form) {
        match text(&name) {
            Some(text) => filled.set(&name, field(&properties.get(&name), &text).map_err(|error| format!("{name}: {error}"))?),
            None if required.contains(&name) => return Err(format!("`{name}` has no answer: write {}", usage(asked))),
            None => {}
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Question;

    fn a_form() -> Asked {
        let form = r#"{"type":"object","properties":{"go":{"type":"boolean"},"how":{"enum":["fast","slow"]},"why":{"type":"string"}},"required":["go","how"]}"#;
        Asked { question: "Go?".to_owned(), form: Value::parse(form.as_bytes()).unwrap(), questions: vec![] }
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_form_is_filled_from_words_by_the_types_of_its_fields() {
        let filled = from_words(&a_form(), &words(&["go=yes", "how=2", "why=a=b"])).unwrap();
        assert_eq!(filled.to_string(), r#"{"go":true,"how":"slow","why":"a=b"}"#);
        let json = from_words(&a_form(), &words(&[r#"{"go":false,"how":"fast"}"#])).unwrap();
        assert_eq!(json.to_string(), r#"{"go":false,"how":"fast"}"#);
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_said() {
        let failed = |given: &[&str]| from_words(&a_form(), &words(given)).unwrap_err();
        assert_eq!(failed(&["go=yes"]), "`how` has no answer: write go=… how=… why=…");
        assert_eq!(failed(&["go=perhaps", "how=fast"]), "go: `perhaps` is neither yes nor no");
        assert_eq!(failed(&["go=y", "how=late"]), "how: `late` is not one of fast, slow");
        assert_eq!(failed(&["who=me"]), "nothing called `who` is asked: write go=… how=… why=…");
    }

    #[test]
    fn an_agents_questions_take_a_list_and_one_takes_a_bare_text() {
        let question = |question: &str| Question { question: question.to_owned(), choices: vec![] };
        let two = Asked { question: String::new(), form: Value::NULL, questions: vec![question("A?"), question("B?")] };
        assert_eq!(from_words(&two, &words(&["2=b", "1=a"])).unwrap().to_string(), r#"["a","b"]"#);
        assert_eq!(from_words(&two, &words(&["1=a"])).unwrap_err(), "question 2 has no answer: B?");
        let one = Asked { questions: vec![question("A?")], ..two };
        assert_eq!(from_words(&one, &words(&["any text = fine"])).unwrap().to_string(), r#"["any text = fine"]"#);
    }
}
