//! Claude Code, played from streams that the real program (2.1.330) wrote against a model on the loopback.

use super::hand::{block_on, carriers, wait_until};
use super::stage::{Stage, json, recorded, said};
use flow::run::{Outcome, Task, Time, Work};

const VERDICT: &str = r#"{"type":"object","properties":{"verdict":{"enum":["approve","reject"]},"score":{"type":"integer"}},"required":["verdict","score"],"additionalProperties":false}"#;
const LIST: &str = r#"{"type":"array","items":{"type":"string"}}"#;
const CLAUDE: &str = r#"{"use": "claude", "model": "sonnet", "max_turns": 4, "budget_usd": 0.5}"#;

fn agent(work: &mut Work) -> &mut flow::run::AgentWork {
    match &mut work.task {
        Task::Agent(agent) => agent,
        other => panic!("no agent: {other:?}"),
    }
}

#[test]
fn each_recorded_stream_means_what_it_should() {
    let cases: &[(&str, Option<&str>, &str, &str)] = &[
        ("ok.jsonl", None, "0", r#"reply: "hello from the fake""#),
        ("schema.jsonl", Some(VERDICT), "0", r#"reply: {"verdict":"approve","score":7}"#),
        ("schema-mended.jsonl", Some(VERDICT), "0", r#"reply: {"verdict":"approve","score":7}"#),
        ("schema-list.jsonl", Some(LIST), "0", r#"reply: ["a","b"]"#),
        ("schema-words.jsonl", Some(r#"{"type":"string","enum":["no tool call"]}"#), "0", r#"reply: "no tool call""#),
        (
            "schema-words.jsonl",
            Some(VERDICT),
            "0",
            "invalid: the reply holds no JSON of the declared shape: `claude` said `no tool call`",
        ),
        (
            "schema-exhausted.jsonl",
            Some(VERDICT),
            "1",
            "invalid: the reply is not of the declared shape: Failed to provide valid structured output after 5 attempts — last \
             StructuredOutput error: Output does not match required schema: root: must have required property 'score', /verdict: \
             must be equal to one of the allowed values: [\"approve\",\"reject\"]",
        ),
        (
            "error-401.jsonl",
            None,
            "1",
            "refused: the model did not answer: Failed to authenticate. API Error: 401 fake error 401 (log in with `claude`, or set \
             `ANTHROPIC_API_KEY`)",
        ),
        ("error-400.jsonl", None, "1", "refused: the model did not answer: API Error: 400 fake error 400"),
        ("error-429.jsonl", None, "1", "transient: the model did not answer: API Error: Request rejected (429) · fake error 429"),
        ("error-529-once.jsonl", None, "0", r#"reply: "after retries""#),
        (
            "limit.jsonl",
            None,
            "1",
            "limit: a usage limit of the account is reached: You've hit your 5-hour limit · resets 9:40am (UTC)",
        ),
        ("max-turns.jsonl", None, "1", "timeout: the agent used up its 4 turns (`max_turns`) before it was done"),
        ("budget.jsonl", None, "1", "budget: the agent used up its budget of $0.5 (`budget_usd`) before it was done"),
        // It exits 0 after an interrupt; the line says that it is an error, and nobody of ours asked for it.
        (
            "interrupted.jsonl",
            None,
            "0",
            "transient: `claude` stopped in the middle of its work (aborted_streaming): [ede_diagnostic] result_type=user \
             last_content_type=n/a stop_reason=null",
        ),
    ];
    for (file, schema, code, expected) in cases {
        let stage = Stage::new(CLAUDE);
        let work = Stage::agent("do it", *schema, &[("PLAY_STREAM", &recorded(file)), ("PLAY_CODE", code)]);
        assert_eq!(stage.said(&work), *expected, "{file}");
    }
}

#[test]
fn a_reply_comes_with_session_version_cost_and_tokens() {
    let stage = Stage::new(CLAUDE);
    let work = Stage::agent("do it", None, &[("PLAY_STREAM", &recorded("tool.jsonl"))]);
    let Outcome::Reply(reply) = block_on(stage.perform(&work)) else { panic!("no reply") };
    let report = reply.agent.expect("it reports");
    assert_eq!((report.backend.as_str(), report.version.as_deref()), ("claude", Some("2.1.330")));
    assert_eq!(report.model.as_deref(), Some("claude-sonnet-4-5"));
    assert_eq!(report.session.as_ref(), stage.fed.sessions.lock().expect("whole").first());
    assert!((reply.usage.cost_usd - 0.0009).abs() < 1e-9 && (report.session_cost_usd - 0.0009).abs() < 1e-9);
    assert_eq!((reply.usage.input_tokens, reply.usage.output_tokens), (200, 20));
    let progress = stage.progress();
    assert!(progress.contains(&"Bash echo made by $FLOW_PHASE $FLOW_ATTEMPT".to_owned()), "{progress:?}");
    assert_eq!(stage.transcript(), std::fs::read_to_string(recorded("tool.jsonl")).expect("reads"));
}

#[test]
fn a_denied_tool_fails_nothing_and_is_reported() {
    let stage = Stage::new(r#"{"use": "claude", "access": "read"}"#);
    let work = Stage::agent("do it", None, &[("PLAY_STREAM", &recorded("denied.jsonl"))]);
    let Outcome::Reply(reply) = block_on(stage.perform(&work)) else { panic!("no reply") };
    assert_eq!(reply.agent.expect("it reports").denied, ["Write"]);
}

#[test]
fn an_exhausted_window_says_when_to_come_back() {
    let stage = Stage::new(CLAUDE);
    let work = Stage::agent("do it", None, &[("PLAY_STREAM", &recorded("limit.jsonl")), ("PLAY_CODE", "1")]);
    let Outcome::Failed { error, .. } = block_on(stage.perform(&work)) else { panic!("no failure") };
    assert_eq!(error.resets_at, Some(Time(1_795_426_812_000)));
}

#[test]
fn the_prompt_goes_through_standard_input_and_nothing_private_through_arguments() {
    let stage = Stage::new(r#"{"use": "claude", "access": "write"}"#);
    let seen = tempfile::tempdir().expect("a folder");
    // Larger than any one argument may be.
    let prompt = format!("private {}\n", "x".repeat(140 << 10));
    let folder = seen.path().display().to_string();
    let mut work = Stage::agent(&prompt, Some(VERDICT), &[("PLAY_STREAM", &recorded("schema.jsonl")), ("PLAY_SEEN", &folder)]);
    agent(&mut work).system = Some("a private role".to_owned());
    assert_eq!(stage.said(&work), r#"reply: {"verdict":"approve","score":7}"#);
    let read = |file: &str| std::fs::read_to_string(seen.path().join(file)).expect("was written");
    assert_eq!(read("stdin"), prompt);
    assert_eq!(read("system"), "a private role");
    assert!(!read("argv").contains("private"), "{}", read("argv"));
    let key = work.idempotency_key(&stage.run);
    let argv = read("argv");
    let flags: Vec<&str> = argv.lines().collect();
    assert_eq!(flags[..5], ["-p", "--output-format", "stream-json", "--verbose", "--session-id"]);
    assert_eq!(flags[5].replace('-', "")[..12], key[..12], "the session is named after the attempt");
    assert_eq!(flags.iter().filter(|flag| **flag == VERDICT).count(), 1);
    let env = read("env");
    for line in [
        format!("FLOW_RUN={}", stage.run),
        "FLOW_PHASE=plan".to_owned(),
        "FLOW_ROUND=2".to_owned(),
        "FLOW_ATTEMPT=plan.2.3".to_owned(),
        format!("FLOW_IDEMPOTENCY_KEY={key}"),
        "FLOW_STORE=sqlite:.flow/state.db".to_owned(),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1".to_owned(),
    ] {
        assert!(env.lines().any(|have| have == line), "{line} is not in\n{env}");
    }
    assert!(!env.contains("CARGO_"), "the driver's own variables leak:\n{env}");
    let left: Vec<_> = std::fs::read_dir(stage.scratch.path()).expect("is there").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_resumed_session_counts_only_what_is_new() {
    let stage = Stage::new(CLAUDE);
    let seen = tempfile::tempdir().expect("a folder");
    let play = [("PLAY_RESUMED", recorded("resumed.jsonl")), ("PLAY_SEEN", seen.path().display().to_string())];
    let mut work = Stage::agent("again", None, &[(play[0].0, &play[0].1), (play[1].0, &play[1].1)]);
    agent(&mut work).session = Some("1926e247-d18b-40ea-85f0-1ce913b12c86".to_owned());
    agent(&mut work).session_cost_usd = 0.00045;
    let Outcome::Reply(reply) = block_on(stage.perform(&work)) else { panic!("no reply") };
    assert_eq!(reply.value, json("\"two\""));
    assert!((reply.usage.cost_usd - 0.00045).abs() < 1e-9, "{}", reply.usage.cost_usd);
    assert!((reply.agent.expect("it reports").session_cost_usd - 0.0009).abs() < 1e-9);
    assert_eq!((reply.usage.input_tokens, reply.usage.output_tokens), (100, 10), "the sums by model are the whole session's");
    let argv = std::fs::read_to_string(seen.path().join("argv")).expect("was written");
    assert!(argv.contains("--resume\n1926e247-d18b-40ea-85f0-1ce913b12c86\n") && !argv.contains("--session-id"), "{argv}");
}

#[test]
fn a_session_that_is_gone_is_replaced_by_a_new_one_once() {
    let stage = Stage::new(CLAUDE);
    let mut work = Stage::agent("go on", None, &[("PLAY_STREAM", &recorded("ok.jsonl")), ("PLAY_LOST", &recorded("lost.jsonl"))]);
    agent(&mut work).session = Some("99999999-1111-4111-8111-111111111111".to_owned());
    agent(&mut work).session_cost_usd = 3.5;
    let Outcome::Reply(reply) = block_on(stage.perform(&work)) else { panic!("no reply") };
    assert_eq!(reply.value, json("\"hello from the fake\""));
    assert!((reply.usage.cost_usd - 0.00045).abs() < 1e-9, "the old session's cost is not this one's");
    assert!(stage.progress().contains(&"the earlier session is gone; starting in a new one".to_owned()));
}

#[test]
fn an_attempt_that_was_begun_before_goes_on_in_its_own_session() {
    let stage = Stage::new(CLAUDE);
    let work = Stage::agent("do it", None, &[("PLAY_TAKEN", "1"), ("PLAY_RESUMED", &recorded("resumed.jsonl"))]);
    assert_eq!(stage.said(&work), "reply: \"two\"");
    assert!(stage.progress().contains(&"this attempt was begun before; going on in its session".to_owned()));
}

#[test]
fn silence_with_a_message_is_a_refusal_and_a_crash_is_not() {
    let refused = [("PLAY_STDERR", "error: unknown option '--nope'"), ("PLAY_CODE", "1")];
    assert_eq!(
        Stage::new(CLAUDE).said(&Stage::agent("x", None, &refused)),
        "refused: `claude` exited with code 1 without a result: error: unknown option '--nope'"
    );
    // Killed from outside, or out of memory.
    assert_eq!(
        Stage::new(CLAUDE).said(&Stage::agent("x", None, &[("PLAY_SIGNAL", "KILL")])),
        "transient: `claude` was ended by signal 9 without a result: it said nothing"
    );
    let half = tempfile::NamedTempFile::new().expect("a file");
    let whole = std::fs::read_to_string(recorded("ok.jsonl")).expect("reads");
    std::fs::write(half.path(), whole.lines().next().expect("a line")).expect("writes");
    let half = half.path().display().to_string();
    assert_eq!(
        Stage::new(CLAUDE).said(&Stage::agent("x", None, &[("PLAY_STREAM", &half), ("PLAY_STDERR", "oops"), ("PLAY_CODE", "1")])),
        "transient: `claude` exited with code 1 without a result: oops"
    );
}

#[test]
fn a_program_that_stays_after_its_result_is_ended_and_the_result_stands() {
    let stage = Stage::new(CLAUDE);
    let work = Stage::agent("x", None, &[("PLAY_STREAM", &recorded("ok.jsonl")), ("PLAY_STAYS", "1")]);
    assert_eq!(stage.said(&work), "reply: \"hello from the fake\"");
}

#[test]
fn silence_is_interrupted_and_what_it_cost_is_kept() {
    let stage = Stage::new(CLAUDE);
    let seen = tempfile::tempdir().expect("a folder");
    let folder = seen.path().display().to_string();
    let mut work = Stage::agent(
        "x",
        None,
        &[("PLAY_INTERRUPTED", &recorded("interrupted.jsonl")), ("PLAY_STAYS", "1"), ("PLAY_SEEN", &folder)],
    );
    work.idle_timeout_ms = Some(1_500);
    let Outcome::Failed { error, usage, agent, .. } = block_on(stage.perform(&work)) else { panic!("no failure") };
    assert_eq!(error.message, "`claude` said nothing for 1s 500ms (`idle_timeout`) and was ended");
    assert!((usage.cost_usd - 0.000_315).abs() < 1e-9, "{}", usage.cost_usd);
    assert!(agent.expect("it reports").session.is_some());
    let argv = std::fs::read_to_string(seen.path().join("argv")).expect("was written");
    assert!(argv.contains("--include-partial-messages"), "every word is a sign of life: {argv}");
}

#[test]
fn a_stop_is_a_cancellation_that_keeps_what_was_said() {
    let stage = Stage::new(CLAUDE);
    let play = [("PLAY_STREAM", recorded("limit.jsonl")), ("PLAY_INTERRUPTED", recorded("stopped.jsonl"))];
    // Only the beginning of a stream, so that it is still at work when it is stopped.
    let begin = tempfile::NamedTempFile::new().expect("a file");
    let whole = std::fs::read_to_string(&play[0].1).expect("reads");
    std::fs::write(begin.path(), format!("{}\n", whole.lines().next().expect("a line"))).expect("writes");
    let begin = begin.path().display().to_string();
    let work = Stage::agent("x", None, &[("PLAY_STREAM", &begin), (play[1].0, &play[1].1), ("PLAY_STAYS", "1")]);
    let (run, stop) = (stage.run.clone(), stage.stop.clone());
    let outcome = block_on(async {
        let stopper = tokio::task::spawn_blocking(move || {
            // Guard, player, its tool and its own sleep.
            wait_until("the player", || carriers(&run).len() >= 4);
            stop.send_replace(true);
        });
        let outcome = stage.perform(&work).await;
        stopper.await.expect("it stopped");
        outcome
    });
    assert_eq!(said(&outcome), "cancelled: `claude` was stopped");
    let Outcome::Failed { usage, .. } = outcome else { panic!("no failure") };
    assert!(usage.cost_usd > 0.0, "the interrupted program still told what it had cost");
}

#[test]
fn an_installed_agent_is_found_with_its_version() {
    let path = super::stage::players();
    let found = flow::agent::detect::found(Some(path.as_os_str()));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, path.join("claude"));
    assert_eq!(block_on(flow::agent::detect::version(&found[0])), Ok("2.1.330 (Claude Code)".to_owned()));
}

#[test]
fn a_program_that_is_not_installed_is_named_with_the_path() {
    let stage = Stage::new(CLAUDE);
    let mut work = Stage::agent("x", None, &[]);
    work.env.insert("PATH".to_owned(), flow::run::EnvValue::Text("/nowhere".to_owned()));
    assert_eq!(stage.said(&work), "refused: `claude` was not found on PATH (/nowhere): install it, or write its full path");
}
