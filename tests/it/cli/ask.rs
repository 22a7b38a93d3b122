//! Questions, answers, notes.

use super::Desk;

const ASK: &str = r#"flow = 1
name = "ask"
description = "Asks which way"
result = '.phases.choose.output.way'

[phases.choose]
description = "Ask"
ask = "Which way?"
form = { way = "'left'|'right'", sure = "boolean", "why?" = "string" }
timeout = "1h"
"#;

#[test]
fn a_question_waits_for_an_answer_from_elsewhere() {
    let desk = Desk::new().file("ask.toml", ASK);
    desk.flow("run ask.toml").ends(4).prints("").says(
        "run RUN of ask\nchoose: starts: asks: Which way?\nchoose waits for an answer:\n  Which way?\n    way: left | right\n    \
         sure: true | false\n    why: text, may be left out\n  answer with `flow answer ID choose way=… sure=… why=…`\n\
         then `flow resume ID` goes on; in a terminal it asks there\n",
    );
    desk.flow("show latest").ends(0).prints_part("\nchoose asks:\n  Which way?\n    way: left | right\n");
    desk.flow("answer latest choose way=up sure=yes").ends(2).says_part("error: way: `up` is not one of left, right\n");
    desk.flow("answer latest choose way=left").ends(2).says_part("error: `sure` has no answer: write way=… sure=… why=…\n");
    desk.flow("answer latest choose '{\"way\":3}'").ends(2).says_part("the field `sure` is missing");
    desk.flow("answer latest chose way=left").ends(2).says_part("did you mean `choose`?");
    desk.flow("answer latest choose way=left sure=yes").ends(0).says("answered; the run is complete: `flow show ID` shows it\n");
    desk.flow("answer latest choose way=left sure=yes").ends(3).says_part("`choose` asks nothing now: it is complete");
    desk.flow("show latest --jq .result").ends(0).prints("\"left\"\n");
    desk.flow("run ask.toml --rehearse").ends(0).prints("left\n").says_part("[rehearsal] choose: answered by the rehearsal");
}

#[test]
fn with_nobody_to_ask_the_phase_fails() {
    let desk = Desk::new().file("ask.toml", ASK);
    desk.flow("run ask.toml --no-input").ends(1).says_part("choose: failed (unanswered): a person must answer");
    desk.flow("run ask.toml --continue --no-input").ends(1).says_part("nothing is done yet; next: choose");
}

#[test]
fn a_waiting_run_is_cancelled_and_taken_up_again() {
    let desk = Desk::new().file("ask.toml", ASK);
    desk.flow("run ask.toml").ends(4);
    desk.flow("cancel latest --reason 'wrong way'").ends(0).says("run RUN is cancelled\n");
    desk.flow("show latest --jq .error.message").ends(0).prints("\"cancelled: wrong way\"\n");
    desk.flow("cancel latest").ends(3);
    desk.flow("run ask.toml --continue").ends(3).says_part("was cancelled").says_part("`flow retry ID` takes it up again");
    desk.flow("resume latest").ends(3).says_part("`flow retry ID` takes it up again");
    desk.flow("retry latest").ends(4).says_part("goes on with run RUN of ask\n");
}

#[test]
fn a_phase_reports_progress_with_notes() {
    let pipeline = r#"flow = 1
name = "noting"
description = "Notes what it does"
result = '.phases.work.notes | map(.note)'

[phases.work]
description = "Work"
timeout = "1m"
run = { shell = """
"$FLOW" note half of it
"$FLOW" note --json '{"done": 2}'
until test "$("$FLOW" show "$FLOW_RUN" --jq '.phases.work.notes | length')" = 2; do sleep 0.05; done
""" }
"#;
    let desk = Desk::new();
    let flow = env!("CARGO_BIN_EXE_flow");
    let desk = desk.file("noting.toml", &pipeline.replace("\"$FLOW\"", flow));
    desk.flow("run noting.toml --yes").ends(0).says_part("work: notes: half of it\n").prints_part("half of it");
    desk.flow("note hello").ends(2).says_part("error: FLOW_RUN is not set");
}

#[test]
fn a_question_of_several_lines_stays_together() {
    let desk = Desk::new().file("ask.toml", &ASK.replace("ask = \"Which way?\"", "ask = \"Which way?\\nThink.\""));
    desk.flow("run ask.toml").ends(4).says_part("answer:\n  Which way?\n  Think.\n    way: left | right\n");
    desk.flow("show latest").ends(0).prints_part("\nchoose asks:\n  Which way?\n  Think.\n    way: left | right\n");
}
