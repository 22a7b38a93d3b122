//! Reads a phase.

use super::node::{Entry, Kind, Node, Table};
use super::phase::{Accept, EnvEntry, EnvValue, Exit, ForEach, Phase, Repeat, Require, Retry, Secret, Verb, WithEntry};
use super::pipeline::Field;
use super::reader::Reader;
use super::verbs;
use crate::diag::{Diagnostic, code};
use crate::limits::{PARALLEL_MAX, RETRIES, ROUNDS};
use crate::text::{Embedded, Span, Spanned};
use indexmap::IndexMap;

impl Reader<'_> {
    /// `[phases.…]`.
    pub fn phase(&mut self, name: Spanned<String>, header: Span, mut table: Table) -> Phase {
        self.name("phase", &name);
        let what = format!("phases.{}", name.value);
        verbs::check(self, &name.value, &table);
        let phase = Phase {
            name,
            header,
            description: self.literal(table.take("description")),
            needs: self.literals(table.take("needs")).map(|needs| needs.value).unwrap_or_default(),
            when: self.jq(table.take("when")),
            join: self.word(table.take("join")),
            require: self.require(table.take("require")),
            for_each: self.for_each(table.take("for_each")),
            verb: self.verb(&mut table),
            prompt: self.source_text(table.take("prompt")),
            form: self.shape(table.take("form")),
            with: self.with(table.take("with")),
            questions: self.boolean(table.take("questions")),
            session: self.word(table.take("session")),
            env: self.env(table.take("env")),
            stdin: self.source_text(table.take("stdin")),
            dir: self.template(table.take("dir")),
            workspace: self.word(table.take("workspace")),
            exit: self.exit(table.take("exit")),
            parse: self.word(table.take("parse")),
            output: self.shape(table.take("output")),
            result: self.jq(table.take("result")),
            accept: self.accept(table.take("accept")),
            repeat: self.repeat(table.take("repeat")),
            on_error: self.word(table.take("on_error")),
            on_crash: self.word(table.take("on_crash")),
            retry: self.retry(table.take("retry")),
            timeout_ms: self.duration(table.take("timeout"), 1),
            idle_timeout_ms: self.duration(table.take("idle_timeout"), 1),
        };
        self.finish(&table, &what);
        phase
    }

    /// The first verb in the file; the others are read for their own mistakes.
    fn verb(&mut self, table: &mut Table) -> Option<Field<Verb>> {
        let agent = self.literal(table.take("agent")).map(|f| field(&f, Verb::Agent(Spanned::new(f.value.clone(), f.span))));
        let run = table.take("run").and_then(|entry| self.run(entry));
        let ask = self.source_text(table.take("ask")).map(|f| Field { key: f.key, span: f.span, value: Verb::Ask(f.value) });
        let set = self.jq(table.take("set")).map(|f| Field { key: f.key, span: f.span, value: Verb::Set(f.value) });
        let child = self.literal(table.take("pipeline"));
        let child = child.map(|f| field(&f, Verb::Pipeline(Spanned::new(f.value.clone(), f.span))));
        [agent, run, ask, set, child].into_iter().flatten().min_by_key(|verb| verb.key.start)
    }

    fn run(&mut self, entry: Entry) -> Option<Field<Verb>> {
        let Entry { key, node } = entry;
        let span = node.span;
        let value = match node.kind {
            Kind::Table(mut table) => {
                self.missing(&table, "run", &["shell"]);
                let shell = self.template(table.take("shell"));
                self.finish(&table, "run");
                Verb::Shell(shell?)
            }
            Kind::Text(text) => {
                let message = "`run` must be a list of texts, program first, or `{ shell = \"…\" }`, found text";
                let finding = Diagnostic::new(code::P003, span, message);
                self.report(match as_argv(&text) {
                    Some(argv) => finding.suggest("write program and arguments", span, argv),
                    None => finding.help("for a script write `run = { shell = '''…''' }`"),
                });
                return None;
            }
            _ => Verb::Run(self.argv("run", node)?),
        };
        Some(Field { key: key.span, value, span })
    }

    fn with(&mut self, entry: Option<Entry>) -> IndexMap<String, WithEntry> {
        let Some((_, _, table)) = self.table(entry) else { return IndexMap::new() };
        let mut with = IndexMap::new();
        for entry in table.entries {
            let name = entry.key.clone();
            if let Some(field) = self.jq(Some(entry)) {
                with.insert(name.value.clone(), WithEntry { name, value: Spanned::new(field.value, field.span) });
            }
        }
        with
    }

    fn require(&mut self, entry: Option<Entry>) -> Vec<Require> {
        let list = self.tables(entry, |reader, span, mut table| {
            reader.missing(&table, "require[]", &["that"]);
            let (that, message) = (reader.jq(table.take("that")), reader.source_text(table.take("message")));
            reader.finish(&table, "require[]");
            Some(Require { span, that, message })
        });
        list.map(|list| list.value).unwrap_or_default()
    }

    fn accept(&mut self, entry: Option<Entry>) -> Vec<Accept> {
        let list = self.tables(entry, |reader, span, mut table| {
            let kind = reader.check_kind(&mut table, "accept");
            let message = reader.source_text(table.take("message"));
            reader.finish(&table, "accept[]");
            Some(Accept { span, kind, message })
        });
        list.map(|list| list.value).unwrap_or_default()
    }

    fn for_each(&mut self, entry: Option<Entry>) -> Option<Field<ForEach>> {
        let (key, span, mut table) = self.table(entry)?;
        self.missing(&table, "for_each", &["over"]);
        let alias = self.literal(table.take("as"));
        if let Some(alias) = &alias {
            self.alias(&Spanned::new(alias.value.clone(), alias.span));
        }
        let value = ForEach {
            alias,
            over: self.jq(table.take("over")),
            key: self.jq(table.take("key")),
            parallel: self.small(table.take("parallel"), 1..PARALLEL_MAX + 1),
            on_error: self.word(table.take("on_error")),
        };
        self.finish(&table, "for_each");
        Some(Field { key: key.span, value, span })
    }

    /// One table or a list of such.
    fn repeat(&mut self, entry: Option<Entry>) -> Vec<Repeat> {
        let Some(Entry { key, node }) = entry else { return vec![] };
        let span = node.span;
        match node.kind {
            Kind::Table(table) => vec![self.repeat_entry(span, table)],
            kind @ Kind::List(_) => {
                let entry = Entry { key, node: Node { span, kind } };
                let list = self.tables(Some(entry), |reader, span, table| Some(reader.repeat_entry(span, table)));
                list.map(|list| list.value).unwrap_or_default()
            }
            kind => {
                self.wrong_type("repeat", "a table `{ from = \"…\", max = … }` or a list of tables", &Node { span, kind });
                vec![]
            }
        }
    }

    fn repeat_entry(&mut self, span: Span, mut table: Table) -> Repeat {
        self.missing(&table, "repeat", &["from", "max"]);
        let from = self.literal(table.take("from")).map(|from| Spanned::new(from.value, from.span));
        let repeat = Repeat {
            span,
            from,
            when: self.jq(table.take("when")),
            max: self.small(table.take("max"), 1..ROUNDS + 1),
            then: self.word(table.take("then")),
        };
        self.finish(&table, "repeat");
        repeat
    }

    /// `retry`, of a phase or of `[defaults]`.
    pub fn retry(&mut self, entry: Option<Entry>) -> Option<Field<Retry>> {
        let entry = entry?;
        if let Kind::Integer(Some(n)) = entry.node.kind {
            let message = "`retry` must be a table, found an integer";
            let text = format!("{{ max = {n} }}");
            let finding = Diagnostic::new(code::P003, entry.node.span, message);
            self.report(finding.suggest(format!("write `{text}`"), entry.node.span, text));
            return None;
        }
        let (key, span, mut table) = self.table(Some(entry))?;
        let value = Retry {
            max: self.small(table.take("max"), 0..RETRIES + 1),
            delay_ms: self.duration(table.take("delay"), 0),
            factor: self.number(table.take("factor"), 1.0),
            cap_ms: self.duration(table.take("cap"), 0),
            on: self.retry_on(table.take("on")),
        };
        self.finish(&table, "retry");
        Some(Field { key: key.span, value, span })
    }

    fn retry_on(&mut self, entry: Option<Entry>) -> Option<Field<Vec<Spanned<super::RetryClass>>>> {
        self.list(entry, "texts", |reader, what, node| {
            if let Kind::Text(text) = &node.kind
                && text.text() == "refused"
            {
                let help = "a failure of authentication, permission or configuration does not go away by itself";
                reader.report(Diagnostic::new(code::P005, node.span, "`refused` is never retried").help(help));
                return None;
            }
            reader.word_node(what, &node)
        })
    }

    /// `env`, of a phase or of `[defaults]`.
    pub fn env(&mut self, entry: Option<Entry>) -> IndexMap<String, EnvEntry> {
        let Some((_, _, table)) = self.table(entry) else { return IndexMap::new() };
        let mut env = IndexMap::new();
        for Entry { key, node } in table.entries {
            self.variable(&key);
            let span = node.span;
            let value = match node.kind {
                Kind::Text(text) => Some(EnvValue::Template(text)),
                Kind::Table(table) => self.secret(&key.value, table).map(EnvValue::Secret),
                kind => {
                    let what = format!("env.{}", key.value);
                    self.wrong_type(&what, "text or `{ secret = … }`", &Node { span, kind });
                    None
                }
            };
            if let Some(value) = value {
                env.insert(key.value.clone(), EnvEntry { name: key, span, value });
            }
        }
        env
    }

    fn secret(&mut self, variable: &str, mut table: Table) -> Option<Secret> {
        let what = format!("env.{variable}");
        self.missing(&table, &what, &["secret"]);
        let entry = table.take("secret");
        self.finish(&table, &what);
        let Entry { node, .. } = entry?;
        let span = node.span;
        match node.kind {
            Kind::Text(text) => {
                let name = Spanned::new(text.text().to_owned(), span);
                self.variable(&name);
                Some(Secret::Env(name))
            }
            Kind::Table(mut table) => {
                let (by_file, by_run) = (table.has("file"), table.has("run"));
                if !by_file && !by_run && !self.is_broken(&table) {
                    self.say(code::P004, span, "a secret comes from `file` or from `run`, and this one from neither");
                }
                let file = self.literal(table.take("file")).map(|file| Secret::File(Spanned::new(file.value, file.span)));
                let run = self.some_literals(table.take("run")).map(|run| Secret::Run(run.value));
                self.finish(&table, "secret");
                if by_file && by_run {
                    self.say(code::P006, span, "a secret comes from `file` or from `run`, not from both");
                }
                file.or(run)
            }
            kind => {
                let expected = "text (a variable's name), `{ file = \"…\" }` or `{ run = […] }`";
                self.wrong_type("secret", expected, &Node { span, kind });
                None
            }
        }
    }

    /// `"any"` or a list of codes.
    fn exit(&mut self, entry: Option<Entry>) -> Option<Field<Exit>> {
        let Entry { key, node } = entry?;
        let span = node.span;
        let value = match node.kind {
            Kind::Text(text) if text.text() == "any" => Exit::Any,
            Kind::List(items) => {
                if items.is_empty() {
                    self.bad_value(span, "`exit` must name at least one code, or be `\"any\"`");
                    return None;
                }
                let codes = items.into_iter().filter_map(|item| {
                    let code = self.integer_node("exit[]", &item, 0..256, code::P005)?;
                    Some(Spanned::new(i32::try_from(code).ok()?, item.span))
                });
                Exit::Codes(codes.collect())
            }
            Kind::Integer(Some(code)) => {
                let finding = Diagnostic::new(code::P003, span, "`exit` must be a list of codes or `\"any\"`, found an integer");
                self.report(finding.suggest("make it a list", span, format!("[{code}]")));
                return None;
            }
            Kind::Text(text) => {
                self.not_a_word("exit", text.text(), span, &["any"]);
                return None;
            }
            kind => {
                self.wrong_type("exit", "a list of codes or `\"any\"`", &Node { span, kind });
                return None;
            }
        };
        Some(Field { key: key.span, value, span })
    }
}

/// The same place, another value.
fn field(old: &Field<String>, value: Verb) -> Field<Verb> {
    Field { key: old.key, span: old.span, value }
}

/// A command line without anything special in it, as a list.
fn as_argv(text: &Embedded) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '=' | ':' | ',' | ' ');
    let words: Vec<_> = text.text().split_whitespace().map(|word| format!("\"{word}\"")).collect();
    (!words.is_empty() && text.text().chars().all(plain)).then(|| format!("[{}]", words.join(", ")))
}
