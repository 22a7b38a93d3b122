//! The users of the book's server: each can do what the page says, and nothing else.

use super::{Desk, GREET};
use crate::nats::Server;
use crate::nats::credentials::{Drawer, user};
use std::path::Path;

const PAGE: &str = "book/src/running/nats-accounts.md";
const USERS: [&str; 3] = ["admin", "driver", "reader"];

/// The server of the page, as it stands there, with new keys.
struct Project {
    server: Server,
    drawer: Drawer,
}

impl Project {
    fn start() -> Self {
        let page = crate::book::blocks(Path::new(PAGE));
        let config = page.iter().find(|block| block.text.contains("accounts {")).expect("the page has a configuration");
        assert!(config.text.contains("\"/var/lib/nats\""), "{}", config.text);
        let drawer = Drawer::new();
        let keys: Vec<(String, String)> = USERS.iter().map(|_| user()).collect();
        let names: Vec<String> = USERS.iter().map(|name| name.to_uppercase()).collect();
        let variables: Vec<(&str, &str)> =
            names.iter().zip(&keys).map(|(name, (public, _))| (name.as_str(), public.as_str())).collect();
        for (name, (_, seed)) in USERS.iter().zip(&keys) {
            drawer.put(&format!("{name}.nk"), seed);
        }
        let server = Server::with_variables(&config.text.replace("\"/var/lib/nats\"", "STATE"), &variables);
        Self { server, drawer }
    }

    /// The store as one of its users names it.
    fn url(&self, user: &str) -> String {
        let options = format!("nkey={}", self.drawer.path(&format!("{user}.nk")).display());
        let inbox = if user == "admin" { String::new() } else { format!("&inbox=_INBOX_{user}") };
        self.server.url_for("", &format!("{options}{inbox}"))
    }

    fn desk(&self, user: &str) -> Desk {
        Desk::new().file("greet.toml", GREET).env("FLOW_STORE", &self.url(user))
    }

    /// Asks the server itself for something, as one of its users; whether there was an answer.
    async fn answers(&self, user: &str, subject: &str) -> bool {
        let seed = std::fs::read_to_string(self.drawer.path(&format!("{user}.nk"))).unwrap();
        let inbox = if user == "admin" { "_INBOX".to_owned() } else { format!("_INBOX_{user}") };
        let (told, mut refusals) = tokio::sync::mpsc::unbounded_channel();
        let options = async_nats::ConnectOptions::with_nkey(seed).custom_inbox_prefix(inbox).event_callback(move |event| {
            let told = told.clone();
            async move {
                let _ = told.send(event.to_string());
            }
        });
        let client = options.connect(self.server.url()).await.unwrap();
        let refused = async {
            while let Some(event) = refusals.recv().await {
                if event.contains("Permissions Violation") {
                    return;
                }
            }
        };
        tokio::select! {
            answer = client.request(subject.to_owned(), "".into()) => answer.is_ok(),
            () = refused => false,
        }
    }
}

#[test]
fn a_driver_carries_runs_and_a_reader_only_looks() {
    let project = Project::start();
    let driver = project.desk("driver");
    driver.flow("run greet.toml --who world --yes").ends(0).prints("greeted with 11 letters\n");
    driver.flow("doctor").ends(0);
    let reader = project.desk("reader");
    reader.flow("list").ends(0).prints_part("greet");
    reader.flow("show latest").ends(0).prints_part("greeted with 11 letters");
    reader.flow("logs latest -f").ends(0).prints_part("complete");
    reader.flow("store export").ends(0).prints_part("flow.run.");
    let said = reader.flow("run greet.toml --who world --yes").ends(5);
    said.says_part("its user may not publish to `$KV.flow.").says_part("the permissions of the user");
    project.desk("admin").flow("list").ends(0).prints_part("greet");
}

#[test]
fn a_reader_cannot_ask_for_anything_of_a_run() {
    let project = Project::start();
    let ask = "flow = 1\nname = \"ask\"\ndescription = \"Asks\"\n\n[phases.ok]\ndescription = \"Ask\"\nask = \"Go on?\"\n\
               form = { ok = \"boolean\" }\ntimeout = \"1h\"\n";
    project.desk("driver").file("ask.toml", ask).flow("run ask.toml --yes").ends(4);
    let reader = project.desk("reader");
    reader.flow("list").ends(0).prints_part("wait");
    reader.flow("cancel latest").ends(5).says_part("its user may not publish to `$KV.flow.");
}

#[test]
fn a_driver_takes_runs_in_and_an_admin_makes_their_buckets() {
    let project = Project::start();
    let local = Desk::new().file("greet.toml", GREET);
    local.flow("run greet.toml --who world --yes").ends(0);
    let lines = String::from_utf8(local.command(["store", "export"]).output().unwrap().stdout).unwrap();
    project.desk("admin").flow("store apply peer --replicas 1").ends(0).prints_part("bucket agent-os-peer-state: made");
    let reader = project.desk("reader").file("lines", &lines);
    reader.flow("store import lines").ends(5).says_part("its user may not publish to `$KV.flow.");
    project.desk("driver").file("lines", &lines).flow("store import lines").ends(0).prints_part(" written\n");
    reader.flow("show latest").ends(0).prints_part("greeted with 11 letters");
    reader.flow("store status peer").ends(1).prints_part("runs: 1 complete").prints_part("replicas: declared 3, found 1");
}

#[tokio::test]
async fn buckets_are_removed_by_the_admin_alone() {
    let project = Project::start();
    flow::store::open_store(&project.url("driver"), true).await.unwrap();
    for user in ["reader", "driver"] {
        for verb in ["UPDATE", "PURGE", "DELETE", "MSG.DELETE"] {
            assert!(!project.answers(user, &format!("$JS.API.STREAM.{verb}.KV_flow")).await, "{user} {verb}");
        }
    }
    assert!(!project.answers("reader", "$JS.API.STREAM.CREATE.KV_more").await);
    assert!(project.answers("admin", "$JS.API.STREAM.PURGE.KV_flow").await);
    assert!(project.answers("admin", "$JS.API.STREAM.DELETE.KV_flow").await);
}
