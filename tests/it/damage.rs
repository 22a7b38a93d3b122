//! What the world does to a store and to a project, on the real binary: each time a message that says what happened and
//! what to do, an exit code, and nothing lost that was there.
//!
//! `file.rs` is about a file that is not what was written, `place.rs` about folders, `disk.rs` about room and time.

mod disk;
mod file;
mod place;

use crate::cli::Desk;

/// Three phases that say when they run; the second waits for the file `go` when there is one called `hold`.
const PIPELINE: &str = r#"
flow = 1
name = "steps"
description = "Three phases that say when they run"
result = '.phases | map_values(.output | length)'

[agents.worker]
use = "command"
command = ["sh", "AGENT"]

[defaults]
retry = { max = 0 }

[phases.one]
agent = "worker"
prompt = "Work"

[phases.two]
needs = ["one"]
agent = "worker"
prompt = "Work"

[phases.three]
needs = ["two"]
agent = "worker"
prompt = "Work"
"#;

/// Says what it was asked, and something long that is kept as a blob.
const AGENT: &str = r#"
cat > /dev/null
cd "$(dirname "$0")"
echo "$FLOW_PHASE" >> begun
if [ "$FLOW_PHASE" = two ] && [ -e hold ]; then : > holds; while [ ! -e go ]; do sleep 0.02; done; fi
echo "said aside" >&2
head -c 30000 /dev/zero | tr '\0' x
"#;

fn desk() -> Desk {
    with(PIPELINE)
}

fn with(pipeline: &str) -> Desk {
    let desk = Desk::new().file("agent.sh", AGENT);
    let pipeline = pipeline.replace("AGENT", desk.project().join("agent.sh").to_str().unwrap());
    desk.file("steps.toml", &pipeline)
}

/// The phases that began, in order.
fn begun(desk: &Desk) -> Vec<String> {
    let text = std::fs::read_to_string(desk.project().join("begun")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
