//! What must hold of any bytes, a function for each kind of input. Each says whether the bytes were something good.
//!
//! The brief runs of `tests/it/fuzz.rs` and the long ones of libFuzzer (`tests/fuzz`) call the same functions. They use
//! what the library offers to everybody, and nothing else.

use flow::diag::{self, Diagnostic, Severity};
use flow::expr::Mistake;
use flow::expr::jq::{Budget, Due, EvalError, Input, Jq, Operand};
use flow::expr::shape::{self, Schema, Type};
use flow::expr::template::{Reads, Template, examine};
use flow::expr::{jq as jq_language, reply as reply_text};
use flow::limits::{FINDINGS, KEY_BYTES, RENDERED_BYTES, SHAPE_MESSAGES};
use flow::model;
use flow::name::{Bucket, Key, Name, slug};
use flow::plan::Plan;
use flow::project::Project;
use flow::run::{Digest, RunId, Time};
use flow::store::key;
use flow::text::{Embedded, Sources, Span};
use flow::value::Value;
use flow::view::graph;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Whether bytes were something good; panics where something does not hold.
pub type Target = fn(&[u8]) -> bool;

/// All targets by name.
pub const TARGETS: [(&str, Target); 7] = [
    ("pipeline", pipeline),
    ("jq", jq),
    ("template", template),
    ("shape", shape),
    ("journal", super::journal::journal),
    ("names", names),
    ("reply", reply),
];

/// What nothing takes: limits end far earlier, and a busy machine is no mistake of ours.
const FOREVER: Duration = Duration::from_secs(60);

/// The folder with a file in the project, which lies around the package that this is compiled into.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join("tests/format").is_dir()).expect("the tests lie in the project")
}

fn in_time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    assert!(begun.elapsed() < FOREVER, "{what} took {:?}", begun.elapsed());
    done
}

/// What `flow lint` does with a file.
pub fn pipeline(data: &[u8]) -> bool {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    let project = PROJECT.get_or_init(|| Project::open(&root().join("pipelines")));
    let text = String::from_utf8_lossy(data);
    let loaded = in_time("linting", || project.load_text("any.toml", &text));
    findings(&loaded.findings, &loaded.sources);
    let errors = loaded.findings.iter().any(|finding| finding.severity() == Severity::Error);
    assert_eq!(loaded.plan.is_none(), errors, "a plan is there exactly when no finding is an error");
    let again = project.load_text("any.toml", &text);
    assert_eq!((&again.findings, &again.plan), (&loaded.findings, &loaded.plan), "a second look sees the same");
    let mended = project.mend("any.toml", Some(&text), true).expect("a text is there");
    findings(&mended.loaded.findings, &mended.loaded.sources);
    if let Some(plan) = &loaded.plan {
        let read = Plan::from_bytes(&plan.bytes()).expect("the bytes of a plan are a plan");
        assert_eq!(&read, plan);
        assert_eq!(read.digest(), plan.digest());
        for drawing in [graph::mermaid(plan, None, None), graph::dot(plan, None, None), graph::text(plan, None, None)] {
            assert!(!drawing.is_empty());
        }
    }
    loaded.plan.is_some()
}

