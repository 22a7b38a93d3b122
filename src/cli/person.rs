//! The person at the terminal: questions are asked on stderr, answers are read from stdin, a line each.

use super::form;
use super::out::{Out, Paint, clean};
use super::progress::Progress;
use crate::agent::{Asked, Future, Person};
use crate::name::Name;
use crate::value::Value;
use crate::view::status::fields;
use std::io::{BufRead, IsTerminal};
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Whether somebody sits there: both ends of the talk are terminals.
pub fn is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Somebody at the terminal.
pub struct AtTerminal {
    out: Out,
    progress: Option<Arc<Progress>>,
    /// Lines as they are typed; the thread that reads them begins with the first question.
    lines: Mutex<Option<UnboundedReceiver<String>>>,
}

impl AtTerminal {
    /// Asks below the live display, which steps aside meanwhile.
    pub fn new(out: Out, progress: Option<Arc<Progress>>) -> Self {
        Self { out, progress, lines: Mutex::new(None) }
    }

    /// The next line, typed after now; `None` when the terminal is gone.
    async fn line(&self, prompt: &str) -> Option<String> {
        let mut lines = self.lines.lock().await;
        let receiver = lines.get_or_insert_with(read_lines);
        while receiver.try_recv().is_ok() {}
        self.out.prompt(prompt);
        receiver.recv().await
    }

    /// Asks until the answer fits. Nothing typed gives `None` inside where that is allowed.
    async fn until<T>(&self, prompt: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        loop {
            let line = self.line(prompt).await?;
            match read(clean(&line).trim()) {
                Ok(value) => return Some(value),
                Err(why) => self.out.note(&format!("  {why}")),
            }
        }
    }

    /// Asks everything, in order.
    pub async fn all(&self, phase: &Name, asked: &Asked) -> Option<Value> {
        self.out.painted(&self.out.err_paint(Paint::Yellow, &format!("{phase} asks:")));
        if asked.questions.is_empty() {
            return self.form(asked).await;
        }
        let mut answers = vec![];
        for question in &asked.questions {
            self.out.note(&format!("  {}", question.question.trim()));
            self.choices(&question.choices);
            answers.push(self.until("  > ", |line| wanted(line).and_then(|line| form::answer(&question.choices, line))).await?);
        }
        Some(Value::list(answers))
    }

    fn choices(&self, choices: &[String]) {
        for (number, choice) in choices.iter().enumerate() {
            self.out.note(&format!("    {}. {choice}", number + 1));
        }
    }

    async fn form(&self, asked: &Asked) -> Option<Value> {
        self.out.note(&format!("  {}", asked.question.trim().replace('\n', "\n  ")));
        let mut filled = Value::table::<&str>([]);
        let properties = asked.form.get("properties");
        for (name, kind) in fields(&asked.form) {
            let schema = properties.get(&name);
            let optional = kind.ends_with("may be left out");
            let read = |line: &str| match line {
                "" if optional => Ok(None),
                line => wanted(line).and_then(|line| form::field(&schema, line)).map(Some),
            };
            if let Some(value) = self.until(&format!("  {name} ({kind}): "), read).await? {
                filled.set(&name, value);
            }
        }
        Some(filled)
    }
}

fn wanted(line: &str) -> Result<&str, String> {
    if line.is_empty() { Err("an answer is needed".to_owned()) } else { Ok(line) }
}

impl Person for AtTerminal {
    fn name(&self) -> String {
        let user = std::env::var("USER").ok().filter(|user| !user.is_empty());
        clean(&user.unwrap_or_else(|| "somebody at the terminal".to_owned()))
    }

    fn ask<'a>(&'a self, phase: &'a Name, asked: &'a Asked) -> Future<'a, Option<Value>> {
        Box::pin(async move {
            let _aside = self.progress.as_ref().map(|progress| progress.step_aside());
            self.all(phase, asked).await
        })
    }
}

/// Reads stdin on a thread of its own: a read cannot be given up, and nothing else may wait for it.
fn read_lines() -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
