//! NATS servers for tests: started on loopback with ports of their own, gone with the test, also when it panics or is
//! killed.

#[path = "nats/credentials.rs"] // benchmarks start servers too, from another folder
pub mod credentials;

use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Ends its server as soon as its own stdin ends, so that no server outlives the test that started it.
const KEEPER: &str = "\"$@\" & server=$!; cat >/dev/null; kill -9 $server; wait $server 2>/dev/null; exit 0";

/// The program: one that `tests/bring` brought, else one on `PATH`.
fn program() -> PathBuf {
    let brought = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/nats/bin/nats-server");
    if brought.exists() {
        return brought;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("nats-server")).find(|program| program.exists());
    found.unwrap_or_else(|| panic!("no nats-server on PATH and none in target/tools: `bash tests/bring nats` brings one"))
}

/// The oldest servers that are supported, one of each minor version: only the last has atomic batches.
pub const OLD: [&str; 3] = ["2.10.25", "2.11.11", "2.12.8"];

/// Whether a server wrote there where it listens.
fn is_ports(file: &std::path::Path) -> bool {
    file.extension().is_some_and(|extension| extension == "ports")
}

/// The program of a server that has one of its own, in its folder.
const OWN: &str = "nats-server";

/// A running server.
pub struct Server {
    /// Gone while the server is down.
    keeper: Option<Child>,
    folder: TempDir,
    url: String,
}

impl Server {
    /// A server by itself, with JetStream.
    pub fn start() -> Self {
        Self::with("jetstream { store_dir: STATE }")
    }

    /// A server with some lines of configuration, in which `STATE` is a folder of its own.
    pub fn with(config: &str) -> Self {
        Self::prepare(config).listening()
    }

    /// A server of an older version.
    pub fn of(version: &str) -> Self {
        let tools = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools");
        let program = tools.join(format!("nats-{version}/bin/nats-server"));
        assert!(program.exists(), "no nats-server {version} in target/tools: `bash tests/bring nats-old` brings it");
        let folder = Self::folder_of("jetstream { store_dir: STATE }");
        std::os::unix::fs::symlink(program, folder.path().join(OWN)).unwrap();
        Self::run(folder).listening()
    }

    /// The same, with variables that the configuration refers to.
    pub fn with_variables(config: &str, variables: &[(&str, &str)]) -> Self {
        let folder = Self::folder_of(config);
        Self { keeper: Some(Self::keeper(folder.path(), variables)), folder, url: String::new() }.listening()
    }

    fn prepare(config: &str) -> Self {
        Self::run(Self::folder_of(config))
    }

    fn folder_of(config: &str) -> TempDir {
        let folder = TempDir::new().unwrap();
        let state = format!("{:?}", folder.path().join("state").display().to_string());
        let text = format!("listen: \"127.0.0.1:-1\"\n{}\n", config.replace("STATE", &state));
        std::fs::write(folder.path().join("server.conf"), text).unwrap();
        folder
    }

    fn run(folder: TempDir) -> Self {
        Self { keeper: Some(Self::keeper(folder.path(), &[])), folder, url: String::new() }
    }

