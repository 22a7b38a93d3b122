//! Reads `[[tests]]`.

use super::node::{Entry, Kind, Table};
use super::pipeline::{Expect, Field, Test, TestFile};
use super::raw::{Data, DataKind};
use super::reader::Reader;
use super::words::RetryClass;
use crate::diag::{Diagnostic, code};
use crate::text::{Span, Spanned};
use indexmap::IndexMap;

/// How a test's run may end.
pub(super) const STATUS: &[&str] = &["complete", "failed", "cancelled", "waiting"];

impl Reader<'_> {
    /// One of `[[tests]]`.
    pub fn test(&mut self, header: Span, mut table: Table) -> Test {
        self.missing(&table, "tests[]", &["name"]);
        let test = Test {
            header,
            name: self.literal(table.take("name")),
            params: self.data_table(table.take("params")),
            files: self.test_files(table.take("files")),
            stubs: self.data_table(table.take("stubs")),
            expect: self.expect(table.take("expect")),
        };
        self.finish(&table, "tests[]");
        for stub in test.stubs.values() {
            self.failures(&stub.value);
        }
        test
    }

    /// A table of data by name.
    fn data_table(&mut self, entry: Option<Entry>) -> IndexMap<String, Field<Data>> {
        let Some((_, _, table)) = self.table(entry) else { return IndexMap::new() };
        let mut all = IndexMap::new();
        for entry in table.entries {
            let name = entry.key.value.clone();
            if let Some(data) = self.data(Some(entry)) {
                all.insert(name, data);
            }
        }
        all
    }

    /// `{ "!" = CLASS }` anywhere in a stub names a class of failure.
    fn failures(&mut self, data: &Data) {
        match &data.kind {
            DataKind::List(items) => items.iter().for_each(|item| self.failures(item)),
            DataKind::Table(entries) => {
                for (key, value) in entries {
                    if key.value == "!" {
                        self.failure_class(value);
                    } else {
                        self.failures(value);
                    }
                }
            }
            _ => {}
        }
    }

    fn failure_class(&mut self, value: &Data) {
        let DataKind::Text(word) = &value.kind else {
            self.report(
                Diagnostic::new(code::P003, value.span, "the class of a failure must be text")
                    .help("write for example `{ \"!\" = \"transient\" }`"),
            );
            return;
        };
        // `refused` is never retried, but it happens.
        if word != "refused" && RetryClass::from_word(word).is_none() {
            let words: Vec<_> = RetryClass::WORDS.iter().copied().chain(["refused"]).collect();
            self.not_a_word("!", word, value.span, &words);
        }
    }

    fn expect(&mut self, entry: Option<Entry>) -> Expect {
        let Some((_, _, mut table)) = self.table(entry) else { return Expect::default() };
        let mut expect = Expect {
            path: self.literals(table.take("path")),
            status: self.literal(table.take("status")),
            that: self.jq(table.take("that")),
            result: self.data(table.take("result")),
            error: self.literal(table.take("error")),
        };
        if let Some(status) = expect.status.take_if(|status| !STATUS.contains(&status.value.as_str())) {
            self.not_a_word("status", &status.value, status.span, STATUS);
        }
        self.finish(&table, "expect");
        expect
    }

    /// A list of paths, or a table of path to text.
    fn test_files(&mut self, entry: Option<Entry>) -> Vec<TestFile> {
        let Some(Entry { key, node }) = entry else { return vec![] };
        let span = node.span;
        match node.kind {
            Kind::Table(table) => {
                let files = table.entries.into_iter().filter_map(|entry| {
                    let path = entry.key.clone();
                    if let Kind::Text(text) = &entry.node.kind {
                        return Some(TestFile { path, text: text.text().to_owned() });
                    }
                    self.wrong_type(&path.value, "text", &entry.node);
                    None
                });
                files.collect()
            }
            kind @ Kind::List(_) => {
                let paths = self.literals(Some(Entry { key, node: super::node::Node { span, kind } }));
                let paths = paths.map(|paths| paths.value).unwrap_or_default();
                paths.into_iter().map(|path: Spanned<String>| TestFile { path, text: String::new() }).collect()
            }
            kind => {
                let node = super::node::Node { span, kind };
                self.wrong_type("files", "a list of texts, or a table of path and text", &node);
                vec![]
            }
        }
    }
}