/// Findings stand in their files and can be shown in every way.
fn findings(findings: &[Diagnostic], sources: &Sources) {
    assert!(findings.len() <= FINDINGS, "{} findings", findings.len());
    let stands = |span: Span| assert!(sources.get(span.file).text.get(span.range()).is_some(), "{span:?} is no text");
    for finding in findings {
        assert!(!finding.message.is_empty());
        stands(finding.span);
        finding.related.iter().for_each(|(span, _)| stands(*span));
        let edits = finding.fix.as_ref().map_or(&[][..], |fix| &fix.edits);
        edits.iter().for_each(|edit| stands(edit.span));
        assert!(edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "edits overlap: {edits:?}");
    }
    let once = diag::sorted(findings, sources).len();
    let lines = diag::concise(findings, sources);
    assert_eq!(lines.lines().count(), once, "{lines}");
    let json: serde_json::Value = serde_json::from_str(&diag::json(findings, sources)).expect("JSON");
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(once));
    let sarif: serde_json::Value = serde_json::from_str(&diag::sarif(findings, sources, &|_| None)).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(once));
    let annotations = diag::github(findings, sources);
    assert_eq!(annotations.lines().count(), once, "{annotations}");
    let drawn = diag::human(findings, sources, false);
    assert_eq!(drawn.is_empty(), findings.is_empty());
    assert!(!diag::human(findings, sources, true).contains('\u{7}'));
    let acts = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
    assert!(!acts(&lines) && !acts(&drawn), "control characters reach the terminal: {drawn:?}");
}

/// Mistakes of a text that stands in a file of its own.
fn mistakes(text: &str, mistakes: Vec<Mistake>) {
    let mut sources = Sources::default();
    let file = sources.add("any", text);
    let embedded = Embedded::slice(text, file, 0);
    let inside = |mistake: &Mistake| mistake.range.start <= mistake.range.end && mistake.range.end <= text.len();
    assert!(mistakes.iter().all(inside), "{mistakes:?}");
    let found: Vec<_> = mistakes.into_iter().map(|mistake| mistake.into_diagnostic(&embedded)).take(FINDINGS).collect();
    findings(&found, &sources);
}

/// A document as runs have them, with what is awkward in it.
fn document() -> Value {
    let text = r#"{
        "name": "ship", "run": "01J9ZQ4YV6T1N2M3P4Q5R60001", "round": 2, "params": {"spec": "a b", "n": 3, "none": null},
        "phases": {"plan": {"status": "complete", "output": {"score": 91.5, "steps": [{"title": "é😀", "done": true}, {}]}}},
        "a": [1, [2, [3]], {"b": "x\ny"}, -0.0, 1e300, "`'\"\\{{"], "": {" ": []}, "output": {"items": ["1", "b", null]}
    }"#;
    Value::parse(text.as_bytes()).expect("JSON")
}

/// Parsing, checking, compiling and evaluating an expression.
pub fn jq(data: &[u8]) -> bool {
    let text = &*String::from_utf8_lossy(data);
    let parsed = in_time("parsing", || jq_language::parse(text));
    let is_sound = parsed.as_ref().is_ok_and(|parsed| parsed.mistakes().is_empty());
    match &parsed {
        Err(found) => mistakes(text, found.clone()),
        Ok(parsed) => {
            mistakes(text, parsed.check(Due::Boolean));
            let inside = |range: &Range<usize>| text.get(range.clone()).is_some();
            assert!(parsed.calls().iter().all(|call| inside(&call.range)), "{:?}", parsed.calls());
            for read in parsed.reads() {
                assert!(inside(&read.range) && read.path.iter().all(|step| inside(&step.range)), "{read:?}");
            }
            for comparison in parsed.comparisons() {
                assert!(inside(&comparison.at) && inside(&comparison.range), "{comparison:?}");
                let known = |side: &Operand| !matches!(side, Operand::Read(at) if *at >= parsed.reads().len());
                assert!(known(&comparison.left) && known(&comparison.right), "{comparison:?}");
            }
            let _ = (parsed.gives(), parsed.answers(), flow::expr::jq::constant(parsed.root()));
        }
    }
    let compiled = in_time("compiling", || Jq::compile(text));
    assert_eq!(compiled.is_ok(), is_sound, "the check has found every mistake: {:?}", compiled.err());
    if let Ok(compiled) = &compiled {
        [Value::NULL, document()].iter().for_each(|input| evaluated(compiled, input));
    }
    compiled.is_ok()
}

