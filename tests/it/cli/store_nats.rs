//! The same of a store on a server or in a cluster.

use super::{Desk, GREET};
use crate::nats::{Cluster, Server};
use flow::name::Bucket;
use flow::store::{BucketSpec, Facts, open_store};
use serde_json::{Value, json};

#[test]
fn one_server_says_what_it_is_and_keeps_no_copies() {
    let server = Server::with("server_name: alone\njetstream { store_dir: STATE }");
    let desk = Desk::new().env("FLOW_STORE", server.url());
    let said = desk.flow("store apply peer").ends(5);
    said.says_part("10074").says_part("go on with one copy").says_part("name the servers of such a cluster");
    desk.flow("store status").ends(0).prints_part(" on `alone`").prints_part("no runs\n").prints_part(", 1 replica, ");
    desk.flow("store status peer").ends(1).prints_part("✗ not as `peer` declares it: it is not there");
    desk.flow("store apply peer --replicas 1").ends(0).prints_part("bucket agent-os-peer-state: made: replicas 1, history 50");
    desk.flow("store status peer").ends(1).prints_part("replicas: declared 3, found 1");
    desk.flow("run peer --instruction=create-spec --rehearse --replicas 1").ends(0);
    desk.flow("store status").ends(0).prints_part("✓ as `peer` declares it").prints_part("runs: 1 complete");
}

#[tokio::test]
async fn peers_bucket_in_a_cluster_is_made_by_hand_as_it_is_declared() {
    let cluster = Cluster::start().await;
    let desk = Desk::new().env("FLOW_STORE", &cluster.url(0));
    let made = "replicas 3, history 50, description \"PEER pattern state storage for Agent OS\"\n";
    desk.flow("store apply peer").ends(0).prints(&format!("bucket agent-os-peer-state: made: {made}"));
    let store = open_store(&cluster.url(0), false).await.unwrap();
    let bucket = Bucket::new("agent-os-peer-state").unwrap();
    let description = "PEER pattern state storage for Agent OS".to_owned();
    let declared = BucketSpec { bucket: bucket.clone(), replicas: Some(3), history: 50, description };
    assert_eq!(store.describe(&bucket).await.unwrap(), Some(declared.clone()));
    let Facts { cluster: name, server, buckets, .. } = store.facts().await.unwrap();
    assert_eq!(name.as_deref(), Some("three"));
    assert!(server.is_some_and(|server| server.starts_with("node-")));
    assert_eq!(buckets[0].spec, declared);
    let mut servers: Vec<_> = buckets[0].copies.iter().map(|copy| copy.server.as_str()).collect();
    servers.sort_unstable();
    assert_eq!((servers, buckets[0].atomic), (vec!["node-0", "node-1", "node-2"], true));
    let other = BucketSpec { replicas: Some(1), history: 5, description: "mine".to_owned(), ..declared.clone() };
    store.apply(&other).await.unwrap();
    let status: Value = serde_json::from_str(&desk.flow("store status peer --json").ends(1).stdout).unwrap();
    let differences = &status["buckets"][0]["declared"][0]["differences"];
    let described = format!("description: declared {:?}, found \"mine\"", declared.description);
    assert_eq!(*differences, json!(["replicas: declared 3, found 1", "history: declared 50, found 5", described]));
    desk.flow("store apply peer").ends(0).prints_part("changed: replicas: declared 3, found 1; history: declared 50, found 5;");
    assert_eq!(store.describe(&bucket).await.unwrap(), Some(declared));
    desk.flow("store status peer").ends(0).prints_part("3 replicas (node-").prints_part(" leads, node-");
}

#[test]
fn a_run_that_was_killed_in_a_phase_ends_on_a_server() {
    let server = Server::start();
    super::store::a_killed_run_ends_elsewhere("sqlite:one.db", server.url());
}

#[test]
fn a_run_that_was_killed_on_a_server_ends_in_a_file() {
    let server = Server::start();
    super::store::a_killed_run_ends_elsewhere(server.url(), "sqlite:two.db");
}

#[tokio::test]
async fn an_import_that_found_no_room_goes_on_when_there_is_some() {
    let server = Server::start();
    let desk = Desk::new().file("greet.toml", GREET);
    for who in ["a", "b", "c"] {
        desk.flow(&format!("run greet.toml --who {who} --yes")).ends(0);
    }
    let lines = desk.command(["store", "export"]).output().unwrap().stdout;
    std::fs::write(desk.project().join("lines"), lines).unwrap();
    drop(open_store(server.url(), true).await.unwrap());
    let limited = async |bytes: i64| {
        let client = async_nats::connect(server.url()).await.unwrap();
        let ask = async |what: &str, body: &Value| {
            let answer = client.request(format!("$JS.API.{what}"), body.to_string().into()).await.unwrap();
            serde_json::from_slice::<Value>(&answer.payload).unwrap()
        };
        let mut config = ask("STREAM.INFO.KV_flow", &json!({})).await["config"].clone();
        config["max_bytes"] = bytes.into();
        assert_eq!(ask("STREAM.UPDATE.KV_flow", &config).await["config"]["max_bytes"], bytes);
    };
    limited(6_000).await;
    let import = format!("store import lines --store {}", server.url());
    let said = desk.flow(&import).ends(5).says_part("is full: ");
    let said = said.says_part("written until here; the same command goes on with the rest");
    assert_eq!(desk.flow(&format!("list --store {}", server.url())).stdout, "", "no run is whole yet: {}", said.stderr);
    desk.flow(&format!("store status --store {}", server.url())).ends(0).prints_part(", room for ");
    limited(-1).await;
    desk.flow(&import).ends(0).prints_part(" there already");
    assert_eq!(desk.flow(&format!("list --store {}", server.url())).stdout, desk.flow("list").stdout);
    desk.flow(&format!("doctor --store {}", server.url())).ends(0);
}
