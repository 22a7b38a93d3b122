//! The real binary as a language server, spoken to as an editor speaks.

use crate::tidy::root;
use lsp_server::{Message, Notification, Request};
use serde_json::{Value, json};
use std::io::BufReader;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// An editor with a folder.
struct Editor {
    folder: tempfile::TempDir,
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    number: i32,
}

impl Editor {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Command::new(env!("CARGO_BIN_EXE_flow"));
        server.args(["lsp", "--stdio"]).current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = server.stderr(Stdio::inherit()).spawn().unwrap();
        let (to, from) = (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()));
        let mut editor = Self { folder, server, to, from, number: 0 };
        let answer = editor.ask("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
        assert_eq!(answer["serverInfo"]["name"], "flow");
        editor.tell("initialized", json!({}));
        editor
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.folder.path().join(name).display())
    }

    fn tell(&mut self, method: &str, params: Value) {
        Message::Notification(Notification::new(method.to_owned(), params)).write(&mut self.to).unwrap();
    }

    fn read(&mut self) -> Message {
        Message::read(&mut self.from).unwrap().expect("the server is there")
    }

    /// The result of a request, or its error.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        Message::Request(Request::new(self.number.into(), method.to_owned(), params)).write(&mut self.to).unwrap();
        loop {
            if let Message::Response(response) = self.read() {
                assert_eq!(response.id, self.number.into());
                return match &response.response_result {
                    Ok(value) => value.clone(),
                    Err(error) => json!({ "error": error.message }),
                };
            }
        }
    }

    fn open(&mut self, name: &str, text: &str) -> Vec<Value> {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        let uri = self.uri(name);
        let document = json!({ "uri": uri, "languageId": "toml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        self.shown(name)
    }

    fn change(&mut self, name: &str, version: i32, text: &str) -> Vec<Value> {
        let document = json!({ "uri": self.uri(name), "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [{ "text": text }] }));
        self.shown(name)
    }

    /// The next findings that are shown for a file, apart from what is only worth knowing.
    fn shown(&mut self, name: &str) -> Vec<Value> {
        let uri = self.uri(name);
        loop {
            if let Message::Notification(told) = self.read()
                && told.method == "textDocument/publishDiagnostics"
                && told.params["uri"] == uri.as_str()
            {
                let all = told.params["diagnostics"].as_array().unwrap();
                return all.iter().filter(|one| one["severity"] != 4).cloned().collect();
            }
        }
    }

    /// A request about the place of a mark in a text that is open; [`MARK`] marks the place.
    fn at(&mut self, method: &str, name: &str, marked: &str, more: &[(&str, Value)]) -> Value {
        let mut params = json!({ "textDocument": { "uri": self.uri(name) }, "position": place(marked) });
        for (key, value) in more {
            params[*key] = value.clone();
        }
        self.ask(method, params)
    }

    fn leave(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.server.wait().unwrap().success());
    }
}

/// Stands where the cursor is; no pipeline has it.
const MARK: char = '¦';

/// The place of the mark, or of the end of the text.
fn place(marked: &str) -> Value {
    let before = marked.split(MARK).next().unwrap();
    let line = before.matches('\n').count();
    json!({ "line": line, "character": before.rsplit('\n').next().unwrap().encode_utf16().count() })
}

const PIPELINE: &str = r#"flow = 1
name = "edited"
description = "A pipeline that is being written"

[params.goal]
help = "What is wanted"

[agents.worker]
access = "read"

[defaults]
timeout = "5m"

[phases.plan]
description = "Plan it"
agent = "worker"
prompt = "Plan é {{ params.goal | default('nothing') }}"
output = { steps = [{ title = "string" }], mood = "'good'|'bad'" }

[phases.plan.env]
A = "b"

[phases.work]
description = "Do it"
needs = ["plan"]
when = '.phases.plan.output.mood == "good"'
agent = "worker"
prompt = "Do {{ phases.plan.output.steps | tojson }}"

[[tests]]
name = "good"
stubs = { plan = { steps = [], mood = "good" }, work = "done" }
expect = { path = ["plan", "work"] }
"#;

/// The pipeline with a mark put into it, and without.
fn marked(needle: &str, with: &str) -> (String, String) {
    assert_eq!(PIPELINE.matches(needle).count(), 1, "{needle}");
    let text = PIPELINE.replace(needle, with);
    (text.replace(MARK, ""), text)
}

/// A pipeline that differs in one place, the mark in that place.
fn place_in(text: &str, before: &str) -> Value {
    let at = text.find(before).unwrap() + before.len();
    place(&text[..at])
}

#[test]
fn findings_come_and_go_as_a_text_changes() {
    let mut editor = Editor::new();
    assert_eq!(editor.open("p.toml", PIPELINE), Vec::<Value>::new());
    let shown = editor.change("p.toml", 2, &PIPELINE.replace("output.mood", "output.moood"));
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert_eq!((shown[0]["code"].as_str(), shown[0]["source"].as_str()), (Some("D003"), Some("flow")));
    assert_eq!(shown[0]["range"]["start"], place_in(PIPELINE, "when = '.phases.plan.output."));
    assert!(shown[0]["message"].as_str().unwrap().contains("did you mean `mood`?"), "{}", shown[0]["message"]);
    // Half a line is no pipeline, and the server goes on.
    assert!(!editor.change("p.toml", 3, &PIPELINE.replace("needs = [\"plan\"]", "needs = [\"pl")).is_empty());
    assert_eq!(editor.change("p.toml", 4, PIPELINE), Vec::<Value>::new());
    let broken = PIPELINE.replace("needs = [\"plan\"]", "needs = [\"plna\"]");
    assert!(!editor.change("p.toml", 5, &broken).is_empty());
    let uri = editor.uri("p.toml");
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(editor.shown("p.toml"), Vec::<Value>::new(), "a closed file shows nothing");
    editor.leave();
}

#[test]
fn other_toml_files_are_none_of_its_business() {
    let mut editor = Editor::new();
    assert_eq!(editor.open("Cargo.toml", "[package]\nname = 1\nname = 2\n"), Vec::<Value>::new());
    assert_eq!(editor.at("textDocument/hover", "Cargo.toml", "", &[]), Value::Null);
    assert_eq!(editor.at("textDocument/hover", "never-opened.toml", "", &[]), Value::Null);
    let error = editor.ask("textDocument/foldingRange", json!({}));
    assert!(error["error"].as_str().unwrap().contains("does not do this"), "{error}");
    let error = editor.ask("textDocument/hover", json!({ "wrong": true }));
    assert!(error["error"].as_str().unwrap().contains("cannot be read"), "{error}");
    editor.leave();
}

#[test]
fn hover_tells_shapes_phases_and_rules() {
    let mut editor = Editor::new();
    editor.open("p.toml", PIPELINE);
    let mut hover = |text: &str, before: &str| {
        let params = json!({ "textDocument": { "uri": editor.uri("p.toml") }, "position": place_in(text, before) });
        editor.ask("textDocument/hover", params)["contents"]["value"].as_str().unwrap_or_default().to_owned()
    };
    let mood = hover(PIPELINE, "when = '.phases.plan.output.mo");
    assert!(mood.contains("`.phases.plan.output.mood`: `'good'|'bad'`"), "{mood}");
    let steps = hover(PIPELINE, "Do {{ phases.plan.output.ste");
    assert!(steps.contains("[{ title = string }]"), "{steps}");
    let plan = hover(PIPELINE, "needs = [\"pl");
    assert!(plan.contains("phase `plan`\n\nPlan it") && plan.contains("agent `worker`") && plan.contains("Plan é"), "{plan}");
    let goal = hover(PIPELINE, "{{ params.go");
    assert!(goal.contains("parameter `goal`, string\n\nWhat is wanted"), "{goal}");
    let key = hover(PIPELINE, "\nnee");
    assert_eq!(key, "The phases that must be settled first.");
    let text = PIPELINE.replace("output.mood", "output.moood");
    editor.change("p.toml", 2, &text);
    let params = json!({ "textDocument": { "uri": editor.uri("p.toml") }, "position": place_in(&text, "plan.output.moo") });
    let rule = editor.ask("textDocument/hover", params)["contents"]["value"].to_string();
    assert!(rule.contains("**D003** `unknown-field`") && rule.contains("## Why"), "{rule}");
    editor.leave();
}

/// The labels that are offered where the mark stands.
fn offered(editor: &mut Editor, version: i32, needle: &str, with: &str) -> Vec<String> {
    let (text, marked) = marked(needle, with);
    editor.change("p.toml", version, &text);
    let items = editor.at("textDocument/completion", "p.toml", &marked, &[]);
    items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn completion_knows_phases_words_shapes_and_names_in_sight() {
    let mut editor = Editor::new();
    editor.open("p.toml", PIPELINE);
    let when = "'.phases.plan.output.mood == \"good\"'";
    let prompt = "\"Do {{ phases.plan.output.steps | tojson }}\"";
    assert_eq!(offered(&mut editor, 2, "needs = [\"plan\"]", "needs = [\"¦"), ["plan"], "not the phase itself");
    assert_eq!(offered(&mut editor, 3, when, "'.phases.plan.output.¦"), ["steps", "mood"]);
    assert_eq!(offered(&mut editor, 4, when, "'.phases.plan.output.steps[].¦'"), ["title"]);
    assert_eq!(offered(&mut editor, 5, when, "'.phases.¦'"), ["plan", "work"]);
    assert!(offered(&mut editor, 6, when, "'.¦'").contains(&"params".to_owned()));
    assert!(offered(&mut editor, 7, when, "'.phases.plan.¦'").contains(&"status".to_owned()));
    assert_eq!(offered(&mut editor, 8, "description = \"Do it\"", "join = \"¦\""), ["any", "all", "always"]);
    assert_eq!(offered(&mut editor, 9, prompt, "\"Do {{ params.¦"), ["goal"]);
    assert_eq!(offered(&mut editor, 10, prompt, "\"Do it. ¦\""), Vec::<String>::new(), "plain text of a prompt");
    let keys = offered(&mut editor, 12, "description = \"Do it\"", "¦");
    assert!(keys.contains(&"needs".to_owned()) && keys.contains(&"idle_timeout".to_owned()), "{keys:?}");
    assert_eq!(offered(&mut editor, 13, "description = \"Do it\"", "repeat = { ¦"), ["from", "when", "max", "then"]);
    let (text, marked) = marked("description = \"Do it\"", "repeat = { ¦");
    editor.change("p.toml", 15, &text);
    let told = editor.at("textDocument/completion", "p.toml", &marked, &[]);
    assert_eq!(told[2]["detail"], "How many more rounds there may be.");
    let uri = editor.uri("p.toml");
    editor.change("p.toml", 16, &PIPELINE.replace("| tojson", "| "));
    let params = json!({ "textDocument": { "uri": uri }, "position": place_in(PIPELINE, "plan.output.steps | ") });
    let filters = editor.ask("textDocument/completion", params).to_string();
    assert!(filters.contains("\"fence\"") && filters.contains("\"tojson\"") && filters.contains("\"trim\""), "{filters}");
    editor.leave();
}

#[test]
fn a_phase_is_found_and_renamed_with_all_its_uses() {
    let mut editor = Editor::new();
    editor.open("p.toml", PIPELINE);
    let uri = editor.uri("p.toml");
    let here = json!({ "textDocument": { "uri": uri }, "position": place_in(PIPELINE, "when = '.phases.pl") });
    let declared = editor.ask("textDocument/definition", here.clone());
    assert_eq!(declared["range"]["start"], place_in(PIPELINE, "[phases."), "{declared}");
    let mut with = here.clone();
    with["context"] = json!({ "includeDeclaration": true });
    assert_eq!(editor.ask("textDocument/references", with).as_array().unwrap().len(), 7);
    assert!(!editor.ask("textDocument/prepareRename", here.clone()).is_null());
    let rename = |name: &str| {
        let mut params = here.clone();
        params["newName"] = json!(name);
        params
    };
    let edits = editor.ask("textDocument/rename", rename("draft"))["changes"][&uri].as_array().unwrap().clone();
    let text = applied(PIPELINE, &edits);
    let expected =
        PIPELINE.replace("phases.plan", "phases.draft").replace("\"plan\"", "\"draft\"").replace("{ plan =", "{ draft =");
    assert_eq!(text, expected);
    assert_eq!(editor.change("p.toml", 2, &text), Vec::<Value>::new(), "and it is as good as before");
    editor.change("p.toml", 3, PIPELINE);
    let taken = editor.ask("textDocument/rename", rename("work"));
    assert!(taken["error"].as_str().unwrap().contains("there is a phase `work` already"), "{taken}");
    let bad = editor.ask("textDocument/rename", rename("no-name"));
    assert!(bad["error"].as_str().unwrap().contains("P007"), "{bad}");
    editor.leave();
}

/// A text after edits that do not overlap.
fn applied(text: &str, edits: &[Value]) -> String {
    let offset = |place: &Value| {
        let (line, character) = (place["line"].as_u64().unwrap() as usize, place["character"].as_u64().unwrap() as usize);
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let before: Vec<u16> = text[start..].encode_utf16().take(character).collect();
        start + String::from_utf16(&before).unwrap().len()
    };
    let mut edits: Vec<_> =
        edits.iter().map(|e| (offset(&e["range"]["start"]), offset(&e["range"]["end"]), &e["newText"])).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.0));
    let mut text = text.to_owned();
    for (start, end, new) in edits {
        text.replace_range(start..end, new.as_str().unwrap());
    }
    text
}

#[test]
fn a_finding_with_a_fix_has_a_quick_fix() {
    let mut editor = Editor::new();
    let text = PIPELINE.replace("needs = [\"plan\"]", "needs = [\"paln\"]");
    editor.open("p.toml", &text);
    let at = place_in(&text, "needs = [\"pa");
    let range = json!({ "start": at, "end": at });
    let params = json!({ "textDocument": { "uri": editor.uri("p.toml") }, "range": range, "context": { "diagnostics": [] } });
    let actions = editor.ask("textDocument/codeAction", params);
    assert_eq!(actions[0]["kind"], "quickfix", "{actions}");
    let uri = editor.uri("p.toml");
    assert_eq!(applied(&text, actions[0]["edit"]["changes"][&uri].as_array().unwrap()), PIPELINE);
    editor.leave();
}

#[test]
fn a_warning_can_be_marked_as_meant() {
    let mut editor = Editor::new();
    let text = format!("{PIPELINE}\n[params.style]\nhelp = \"How\"\n");
    editor.open("p.toml", &text);
    let at = place_in(&text, "[params.sty");
    let range = json!({ "start": at, "end": at });
    let params = json!({ "textDocument": { "uri": editor.uri("p.toml") }, "range": range, "context": { "diagnostics": [] } });
    let actions = editor.ask("textDocument/codeAction", params);
    assert_eq!(actions[0]["title"], "ignore it here, and say why (D007)", "{actions}");
    let uri = editor.uri("p.toml");
    let marked = applied(&text, actions[0]["edit"]["changes"][&uri].as_array().unwrap());
    assert_eq!(marked, text.replace("[params.style]", "# flow: ignore[D007] \n[params.style]"));
    let shown: Vec<_> = editor.change("p.toml", 2, &marked).iter().map(|one| one["code"].clone()).collect();
    assert_eq!(shown, ["M001"], "only the reason is missing now");
    editor.leave();
}

#[test]
fn a_prompt_file_is_gone_to_and_its_findings_are_shown_in_it() {
    let mut editor = Editor::new();
    std::fs::write(editor.folder.path().join("plan.md"), "Plan {{ params.gaol }}\n").unwrap();
    let text = PIPELINE.replace("prompt = \"Plan é {{ params.goal | default('nothing') }}\"", "prompt = { file = \"plan.md\" }");
    editor.open("p.toml", &text);
    let shown = editor.shown("plan.md");
    assert_eq!(shown[0]["code"], "D006", "{shown:?}");
    let params = json!({ "textDocument": { "uri": editor.uri("p.toml") }, "position": place_in(&text, "{ file = \"pl") });
    let file = editor.ask("textDocument/definition", params);
    assert_eq!(file["uri"], editor.uri("plan.md"));
    std::fs::write(editor.folder.path().join("plan.md"), "Plan {{ params.goal | default('x') }}\n").unwrap();
    let uri = editor.uri("plan.md");
    editor.tell("textDocument/didSave", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(editor.shown("plan.md"), Vec::<Value>::new(), "looked at again once it is saved");
    editor.leave();
}

#[test]
fn the_outline_lists_what_has_a_name() {
    let mut editor = Editor::new();
    editor.open("p.toml", PIPELINE);
    let uri = editor.uri("p.toml");
    let symbols = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }));
    let names: Vec<_> = symbols.as_array().unwrap().iter().map(|symbol| symbol["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["goal", "worker", "plan", "work", "good"]);
    editor.leave();
}

/// Every prefix of a large pipeline, as somebody types it, with everything asked in every state.
#[test]
fn no_half_written_pipeline_takes_the_server_away() {
    let mut editor = Editor::new();
    let text = std::fs::read_to_string(root().join("pipelines/review-changes.toml")).unwrap();
    assert!(Path::new(&root().join("pipelines")).is_dir());
    editor.open("p.toml", "flow = 1\n");
    for (version, end) in (2..).zip((0..text.len()).step_by(431).filter(|end| text.is_char_boundary(*end))) {
        let marked = &text[..end];
        editor.change("p.toml", version, &text[..end]);
        for method in ["textDocument/completion", "textDocument/hover", "textDocument/definition"] {
            let answer = editor.at(method, "p.toml", marked, &[]);
            assert!(answer.get("error").is_none(), "{method} after {end} bytes: {answer}");
        }
    }
    editor.leave();
}