/// An evaluation ends, soon, twice with the same, and with nothing but JSON.
fn evaluated(jq: &Jq, input: &Value) {
    let run = || in_time("evaluating", || jq.run(&Input::of(input), Budget::Guard));
    let (first, second) = (run(), run());
    let shown = |result: &Result<Vec<Value>, EvalError>| match result {
        Ok(values) => values.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        Err(error) => error.to_string(),
    };
    let broken = "the jq interpreter failed on this expression";
    assert!(!shown(&first).starts_with(broken), "the interpreter panicked on {input}");
    // The deadline is one of the clock, and may come before the other limits in one of them.
    if first != Err(EvalError::Time) && second != Err(EvalError::Time) {
        assert_eq!(shown(&first), shown(&second), "twice the same on {input}");
    }
    for value in first.iter().flatten() {
        let read = |bytes: &[u8]| Value::parse(bytes).unwrap_or_else(|error| panic!("{error}: {value}"));
        assert_eq!(read(value.to_string().as_bytes()).to_string(), value.to_string());
        let stored = serde_json::to_vec(value).expect("JSON");
        assert_eq!(serde_json::to_vec(&read(&stored)).expect("JSON"), stored);
    }
}

/// Parsing and rendering a template, with what it includes.
pub fn template(data: &[u8]) -> bool {
    let text = &*String::from_utf8_lossy(data);
    let load = |name: &str| match name {
        "self.md" => Some(text.to_owned()),
        "part.md" => Some("{% for step in phases.plan.output.steps %}{{ step.title | default('-') }}{% endfor %}".to_owned()),
        _ => None,
    };
    let parsed = in_time("parsing", || Template::parse(text, &load));
    let (Reads { reads, .. }, found) = examine(text, &load);
    assert_eq!(parsed.is_ok(), found.is_empty(), "{found:?} {:?}", parsed.err());
    mistakes(text, found);
    for read in reads.iter().filter(|read| read.include.is_none()) {
        assert!(text.get(read.range.clone()).is_some(), "{read:?}");
    }
    let Ok(parsed) = parsed else { return false };
    let first = in_time("rendering", || parsed.render(&document()));
    assert_eq!(first, parsed.render(&document()), "twice the same");
    match &first {
        Ok(rendered) => assert!(rendered.len() <= RENDERED_BYTES, "{} bytes", rendered.len()),
        Err(error) => {
            let within = error.include.as_deref().map_or_else(|| Some(text.to_owned()), load).expect("an included text");
            assert!(within.get(error.range.clone()).is_some(), "{error:?}");
            assert!(!error.to_string().is_empty());
        }
    }
    true
}

/// A shape as authors write it in TOML, or a JSON Schema.
pub fn shape(data: &[u8]) -> bool {
    let text = &*String::from_utf8_lossy(data);
    if let Ok(schema) = Value::parse(text.as_bytes()) {
        let found = shape::check_schema(&schema);
        let compiled = Schema::compile(&schema);
        assert!(compiled.is_ok() || !found.is_empty(), "{:?}", compiled.err());
        if let Ok(compiled) = &compiled {
            checked(compiled);
        }
        return compiled.is_ok();
    }
    let file = format!("flow = 1\nname = \"x\"\n[agents.a]\n[phases.p]\nagent = \"a\"\nprompt = \"x\"\noutput = {text}\n");
    let mut sources = Sources::default();
    let id = sources.add("any.toml", file.as_str());
    let (read, _) = model::parse(id, &file);
    let Some(raw) = read.phases.get("p").and_then(|phase| phase.output.as_ref()) else { return false };
    match shape::schema_of(&raw.value, None) {
        Err(found) => {
            assert!(!found.is_empty());
            findings(&found[..found.len().min(FINDINGS)], &sources);
            false
        }
        Ok(None) => false,
        Ok(Some(schema)) => {
            let compiled = Schema::compile(&schema).unwrap_or_else(|error| panic!("{error}: {schema}"));
            let sample = shape::sample(&schema);
            assert!(compiled.check(sample.clone()).is_ok(), "{sample} is no sample of {schema}");
            checked(&compiled);
            true
        }
    }
}

