//! Processes, own programs as agents, and secrets.

use super::hand::block_on;
use super::stage::{Stage, json, name};
use flow::agent::{Backend, Context, Performer};
use flow::limits;
use flow::run::{EnvValue, ErrorClass, Outcome, Parse, Program, SecretRef, Task, Work};
use indexmap::IndexMap;

const CAT: &str = r#"{"use": "command", "command": ["cat"]}"#;

fn stage() -> Stage {
    Stage::new(CAT)
}

fn argv(words: &[&str]) -> Program {
    Program::Argv(words.iter().map(|&word| word.to_owned()).collect())
}

#[test]
fn output_is_read_as_the_phase_wants_it() {
    let out = |script: &str, parse| stage().said(&Stage::script(script, parse));
    assert_eq!(out("echo a; echo b >&2", Parse::Raw), r#"reply: {"stdout":"a\n","stderr":"b\n","code":0}"#);
    assert_eq!(out("echo '{\"a\": [1]}'", Parse::Json), r#"reply: {"a":[1]}"#);
    assert_eq!(out("printf 'a\\nb\\n'", Parse::Lines), r#"reply: ["a","b"]"#);
    assert_eq!(out("printf 'a\\nb\\n'", Parse::Text), r#"reply: "a\nb""#);
    assert_eq!(out("true", Parse::Lines), "reply: []");
    assert_eq!(out("true", Parse::Json), "invalid: the output of `true` is empty, and should be JSON");
    assert_eq!(
        out("echo '{'", Parse::Json),
        "invalid: the output of `echo '{'` is not JSON: EOF while parsing an object at line 2 column 0"
    );
}

#[test]
fn a_shell_script_is_taken_literally() {
    let script = "x='a b'\nprintf '%s|%s\\n' \"$x\" '{{ params.x }}'";
    assert_eq!(stage().said(&Stage::script(script, Parse::Text)), r#"reply: "a b|{{ params.x }}""#);
}

#[test]
fn exit_codes_are_results_or_failures_as_declared() {
    let ends = |exit: &[i32]| {
        block_on(stage().perform(&Stage::process(argv(&["sh", "-c", "echo o; echo e >&2; exit 3"]), Parse::Raw, exit)))
    };
    for exit in [&[0, 3][..], &[]] {
        let Outcome::Reply(reply) = ends(exit) else { panic!("{exit:?}") };
        assert_eq!(reply.code, Some(3));
    }
    let Outcome::Failed { error, .. } = ends(&[0]) else { panic!("3 is no result") };
    assert_eq!((error.class, error.code), (ErrorClass::Exit, Some(3)));
    assert_eq!((error.stdout_tail.as_deref(), error.stderr_tail.as_deref()), (Some("o"), Some("e")));
    let killed = Stage::script("kill -9 $$", Parse::Raw);
    assert_eq!(stage().said(&killed), "exit: `kill -9 $$` was ended by signal 9");
}

#[test]
fn a_missing_program_is_refused_by_name() {
    let said = stage().said(&Stage::process(argv(&["no-such-program", "x"]), Parse::Raw, &[0]));
    let path = std::env::var("PATH").expect("tests have a PATH");
    assert_eq!(said, format!("refused: `no-such-program` was not found on PATH ({path}): install it, or write its full path"));
    assert_eq!(
        stage().said(&Stage::process(argv(&[]), Parse::Raw, &[0])),
        "refused: there is no program to run: the list of words is empty"
    );
}

#[test]
fn output_without_end_is_cut_with_a_note() {
    let stage = stage();
    let script = format!("head -c {} /dev/zero | tr '\\0' x; echo end", limits::OUTPUT_BYTES + 10);
    let Outcome::Reply(reply) = block_on(stage.perform(&Stage::script(&script, Parse::Raw))) else { panic!("no reply") };
    let out = reply.value.get("stdout");
    let out = out.as_str().expect("a text");
    assert!(out.ends_with("x\n[14 more bytes were dropped]"), "{}", &out[out.len() - 60..]);
    assert!(stage.transcript().ends_with("[more than 16 MiB of output; the rest is dropped]\n"));
    assert!(stage.said(&Stage::script(&script, Parse::Lines)).ends_with("is larger than 16 MiB"));
}

#[test]
fn a_process_works_in_the_folder_and_with_the_variables_of_its_phase() {
    let stage = stage();
    std::fs::create_dir(stage.project.path().join("sub")).expect("creates");
    let mut work = Stage::script("basename \"$PWD\"; echo \"$TITLE\"; cat", Parse::Lines);
    work.dir = Some("sub".to_owned());
    work.env.insert("TITLE".to_owned(), EnvValue::Text("a 'title'".to_owned()));
    let Task::Process(process) = &mut work.task else { panic!("a process") };
    process.stdin = Some("read".to_owned());
    assert_eq!(stage.said(&work), r#"reply: ["sub","a 'title'","read"]"#);
    work.dir = Some("../elsewhere".to_owned());
    assert_eq!(
        stage.said(&work),
        "refused: the folder `../elsewhere` is outside the project: write one relative to it, without `..`"
    );
}

#[test]
fn a_time_limit_is_said_with_its_key() {
    let mut work = Stage::script("echo begun; sleep 600", Parse::Raw);
    work.timeout_ms = Some(500);
    let Outcome::Failed { error, .. } = block_on(stage().perform(&work)) else { panic!("no failure") };
    assert_eq!(error.message, "`echo begun; sleep 600` took longer than 500ms (`timeout`) and was ended");
    assert_eq!((error.class, error.stdout_tail.as_deref()), (ErrorClass::Timeout, Some("begun")));
}

#[test]
fn any_program_can_be_an_agent() {
    let said = |spec: &str, schema| Stage::new(spec).said(&Stage::agent("the prompt", schema, &[]));
    assert_eq!(said(CAT, None), r#"reply: "the prompt""#);
    let echo = r#"{"use": "command", "command": ["sh", "-c", "cat >/dev/null; echo 'Sure: {\"a\": 1}'"]}"#;
    assert_eq!(said(echo, Some(r#"{"type":"object"}"#)), r#"reply: {"a":1}"#);
    let none = r#"{"use": "command", "command": ["echo", "no"]}"#;
    assert_eq!(said(none, Some(r#"{"type":"object"}"#)), "invalid: the reply of `echo no` holds no JSON");
    assert_eq!(said(none, Some(r#"{"enum":["no"],"type":"string"}"#)), r#"reply: "no""#);
    assert_eq!(said(r#"{"use": "command", "command": ["false"]}"#, None), "exit: `false` exited with code 1");
    assert!(said(r#"{"use": "command"}"#, None).starts_with("refused: agent `coder` uses `command` and names none"));
    assert!(said(r#"{"use": "codex"}"#, None).starts_with("refused: this version cannot run agents with `codex`"));
}

#[test]
fn a_shape_is_explained_to_a_program_that_cannot_be_held_to_it() {
    let stage = Stage::new(r#"{"use": "command", "command": ["tee", "prompt.txt"]}"#);
    let mut work = Stage::agent("the prompt", Some(r#"{"type":"object","title":"T"}"#), &[]);
    let Task::Agent(agent) = &mut work.task else { panic!("an agent") };
    agent.system = Some("the role".to_owned());
    stage.said(&work);
    let prompt = std::fs::read_to_string(stage.project.path().join("prompt.txt")).expect("was written");
    assert!(prompt.starts_with("the role\n\nthe prompt\n\nReply with one JSON value"), "{prompt}");
    assert!(prompt.ends_with("{\"type\":\"object\",\"title\":\"T\"}\n"), "{prompt}");
}

fn secret(work: &mut Work, secret: SecretRef) {
    work.env.insert("TOKEN".to_owned(), EnvValue::Secret { secret });
}

#[test]
fn a_secret_reaches_the_process_and_nothing_else() {
    let stage = stage();
    std::fs::write(stage.project.path().join("token"), "s3cret-value/1\n").expect("writes");
    let script = "printf %s \"$TOKEN\" | wc -c; echo \"$TOKEN\"; printf %s \"$TOKEN\" | base64; echo \"$TOKEN\" >&2";
    let mut work = Stage::script(script, Parse::Lines);
    secret(&mut work, SecretRef::File { file: "token".to_owned() });
    assert_eq!(stage.said(&work), r#"reply: ["14","***","***E="]"#);
    assert!(!stage.transcript().contains("s3cret") && stage.transcript().contains("***"), "{}", stage.transcript());
    assert!(!stage.progress().join("\n").contains("s3cret"));
    let mut fails = Stage::script("echo \"$TOKEN\" >&2; exit 1", Parse::Raw);
    secret(&mut fails, SecretRef::Run { run: vec!["cat".to_owned(), "token".to_owned()] });
    let Outcome::Failed { error, .. } = block_on(stage.perform(&fails)) else { panic!("no failure") };
    assert_eq!(error.stderr_tail.as_deref(), Some("***"));
}

#[test]
fn a_secret_that_cannot_be_had_is_named_by_its_reference_only() {
    let said = |reference| {
        let mut work = Stage::script("true", Parse::Raw);
        secret(&mut work, reference);
        stage().said(&work)
    };
    assert_eq!(
        said(SecretRef::Env("NO_SUCH_VARIABLE_HERE".to_owned())),
        "refused: the secret of `TOKEN` is not there: set the environment variable `NO_SUCH_VARIABLE_HERE` where `flow` is started"
    );
    assert_eq!(
        said(SecretRef::Run { run: ["sh", "-c", "echo hidden; exit 3"].map(str::to_owned).into() }),
        "refused: the secret of `TOKEN` cannot be had as the output of `sh -c echo hidden; exit 3`: exit status: 3"
    );
    assert_eq!(
        said(SecretRef::Run { run: ["echo", "ab"].map(str::to_owned).into() }),
        "refused: the secret of `TOKEN` (output of `echo ab`) has 2 bytes: one under 4 cannot be hidden in logs"
    );
}

#[test]
fn a_rehearsal_executes_nothing() {
    let stage = stage();
    let performer = Performer::rehearsal(IndexMap::from([(name("plan"), json(r#"{"stdout": "stubbed"}"#))]));
    let work = Stage::script("touch made", Parse::Raw);
    let context = Context {
        run: stage.run.clone(),
        project: stage.project.path().to_owned(),
        agent: None,
        stop: stage.stop.subscribe(),
        feed: stage.fed.clone(),
        scratch: stage.scratch.path().to_owned(),
        store: "memory:".to_owned(),
        hidden: vec![],
    };
    let outcome = block_on(performer.perform(&work, &context));
    assert_eq!(super::stage::said(&outcome), r#"reply: {"stdout":"stubbed","stderr":"","code":0}"#);
    assert!(!stage.project.path().join("made").exists());
}
