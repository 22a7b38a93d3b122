//! Outputs and documents that are bigger than a message of the server.

use super::{complete_once, state_of};
use crate::cli::Desk;
use crate::nats::Server;
use flow::store::{StoreError, open_store};

/// A run whose output has three MiB, and a document that has it for a while.
const BIG: &str = r#"
flow = 1
name = "big"
description = "An output that no message holds"
result = '.phases.size.output'

[store]
bucket = "notes"
history = 5

[documents.state]
key = "held.state"
view = 'if (.phases.big.status == "complete") and (.status != "complete") then .phases.big.output else .status end'

[phases.big]
run = { shell = "head -c 3145728 /dev/zero | tr '\\0' x" }
parse = "text"
timeout = "2m"

[phases.size]
needs = ["big"]
set = '.phases.big.output | length'

[phases.last]
needs = ["size"]
run = ["true"]
timeout = "2m"
"#;

#[tokio::test]
async fn an_output_of_three_mib_is_kept_and_a_document_of_it_is_said_and_left_out() {
    for limit in ["1MB", "600KB"] {
        let server = Server::with(&format!("jetstream {{ store_dir: STATE }}\nmax_payload: {limit}"));
        let desk = Desk::new().file("big.toml", BIG).env("FLOW_STORE", server.url());
        let did = desk.flow("run big.toml --yes").ends(0).prints("3145728\n");
        let said = did.stderr.matches("document `state` is not written: it has 3145730 bytes").count();
        assert_eq!(said, 1, "{limit}: {}", did.stderr);
        did.says_part("`held.state` in bucket `notes` keeps what it has, and the run goes on");
        let (store, run) = complete_once(server.url()).await;
        assert_eq!(state_of(&*store).await, "\"complete\"");
        let bucket = flow::name::Bucket::new("notes").unwrap();
        let history = store.history(&bucket, &flow::name::Key::new("held.state").unwrap()).await.unwrap();
        assert_eq!(history.len(), 2, "`running` and `complete`: {limit}");
        desk.flow(&format!("show {run} --jq '.phases.big.output | length'")).ends(0).prints("3145728\n");
    }
}

#[tokio::test]
async fn a_server_whose_messages_are_too_small_is_refused() {
    let server = Server::with("jetstream { store_dir: STATE }\nmax_payload: 256KB");
    let error = match open_store(server.url(), true).await {
        Err(error @ StoreError::Unreachable { .. }) => error.to_string(),
        other => panic!("expected a refusal, got {other:?}"),
    };
    assert!(error.contains("its messages have 262144 bytes at most, and `flow` needs 525312: set `max_payload`"), "{error}");
}
