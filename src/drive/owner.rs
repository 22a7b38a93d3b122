//! Who this driver is, and whether another one still lives.

use crate::failpoint;
use crate::limits::{BEAT_MS, LEASE_MS};
use crate::run::Owner;
use crate::store::Home;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Where a working tree is.
pub fn home(root: &Path) -> Home {
    Home { host: host(), root: root.display().to_string() }
}

/// The identity of a new driver in this process.
pub(super) fn myself() -> Owner {
    let pid = std::process::id();
    Owner {
        driver: ulid::Ulid::generate().to_string(),
        host: host(),
        boot_id: boot_id(),
        pid,
        pid_start: pid_start(pid).unwrap_or(0),
    }
}

/// Whether another driver lives, as far as this machine can tell: `None` when it is (or may be) on another one.
pub fn lives(owner: &Owner) -> Option<bool> {
    let known = !owner.boot_id.is_empty() && owner.boot_id == boot_id() && owner.host == host();
    known.then(|| pid_start(owner.pid) == Some(owner.pid_start))
}

/// How often whoever carries or performs something shows that it lives.
pub(super) fn beat_every() -> Duration {
    failpoint::span!("FLOW_BEAT_MS", BEAT_MS)
}

/// How long a beat has to stand still before its owner is taken for dead.
pub(super) fn lease_time() -> Duration {
    failpoint::span!("FLOW_LEASE_MS", LEASE_MS)
}

fn host() -> String {
    // Several machines in one, for tests.
    if let Some(n) = failpoint::number!("FLOW_HOST") {
        return format!("machine-{n}");
    }
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Changes at every boot, and names the processes that are seen: containers on one machine share its boot, some its name as
/// well, and have processes of their own. Empty where the system does not tell.
fn boot_id() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let seen = fs::read_link("/proc/self/ns/pid");
    match (boot, seen) {
        (Ok(boot), Ok(seen)) => format!("{} {}", boot.trim(), seen.display()),
        _ => String::new(),
    }
}

/// When a process started, in ticks since boot; `None` when there is no such process, or it is dead and not yet reaped.
fn pid_start(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, and may hold anything.
    let mut fields = stat.get(stat.rfind(')')? + 2..)?.split(' ');
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}
