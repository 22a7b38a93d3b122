//! How often a run waits for the disk, counted: figures that no machine can blur.

use super::{CarryOptions, House, ended, no_stop};
use flow::store::{Embedded, Store};
use std::fmt::Write as _;
use std::sync::Arc;

/// Agent phases; `needs` gives what the one with this number needs.
fn pipeline(phases: usize, more: &str, needs: impl Fn(usize) -> String) -> String {
    let mut text = format!("flow = 1\nname = \"counted\"\n{more}\n[agents.worker]\naccess = \"read\"\n");
    text += "[params.slow]\ntype = \"boolean\"\n";
    for at in 0..phases {
        let _ = writeln!(text, "[phases.p{at}]\nagent = \"worker\"\nprompt = \"Do it\"\n{}", needs(at));
    }
    text
}

fn one_after_the_other(at: usize) -> String {
    at.checked_sub(1).map(|before| format!("needs = [\"p{before}\"]")).unwrap_or_default()
}

/// Syncs between the start of a run and its end.
async fn syncs(text: &str) -> u64 {
    let mut store = None;
    let keep = |folder: &std::path::Path| {
        let opened = Arc::new(Embedded::open(&folder.join(".flow/state.db"), true).unwrap());
        store = Some(opened.clone());
        opened as Arc<dyn Store>
    };
    let house = House::on(keep, text);
    let store = store.unwrap();
    let carrier = house.start().await.unwrap();
    let begun = store.syncs();
    ended(carrier.carry(CarryOptions::default(), None, no_stop()).await.unwrap());
    store.syncs() - begun
}

#[tokio::test]
async fn a_transition_costs_one_sync_with_its_documents_and_its_row() {
    assert_eq!(syncs(&pipeline(40, "", one_after_the_other)).await, 40 + 1, "one each, and one that gives the lease up");
    let documents =
        "[documents.one]\nkey = \"one\"\nview = '{ current }'\n[documents.two]\nkey = \"two\"\nview = '{ progress }'\n";
    assert_eq!(syncs(&pipeline(40, documents, one_after_the_other)).await, 40 + 1, "documents are in the same batch");
}

#[tokio::test]
async fn phases_that_end_together_share_a_sync() {
    let wide = pipeline(1_000, "[limits]\nparallel = 1000\n", |_| String::new());
    let syncs = syncs(&wide).await;
    assert!(syncs <= 1_000 / 50, "{syncs} syncs for 1,000 phases");
}
