//! Where a NATS store is named, and what of it may be seen.

use super::Desk;
use crate::nats::Server;
use crate::nats::credentials::{Authority, Drawer, Operator, tls, user};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const JETSTREAM: &str = "jetstream { store_dir: STATE }";

#[test]
fn a_secret_is_refused_where_others_read_it() {
    let desk = Desk::new();
    desk.flow("list --store nats://me:s3cret@127.0.0.1:4222").ends(2).says(
        "error: the password in `--store` (`nats://…@127.0.0.1:4222`) is not safe there: whoever can list the processes of this \
         machine can read it\n  help: put the URL into FLOW_STORE, or name a file: `--nats-creds FILE`, `--nats-nkey FILE`\n",
    );
    desk.flow("list --store tls://s3cret@127.0.0.1").ends(2).says_part("the token in `--store` (`tls://…@127.0.0.1:4222`)");
    let desk = desk.file("flow.toml", "store = 'nats://me:s3cret@127.0.0.1'\n");
    desk.flow("list")
        .ends(2)
        .says_part("the password in `store` of `flow.toml`")
        .says_part("whoever gets the project can read it");
    let desk = desk.env("FLOW_STORE", "nats://me:s3cret@127.0.0.1:1");
    let said = desk.flow("list").ends(5).says_part("`nats://…@127.0.0.1:1`");
    assert!(!said.stderr.contains("s3cret"), "{}", said.stderr);
    let said = desk.flow("doctor").prints_part("nats://…@127.0.0.1:1");
    assert!(!format!("{}{}", said.stdout, said.stderr).contains("s3cret"), "{} {}", said.stdout, said.stderr);
}

#[test]
fn options_for_nats_need_a_store_there() {
    let desk = Desk::new();
    desk.flow("list --nats-creds me.creds").ends(2).says_part("`--nats-creds` is for a store on NATS, and the store is `sqlite:");
    desk.flow("list --nats-ca ca.pem --store memory:")
        .ends(2)
        .says_part("`--nats-ca` is for a store on NATS, and the store is `memory:`");
    let both = "list --store nats://127.0.0.1:1?creds=a --nats-key k";
    desk.flow(both).ends(2).says_part("`key` has no `cert`");
    desk.flow("list --store nats://127.0.0.1?cred=a")
        .ends(5)
        .says_part("a NATS store has no option `cred`: did you mean `creds`?");
    // What the environment says concerns a store on NATS only.
    desk.env("FLOW_NATS_CREDS", "me.creds").flow("list").ends(0);
}

#[test]
fn a_seed_is_named_by_option_variable_url_and_file() {
    let drawer = Drawer::new();
    let (public, seed) = user();
    let server = Server::with(&format!("{JETSTREAM}\nauthorization {{ users: [ {{ nkey: {public} }} ] }}"));
    let (bare, file) = (server.url_for("", ""), drawer.put("me.nk", &seed));
    let note = format!("{} note reported", env!("CARGO_BIN_EXE_flow"));
    let pipeline = format!(
        "flow = 1\nname = \"far\"\ndescription = \"Notes from a folder\"\n\n[phases.say]\ndescription = \"Say\"\ndir = \"sub\"\n\
         run = {{ shell = '{note}' }}\ntimeout = \"1m\"\n"
    );
    let desk = Desk::new().file("far.toml", &pipeline).file("sub/x", "");
    std::fs::copy(&file, desk.project().join("near.nk")).unwrap();
    let toml = format!("store = '{bare}?nkey=near.nk'\n");
    desk.flow(&format!("list --store {bare}")).ends(5).says_part("it wants to know who you are");
    desk.flow(&format!("run far.toml --yes --store {bare} --nats-nkey near.nk")).ends(0);
    desk.flow(&format!("show latest --store {bare}?nkey=near.nk --json")).ends(0).prints_part("reported");
    let desk = desk.file("flow.toml", &toml);
    desk.flow("run far.toml --yes").ends(0);
    desk.flow("show latest --json").ends(0).prints_part("reported");
    let below = desk.command(["show", "latest"]).current_dir(desk.project().join("sub")).output().unwrap();
    assert_eq!(below.status.code(), Some(0), "{}", String::from_utf8_lossy(&below.stderr));
    Desk::new().env("FLOW_STORE", &bare).env("FLOW_NATS_NKEY", &file).flow("list").ends(0).prints_part("far");
    Desk::new().env("FLOW_STORE", &format!("{bare}?nkey={file}")).env("FLOW_NATS_NKEY", "/nowhere").flow("list").ends(0);
    let home = Desk::new().home("me.nk", "").env("FLOW_STORE", &format!("{bare}?nkey=~/me.nk"));
    home.flow("list").ends(5).says_part("the file `$HOME/me.nk` of the option `nkey` is empty");
    let home = home.env("FLOW_STORE", &bare);
    home.flow("list --nats-nkey ~/me.nk").ends(5).says_part("the file `$HOME/me.nk` of the option `nkey` is empty");
    let home = home.env("FLOW_NATS_NKEY", "~/me.nk");
    home.flow("list").ends(5).says_part("the file `$HOME/me.nk` of the option `nkey` is empty");
}

