//! Random pipelines: every key that executes, in graphs of up to a dozen phases.

use super::Dice;
use std::fmt::Write as _;

/// The text of a pipeline; not always a sound one, since loops may cross.
pub fn pipeline(dice: &mut Dice) -> String {
    let count = 2 + dice.below(11);
    let mut text = String::from("flow = 1\nname = \"random\"\ndescription = \"made up\"\n");
    text += "result = '[.phases[] | .output]'\n";
    let _ = write!(text, "\n[params.on]\ntype = \"boolean\"\ndefault = {}\n", dice.chance(50));
    let _ = write!(text, "\n[limits]\nparallel = {}\n", 1 + dice.below(4));
    text += "\n[agents.reader]\naccess = \"read\"\n\n[agents.writer]\naccess = \"write\"\n";
    let mut needs: Vec<Vec<usize>> = Vec::new();
    for at in 0..count {
        let mut mine: Vec<usize> = (0..at).filter(|_| dice.chance(30)).collect();
        if mine.is_empty() && at > 0 && dice.chance(80) {
            mine.push(dice.below(at));
        }
        phase(dice, &mut text, at, &mine, &needs);
        needs.push(mine);
    }
    text
}

/// All phases before this one, over needs.
fn ancestors(of: &[usize], needs: &[Vec<usize>]) -> Vec<usize> {
    let mut found: Vec<usize> = of.to_vec();
    let mut next = 0;
    while next < found.len() {
        for need in &needs[found[next]] {
            if !found.contains(need) {
                found.push(*need);
            }
        }
        next += 1;
    }
    found.sort_unstable();
    found
}

fn phase(dice: &mut Dice, text: &mut String, at: usize, needs: &[usize], all: &[Vec<usize>]) {
    let before = ancestors(needs, all);
    let _ = write!(text, "\n[phases.p{at}]\n");
    if !needs.is_empty() {
        let names: Vec<String> = needs.iter().map(|need| format!("\"p{need}\"")).collect();
        let _ = writeln!(text, "needs = [{}]", names.join(", "));
        if dice.chance(35) {
            let _ = writeln!(text, "join = \"{}\"", dice.pick(&["any", "all", "always"]));
        }
    }
    if dice.chance(30) {
        let _ = writeln!(text, "when = '{}'", guard(dice, &before));
    }
    if dice.chance(10) {
        let _ = writeln!(text, "require = [{{ that = '{}', message = \"no\" }}]", guard(dice, &before));
    }
    verb(dice, text, &before);
    if dice.chance(25) {
        let own = if dice.chance(50) { at } else { *before.get(dice.below(before.len().max(1))).unwrap_or(&at) };
        let when = dice.pick(&["(.output | numbers) < 5 // false", ".round < 3", ".output != null"]);
        let then = dice.pick(&["continue", "continue", "fail"]);
        let max = 1 + dice.below(2);
        let _ = writeln!(text, "repeat = {{ from = \"p{own}\", when = '{when}', max = {max}, then = \"{then}\" }}");
    }
}

fn verb(dice: &mut Dice, text: &mut String, before: &[usize]) {
    match dice.below(10) {
        0 | 1 => {
            let value = before.first().map_or("7".to_owned(), |one| format!("[.phases.p{one}.output, .round] | length"));
            let _ = writeln!(text, "set = '{value}'");
            return;
        }
        2 => {
            *text += "ask = \"Really?\"\nform = { n = \"integer\" }\nresult = '.output.n'\n";
            return;
        }
        3 | 4 => *text += "run = [\"work\", \"{{ round }}\"]\noutput = \"integer\"\n",
        _ => {
            let _ =
                writeln!(text, "agent = \"{}\"\nprompt = \"Work in round {{{{ round }}}}\"", dice.pick(&["reader", "writer"]));
            *text += "output = \"integer\"\n";
            if dice.chance(30) {
                let _ = writeln!(text, "session = \"{}\"", dice.pick(&["new", "continue"]));
            }
        }
    }
    if dice.chance(30) {
        *text += "accept = [{ that = '.output > 1', message = \"too small\" }]\n";
    }
    if dice.chance(20) {
        *text += "on_error = \"continue\"\n";
    }
    if dice.chance(60) {
        let _ = writeln!(text, "retry = {{ max = {}, delay = \"1s\" }}", dice.below(3));
    }
}

fn guard(dice: &mut Dice, before: &[usize]) -> String {
    let Some(one) = before.get(dice.below(before.len().max(1))) else { return ".params.on".into() };
    match dice.below(4) {
        0 => ".params.on".into(),
        1 => format!(".phases.p{one}.status == \"complete\""),
        2 => format!("(.phases.p{one}.output // 0 | if type == \"number\" then . else 0 end) > 4"),
        _ => "true".into(),
    }
}
