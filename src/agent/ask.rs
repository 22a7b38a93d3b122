//! Questions to a person: whether answers fit, in words that help, and asking again until they do.

use super::person::{Asked, Person};
use crate::expr::shape::Schema;
use crate::limits;
use crate::name::Name;
use crate::value::Value;

/// Asks until the answers fit. `None` when nobody can be asked any more, or after
/// [`ASK_AGAIN`](limits::ASK_AGAIN) tries.
pub async fn ask(person: &dyn Person, phase: &Name, asked: &Asked) -> Option<Value> {
    let mut shown = asked.clone();
    for _ in 0..limits::ASK_AGAIN {
        let answers = person.ask(phase, &shown).await?;
        match check(asked, answers) {
            Ok(answers) => return Some(answers),
            Err(wrong) => shown.question = format!("{}\n\n{}", wrong.join("\n"), asked.question),
        }
    }
    None
}

/// Checks answers: for a form an object, of which fields that may be left out come back as null; for an agent's
/// questions a list of texts in their order.
///
/// # Errors
/// What is wrong, a line each.
pub fn check(asked: &Asked, answers: Value) -> Result<Value, Vec<String>> {
    if !asked.questions.is_empty() {
        let wrong = check_questions(asked, &answers);
        return if wrong.is_empty() { Ok(answers) } else { Err(wrong) };
    }
    if asked.form.is_null() {
        return Ok(answers);
    }
    match Schema::compile(&asked.form) {
        Ok(schema) => schema.check(answers),
        Err(why) => Err(vec![format!("the form itself is no schema: {why}")]),
    }
}

fn check_questions(asked: &Asked, answers: &Value) -> Vec<String> {
    let wanted = asked.questions.len();
    let Some(given) = answers.items().filter(|items| items.len() == wanted) else {
        return vec![format!("{wanted} answers are wanted, as a list of texts in the order of the questions")];
    };
    let mut wrong = Vec::new();
    for (at, (question, answer)) in asked.questions.iter().zip(given).enumerate() {
        let choices = &question.choices;
        match answer.as_str() {
            None => wrong.push(format!("answer {} is no text: {answer}", at + 1)),
            Some(text) if !choices.is_empty() && !choices.iter().any(|choice| choice == text) => {
                wrong.push(format!("answer {} is `{text}`, and should be one of `{}`", at + 1, choices.join("`, `")));
            }
            Some(_) => {}
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Future;
    use crate::run::Question;
    use std::sync::Mutex;

    fn json(text: &str) -> Value {
        Value::parse(text.as_bytes()).expect("is JSON")
    }

    fn form() -> Asked {
        let form = r#"{"type":"object","required":["go"],"additionalProperties":false,
            "properties":{"go":{"type":"boolean"},"why":{"enum":["a","b"]}}}"#;
        Asked { question: "Go?".to_owned(), form: json(form), questions: Vec::new() }
    }

    #[test]
    fn what_does_not_fit_is_said_with_its_place() {
        assert_eq!(check(&form(), json(r#"{"go": true}"#)), Ok(json(r#"{"go": true, "why": null}"#)));
        let wrong = check(&form(), json(r#"{"go": "yes", "why": "c"}"#)).expect_err("does not fit");
        assert!(wrong.iter().any(|line| line.contains(".go")) && wrong.iter().any(|line| line.contains(".why")), "{wrong:?}");
        assert_eq!(check(&form(), json("{}")).expect_err("does not fit").len(), 1);
    }

    #[test]
    fn answers_to_questions_are_texts_and_choices() {
        let question = |choices: &[&str]| Question {
            question: "Which?".to_owned(),
            choices: choices.iter().map(|&choice| choice.to_owned()).collect(),
        };
        let asked = Asked { questions: vec![question(&["x", "y"]), question(&[])], ..form() };
        let wrong = |answers: &str| check(&asked, json(answers)).err().unwrap_or_default();
        assert_eq!(wrong(r#"["x", "free"]"#), [] as [String; 0]);
        assert_eq!(wrong(r#"["z", 1]"#), ["answer 1 is `z`, and should be one of `x`, `y`", "answer 2 is no text: 1"]);
        assert_eq!(wrong(r#"["x"]"#), ["2 answers are wanted, as a list of texts in the order of the questions"]);
    }

    /// Answers from a list, and keeps what it was shown.
    struct Scripted(Mutex<(Vec<&'static str>, Vec<String>)>);

    impl Person for Scripted {
        fn name(&self) -> String {
            "a script".to_owned()
        }

        fn ask<'a>(&'a self, _: &'a Name, asked: &'a Asked) -> Future<'a, Option<Value>> {
            let mut script = self.0.lock().expect("one thread");
            script.1.push(asked.question.clone());
            let answer = (!script.0.is_empty()).then(|| json(script.0.remove(0)));
            Box::pin(std::future::ready(answer))
        }
    }

    #[test]
    fn a_person_is_asked_again_until_it_fits() {
        let person = Scripted(Mutex::new((vec!["{}", r#"{"go": false}"#], Vec::new())));
        let phase = Name::new("approve").expect("is a name");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let answers = runtime.block_on(ask(&person, &phase, &form()));
        assert_eq!(answers, Some(json(r#"{"go": false, "why": null}"#)));
        let shown = person.0.lock().expect("one thread").1.clone();
        assert!(shown.len() == 2 && shown[0] == "Go?" && shown[1].ends_with("\n\nGo?"), "{shown:?}");
        assert_eq!(runtime.block_on(ask(&person, &phase, &form())), None, "nobody is there any more");
    }
}