/// Prints all that it can of what it signs in with, and waits to be looked at.
const NOSY: &str = r#"
flow = 1
name = "nosy"
description = "Prints what it can"

[phases.look]
description = "Look around"
run = { shell = '''
env; env >&2
printf '%s' "$FLOW_STORE" | sed 's/.*creds=//; s/.*nkey=//; s/&.*//' > file
[ -s "$(cat file)" ] && cat "$(cat file)"
FLOW note "$FLOW_STORE"
: > shown
while [ ! -e seen ]; do sleep 0.02; done
''' }
timeout = "5m"
"#;

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

fn search(folder: &Path, secret: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            search(&entry.path(), secret, found);
        } else if holds(&std::fs::read(entry.path()).unwrap_or_default(), secret) {
            found.push(entry.path().display().to_string());
        }
    }
}

/// Runs it, and looks for the secret in everything that is printed, stored, or seen of a process.
fn is_nowhere(server: &Server, url: &str, secret: &str) {
    let pipeline = NOSY.replace("FLOW note", &format!("{} note", env!("CARGO_BIN_EXE_flow")));
    let desk = Desk::new().file("nosy.toml", &pipeline).env("FLOW_STORE", url);
    let mut found = vec![];
    let mut command: Command = desk.command(["run", "nosy.toml", "--yes", "--json"]);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !desk.project().join("shown").exists() {
        assert!(begun.elapsed().as_secs() < 60, "the run does not begin");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let mut processes = 0;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        processes += usize::from(!line.is_empty());
        if holds(&line, secret) {
            found.push(String::from_utf8_lossy(&line).into_owned());
        }
    }
    assert!(processes > 2);
    std::fs::write(desk.project().join("seen"), "").unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(holds(&output.stdout, "***"), "it was printed: {}", String::from_utf8_lossy(&output.stdout));
    let mut look = |place: &str, bytes: &[u8]| {
        if holds(bytes, secret) {
            found.push(place.to_owned());
        }
    };
    look("stdout", &output.stdout);
    look("stderr", &output.stderr);
    for line in ["list", "show latest", "logs latest --transcript", "why latest", "store export", "doctor"] {
        let output = desk.command(line.split(' ')).output().unwrap();
        look(line, &output.stdout);
        look(line, &output.stderr);
    }
    std::fs::remove_file(desk.project().join("file")).unwrap();
    search(&server.state(), secret, &mut found);
    search(desk.project().parent().unwrap(), secret, &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_signs_in_is_nowhere_to_be_seen() {
    let drawer = Drawer::new();
    let (public, seed) = user();
    let users = format!("{{ user: me, password: pw-5d1aa8b04e }}, {{ nkey: {public} }}");
    let server = Server::with(&format!("{JETSTREAM}\nauthorization {{ users: [ {users} ] }}"));
    is_nowhere(&server, &server.url_for("me:pw-5d1aa8b04e", ""), "pw-5d1aa8b04e");
    is_nowhere(&server, &server.url_for("", &format!("nkey={}", drawer.put("me.nk", &seed))), &seed);
    let operator = Operator::new();
    let server = Server::with(&operator.config());
    let (creds, seed) = operator.creds(0, None);
    is_nowhere(&server, &server.url_for("", &format!("creds={}", drawer.put("me.creds", &creds))), &seed);
}

#[test]
fn certificates_are_named_by_options_variables_and_the_system() {
    let (drawer, authority) = (Drawer::new(), Authority::new());
    let ca = drawer.put_with("ca.pem", &authority.pem(), 0o644);
    for (file, name) in [("server", "127.0.0.1"), ("me", "me.example")] {
        authority.put(&drawer, file, name, 2999);
    }
    let (cert, key) = (drawer.path("me.pem"), drawer.path("me.key"));
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let server = Server::with(&tls(&drawer, "server", true));
    let store = server.url_for("", "").replace("nats://", "tls://");
    Desk::new().flow(&format!("list --store {store} --nats-ca {ca} --nats-cert {cert} --nats-key {key}")).ends(0);
    let desk = Desk::new().env("FLOW_STORE", &store);
    desk.flow("list").ends(5).says_part("the option `ca`");
    let desk = desk.env("FLOW_NATS_CERT", cert).env("FLOW_NATS_KEY", key);
    desk.flow(&format!("list --nats-ca {ca}")).ends(0);
    desk.flow(&format!("list --nats-ca {ca} --nats-key {key}")).ends(2).says_part("`key` has no `cert`");
    // What the system trusts may be said to be another file.
    desk.env("SSL_CERT_FILE", &ca).flow("list").ends(0);
}