    fn keeper(folder: &std::path::Path, variables: &[(&str, &str)]) -> Child {
        let file = folder.join("server.conf");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
        let own = Some(folder.join(OWN)).filter(|own| own.exists());
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(KEEPER)
            .arg("sh")
            .arg(own.unwrap_or_else(program))
            .arg("-c")
            .arg(&file)
            .arg("--ports_file_dir")
            .arg(folder);
        command.envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    /// Waits until it listens.
    fn listening(mut self) -> Self {
        self.url = self.address();
        self
    }

    /// Kills it, and starts it again at the same address with what it kept.
    pub fn again(mut self) -> Self {
        self.kill();
        self.restart();
        self.listening()
    }

    /// Replaces it by the newest version, with what it kept.
    pub fn upgraded(self) -> Self {
        std::fs::remove_file(self.folder().join(OWN)).unwrap();
        self.again()
    }

    /// Kills it, as a power failure would.
    pub fn kill(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }

    /// Starts it again at the same address with what it kept, and waits for nothing.
    pub fn restart(&mut self) {
        let file = self.folder().join("server.conf");
        let config = std::fs::read_to_string(&file).unwrap();
        for file in std::fs::read_dir(self.folder()).unwrap().flatten().filter(|file| is_ports(&file.path())) {
            std::fs::remove_file(file.path()).unwrap();
        }
        std::fs::write(&file, config.replace("127.0.0.1:-1", self.url.trim_start_matches("nats://"))).unwrap();
        self.keeper = Some(Self::keeper(self.folder(), &[]));
    }

    /// Stops it where it is.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// The file that names the ports has the number of the process in its own name.
    fn signal(&self, signal: Signal) {
        let files = std::fs::read_dir(self.folder()).unwrap().flatten().map(|file| file.path());
        let ports = files.into_iter().find(|file| is_ports(file));
        let number = ports.as_ref().and_then(|file| file.file_stem()?.to_str()?.rsplit('_').next()?.parse().ok());
        if let Some(pid) = number.and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }

    fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Where it listens: it says so in a file, once it does.
    fn address(&self) -> String {
        let begun = Instant::now();
        loop {
            for file in std::fs::read_dir(self.folder()).unwrap().flatten().map(|file| file.path()) {
                if is_ports(&file)
                    && let Ok(text) = std::fs::read_to_string(&file)
                    && let Ok(ports) = serde_json::from_str::<serde_json::Value>(&text)
                {
                    return ports["nats"][0].as_str().unwrap().to_owned();
                }
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "nats-server does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its address: `nats://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its address for whoever `user` is (nobody where it is empty), with options.
    pub fn url_for(&self, user: &str, options: &str) -> String {
        let user = if user.is_empty() { String::new() } else { format!("{user}@") };
        let place = self.url.split_once("://").unwrap().1;
        format!("nats://{user}{place}{}{options}", if options.is_empty() { "" } else { "?" })
    }

    /// The folder with all that it keeps.
    pub fn state(&self) -> PathBuf {
        self.folder().join("state")
    }

    /// What it printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }
}

/// Three servers that are one cluster, with accounts of their own for those who share it.
pub struct Cluster {
    servers: Vec<Server>,
}

impl Cluster {
    /// The number of its accounts.
    pub const ACCOUNTS: usize = 40;

    /// Starts it, and waits until it can keep three copies.
    pub async fn start() -> Self {
        let routes: Vec<String> = (0..3).map(|_| format!("127.0.0.1:{}", free_port())).collect();
        let account = |n| format!("A{n} {{ jetstream: enabled, users: [{{ user: u{n}, password: p{n} }}] }}");
        let accounts: Vec<String> = (0..Self::ACCOUNTS).map(account).collect();
        let all: Vec<String> = routes.iter().map(|route| format!("\"nats://{route}\"")).collect();
        let server = |(n, route): (usize, &String)| {
            Server::prepare(&format!(
                "server_name: node-{n}\njetstream {{ store_dir: STATE }}\naccounts {{ {} }}\ncluster {{ name: three, listen: \
                 \"{route}\", routes: [{}] }}",
                accounts.join(", "),
                all.join(", ")
            ))
        };
        let servers: Vec<Server> = routes.iter().enumerate().map(server).collect();
        let cluster = Self { servers: servers.into_iter().map(Server::listening).collect() };
        let begun = Instant::now();
        while !cluster.is_ready().await {
            assert!(begun.elapsed() < Duration::from_secs(60), "the cluster finds no leader: {}", cluster.servers[0].log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        cluster
    }

    async fn is_ready(&self) -> bool {
        let Ok(store) = flow::store::open_store(&self.url(0), true).await else { return false };
        let engine = store.describe(&flow::name::Bucket::engine()).await.unwrap();
        engine.is_some_and(|engine| engine.replicas == Some(3))
    }

    /// One of its three servers.
    pub fn node(&mut self, n: usize) -> &mut Server {
        &mut self.servers[n]
    }

    /// Its addresses, for the user of an account.
    pub fn url(&self, account: usize) -> String {
        assert!(account < Self::ACCOUNTS, "the cluster has no account {account}");
        let with_user = |server: &Server| server.url().replace("nats://", &format!("nats://u{account}:p{account}@"));
        self.servers.iter().map(with_user).collect::<Vec<_>>().join(",")
    }
}

/// Asks JetStream itself.
pub async fn api(server: &Server, what: &str, body: &serde_json::Value) -> serde_json::Value {
    ask(&async_nats::connect(server.url()).await.unwrap(), what, body).await
}

/// Asks JetStream over a connection.
pub async fn ask(client: &async_nats::Client, what: &str, body: &serde_json::Value) -> serde_json::Value {
    let answer = client.request(format!("$JS.API.{what}"), body.to_string().into()).await.unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}

/// Something that says it is a server of a version that is too old; its address.
pub fn pretend(version: &str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let info = serde_json::json!({
        "server_id": "old", "version": version, "proto": 1, "headers": true, "max_payload": 1 << 20, "jetstream": true,
    });
    // All that a client needs of a server to believe that it is connected.
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.write_all(format!("INFO {info}\r\n").as_bytes()).unwrap();
        let (mut said, mut buffer) = (String::new(), [0; 1024]);
        while let Ok(read @ 1..) = client.read(&mut buffer) {
            said.push_str(&String::from_utf8_lossy(&buffer[..read]));
            if said.contains("PING\r\n") {
                said.clear();
                let _ = client.write_all(b"PONG\r\n");
            }
        }
    });
    url
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
