//! Servers of older versions, through the program: the oldest that are supported, and one that is not.

use super::Desk;
use super::store::HELD;
use crate::kill::wait_for;
use crate::nats::{OLD, Server, pretend};

#[test]
fn a_server_that_is_too_old_is_refused_in_one_sentence() {
    for command in ["list", "store status", "run peer --instruction=create-spec --rehearse", "store apply peer"] {
        let url = pretend("2.9.10");
        let said =
            format!("error: the store `{url}` cannot be opened: it is nats-server 2.9.10, and `flow` needs 2.10.25 or newer\n");
        Desk::new().flow(&format!("{command} --store {url}")).ends(5).says_part(&said);
    }
}

#[test]
fn peer_is_rehearsed_on_every_server_that_is_supported() {
    for version in OLD {
        let server = Server::of(version);
        let desk = Desk::new().env("FLOW_STORE", server.url());
        desk.flow("run peer --instruction=create-spec --rehearse").ends(5).says_part("10074");
        for cycle in 1..=2 {
            desk.flow("run peer --instruction=create-spec --rehearse --replicas 1").ends(0).says_part("is complete");
            desk.flow("show latest --jq .cycle").ends(0).prints(&format!("{cycle}\n"));
        }
        let batches = if version >= "2.12" { ", atomic batches\n" } else { ", no atomic batches\n" };
        let status = desk.flow("store status").ends(0).prints_part(&format!("nats-server {version}"));
        status.prints_part("runs: 2 complete\n").prints_part("✓ as `peer` declares it").prints_part(batches);
        desk.flow("doctor").ends(0);
    }
}

#[test]
fn a_run_that_was_killed_goes_on_on_every_server_that_is_supported() {
    for version in OLD {
        let server = Server::of(version);
        let desk = Desk::new().file("held.toml", HELD).env("FLOW_STORE", server.url());
        let mut run = desk.command(["run", "held.toml", "--yes"]).spawn().unwrap();
        wait_for(&desk.project().join("begun"));
        run.kill().unwrap();
        run.wait().unwrap();
        std::fs::write(desk.project().join("go"), "").unwrap();
        desk.flow("resume latest --yes").ends(0).says_part("is complete");
        assert_eq!(std::fs::read_to_string(desk.project().join("first")).unwrap(), "x\n", "{version}");
        desk.flow("show latest --jq .result").ends(0).prints("[\"one\",\"done\"]\n");
        desk.flow("doctor").ends(0);
    }
}

#[test]
fn a_server_is_replaced_by_a_newer_one_with_all_its_runs() {
    let server = Server::of(OLD[0]);
    let rehearse = "run peer --instruction=create-spec --rehearse --replicas 1";
    let desk = Desk::new().env("FLOW_STORE", server.url());
    desk.flow(rehearse).ends(0);
    desk.flow("store apply peer --replicas 1").ends(0).prints("bucket agent-os-peer-state: as `peer` declares it\n");
    let server = server.upgraded();
    desk.flow("store status").ends(0).prints_part(", no atomic batches\n").prints_part("runs: 1 complete\n");
    let now = "takes atomic batches now\n";
    let declared = "bucket agent-os-peer-state: as `peer` declares it\n";
    let applied = desk.flow("store apply peer --replicas 1").ends(0);
    applied.prints(&format!("{declared}bucket agent-os-peer-state: {now}bucket flow: {now}"));
    desk.flow("store apply peer --replicas 1").ends(0).prints(declared);
    desk.flow(rehearse).ends(0);
    desk.flow("show latest --jq .cycle").ends(0).prints("2\n");
    desk.flow("doctor").ends(0);
    drop(server);
}
