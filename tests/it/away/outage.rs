//! A server that goes away in the middle of a run.

use super::{Driver, begun, complete_once, held, state_of, until};
use crate::nats::Server;
use rustix::process::Signal;

const RUN: [&str; 3] = ["run", "held.toml", "--yes"];

#[tokio::test]
async fn a_server_that_is_away_for_a_while_is_waited_for_and_nothing_runs_twice() {
    for killed in [true, false] {
        let mut server = Server::start();
        let desk = held(&server);
        let mut driver = Driver::start(&desk, &RUN, &[("FLOW_BEAT_MS", "200")]);
        until("the agent", || !begun(&desk).is_empty());
        if killed {
            server.kill()
        } else {
            server.pause()
        }
        let line = driver.says("does not answer since");
        assert!(line.contains("waiting up to 10 min") && line.contains("Ctrl-C stops"), "{line}");
        // The agent goes on meanwhile, and what it says is taken when the store is back.
        let desk = desk.file("go", "");
        if killed {
            server.restart()
        } else {
            server.go_on()
        }
        driver.says("the store answers again, after");
        let said = driver.ends_with(0);
        assert_eq!(said.matches("does not answer since").count(), 1, "it is said once: {said}");
        assert_eq!(begun(&desk), ["work", "after"]);
        let (store, _) = complete_once(server.url()).await;
        assert_eq!(state_of(&*store).await, r#"{"status":"complete","done":["work","after"]}"#);
    }
}

#[tokio::test]
async fn a_driver_without_a_beat_stops_its_agents_and_takes_its_run_again() {
    let mut server = Server::start();
    let desk = held(&server);
    let mut driver = Driver::start(&desk, &RUN, &[("FLOW_BEAT_MS", "200"), ("FLOW_FENCE_MS", "6000")]);
    until("the agent", || !begun(&desk).is_empty());
    server.kill();
    driver.says("its agents were stopped; they start again with the store");
    until("the agents to be gone", || agents(&desk) == 0);
    let desk = desk.file("go", "");
    server.restart();
    driver.says("the store answers again, after");
    driver.ends_with(0);
    assert_eq!(begun(&desk), ["work", "work", "after"]);
    complete_once(server.url()).await;
}

#[test]
fn a_server_that_stays_away_ends_the_wait_and_the_run_can_be_gone_on_with() {
    let mut server = Server::start();
    let desk = held(&server);
    let words = ["run", "held.toml", "--yes", "--store-timeout", "6s"];
    let mut driver = Driver::start(&desk, &words, &[("FLOW_BEAT_MS", "200")]);
    until("the agent", || !begun(&desk).is_empty());
    server.kill();
    let said = driver.ends_with(5);
    assert!(said.contains("does not answer: waited 6 s for it (`--store-timeout`)") && said.contains("flow resume "), "{said}");
    until("the agents to be gone", || agents(&desk) == 0);
    server.restart();
    let desk = desk.file("go", "");
    until("the server", || desk.command(["list"]).output().unwrap().status.success());
    desk.flow("resume latest --yes").ends(0);
    assert_eq!(begun(&desk), ["work", "work", "after"]);
}

#[tokio::test]
async fn a_worker_waits_as_long_as_it_is_told_and_takes_its_run_again() {
    let mut server = Server::start();
    let desk = held(&server);
    desk.flow("submit held.toml --yes").ends(0);
    let words = ["worker", "--allow", "held.toml", "--store-timeout", "6s"];
    let mut worker = Driver::start(&desk, &words, &[("FLOW_BEAT_MS", "200"), ("FLOW_LEASE_MS", "1500")]);
    until("the agent", || !begun(&desk).is_empty());
    server.kill();
    worker.says("does not answer: waited 6 s for it (`--store-timeout`)");
    until("the agents to be gone", || agents(&desk) == 0);
    server.restart();
    let desk = desk.file("go", "");
    until("the end of the run", || desk.flow("list").stdout.contains(" complete "));
    assert_eq!(begun(&desk), ["work", "work", "after"]);
    complete_once(server.url()).await;
}

#[test]
fn a_wait_for_the_store_is_stopped_at_once() {
    let mut server = Server::start();
    let desk = held(&server);
    let mut driver = Driver::start(&desk, &RUN, &[("FLOW_BEAT_MS", "200")]);
    until("the agent", || !begun(&desk).is_empty());
    server.kill();
    driver.says("does not answer since");
    driver.signal(Signal::INT);
    let said = driver.ends_with(130);
    assert!(said.contains("was stopped while the store was away") && said.contains("flow resume "), "{said}");
    until("the agents to be gone", || agents(&desk) == 0);
}

/// The agents that live in a project.
fn agents(desk: &crate::cli::Desk) -> usize {
    let here = desk.project();
    let processes = std::fs::read_dir("/proc").unwrap().flatten().filter(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        line == b"sh\0agent.sh\0" && std::fs::read_link(process.path().join("cwd")).is_ok_and(|folder| folder == here)
    });
    processes.count()
}
