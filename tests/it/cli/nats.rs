//! Runs whose state is on a NATS server.

use super::{Desk, GREET};
use crate::nats::{Server, free_port};
use std::io::Read;
use std::process::Stdio;

#[test]
fn a_run_on_a_server_is_seen_from_everywhere() {
    let server = Server::start();
    let desk = Desk::new().file("greet.toml", GREET);
    desk.flow(&format!("run greet.toml --who world --yes --store {}", server.url())).ends(0).prints("greeted with 11 letters\n");
    assert!(!desk.project().join(".flow/state.db").exists());
    let elsewhere = Desk::new().env("FLOW_STORE", server.url());
    elsewhere.flow("list").ends(0).prints_part("greet");
    elsewhere.flow("show latest").ends(0).prints_part("greeted with 11 letters");
    elsewhere.flow("logs latest -f").ends(0).prints_part("complete");
    elsewhere.flow("doctor").ends(0);
}

#[test]
fn a_run_is_followed_and_ended_from_another_process() {
    let server = Server::start();
    let slow = "flow = 1\nname = \"slow\"\ndescription = \"Takes long\"\n\n[phases.nap]\ndescription = \"Sleep\"\n\
                run = [\"sleep\", \"300\"]\ntimeout = \"10m\"\n";
    let desk = Desk::new().file("slow.toml", slow).env("FLOW_STORE", server.url());
    let mut run = desk.command(["run", "slow.toml", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let elsewhere = Desk::new().env("FLOW_STORE", server.url());
    let begun = std::time::Instant::now();
    while !elsewhere.flow("logs latest").stdout.contains("nap") {
        assert!(begun.elapsed().as_secs() < 60, "the run does not begin");
    }
    let mut follow = elsewhere.command(["logs", "latest", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    elsewhere.flow("cancel latest --reason enough").ends(0);
    let mut seen = String::new();
    follow.stdout.take().unwrap().read_to_string(&mut seen).unwrap();
    assert!(follow.wait().unwrap().success());
    assert!(seen.contains("enough"), "{seen}");
    assert!(!run.wait().unwrap().success());
}

#[test]
fn peer_is_rehearsed_on_one_server_with_one_copy() {
    let server = Server::start();
    let desk = Desk::new().env("FLOW_STORE", server.url());
    desk.flow("run peer --instruction=create-spec --rehearse").ends(5).says_part("10074").says_part("replicas = 1");
    desk.flow("list").ends(0).prints("");
    desk.flow("run peer --instruction=create-spec --rehearse --replicas 1").ends(0).says_part("is complete");
    desk.flow("list").ends(0).prints_part("complete");
}

#[test]
fn a_server_that_is_not_there_ends_with_the_code_of_the_store() {
    let desk = Desk::new().env("FLOW_STORE", &format!("nats://127.0.0.1:{}", free_port()));
    desk.flow("list").ends(5).says_part("cannot be opened").says_part("--store nats://HOST:PORT");
}
