//! The same of a store on a server or in a cluster.

use super::Desk;
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