/// A schema judges any value in few words, and what it lets pass passes again.
fn checked(schema: &Schema) {
    let whole = document();
    let values = [shape::sample(schema.schema()), Value::NULL, whole.get("a"), whole.get("phases"), whole];
    for value in values {
        match in_time("checking", || schema.check(value)) {
            Ok(filled) => assert!(schema.check(filled.clone()).is_ok_and(|again| again == filled), "{filled}"),
            Err(messages) => assert!((1..=SHAPE_MESSAGES + 1).contains(&messages.len()), "{} messages", messages.len()),
        }
    }
    let _ = Type::of_schema(schema.schema());
}

/// Names, keys, ids and times: what is taken is given back, and two texts never share a token.
pub fn names(data: &[u8]) -> bool {
    let text = &*String::from_utf8_lossy(data);
    let (left, right) = text.split_at(text.floor_char_boundary(text.len() / 2));
    assert_eq!(key::token(left) == key::token(right), left == right, "{left:?} {right:?}");
    for part in [text, left, right] {
        let token = key::token(part);
        assert!(Key::new(&token).is_ok() && !token.contains(['.', '/']), "{part:?} became {token}");
        assert!(taken_back(&token).is_none_or(|bytes| bytes == part.as_bytes()), "{part:?} became {token}");
        let slug = slug(part);
        assert_eq!(flow::name::slug(&slug), slug);
        assert!(slug.is_empty() || slug.len() > KEY_BYTES || Key::new(&slug).is_ok(), "{slug}");
        if let Some(time) = Time::parse(part) {
            assert_eq!(Time::parse(&time.to_string()), Some(Time(time.0 / 1000 * 1000)), "{part}");
        }
        if let Some(run) = RunId::parse(part) {
            assert_eq!(RunId::parse(run.as_str()), Some(run.clone()));
            assert!(key::entry(&run, u64::MAX) > key::entry(&run, 1));
        }
        assert_eq!(Digest::parse(part).map(|digest| digest.to_string()), Digest::parse(part).map(|_| part.to_owned()));
    }
    let (name, key, bucket) = (Name::new(text), Key::new(text), Bucket::new(text));
    for error in [name.as_ref().err().map(ToString::to_string), key.as_ref().err().map(ToString::to_string)].into_iter().flatten()
    {
        assert!(!error.is_empty());
    }
    let json = serde_json::Value::from(text);
    assert_eq!(serde_json::from_value::<Name>(json.clone()).ok(), name.clone().ok());
    assert_eq!(serde_json::from_value::<Key>(json.clone()).ok(), key.clone().ok());
    assert_eq!(serde_json::from_value::<Bucket>(json.clone()).ok(), bucket.ok());
    assert!(name.as_ref().is_err() || key.is_ok(), "every name is a key");
    assert!(name.is_err() || serde_json::to_value(name.clone().expect("a name")).is_ok_and(|same| same == json));
    name.is_ok() || key.is_ok()
}

/// The bytes that a token was made of; `None` for a digest.
fn taken_back(token: &str) -> Option<Vec<u8>> {
    if token.starts_with("=x") {
        return None;
    }
    let mut out = vec![];
    let mut rest = token.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'=', []) => {}
            (b'=', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).expect("a digit") as u8;
                out.push(digit(high) << 4 | digit(low));
                rest = after;
            }
            (b'=', _) => panic!("{token} ends in the middle of a byte"),
            (byte, _) => out.push(*byte),
        }
    }
    Some(out)
}

/// JSON in what an agent wrote.
pub fn reply(data: &[u8]) -> bool {
    let text = &*String::from_utf8_lossy(data);
    let found = in_time("looking for JSON", || reply_text::extract(text));
    if let Some(value) = &found {
        let again = reply_text::extract(&value.to_string()).expect("JSON alone is found");
        assert_eq!(again.to_string(), value.to_string());
    }
    found.is_some()
}
