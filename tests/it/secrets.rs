//! Secrets are given by reference, and stay where they were: a run whose processes print them in every way it can think
//! of, that fails and dies on the way, leaves them nowhere.

use crate::cli::Desk;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

/// By variable, by file, by program. Nothing but these texts, and halves of them, is looked for.
const PLANTED: [&str; 3] = ["vrbl-3f9a61c27d-q", "file-8b04e5d1aa-w", "prog-c6172f90be-z"];
/// Where the secrets themselves lie.
const SOURCES: [&str; 2] = ["by.file", "by.program"];
/// Characters of a half.
const HALF: usize = 9;

const PIPELINE: &str = r#"
flow = 1
name = "loose"
description = "Prints what it should keep"
result = '.phases | map_values(.output)'

[documents.seen]
key = "seen"
view = '.phases | map_values(.output)'

[agents.worker]
use = "command"
command = ["sh", "agent.sh"]

[defaults]
retry = { max = 2, delay = "1ms", on = ["exit", "rejected"] }

[phases.variable]
run = { shell = '''
printf '%s\n' "$TOKEN"; printf '%s\n' "$TOKEN" >&2
a=$(printf %s "$TOKEN" | cut -c1-9); b=$(printf %s "$TOKEN" | cut -c10-)
printf %s "$a"; sleep 0.1; printf '%s\n' "$b"
printf %s "$a"; sleep 0.1; echo noise >&2; sleep 0.1; printf '%s\n' "$b"
printf %s "$TOKEN" | FLOW note -
''' }
env = { TOKEN = { secret = "PLANTED" } }
timeout = "1m"

[phases.file]
needs = ["variable"]
agent = "worker"
prompt = "Say {{ phases.variable.output.stdout }}"
env = { TOKEN = { secret = { file = "by.file" } } }
output = { said = "string" }
accept = [{ run = ["sh", "check.sh"] }]

[phases.program]
needs = ["file"]
agent = "worker"
prompt = "Say {{ phases.file.output.said }}"
env = { TOKEN = { secret = { run = ["cat", "by.program"] } } }
output = { said = "string" }
"#;

/// The first attempt of `file` fails, with more on stderr than is kept of it: the last 4096 bytes of these lines of 21 and
/// one of 9 begin in the middle of a secret.
const AGENT: &str = r#"
cat
if [ "$FLOW_PHASE" = file ] && [ ! -e failed ]; then
  : > failed
  n=0; while [ $n -lt 400 ]; do printf 'no:%s\n' "$TOKEN" >&2; n=$((n + 1)); done
  printf 'and over\n' >&2
  printf '%s\n' "$TOKEN"
  exit 3
fi
printf '{"said": "it is %s"}\n' "$TOKEN"
"#;

/// Does not hold the first time, and says why.
const CHECK: &str = r#"
[ -e checked ] && exit 0
: > checked
printf 'no: %s' "$TOKEN"; printf 'no: %s' "$TOKEN" >&2
exit 1
"#;

/// What was looked for and found, and where.
struct Search(Vec<String>);

impl Search {
    fn look(&mut self, place: &str, bytes: &[u8]) {
        let texts = PLANTED.iter().flat_map(|secret| [&secret[..HALF], &secret[HALF..]]);
        for text in texts.filter(|text| bytes.windows(text.len()).any(|window| window == text.as_bytes())) {
            self.0.push(format!("`{text}` in {place}"));
        }
    }

    fn printed(&mut self, command: &str, output: &Output) {
        self.look(&format!("stdout of `flow {command}`"), &output.stdout);
        self.look(&format!("stderr of `flow {command}`"), &output.stderr);
    }

    fn folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            self.look("the name of a file", name.as_bytes());
            if path.is_dir() {
                self.folder(&path);
            } else if !SOURCES.contains(&&*name) {
                self.look(&path.display().to_string(), &std::fs::read(&path).unwrap());
            }
        }
    }

    /// The command lines of all processes that there are.
    fn processes(&mut self) {
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            self.look(&String::from_utf8_lossy(&line), &line);
        }
    }
}

/// Runs a command, and watches the command lines of all processes while it runs.
fn watched(desk: &Desk, search: &mut Search, words: &str, dies_at: &str) -> Output {
    let over = AtomicBool::new(false);
    let output = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut seen = Search(vec![]);
            while !over.load(Ordering::Relaxed) {
                seen.processes();
            }
            seen
        });
        let output = desk.command(words.split(' ')).env("FLOW_CRASH_AT", dies_at).output().unwrap();
        over.store(true, Ordering::Relaxed);
        search.0.extend(watch.join().unwrap().0);
        output
    });
    search.printed(words, &output);
    output
}

#[test]
fn a_secret_is_nowhere_but_where_it_was() {
    let pipeline = PIPELINE.replace("FLOW note", &format!("{} note", env!("CARGO_BIN_EXE_flow")));
    let desk = Desk::new().file("loose.toml", &pipeline).file("agent.sh", AGENT).file("check.sh", CHECK);
    let desk = desk.file("by.file", &format!("{}\n", PLANTED[1])).file("by.program", &format!("{}\n", PLANTED[2]));
    let desk = desk.env("PLANTED", PLANTED[0]);
    let mut search = Search(vec![]);
    // The fifth attempt is that of `program`: it has printed its secret, and nothing of it is journaled.
    let died = watched(&desk, &mut search, "run loose.toml --yes", "attempt.ended:5");
    assert!(died.status.code().is_none(), "it died: {}", String::from_utf8_lossy(&died.stderr));
    let folder = desk.project().parent().unwrap().to_owned();
    search.folder(&folder);
    let went_on = watched(&desk, &mut search, "run loose.toml --continue --yes --json", "");
    assert_eq!(went_on.status.code(), Some(0), "{}", String::from_utf8_lossy(&went_on.stderr));
    for words in [
        "show latest",
        "show latest --json",
        "logs latest",
        "logs latest --transcript",
        "why latest",
        "list",
        "list --json",
        "graph latest",
        "store export",
        "doctor",
    ] {
        search.printed(words, &desk.command(words.split(' ')).output().unwrap());
    }
    search.folder(&folder);
    assert!(search.0.is_empty(), "{}", search.0.join("\n"));

    // And it was printed everywhere, or nothing was shown by not finding it.
    let run: serde_json::Value = serde_json::from_slice(&went_on.stdout).unwrap();
    let phase = |name: &str| &run["phases"][name];
    assert_eq!(phase("variable")["output"]["stdout"], "***\n***\n***\n");
    assert_eq!(phase("variable")["output"]["stderr"], "***\nnoise\n");
    assert_eq!(phase("variable")["notes"][0]["note"], "***");
    assert_eq!((&phase("file")["attempts"], &phase("file")["output"]["said"]), (&3.into(), &"it is ***".into()));
    assert_eq!((&phase("program")["attempts"], &phase("program")["output"]["said"]), (&2.into(), &"it is ***".into()));
    let why = desk.flow("why latest file").ends(0).stdout;
    assert!(why.contains("no:***") && why.contains("no: ***no: ***"), "{why}");
}
