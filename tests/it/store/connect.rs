//! Signing in to a NATS server, with encryption and without, and what is said when it does not work.

use super::{create, put, spec};
use crate::nats::credentials::{Authority, Drawer, Operator, tls, user};
use crate::nats::{Server, free_port};
use flow::name::Bucket;
use flow::store::{CommitError, StoreError, open_store};

const PLAIN: &str = "jetstream { store_dir: STATE }";

async fn refused(url: &str) -> String {
    match open_store(url, true).await {
        Err(error @ StoreError::Unreachable { .. }) => error.to_string(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

/// The store can be written and read.
async fn works(url: &str) {
    let store = open_store(url, true).await.unwrap_or_else(|error| panic!("{error}"));
    store.apply(&spec("team-state", 3)).await.unwrap();
    let bucket = Bucket::new("team-state").unwrap();
    let key = format!("at.{}", ulid::Ulid::generate());
    put(&*store, create(&bucket, &key, "x")).await;
    assert!(store.get(&bucket, &super::key(&key)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_user_and_a_token_sign_in_and_are_not_repeated() {
    let server = Server::with(&format!("{PLAIN}\nauthorization {{ user: me, password: \"p@ss/w:rd,\" }}"));
    works(&server.url_for("me:p%40ss%2Fw:rd%2C", "")).await;
    let error = refused(&server.url_for("me:wr0ng", "")).await;
    has(&error, &["it refuses the user or the password (authorization violation)", "nats://…@127.0.0.1:"]);
    assert!(!error.contains("wr0ng"), "{error}");
    has(&refused(&server.url_for("", "")).await, &["it wants to know who you are", "`creds` or `nkey`", "FLOW_STORE"]);
    let server = Server::with(&format!("{PLAIN}\nauthorization {{ token: \"t0k n\" }}"));
    works(&server.url_for("t0k%20n", "")).await;
    has(&refused(&server.url_for("t0k", "")).await, &["it refuses the token"]);
}

#[tokio::test]
async fn a_secret_goes_to_another_machine_only_with_encryption() {
    let error = refused("nats://me:s3cret@store.example:4222").await;
    has(&error, &["the password would go to `store.example:4222` without encryption", "`tls://`", "`insecure=true`"]);
    assert!(!error.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn the_seed_of_a_file_signs_in() {
    let drawer = Drawer::new();
    let (public, seed) = user();
    let server = Server::with(&format!("{PLAIN}\nauthorization {{ users: [ {{ nkey: {public} }} ] }}"));
    let url = |file: &str| server.url_for("", &format!("nkey={file}"));
    works(&url(&drawer.put("me.nk", &format!("{seed}\n")))).await;
    let open = drawer.put_with("open.nk", &seed, 0o644);
    has(&refused(&url(&open)).await, &["may be read by others than you (mode 644)", &format!("`chmod 600 {open}`")]);
    has(&refused(&url(&drawer.put("other.nk", &user().1))).await, &["it does not know the nkey of `", "other.nk`"]);
    has(&refused(&url(&drawer.put("none.nk", "hello\n"))).await, &["none.nk` of the option `nkey` holds no seed"]);
    has(&refused(&url(&drawer.put("empty.nk", "\n"))).await, &["empty.nk` of the option `nkey` is empty"]);
    has(&refused(&url("/nowhere/me.nk")).await, &["the file `/nowhere/me.nk` of the option `nkey` is not there"]);
    has(&refused(&url("/")).await, &["is a folder"]);
    let account = nkeys::KeyPair::new_account().seed().unwrap();
    has(&refused(&url(&drawer.put("account.nk", &account))).await, &["the seed of no user"]);
}

#[tokio::test]
async fn a_creds_file_signs_in_until_it_expires() {
    let (drawer, operator) = (Drawer::new(), Operator::new());
    let server = Server::with(&operator.config());
    let url = |file: &str| server.url_for("", &format!("creds={file}"));
    works(&url(&drawer.put("me.creds", &operator.creds(0, None).0))).await;
    let old = drawer.put("old.creds", &operator.creds(0, Some(1_700_000_001)).0);
    has(&refused(&url(&old)).await, &["the JWT in `", "old.creds` expired at 2023-11-14T22:13:21Z"]);
    let strange = drawer.put("strange.creds", &Operator::new().creds(0, None).0);
    has(&refused(&url(&strange)).await, &["it does not know the user of `", "strange.creds`"]);
    let bare = drawer.put("bare.creds", &operator.creds(1, None).0);
    has(&refused(&url(&bare)).await, &["JetStream is off for the account of its user", "`jetstream: enabled`"]);
    has(&refused(&url(&drawer.put("none.creds", "hello\n"))).await, &["holds no user JWT and seed"]);
    let open = drawer.put_with("open.creds", &operator.creds(0, None).0, 0o640);
    has(&refused(&url(&open)).await, &["mode 640", "`chmod 600"]);
}

#[tokio::test]
async fn servers_show_a_certificate_that_fits() {
    let (drawer, authority, stranger) = (Drawer::new(), Authority::new(), Authority::new());
    let ca = drawer.put_with("ca.pem", &authority.pem(), 0o644);
    let other = drawer.put_with("other.pem", &stranger.pem(), 0o644);
    for (file, name, year) in
        [("server", "127.0.0.1", 2999), ("elsewhere", "elsewhere.example", 2999), ("old", "127.0.0.1", 2001)]
    {
        authority.put(&drawer, file, name, year);
    }
    let server = Server::with(&tls(&drawer, "server", false));
    let with = |server: &Server, options: &str| server.url_for("", options).replace("nats://", "tls://");
    works(&with(&server, &format!("ca={ca}"))).await;
    works(&server.url_for("", &format!("ca={ca}"))).await;
    has(&refused(&with(&server, "")).await, &["signed by nobody whom this system trusts: the option `ca`"]);
    has(&refused(&server.url_for("", "")).await, &["the option `ca`"]);
    has(&refused(&with(&server, &format!("ca={other}"))).await, &["is signed by none of those in `", "other.pem`"]);
    let empty = drawer.put("none.pem", "hello\n");
    has(&refused(&with(&server, &format!("ca={empty}"))).await, &["holds no certificate in the form PEM"]);
    let elsewhere = Server::with(&tls(&drawer, "elsewhere", false));
    has(&refused(&with(&elsewhere, &format!("ca={ca}"))).await, &["its certificate is not for `127.0.0.1`"]);
    let old = Server::with(&tls(&drawer, "old", false));
    has(&refused(&with(&old, &format!("ca={ca}"))).await, &["its certificate has expired"]);
    let plain = Server::start();
    has(&refused(&with(&plain, &format!("ca={ca}"))).await, &["it speaks no TLS: write `nats://`"]);
}

#[tokio::test]
async fn a_server_may_want_a_certificate_of_ours() {
    let (drawer, authority, stranger) = (Drawer::new(), Authority::new(), Authority::new());
    let ca = drawer.put_with("ca.pem", &authority.pem(), 0o644);
    for (file, name, year) in [("server", "127.0.0.1", 2999), ("me", "me.example", 2999), ("old", "me.example", 2001)] {
        authority.put(&drawer, file, name, year);
    }
    stranger.put(&drawer, "stranger", "me.example", 2999);
    let server = Server::with(&tls(&drawer, "server", true));
    let with = |cert: &str, key: &str| {
        let path = |name: &str| drawer.path(name).display().to_string();
        let pair = if cert.is_empty() { String::new() } else { format!("&cert={}&key={}", path(cert), path(key)) };
        server.url_for("", &format!("ca={ca}{pair}")).replace("nats://", "tls://")
    };
    works(&with("me.pem", "me.key")).await;
    has(&refused(&with("", "")).await, &["certificate of yours", "the options `cert` and `key` name"]);
    has(
        &refused(&with("old.pem", "old.key")).await,
        &["it refuses the certificate in `", "old.pem`, the file of the option `cert`"],
    );
    has(&refused(&with("stranger.pem", "stranger.key")).await, &["it refuses the certificate in `", "stranger.pem`"]);
    has(&refused(&with("me.key", "me.key")).await, &["me.key` of the option `cert` holds no certificate"]);
    has(&refused(&with("me.pem", "me.pem")).await, &["me.pem` of the option `key` holds no private key"]);
    has(&refused(&with("me.pem", "old.key")).await, &["`cert` and `key`"]);
    drawer.put_with("me.key", &std::fs::read_to_string(drawer.path("me.key")).unwrap(), 0o604);
    has(&refused(&with("me.pem", "me.key")).await, &["may be read by others than you (mode 604)"]);
}

#[tokio::test]
async fn an_account_without_jetstream_is_told_from_a_server_without() {
    let server = Server::with(&format!(
        "{PLAIN}\naccounts {{ A {{ jetstream: enabled, users: [ {{ user: a, password: apass }} ] }}, B {{ users: [ {{ user: b, password: bpass }} ] }} }}"
    ));
    works(&server.url_for("a:apass", "")).await;
    has(&refused(&server.url_for("b:bpass", "")).await, &["JetStream is off for the account of its user"]);
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_with_its_subject() {
    let allow = r#"["$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.MSG.GET.*"]"#;
    let server = Server::with(&format!(
        "{PLAIN}\nauthorization {{ users: [ {{ user: all, password: all0 }}, {{ user: none, password: none, permissions: {{ publish: \"a\" }} }},\n\
         {{ user: deaf, password: deaf, permissions: {{ publish: \">\", subscribe: \"_INBOX_deaf.>\" }} }},\n\
         {{ user: reads, password: reads, permissions: {{ publish: {allow}, subscribe: \"_INBOX.>\" }} }} ] }}"
    ));
    has(&refused(&server.url_for("none:none", "")).await, &["its user may not publish to `$JS.API.INFO`"]);
    has(&refused(&server.url_for("deaf:deaf", "")).await, &["its user may not subscribe to `_INBOX.", "the option `inbox`"]);
    let reads = server.url_for("reads:reads", "");
    let error = open_store(&reads, true).await.unwrap_err().to_string();
    has(&error, &["its user may not publish to `$JS.API.STREAM.CREATE.KV_flow`"]);
    works(&server.url_for("all:all0", "")).await;
    works(&server.url_for("deaf:deaf", "inbox=_INBOX_deaf")).await;
    let store = open_store(&reads, true).await.unwrap();
    let bucket = Bucket::new("team-state").unwrap();
    assert!(!store.scan(&bucket, "at").await.unwrap().is_empty());
    let error = store.commit(vec![create(&bucket, "b", "x")]).await.unwrap_err().to_string();
    has(&error, &["its user may not publish to `$KV.team-state.b`"]);
    let error = store.commit(vec![create(&bucket, "c", "x"), create(&bucket, "d", "x")]).await.unwrap_err().to_string();
    has(&error, &["its user may not publish to `$KV.team-state.d`"]);
}

#[tokio::test]
async fn of_several_servers_one_is_enough_and_all_are_told() {
    let server = Server::with(&format!("{PLAIN}\nauthorization {{ token: right }}"));
    let (here, nobody) = (server.url_for("", ""), free_port());
    let place = here.trim_start_matches("nats://").to_owned();
    works(&format!("nats://right@127.0.0.1:{nobody},{place}")).await;
    works(&format!("nats://right@{place},127.0.0.1:{nobody}")).await;
    let error = refused(&format!("nats://wrong@127.0.0.1:{nobody},{place}")).await;
    has(
        &error,
        &[
            &format!("`nats://…@127.0.0.1:{nobody},nats://…@{place}` cannot be opened: none of its servers lets `flow` in: "),
            &format!("`127.0.0.1:{nobody}`: Connection refused"),
            &format!("`{place}`: it refuses the token"),
        ],
    );
}

#[tokio::test]
async fn a_seed_that_was_replaced_signs_in_when_the_connection_is_made_anew() {
    let drawer = Drawer::new();
    let ((first, seed), (second, other)) = (user(), user());
    let reads = r#"["$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.MSG.GET.*"]"#;
    let server = Server::with(&format!(
        "{PLAIN}\nauthorization {{ users: [ {{ nkey: {first} }}, {{ nkey: {second}, permissions: {{ publish: {reads} }} }} ] }}"
    ));
    let store = open_store(&server.url_for("", &format!("nkey={}", drawer.put("me.nk", &seed))), true).await.unwrap();
    store.apply(&spec("team-state", 3)).await.unwrap();
    let bucket = Bucket::new("team-state").unwrap();
    put(&*store, create(&bucket, "a", "x")).await;
    drawer.put("me.nk", &user().1);
    let server = server.again();
    let error = store.commit(vec![create(&bucket, "b", "x")]).await.unwrap_err();
    assert!(matches!(error, CommitError::Unknown { .. }), "{error:?}");
    has(&error.to_string(), &["no answer within 5 s: the server refuses the sign-in (authorization violation)"]);
    drawer.put("me.nk", &other);
    let entry = store.get(&bucket, &super::key("a")).await.unwrap().unwrap();
    assert_eq!(entry.value.as_deref(), Some(&b"x"[..]), "{}", server.log());
    let error = store.commit(vec![create(&bucket, "c", "x")]).await.unwrap_err().to_string();
    has(&error, &["its user may not publish to `$KV.team-state.c`"]);
}
