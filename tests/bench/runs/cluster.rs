//! Runs on NATS servers, against what the same servers give bare.

use super::house::{DOCUMENTS, House, chain as chain_text, runtime};
use super::nats::{Cluster, Server};
use super::pairs::{Bench, Target, in_turn, scratch, timed};
use flow::drive::Carrier;
use flow::name::{Bucket, Key, Name};
use flow::store::{Op, Store, Write, list_runs, open_store};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// The bytes of an entry of a chain: what the bare side writes.
const ENTRY: usize = 1_300;
/// A server that has on its disk what it acknowledges.
const SYNCED: &str = "jetstream { store_dir: STATE, sync_interval: always }";

/// A transition on one server, and on a cluster that keeps three copies.
pub fn transitions(bench: &mut Bench) {
    let one = "a transition on one server";
    let three = "a transition on three servers, three copies";
    if bench.wants(one) {
        let server = Server::with(SYNCED);
        compare(bench, one, server.url(), 1);
    }
    if bench.wants(three) {
        let runtime = runtime();
        let cluster = runtime.block_on(Cluster::start());
        compare(bench, three, &cluster.url(0), 3);
    }
}

fn compare(bench: &mut Bench, name: &str, url: &str, replicas: u32) {
    // Enough that the start and the end of a run, which are batches, do not count.
    let phases = if bench.quick { 10 } else { 500 };
    let runtime = runtime();
    let folder = scratch();
    let mut number = 0;
    let store = runtime.block_on(open_store(url, true)).expect("the server is there");
    let mut measure = |documents: &str, what: &str, most: f64| {
        let mut bare = || {
            let (took, ()) = timed(|| {
                for _ in 0..phases {
                    number += 1;
                    runtime.block_on(create(&*store, number));
                }
            });
            took.as_secs_f64()
        };
        let ours = || {
            let house = House::on(store.clone(), folder.path(), &chain_text(phases, documents));
            timed(|| runtime.block_on(house.run())).0.as_secs_f64()
        };
        let (ratio, own, bare) = in_turn(bench.pairs(7), ours, &mut bare);
        let each = |seconds: f64| seconds * 1e3 / phases as f64;
        let more = format!("{:.2} ms a phase, {:.2} ms a bare create", each(own), each(bare));
        (format!("{name}{what}"), ratio, most, more)
    };
    // Documents are kept as safely as the journal.
    let documents = DOCUMENTS.replacen("history = 50", &format!("history = 50\nreplicas = {replicas}"), 1);
    let told = [measure("", "", 1.3), measure(&documents, ", two documents", 3.0)];
    for (name, ratio, most, more) in told {
        bench.tell(&name, ratio, "times a bare create", Target::AtMost(most), &more);
    }
}

/// One key that must not exist: one message there and one back, which is what an entry is at least. In the bucket of the
/// entries, since each bucket has a leader of its own, and one may be nearer than another.
async fn create(store: &dyn Store, number: u64) {
    let key = Key::new(&format!("bare.{number}")).expect("a key");
    let write = Write { bucket: Bucket::engine(), key, op: Op::Create(vec![b'x'; ENTRY]) };
    store.commit(vec![write]).await.expect("keys differ");
}

/// Many rehearsed runs of four phases that two workers share, against one worker alone.
pub fn shared(bench: &mut Bench) {
    let name = "rehearsed runs of four phases over two workers";
    if !bench.wants(name) {
        return;
    }
    let runs = if bench.quick { 10 } else { 1_000 };
    let folder = scratch();
    let rate = |workers| {
        let server = Server::with(SYNCED);
        submit(server.url(), folder.path(), runs);
        let (took, ()) = timed(|| {
            let hands: Vec<Child> = (0..workers).map(|_| worker(server.url(), folder.path())).collect();
            for mut hand in hands {
                assert!(hand.wait().expect("it ends").success());
            }
        });
        all_complete(server.url(), runs);
        runs as f64 / took.as_secs_f64()
    };
    let (ratio, two, one) = in_turn(bench.pairs(3), || rate(2), || rate(1));
    let more = format!("{two:.0} runs/s, {one:.0} by one worker");
    bench.tell(name, ratio, "times one worker", Target::AtLeast(1.2), &more);
}

fn submit(url: &str, folder: &Path, runs: usize) {
    runtime().block_on(async {
        let store = open_store(url, true).await.expect("the server is there");
        let house = Arc::new(House::on(store, folder, &chain_text(4, "")));
        let pool = Name::new("default").expect("a name");
        for _ in 0..runs {
            let (services, request, observer) = house.start(true);
            Carrier::enlist(services, request, &pool, observer).await.expect("it starts");
        }
    });
}

fn worker(url: &str, folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flow"));
    command.args(["worker", "--until-idle", "--capacity", "16"]).current_dir(folder).env("FLOW_STORE", url);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

fn all_complete(url: &str, runs: usize) {
    let complete = || async {
        let store = open_store(url, false).await.expect("the server is there");
        list_runs(&*store).await.expect("it can be read").0.iter().filter(|head| head.status == "complete").count()
    };
    let runtime = runtime();
    // A worker ends when nothing is left for it, and another may still be at its last runs.
    for _ in 0..600 {
        if runtime.block_on(complete()) == runs {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("not all runs came to their end");
}
